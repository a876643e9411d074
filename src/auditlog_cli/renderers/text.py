"""One readable line per action: time, user ▸ agent, call, status, latency, approval, scopes."""

from __future__ import annotations

from auditlog_cli import fields
from auditlog_cli.record import BadLine, Record
from auditlog_cli.renderers import safe, words
from auditlog_cli.renderers.style import Style as Style

HINT = "a readable line per action"


def line(item: Record | BadLine, style: Style) -> str:
    """Return one line for a record, or for a bad line."""
    if isinstance(item, BadLine):
        return bad_line(item, style)
    if item.is_own:
        return _own(item, style)
    if item.shape == "unknown":
        return style.glyphs(_fit(safe.one_line(item.line.raw.decode("utf-8", "replace")), style))
    content = item.content
    parts = [(words.clock(content) or "-", "time"), (_who(content), "user"), (words.call(content), "call")]
    state = words.status(content)
    if state:
        parts.append((state, state))
    if state not in ("success", "pending") and (error := words.error(content)):
        parts.append((error, "dim"))
    parts += [(text, "dim") for text in (words.latency(content), _approval(content), _scopes(content)) if text]
    return _compose(parts, style)


def _who(content: dict[str, object]) -> str:
    user, agent = words.user(content), words.agent(content)
    if user and agent:
        return f"{user} ▸ {agent}"
    return user or agent or "-"


def _approval(content: dict[str, object]) -> str:
    by = words.approver(content)
    if by:
        verb = "denied" if fields.text(content, "approval.status") == "denied" else "approved"
        return f"{verb} by {by}"
    kind = fields.text(content, "authorization.session_type")
    return "autonomous" if kind == "autonomous" else ""


def _scopes(content: dict[str, object]) -> str:
    if fields.text(content, "policy.id") != "auditlog.scopes":
        return ""
    return "scopes ✓" if fields.text(content, "policy.decision") == "allow" else "scopes ✗"


def _compose(parts: list[tuple[str, str]], style: Style) -> str:
    """Join the parts by two blanks, within the width: what comes last gives way first, then the call."""
    texts = [style.glyphs(text) for text, _ in parts]
    if style.columns:
        if style.columns < 80 and len(texts[0]) >= 19 and texts[0][10] == " ":
            texts[0] = texts[0][11:19]
        if style.columns < 80:
            texts[1] = safe.clip(texts[1], max(style.columns // 4, 8), "…" if style.unicode else "...")
        total = sum(map(safe.width, texts)) + 2 * (len(texts) - 1)
        if total > style.columns:
            # The call gives way to what follows it, down to a quarter of the width; then what follows goes.
            call = max(safe.width(texts[2]) - (total - style.columns), style.columns // 4)
            texts[2] = safe.clip(texts[2], call, "…" if style.unicode else "...")
    drawn: list[str] = []
    used = 0
    for text, (_, colour) in zip(texts, parts, strict=True):
        left = style.columns - used if style.columns else 1 << 30
        if left <= 3 and drawn:
            break
        shown = safe.clip(text, left, "…" if style.unicode else "...")
        drawn.append(style.paint(shown, colour))
        used += safe.width(shown) + 2
    return "  ".join(drawn)


def _fit(text: str, style: Style) -> str:
    return safe.clip(text, style.columns) if style.columns else text


def _own(item: Record, style: Style) -> str:
    own = item.stored.get("auditlog")
    said = dict(own) if isinstance(own, dict) else {}
    word = safe.one_line(str(said.pop("type", "withheld" if "_leaf" in item.stored else "?")))
    when = words.clock(item.content)
    rest = words.arguments({name: value for name, value in said.items() if name not in ("note", "sshsig", "torn")})
    parts = [(when or "-", "time"), ("the log", "dim"), (f"{word}({rest})", "dim")]
    return _compose(parts, style)


def bad_line(item: BadLine, style: Style) -> str:
    """Return a bad line as it stands, with what is wrong with it in front."""
    number = f"line {item.line.number}" if item.line.number else f"byte {item.line.offset}"
    raw = safe.one_line(item.line.raw[:400].decode("utf-8", "replace"))
    text = style.glyphs(_fit(f"bad {number}: {item.reason}: {raw}", style))
    return style.paint(text, "bad")
