"""Decision logs of Open Policy Agent: one decision a line, or a batch as its plugin posts them."""

from __future__ import annotations

from auditlog_cli.importers import itself
from auditlog_cli.importers._drafts import Content, Draft, File, Unit, moment, span_id, text, trace_id, without

HINT = "decision logs of Open Policy Agent"
SAMPLES = (
    b'{"decision_id":"d-1","labels":{"id":"opa-1","version":"1.0"},"path":"tools/allow","input":{"tool":"refund","user":'
    b'"alice"},"result":false,"timestamp":"2026-06-01T14:23:11.000Z","metrics":{"timer_server_handler_ns":1000000}}\n',
)
_TAKEN = ("decision_id", "path", "query", "input", "result", "error", "timestamp", "trace_id", "span_id")
units = itself


def claims(stored: Content) -> bool:
    """Tell whether it is a decision."""
    return isinstance(stored.get("decision_id"), str) and ("labels" in stored or "path" in stored or "result" in stored)


class Reading:
    """The decisions of one file."""

    def __init__(self, file: File) -> None:
        self.first = ""

    def note(self, unit: Unit) -> None:
        """Learn of a decision."""
        if not self.first:
            self.first = moment(unit.content.get("timestamp")) or ""

    def records(self, unit: Unit) -> list[Draft] | str:
        """Return what becomes of a decision."""
        stored = unit.content
        if not claims(stored):
            return [Draft({"action": {"type": "unknown", "result_status": "unknown"}}, "", "", stored)]
        result, error = stored.get("result"), stored.get("error")
        allowed = result if isinstance(result, bool) else result.get("allowed", result.get("allow")) if isinstance(result, dict) else None  # fmt: skip # noqa: E501
        path = text(stored.get("path")) or text(stored.get("query"))
        action: Content = {"type": "guardrail", "result_status": "success"}
        if error is not None:
            action |= {"result_status": "error", "error": error}
        elif allowed is False:
            action["result_status"] = "denied"
        given = stored.get("input")
        if given is not None:
            action["arguments"] = given if isinstance(given, dict) else {"input": given}
        if result is not None:
            action["result"] = result
        metrics = stored.get("metrics")
        spent = metrics.get("timer_server_handler_ns") if isinstance(metrics, dict) else None
        if type(spent) is int and spent >= 0:
            action["latency_ms"] = spent / 1_000_000
        policy: Content = {"id": f"opa:{path}" if path else "opa"}
        if isinstance(allowed, bool):
            policy["decision"] = "allow" if allowed else "deny"
        content: Content = {
            "timestamp": moment(stored.get("timestamp")),
            "trace_id": trace_id("otlp", stored.get("trace_id")) if text(stored.get("trace_id")) else "",
            "parent_span_id": span_id("otlp", stored.get("span_id")) if text(stored.get("span_id")) else "",
            "action": action,
            "policy": policy,
        }
        return [Draft(content, text(stored.get("decision_id")), text(stored.get("span_id")), without(stored, *_TAKEN))]
