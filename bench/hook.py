"""The hook of Claude Code: how long one event takes, beside a bare interpreter.

python bench/hook.py [ROUNDS]
"""

from __future__ import annotations

import compileall
import json
import shlex
import sys

from measure import BIN, ROOT, WORK, commands, markdown

EVENT = {
    "session_id": "7d1f0c52-0b9e-4c7e-9f0e-3b1f5a2c9d10", "prompt_id": "p-1", "tool_name": "Bash",
    "tool_input": {"command": "make test"},
}  # fmt: skip


def table(rounds: int = 41) -> str:
    """The table as Markdown."""
    compileall.compile_dir(ROOT / "src", quiet=2)
    WORK.mkdir(parents=True, exist_ok=True)
    log = WORK / "hook.jsonl"
    log.unlink(missing_ok=True)
    events = {
        "PreToolUse": {"hook_event_name": "PreToolUse", "tool_use_id": "toolu_1"},
        "PostToolUse": {"hook_event_name": "PostToolUse", "tool_use_id": "toolu_1", "tool_response": "12 passed"},
        "PermissionRequest": {"hook_event_name": "PermissionRequest"},
    }
    profile = WORK / "hook-profile.yaml"
    profile.write_text("format: auditlog.redaction/1\n")
    hook = [str(BIN / "auditlog"), "hook", "claude-code", "--log", str(log), "--user", "ann"]
    cases = {"python -c pass": [str(BIN / "python"), "-c", "pass"]}
    for name, more in events.items():
        path = WORK / f"hook-{name}.json"
        path.write_text(json.dumps(EVENT | more))
        cases[name] = ["sh", "-c", f"exec {shlex.join(hook)} < {shlex.quote(str(path))}"]
    masked = shlex.join([*hook, "--redact", str(profile)])
    cases["PreToolUse, a redaction profile"] = ["sh", "-c", f"exec {masked} < {WORK / 'hook-PreToolUse.json'}"]
    return markdown("One event of Claude Code", commands(cases, rounds), "python -c pass")


if __name__ == "__main__":
    sys.stdout.write(table(int(sys.argv[1]) if len(sys.argv) > 1 else 41))
