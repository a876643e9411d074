"""A node of a trace in words: what it is, how it ended, what has to be known about it. Everything is harmless."""

from __future__ import annotations

from auditlog_cli import fields, times
from auditlog_cli.renderers import safe, words
from auditlog_cli.tracing.trees import DENIALS, FAILURES, MISSING, PROBLEMS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from auditlog_cli.renderers.rows import Fold
    from auditlog_cli.tracing.trees import Node, Note, Trace

_ID = 40  # columns of an id inside a sentence
_FIRST_YEAR, _LAST_YEAR = -62135596800 * times.SECOND, 253402300800 * times.SECOND  # 1 to 9999
SCOPE_HELD = "scope ✓"
_SIGNS = {"success": "✓", "approved": "✓", "pending": "◌", "partial": "◐", "unknown": "?", "": ""}
_EVIDENCE = {
    "call": "the same tool-call id",
    "approval": "the same approval id",
    "delegation": "the delegation chain, or another agent's call that was open",
    "time": "the time: within an open call or session, or the latest such start",
}


def title(kind: str, id: str) -> str:  # noqa: A002 - the word on the screen
    """Return how to call a trace, a session, or what bears no id."""
    return "records without an id" if kind == "none" else f"{kind} {safe.one_line(id)}"


def what(node: Node) -> str:
    """Return what it is: `tool(arguments)`, `▸ agent`, `approval of tool`, …."""
    if node.virtual == MISSING:
        return f"(span {identifier(node.span_id)} is not in these logs)"
    if node.virtual:
        return f"▸ {safe.one_line(node.agent)}"
    content = node.records[0].content
    if node.kind == "lifecycle":
        name = words.agent(content)
        rest = words.about(content)
        front = f"▸ {name}" if name else "lifecycle"
        return front if rest in ("", "start", "end") else f"{front} {rest}"
    if node.kind == "approval":
        tool = safe.one_line(fields.text(content, "approval.tool") or node.tool)
        return f"approval of {tool}" if tool else "approval"
    if content.get("action") is None:
        return f"record {words.value(content)}"
    if node.records[0].shape != "auditlog" and (said := _foreign(node, content)):
        return said
    return words.call(content)


_EVENT = frozenset(("event_type", "action"))  # what the decoders keep of the foreign word


def _foreign(node: Node, content: dict[str, object]) -> str:
    """What a line of another shape says, where that is not under the names of ours."""
    if node.tool:
        prompt = fields.text(content, "prompt.text")
        if prompt and fields.get(content, "action.arguments") is fields.MISSING:
            return f"{safe.one_line(node.tool)}({words.value(prompt)})"
        return ""
    kind = node.kind if node.joined else fields.text(content, "action.type")
    about = words.about(content)
    metadata = content.get("metadata")
    if not about and isinstance(metadata, dict):
        rest = {name: value for name, value in metadata.items() if name not in _EVENT}
        about = f"({words.arguments(rest)})" if rest else ""
        return safe.one_line(kind) + about
    return " ".join(part for part in (safe.one_line(kind), about) if part)


def short(node: Node) -> str:
    """Return what it is without arguments, for sentences about it."""
    if node.virtual:
        return what(node)
    if node.kind == "tool_invocation":
        return safe.clip(safe.one_line(node.tool) or "a tool", _ID)
    if node.kind in ("lifecycle", "approval"):
        return safe.clip(what(node), _ID)
    if node.kind == "llm_call" and (name := agent(node)):
        return safe.clip(f"llm_call of {name}", _ID)
    return safe.clip(safe.one_line(node.kind) or "record", _ID)


def agent(node: Node) -> str:
    """Return the acting agent: name, else id."""
    if node.virtual:
        return safe.one_line(node.agent)
    return words.agent(node.records[0].content)


def identifier(text: str) -> str:
    """Return an id, harmless and not longer than a line can bear."""
    return safe.clip(safe.one_line(text), _ID)


def status(node: Node) -> tuple[str, str]:
    """Return how it ended: a sign, and a word that is empty where the sign says it all."""
    codes = {note.code for note in node.notes}
    if "no-end" in codes:
        return "◌", "no end"
    if "unanswered" in codes:
        return "◌", "unanswered"
    if node.virtual:
        return "", ""
    word = safe.one_line(node.status)
    if node.status in FAILURES:
        return "✗", word
    if node.status in DENIALS:
        return "⊘", word
    return _SIGNS.get(node.status, ""), "" if node.status in ("success", "") else word


def instant(micros: int | None) -> str | None:
    """Return an instant as RFC 3339; None if there is none, or in years that RFC 3339 cannot name."""
    if micros is None or not _FIRST_YEAR <= micros < _LAST_YEAR:
        return None
    return times.render(micros)


def duration(node: Node) -> str:
    """Return how long it took."""
    return "" if node.duration is None else words.milliseconds(node.duration / 1000)


def self_time(node: Node) -> str:
    """Return the part of it in which no child was at work, where that is not all of it."""
    if node.self_time is None or node.duration is None or node.self_time >= node.duration:
        return ""
    return f"self {words.milliseconds(node.self_time / 1000)}"


def error(node: Node) -> str:
    """Return what went wrong, as the records say; nothing where `policy` has said why it was denied."""
    if not node.records or node.status in ("success", "pending", "approved"):
        return ""
    if node.status in DENIALS and policy(node) not in ("", SCOPE_HELD):
        return ""
    return words.error(node.records[-1].content)


