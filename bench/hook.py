"""The hook of Claude Code: how long one event takes, beside a bare interpreter."""

from __future__ import annotations

import compileall
import json
import shlex

from measure import AUDITLOG, BIN, ROOT, WORK, commands
from tables import Bench, Table, timed

EVENT = {
    "session_id": "7d1f0c52-0b9e-4c7e-9f0e-3b1f5a2c9d10", "prompt_id": "p-1", "tool_name": "Bash",
    "tool_input": {"command": "make test"},
}  # fmt: skip


def tables(quick: bool) -> list[Table]:
    """Measure, and return the table."""
    compileall.compile_dir(ROOT / "src", quiet=2)
    home = WORK / "hook"
    home.mkdir(parents=True, exist_ok=True)
    for each in home.iterdir():
        each.unlink()
    events = {
        "PreToolUse": {"hook_event_name": "PreToolUse", "tool_use_id": "toolu_1"},
        "PostToolUse": {"hook_event_name": "PostToolUse", "tool_use_id": "toolu_1", "tool_response": "12 passed"},
        "PermissionRequest": {"hook_event_name": "PermissionRequest"},
    }
    profile = home / "profile.yaml"
    profile.write_text("format: auditlog.redaction/1\n")
    hook = [AUDITLOG, "hook", "claude-code", "--log", str(home / "audit.jsonl"), "--user", "ann"]
    cases = {"python -c pass": [str(BIN / "python"), "-c", "pass"]}
    for name, more in events.items():
        path = home / f"{name}.json"
        path.write_text(json.dumps(EVENT | more))
        cases[f"auditlog hook, {name}"] = _fed(hook, path)
    cases["auditlog hook, PreToolUse, a redaction profile"] = _fed(
        [*hook, "--redact", str(profile)], home / "PreToolUse.json"
    )
    return [timed("One event of Claude Code", commands(cases, 5 if quick else 41), "python -c pass")]


def _fed(words: list[str], path: object) -> list[str]:
    return ["sh", "-c", f"exec {shlex.join(words)} < {shlex.quote(str(path))}"]


BENCHES = (Bench("hook", "one event of Claude Code", ("orjson",), tables),)
