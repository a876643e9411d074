"""What a record says, in short words: used by lines, stories and trees alike. Everything is made harmless."""

from __future__ import annotations

from auditlog_cli import fields
from auditlog_cli.renderers import safe

WITHHELD = "[withheld]"
_LONGEST_VALUE = 60
_TOOL_TYPES = frozenset(("tool_invocation", "tool_call", "tool_use"))


def kind(content: dict[str, object]) -> str:
    """Return `action.type`, its synonyms read as `tool_invocation` (record.md)."""
    word = fields.text(content, "action.type")
    return "tool_invocation" if word in _TOOL_TYPES else word


def value(item: object, longest: int = _LONGEST_VALUE) -> str:
    """Return a value in one short harmless piece.

    >>> value({"a": [1, "x y"]}), value({"_redacted": "00"}), value("x y")
    ('{a: [1, "x y"]}', '[withheld]', '"x y"')
    """
    return safe.clip(_value(item, longest), longest)


def _value(item: object, left: int) -> str:
    if left <= 0:
        return "…"
    if isinstance(item, str):
        return _quoted(item[: left + 1])
    if isinstance(item, dict):
        if fields.is_hole(item):
            return WITHHELD
        parts = []
        for name, inner in item.items():
            parts.append(f"{safe.one_line(name)}: {_value(inner, left)}")
            left -= len(parts[-1]) + 2
            if left <= 0:
                break
        return "{" + ", ".join(parts) + "}"
    if isinstance(item, list):
        parts = []
        for inner in item:
            parts.append(_value(inner, left))
            left -= len(parts[-1]) + 2
            if left <= 0:
                break
        return "[" + ", ".join(parts) + "]"
    if item is None:
        return "null"
    if isinstance(item, bool):
        return "true" if item else "false"
    return safe.one_line(str(item))


def _quoted(text: str) -> str:
    shown = safe.one_line(text)
    plain = shown == text and text and not any(char in text for char in ' ,:()[]{}"')
    return shown if plain else '"' + shown.replace('"', '\\"') + '"'


def name(content: dict[str, object], block: str, *, by: tuple[str, ...] = ("name", "id")) -> str:
    """Return how to call the user or the agent of a record, or an empty text.

    Args:
        block: `user` or `agent`.
        by: Which members to try, first come first.
    """
    holder = content.get(block)
    if fields.is_hole(holder):
        return WITHHELD
    if isinstance(holder, str):
        return safe.one_line(holder)
    if not isinstance(holder, dict):
        return ""
    for member in by:
        found = holder.get(member)
        if isinstance(found, (str, int)) and str(found):
            return safe.one_line(str(found))
    return WITHHELD if any(fields.is_hole(holder.get(member)) for member in by) else ""


def user(content: dict[str, object]) -> str:
    """Return the user: e-mail, else id, else name."""
    return name(content, "user", by=("email", "id", "name"))


def agent(content: dict[str, object]) -> str:
    """Return the agent: name, else id."""
    return name(content, "agent")


def call(content: dict[str, object]) -> str:
    """Return what was done, as `tool(argument=value, …)` or as the word for another kind of action.

    >>> call({"action": {"type": "tool_invocation", "tool": "pay", "arguments": {"to": "bob", "n": 2}}})
    'pay(to=bob, n=2)'
    """
    action = content.get("action")
    if not isinstance(action, dict):
        return WITHHELD if fields.is_hole(action) else "(no action)"
    word = kind(content)
    tool = action.get("tool")
    if word == "tool_invocation" or tool is not None:
        shown = safe.one_line(tool) if isinstance(tool, str) else value(tool)
        front = "" if word == "tool_invocation" else f"{safe.one_line(word)} "
        return f"{front}{shown}({arguments(action.get('arguments'))})"
    return " ".join(part for part in (safe.one_line(word) or "(no action)", about(content)) if part)


def arguments(given: object) -> str:
    """Return arguments as `name=value, …`."""
    if given is None:
        return ""
    if isinstance(given, dict) and not fields.is_hole(given):
        return ", ".join(f"{safe.one_line(name)}={value(item)}" for name, item in given.items())
    return value(given)


