"""The settings that make Claude Code call `auditlog hook claude-code`: put in, taken out, everything else kept.

Pure: a settings file is given and returned as the JSON object that it holds.
"""

from __future__ import annotations

import shlex
from typing import Any

from auditlog_cli.adapters.claude_code import precedes
from auditlog_cli.errors import InputError

Settings = dict[str, Any]

EVENTS = (
    "SessionStart", "UserPromptSubmit", "PreToolUse", "PermissionRequest", "PermissionDenied", "PostToolUse",
    "PostToolUseFailure", "SubagentStart", "SubagentStop", "Stop", "SessionEnd",
)  # fmt: skip
STOP = '{"continue": false, "stopReason": "audit log not writable"}'
"""What stops Claude Code after an act (frameworks.md, 4)."""
SECONDS = 5
"""How long the command may take before the shell ends it and says stop."""
_PATIENCE = 4 * SECONDS  # a hook that Claude Code itself ends lets the tool run where `onFailure` is not known
_OURS = ("hook", "claude-code")


def command(words: list[str], event: str, *, limited: bool) -> str:
    """Return the shell command for an event.

    Whatever exit code but 2 lets the tool run, so that the shell says 2 where Python could not (no Python, no package,
    a signal, no end). After an act nothing is held back by 2, but a stop on standard output ends the run.

    Args:
        words: The command `auditlog hook claude-code …`.
        event: The event's name.
        limited: Whether there is a `timeout` (GNU coreutils) to end what hangs.
    """
    guard = "exit 2" if precedes(event) else f"echo {shlex.quote(STOP)}"
    return f"{f'timeout {SECONDS} ' if limited else ''}{shlex.join(words)} || {guard}"


def entry(words: list[str], event: str, *, limited: bool) -> Settings:
    """Return the member of `hooks.EVENT` that calls us."""
    hook: Settings = {"type": "command", "command": command(words, event, limited=limited), "timeout": _PATIENCE}
    if precedes(event):
        hook["onFailure"] = "block"  # whatever becomes of the shell itself; seen to work in 2.1.329
    return {"matcher": "*", "hooks": [hook]}


def whole(words: list[str], *, limited: bool) -> Settings:
    """Return settings that hold our hooks and nothing else."""
    return {"hooks": {event: [entry(words, event, limited=limited)] for event in EVENTS}}


def installed(settings: Settings, words: list[str], *, limited: bool) -> Settings:
    """Return the settings with our hooks in them, each once. Hooks of others stay, in their order.

    Raises:
        InputError: If the settings are not of the form that Claude Code reads.
    """
    kept = removed(settings)
    hooks = dict(kept.get("hooks", {}))
    for event in EVENTS:
        hooks[event] = [*hooks.get(event, []), entry(words, event, limited=limited)]
    return kept | {"hooks": hooks}


def removed(settings: Settings) -> Settings:
    """Return the settings without our hooks. What held nothing else goes with them.

    Raises:
        InputError: As `installed`.
    """
    hooks = settings.get("hooks", {})
    if not isinstance(hooks, dict):
        raise InputError("hooks: not an object", help="Claude Code would not read these settings")
    made: Settings = {}
    for event, entries in hooks.items():
        if not isinstance(entries, list):
            raise InputError(f"hooks.{event}: not an array", help="Claude Code would not read these settings")
        left = [each for each in map(_without_ours, entries) if each is not None]
        if left or not entries:
            made[event] = left
    without = {name: value for name, value in settings.items() if name != "hooks"}
    if not made and hooks:
        return without
    return {name: made if name == "hooks" else value for name, value in settings.items()}


def _without_ours(entry: Any) -> Any:
    """A member of `hooks.EVENT` without our commands; None if it held nothing else."""
    hooks = entry.get("hooks") if isinstance(entry, dict) else None
    if not isinstance(hooks, list) or not any(map(is_ours, hooks)):
        return entry
    left = [each for each in hooks if not is_ours(each)]
    return {**entry, "hooks": left} if left else None


def is_ours(hook: Any) -> bool:
    """Tell whether a hook is a call of ours."""
    said = hook.get("command") if isinstance(hook, dict) else None
    if not isinstance(said, str):
        return False
    try:
        words = shlex.split(said)
    except ValueError:
        return False
    return any(
        words[at : at + 2] == [*_OURS] and any("auditlog" in each for each in words[:at]) for at in range(len(words))
    )
