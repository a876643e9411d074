"""Any value in any member of a record: every command that reads logs answers, and none stumbles."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from auditlog_cli.errors import EXIT_INTERNAL
from tests.conftest import Result
from tests.logs import record

Cli = Callable[..., Result]

HUGE = "1" * 5000
"""Longer than Python converts by default (4,300 digits)."""
ODD = [
    HUGE, f"-{HUGE}", f"[{HUGE}]", f'{{"a":{HUGE}}}', "1" + "0" * 400, "1e308", "-0.0", "null", "true", "[]", "{}", '""',
    "5", '["a",{"b":[null]}]', '{"id":null}', '{"id":["a"]}', '"\\u0000\\u001b[31m\\u202e\\n"', '"0000-01-01T00:00:00Z"',
    '"0001-01-01T00:00:00+14:00"', '"9999-12-31T23:59:59-14:00"', '"2016-12-31T23:59:60Z"', "1e18", "-62135596801",
    "[" * 200 + "]" * 200, '{"a":' * 200 + "1" + "}" * 200,
]  # fmt: skip
COMMANDS = [
    *(["check", "--pack", pack, "--format", form] for pack, form in (
        ("baseline", "text"), ("gdpr", "json"), ("finance", "sarif"), ("owasp-agentic", "markdown"), ("hipaa", "html"))),
    *(["export", "--to", to, "-o", "out"] for to in ("cef", "csv", "ecs", "ocsf", "otlp-logs", "otlp-spans", "sqlite", "syslog")),
    *(["filter", "--format", form] for form in ("text", "json", "csv", "story")),
    *(["redact", *words] for words in (["--fields", "user,action.arguments"], ["--check"], ["--entities", "EMAIL_ADDRESS"])),
    *(["stats", "--by", member] for member in ("user.id", "timestamp", "action.latency_ms", "delegation_chain.actor")),
    *(["trace", wanted, "--all", "--format", form] for wanted, form in (("sess_1", "text"), ("trace_1", "json"), ("sess_1", "dot"))),
    *(["validate", "--max-errors", "9999", "--format", form] for form in ("text", "json", "sarif", "junit")),
    ["filter", "--where", "action.latency_ms > 100", "--count-by", "action.latency_ms"], ["filter", "--since", "2026-01-01"],
    ["import", "-o", "imported.jsonl"], ["index", "build"], ["policy", "init"], ["report"], ["tail", "--format", "text"],
    ["traces"], ["verify"],
]  # fmt: skip


def places(held: Any, above: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    """The way to every value in a record."""
    for step, value in held.items() if isinstance(held, dict) else enumerate(held):
        yield (*above, step)
        if isinstance(value, (dict, list)):
            yield from places(value, (*above, step))


def changed(text: str) -> Iterator[str]:
    """A record for each of its members, with something else in that place."""
    usual = record()
    for place in places(usual):
        made: Any = copy.deepcopy(usual)
        holder = made
        for step in place[:-1]:
            holder = holder[step]
        holder[place[-1]] = "HERE"
        yield json.dumps(made, separators=(",", ":")).replace('"HERE"', text)


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("hostile") / "audit.jsonl"
    path.write_text("".join(f"{line}\n" for text in ODD for line in changed(text)))
    return path


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_any_value_in_any_member(log: Path, tmp_path: Path, cli: Cli, words: list[str], monkeypatch: Any) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "audit.jsonl").write_bytes(log.read_bytes())
    at = 2 if words[0] in ("trace", "index", "policy") else 1
    told = cli(*words[:at], "audit.jsonl", *words[at:])
    assert told.code != EXIT_INTERNAL, told.err
    assert told.code in (0, 1, 3, 6), told.err
    if words[0] in ("filter", "tail", "stats", "trace", "traces", "validate") and ("text" in words or len(words) < 3):
        assert not set(told.out) & {"\x1b", "\0", "\u202e"}