def about(content: dict[str, object]) -> str:
    """Return what an action other than a tool call is about: a text, a model, an approval, a phase."""
    word = kind(content)
    if word == "llm_call":
        return _model(content)
    if word == "approval":
        return fields_line(content, "approval.tool", "approval.status")
    if word in ("agent_message", "handoff", "message"):
        sender, receiver = (safe.one_line(fields.text(content, path)) for path in ("message.from", "message.to"))
        text = first_text(content, "message.text", "prompt.text", "response.text")
        way = f"{sender} → {receiver}" if sender and receiver else ""
        way = way or (f"from {sender}" if sender else f"to {receiver}" if receiver else "")
        return " ".join(part for part in (way, text) if part)
    if word == "lifecycle":
        return safe.one_line(fields.text(content, "action.phase"))
    told = ("message.text", "prompt.text", "response.text", "decision.outcome", "action.resource", "action.phase")
    return first_text(content, *told)


def _model(content: dict[str, object]) -> str:
    used = [fields.text(content, path) for path in ("usage.input_tokens", "usage.output_tokens")]
    tokens = f"{safe.one_line(used[0] or '?')} → {safe.one_line(used[1] or '?')} tokens" if any(used) else ""
    return " ".join(part for part in (safe.one_line(fields.text(content, "agent.model")), tokens) if part)


def error(content: dict[str, object], longest: int = _LONGEST_VALUE) -> str:
    """Return what went wrong: `type: message` where it is told so, the type without its module.

    >>> error({"action": {"error": {"type": "asyncio.TimeoutError", "message": "no answer"}}})
    'TimeoutError: no answer'
    """
    found = fields.get(content, "action.error")
    if found is fields.MISSING or found is None:
        return ""
    if isinstance(found, dict) and isinstance(found.get("message"), str):
        kind = found.get("type")
        short = kind.rpartition(".")[2] or kind if isinstance(kind, str) else ""
        text = f"{short}: {found['message']}" if short else str(found["message"])
        return safe.clip(safe.one_line(text), longest)
    if isinstance(found, str):
        return safe.clip(safe.one_line(found), longest)
    return value(found, longest)


def first_text(content: dict[str, object], *paths: str) -> str:
    """Return the first of the texts at `paths`, quoted and short."""
    for path in paths:
        found = fields.get(content, path)
        if found is not fields.MISSING and found is not None and found != "":
            return value(found)
    return ""


def fields_line(content: dict[str, object], *paths: str) -> str:
    """Return the texts at `paths` that are there, in one line."""
    return " ".join(safe.one_line(text) for text in (fields.text(content, path) for path in paths) if text)


def status(content: dict[str, object]) -> str:
    """Return `action.result_status`, harmless, or an empty text."""
    return safe.one_line(fields.text(content, "action.result_status"))


def latency(content: dict[str, object]) -> str:
    """Return the latency as a person reads it; an empty text if there is none that a double can hold.

    >>> latency({"action": {"latency_ms": 218}}), latency({"action": {"latency_ms": 10**400}})
    ('218 ms', '')
    """
    found = fields.get(content, "action.latency_ms")
    if isinstance(found, bool) or not isinstance(found, (int, float)):
        return ""
    try:
        return milliseconds(float(found))
    except OverflowError:
        return ""


def milliseconds(number: float) -> str:
    """Return a duration in the unit that fits.

    >>> milliseconds(0.25), milliseconds(1530), milliseconds(125000)
    ('0.25 ms', '1.53 s', '2m05s')
    """
    if not -1e15 < number < 1e15:
        return f"{number:g} ms"
    if number < 1000:
        return f"{number:.3g} ms" if number < 100 else f"{number:.0f} ms"
    if number < 60_000:
        return f"{number / 1000:.3g} s"
    minutes, seconds = divmod(round(number / 1000), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}h{minutes:02d}m" if hours else f"{minutes}m{seconds:02d}s"


def approver(content: dict[str, object]) -> str:
    """Return who approved the action or the session; empty if nobody did."""
    for path in ("approval.decided_by", "authorization.approved_by"):
        found = fields.get(content, path)
        if fields.is_hole(found):
            return WITHHELD
        if isinstance(found, str) and found:
            return safe.one_line(found)
    return ""


def clock(content: dict[str, object]) -> str:
    """Return the time of day with date, blanks where the record has no RFC 3339 time."""
    text = fields.text(content, "timestamp")
    shown = safe.one_line(text)
    if len(text) >= 20 and text[10] in "Tt" and shown == text:
        return f"{text[:10]} {text[11:23] if text[19] == '.' else text[11:19]}"
    return shown
