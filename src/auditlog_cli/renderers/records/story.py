"""A sentence per action, to read an incident like a report."""

from __future__ import annotations

from auditlog_cli import fields
from auditlog_cli.record import BadLine, Record
from auditlog_cli.renderers import text, words
from auditlog_cli.renderers.text import Style

HINT = "a sentence per action"
START = END = b""

_ENDINGS = {
    "success": "it succeeded",
    "error": "it failed",
    "denied": "it was denied",
    "blocked": "it was blocked",
    "partial": "it succeeded in part",
    "timeout": "it timed out",
    "pending": "it had not ended yet",
    "unknown": "how it ended is not known",
}


def item(found: Record | BadLine, style: Style, *, first: bool) -> bytes:
    """Return the sentence and an LF."""
    del first
    if isinstance(found, BadLine) or found.is_own or found.shape == "unknown":
        told = text.line(found, style)
    else:
        told = style.glyphs(sentence(found.content))
    return told.encode("utf-8", "backslashreplace") + b"\n"


def sentence(content: dict[str, object]) -> str:
    """Return what happened in one sentence.

    >>> sentence({"timestamp": "2026-06-01T14:23:11Z", "user": {"id": "ann"}, "agent": {"id": "a-7"},
    ...     "action": {"type": "tool_invocation", "tool": "pay", "arguments": {"n": 2}, "result_status": "denied"}})
    'On 2026-06-01 at 14:23:11 agent a-7, for ann, called pay(n=2); it was denied.'
    """
    day, _, hour = words.clock(content).partition(" ")
    when = f"On {day} at {hour} " if hour else f"At {day} " if day else ""
    user, agent = words.user(content), words.agent(content)
    chain = _chain(content)
    who = f"agent {agent}" if agent else "an unnamed agent"
    if user:
        who += f", for {user}"
    if chain:
        who += f" through {chain}"
    comma = ", " if user or chain else " "
    parts = [f"{when}{who}{comma}{_did(content)}"]
    parts += _outcome(content)
    approval = _approved(content)
    sentences = "; ".join(parts) + "."
    if approval:
        sentences += f" {approval}"
    return sentences[0].upper() + sentences[1:]


def _did(content: dict[str, object]) -> str:
    kind = words.kind(content)
    if kind == "tool_invocation":
        return f"{'asked for' if fields.text(content, 'action.phase') == 'start' else 'called'} {words.call(content)}"
    if kind == "llm_call":
        return f"asked the model {fields.text(content, 'agent.model')}".rstrip()
    if kind == "approval":
        status = fields.text(content, "approval.status") or "unknown"
        tool = words.first_text(content, "approval.tool")
        return {"pending": f"asked for approval of {tool}"}.get(status, f"had {tool} {words.value(status)}")
    if kind == "lifecycle":
        verb = {"start": "began", "end": "ended"}.get(fields.text(content, "action.phase"), "went on with")
        return f"{verb} its work"
    return f"recorded {words.call(content)}"


def _outcome(content: dict[str, object]) -> list[str]:
    status = words.status(content)
    if not status or (words.kind(content) != "tool_invocation" and status in ("success", "pending")):
        return []
    if status == "pending" and fields.text(content, "action.phase") == "start":
        return []
    ending = _ENDINGS.get(status, f"the result was {status}")
    latency = words.latency(content)
    if latency:
        ending += f" {'in' if status == 'success' else 'after'} {latency}"
    if error := words.error(content, 120):
        ending += f" ({error})"
    return [ending]


def _approved(content: dict[str, object]) -> str:
    by = words.approver(content)
    if by:
        what = "A human denied it" if fields.text(content, "approval.status") == "denied" else "A human had approved"
        return f"{what}: {by}."
    return ""


def _chain(content: dict[str, object]) -> str:
    actors = fields.get(content, "delegation_chain.actor")
    if not isinstance(actors, list) or len(actors) < 3:
        return ""
    return ", ".join(words.value(actor) for actor in actors[1:-1])
