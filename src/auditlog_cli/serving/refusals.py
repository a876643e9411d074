"""What the server answers when it does not do what it was asked: AgentAudit's `{"error", "code", "requestId"}`."""

from __future__ import annotations


class Refused(Exception):
    """A request is not carried out.

    Args:
        status: The HTTP status.
        code: A word for programs.
        message: A sentence for people: never a value out of the request, a key or a path of this machine.
        headers: Further headers of the answer.
    """

    def __init__(self, status: int, code: str, message: str, headers: dict[str, str] | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.headers = headers or {}


def invalid(message: str) -> Refused:
    """Return the refusal of a request that does not say what it must."""
    return Refused(400, "validation_error", message)


def missing(what: str) -> Refused:
    """Return the refusal of a request for something that is not there."""
    return Refused(404, "not_found", f"{what} not found")
