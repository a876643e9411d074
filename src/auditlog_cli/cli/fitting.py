"""`auditlog export` and `ship`: which options say something to which format. One that would do nothing is refused."""

from __future__ import annotations

from auditlog_cli.errors import UsageError

_OTLP = ("otlp-logs", "otlp-spans")
_TLS = (*_OTLP, "syslog", "cef")
_FORMATS = {
    "--key": ("aat",),
    "--trust-level": ("aat",),
    "--ocsf-version": ("ocsf",),
    "--bulk": ("ecs",),
    "--enterprise-number": ("syslog",),
    "--checkpoint": ("tlog-tiles",),
    "--content": _OTLP,  # log records have it anyway
    "--protobuf": _OTLP,
    "--batch": _OTLP,
}
_SENT = {
    "--ca": _TLS,
    "--cert": _TLS,
    "--cert-key": _TLS,
    "--header": _OTLP,
    "--gzip": _OTLP,
    "--retries": _OTLP,
    "--insecure": _OTLP,
}
"""With `--endpoint` only."""


def heeded(to: str, sent: bool, given: dict[str, bool]) -> None:
    """See to it that every option that was given says something to the format.

    Args:
        to: The format.
        sent: Whether it goes to a receiver.
        given: By its name, whether an option was given.

    Raises:
        UsageError: If one would do nothing.
    """
    for option, is_given in given.items():
        formats = _FORMATS.get(option) or _SENT[option]
        if is_given and (to not in formats or (option in _SENT and not sent)):
            where = " with --endpoint" if option in _SENT else ""
            raise UsageError(
                f"{option}: is for --to {' and '.join(formats)}{where}", help=f"leave {option} out, or export to those"
            )
