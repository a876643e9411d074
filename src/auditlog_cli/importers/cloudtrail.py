"""AWS CloudTrail: who did what in an account, as files of `Records`, lists, or one event a line."""

from __future__ import annotations

from collections.abc import Iterator

from auditlog_cli.importers._drafts import Content, Draft, File, Unit, moment, text, without

HINT = "AWS CloudTrail events"
SAMPLES = (
    b'{"Records":[{"eventVersion":"1.09","eventID":"e-1","eventName":"StopInstances","eventSource":"ec2.amazonaws.com",'
    b'"eventTime":"2026-06-01T14:23:11Z","eventType":"AwsApiCall","awsRegion":"eu-central-1","requestParameters":'
    b'{"instance":"i-1"},"errorCode":"AccessDenied","errorMessage":"no","userIdentity":{"type":"IAMUser","principalId":'
    b'"AIDA1","arn":"arn:aws:iam::111122223333:user/alice","userName":"alice"},"sourceIPAddress":"192.0.2.1"}]}',
)
_DENIED = ("AccessDenied", "UnauthorizedOperation", "Client.UnauthorizedOperation", "AccessDeniedException")
_TAKEN = ("eventID", "eventName", "eventSource", "eventTime", "requestParameters", "responseElements", "errorCode",
          "errorMessage", "userIdentity")  # fmt: skip


def claims(stored: Content) -> bool:
    """Tell whether it is an event, or a file of events."""
    held = stored.get("Records")
    if isinstance(held, list) and held and isinstance(held[0], dict):
        return claims(held[0])
    return "eventName" in stored and "eventSource" in stored and "userIdentity" in stored


def units(stored: Content) -> Iterator[Content]:
    """Yield each event."""
    held = stored.get("Records")
    if isinstance(held, list):
        yield from (each if isinstance(each, dict) else {"value": each} for each in held)
    else:
        yield stored


class Reading:
    """The events of one file."""

    def __init__(self, file: File) -> None:
        self.first = ""

    def note(self, unit: Unit) -> None:
        """Learn of an event."""
        if not self.first:
            self.first = moment(unit.content.get("eventTime")) or ""

    def records(self, unit: Unit) -> list[Draft] | str:
        """Return what becomes of an event."""
        stored = unit.content
        if not claims(stored):
            return [Draft({"action": {"type": "unknown", "result_status": "unknown"}}, "", "", stored)]
        identity = stored.get("userIdentity")
        identity = identity if isinstance(identity, dict) else {}
        who = text(identity.get("arn")) or text(identity.get("principalId")) or text(identity.get("invokedBy"))
        name = text(identity.get("userName"))
        service = text(stored.get("eventSource")).removesuffix(".amazonaws.com")
        error = text(stored.get("errorCode"))
        action: Content = {"type": "tool_invocation", "tool": f"{service}.{text(stored.get('eventName'))}"}
        given, result = stored.get("requestParameters"), stored.get("responseElements")
        action["arguments"] = given if isinstance(given, dict) else {}
        if text(stored.get("eventType")) == "AwsConsoleSignIn":
            action["type"] = "authentication"
        action["result_status"] = "denied" if error in _DENIED else "error" if error else _login(result)
        if error:
            action["error"] = {"code": error, "message": stored.get("errorMessage")}
        if result is not None:
            action["result"] = result
        context = identity.get("sessionContext")
        content: Content = {
            "timestamp": moment(stored.get("eventTime")),
            "session_id": text(identity.get("accessKeyId")) if isinstance(context, dict) else "",
            "user": ({"id": who} | ({"name": name} if name else {})) if who else None,
            "action": action,
        }
        rest = without(stored, *_TAKEN) | {"userIdentity": identity}
        return [Draft(content, text(stored.get("eventID")), "", rest)]


def _login(result: object) -> str:
    failed = isinstance(result, dict) and "Failure" in result.values()
    return "error" if failed else "success"