def approval(node: Node, *, when: bool = True) -> str:
    """Return who approved or refused it, where an approval was given for this one; for an approval, who did.

    Args:
        when: Say the time of day, too.
    """
    for record in reversed(node.records):
        given = record.content.get("approval")
        if not isinstance(given, dict) or fields.is_hole(given):
            continue
        by = given.get("decided_by")
        who = words.WITHHELD if fields.is_hole(by) else safe.one_line(by) if isinstance(by, str) else ""
        verb = {"approved": "approved", "denied": "refused"}.get(fields.text(given, "status"), "")
        if not verb:
            continue
        stamp = fields.text(given, "decided_at") if when else ""
        clock = f" at {safe.one_line(stamp[11:19])}" if len(stamp) >= 19 and stamp[10] in "Tt" else ""
        if node.kind == "approval":  # its status has said the verb
            return f"by {who}{clock}" if who else "nobody says by whom"
        return f"{verb} by {who}{clock}" if who else f"{verb}, nobody says by whom"
    return ""


def policy(node: Node) -> str:
    """Return what a rule decided about it: the scope that is missing, or the policy that said no."""
    for record in reversed(node.records):
        rule = record.content.get("policy")
        if not isinstance(rule, dict):
            continue
        decision, name = fields.text(rule, "decision"), fields.text(rule, "id")
        if name == "auditlog.scopes" and decision == "allow":
            return SCOPE_HELD
        if decision == "deny" and name == "auditlog.scopes":
            rules = rule.get("rules")
            needed = (
                [each.removeprefix("requires:") for each in rules if isinstance(each, str)]
                if isinstance(rules, list)
                else []
            )
            return " ".join(["lacks scope", *map(safe.one_line, needed)])
        if decision == "deny":
            return f"denied by {safe.one_line(name)}" if name else "denied by policy"
    return ""


def delegated(node: Node) -> tuple[str, bool]:
    """Return who delegated to the agent, where the agent changes here and the records say it; and whether the
    tree shows it anyway."""
    above = node.parent
    while above is not None and not above.chain:
        above = above.parent
    if len(node.chain) < 3 or (above is not None and above.chain == node.chain):
        return "", True
    return f"delegated by {safe.one_line(node.chain[-2])}", above is not None and above.chain == node.chain[:-1]


def evidence(node: Node) -> list[str]:
    """Return what its place, and the joining of its records, rest on, where that is less than a span id."""
    place = [f"[{node.evidence}]"] if node.evidence not in ("", "span") else []
    return place + ([f"[end: {node.joined}]"] if node.joined not in ("", "span") else [])


def evidence_meaning(name: str) -> str:
    """Return what a kind of evidence is."""
    return _EVIDENCE[name]


def remark(note: Note) -> str:
    """Return a note as a sentence; empty where the drawing says it already."""
    took = words.milliseconds(note.amount / 1000)
    others = ", ".join(identifier(each) for each in note.other)
    said = {
        "missing-parent": "",
        "self-parent": "names itself as its parent",
        "cycle": f"its parents lead round in a circle of {note.amount}: {others.replace(', ', ' → ')}",
        "duplicate": "another record with other content bears the same id",
        "parents-differ": f"its records name different parents: {others}",
        "arguments-differ": "the arguments at its end are not those at its start",
        "no-end": "",
        "unanswered": "",
        "no-start": "no start was recorded",
        "before-parent": f"begins {took} before its parent",
        "after-parent": f"ends {took} after its parent",
        "after-closed": f"begins {took} after its parent had ended",
        "ends-before-start": f"ends {took} before it starts",
        "ambiguous-end": f"{note.amount} such calls were open: which one ended is a guess",
        "no-time": "no time that can be read",
        "later": f"{took} later",
        "repeated": "recorded more than once",
        "restarted": "started more than once",
        "other-trace": f"its parent belongs to trace {others}",
        "resumed": f"goes on in span {others}",
    }[note.code]
    return f"⚠ {said}" if said and note.code in PROBLEMS else said


def folded(fold: Fold) -> str:
    """Return what a fold leaves out, in numbers."""
    if fold.levels:
        levels = f"{fold.levels:,} {'level' if fold.levels == 1 else 'levels'}"
        said = f"… {levels} more" if fold.count == fold.levels else f"… {fold.count:,} more in {levels} below"
    else:
        name = short(fold.sample) if fold.same else "siblings"
        below = fold.count - fold.siblings
        said = f"… {fold.siblings:,} more {name}" + (f" and {below:,} below" if below else "")
    if fold.same and not fold.levels and fold.sample.has_failed:
        return f"{said}, all {safe.one_line(fold.sample.status)}"
    kinds = ((fold.failed, "failed"), (fold.denied, "denied"), (fold.noted, "with ⚠"))
    told = [f"{number:,} {word}" for number, word in kinds if number]
    return f"{said} ({', '.join(told)})" if told else said


def first_of(trace: Trace, path: str) -> str:
    """Return the first text at `path` in the records of a trace."""
    for node in trace.nodes:
        for record in node.records:
            found = fields.get(record.content, path)
            if isinstance(found, str) and found:
                return safe.one_line(found)
            if fields.is_hole(found):
                return words.WITHHELD
    return ""


def sentences(node: Node) -> list[str]:
    """Return what a box of a graph says about a node, a line each."""
    sign, word = status(node)
    who = agent(node)
    first = what(node) if node.kind == "lifecycle" or node.virtual or not who else f"{who} ▸ {what(node)}"
    second = "  ".join(part for part in (f"{sign} {word}".strip(), duration(node), approval(node)) if part)
    rule = policy(node)
    said = [first, second, error(node), rule if rule != SCOPE_HELD else "", *map(remark, node.notes)]
    return [text for text in said if text]
