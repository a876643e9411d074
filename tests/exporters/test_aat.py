"""Agent Audit Trail: what the table of integrity.md, 9, says; other people's verifiers are asked in tests/interop."""

from __future__ import annotations

import base64
import hashlib
import json
import re
import subprocess
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from auditlog_cli import exporters
from auditlog_cli.errors import DefinitionError, InputError, UsageError
from auditlog_cli.exporters import aat
from auditlog_cli.signing import es256
from tests.conftest import Result
from tests.logs import record

pytest.importorskip("rfc8785")
UUID4 = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")


@pytest.fixture(scope="module")
def pem(tmp_path_factory: pytest.TempPathFactory) -> str:
    """As the help of the error says: by OpenSSL."""
    path = tmp_path_factory.mktemp("p256") / "key.pem"
    words = ["openssl", "ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", str(path)]
    subprocess.run(words, check=True, capture_output=True)
    return str(path)


def trail(pem: str, *contents: dict[str, Any], leaf: bytes = b"") -> dict[str, list[dict[str, Any]]]:
    entries = [exporters.Entry(b"", content, leaf, f"x:{n}") for n, content in enumerate(contents, 1)]
    settings = exporters.Settings(lambda text: None, es256.load(pem))
    files: dict[str, list[dict[str, Any]]] = {}
    for file, data in aat.export(exporters.Source("test/log", entries), settings):
        files.setdefault(file, []).append(json.loads(data))
    return files


def one(pem: str, **changes: Any) -> dict[str, Any]:
    return trail(pem, record(**changes))["sess_1.jsonl"][1]


def test_each_session_has_its_file_between_two_frames(pem: str) -> None:
    files = trail(pem, record(), record(session_id="a/b"), record(record_id=None), record(session_id="a/b"))
    assert sorted(files) == ["a%2Fb.jsonl", "sess_1.jsonl"]
    for records in files.values():
        assert len(records) == 4
        assert [each["action_type"] for each in records] == ["lifecycle", "tool_call", "tool_call", "lifecycle"]
        first, last = records[0], records[-1]
        assert (first["action_detail"], first["prev_hash"], first["parent_record_id"]) == ({"event": "session_start"}, None, None)  # fmt: skip
        assert last["action_detail"]["record_count"] == 4
        joined = b"".join(bytes.fromhex(each["prev_hash"]) for each in records[1:])
        assert last["action_detail"]["session_hash"] == hashlib.sha256(joined).hexdigest()
        for before, after in pairwise(records):
            assert after["parent_record_id"] == before["record_id"]
        assert all(UUID4.fullmatch(each["record_id"]) and UUID4.fullmatch(each["session_id"]) for each in records)


@pytest.mark.parametrize(("kind", "expected"), [
    ("tool_invocation", "tool_call"), ("retrieval", "tool_call"), ("memory_write", "tool_call"),
    ("decision", "decision"), ("approval", "decision"), ("guardrail", "decision"), ("llm_call", "decision"),
    ("content_generation", "decision"), ("agent_message", "delegation"), ("incident", "error"), ("message", "lifecycle"),
])  # fmt: skip
def test_kinds(pem: str, kind: str, expected: str) -> None:
    assert one(pem, action__type=kind)["action_type"] == expected


@pytest.mark.parametrize(("status", "outcome"), [
    ("success", "success"), ("partial", "success"), ("error", "failure"), ("unknown", "failure"), ("timeout", "timeout"),
    ("denied", "denied"), ("blocked", "denied"), ("pending", "escalated"), (None, "failure"),
])  # fmt: skip
def test_outcomes(pem: str, status: str, outcome: str) -> None:
    assert one(pem, action__result_status=status)["outcome"] == outcome
    refused = one(pem, action__result_status=status, action__type="approval")["record_phase"] == "pre_execution"
    assert refused is (outcome in ("denied", "escalated"))


def test_ids_agents_and_versions(pem: str) -> None:
    made = one(pem, record_id="r 1", agent__id="x y", agent__version="v1")
    assert made["agent_id"] == "urn:auditlog:agent:x%20y"
    assert made["agent_version"] == "0.0.0"
    digest = hashlib.sha256(b"test/log\nr 1").hexdigest()[:32]
    assert made["record_id"].replace("-", "")[:12] == digest[:12]
    made = one(pem, agent__id="urn:x:y", agent__version="1.2.3-rc.1")
    assert (made["agent_id"], made["agent_version"]) == ("urn:x:y", "1.2.3-rc.1")
    assert made["record_id"] == record()["record_id"]
    assert one(pem, agent=None)["agent_id"] == "urn:auditlog:agent:unknown"


def test_time_never_goes_back(pem: str) -> None:
    early, late = record(timestamp="2026-06-01T10:00:00+02:00"), record(timestamp="2026-06-01T07:00:00Z")
    times = [each["timestamp"] for each in trail(pem, early, late, record(timestamp=None))["sess_1.jsonl"]]
    assert times == ["2026-06-01T08:00:00.000000Z"] * 5


def test_numbers_that_canonical_json_cannot_hold_are_strings(pem: str) -> None:
    made = one(
        pem, action__arguments={"f": 1.5, "big": 2**53, "small": -(2**53), "n": 2**53 - 1, "t": True, "l": [0.1]}
    )
    arguments = made["action_detail"]["record"]["action"]["arguments"]
    assert arguments == {"f": "1.5", "big": str(2**53), "small": str(-(2**53)), "n": 2**53 - 1, "t": True, "l": ["0.1"]}
    canonical = json.dumps(arguments, sort_keys=True, separators=(",", ":")).encode()
    assert made["action_detail"]["parameters_hash"] == hashlib.sha256(canonical).hexdigest()


def test_the_salts_stay_and_the_leaf_goes_along(pem: str) -> None:
    made = trail(pem, record(_salts=[["x", 1, 2]]), leaf=b"l" * 32)["sess_1.jsonl"][1]
    assert "_salts" not in json.dumps(made)
    assert made["auditlog_leaf"] == (b"l" * 32).hex()


def test_openssl_accepts_the_signature(pem: str, tmp_path: Path) -> None:
    from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

    made = one(pem)
    raw = base64.urlsafe_b64decode(made.pop("signature") + "==")
    signature = encode_dss_signature(int.from_bytes(raw[:32], "big"), int.from_bytes(raw[32:], "big"))
    (tmp_path / "sig").write_bytes(signature)
    (tmp_path / "body").write_bytes(
        json.dumps(made, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
    )
    subprocess.run(["openssl", "ec", "-in", pem, "-pubout", "-out", tmp_path / "pub"], check=True, capture_output=True)
    words = [
        "openssl",
        "dgst",
        "-sha256",
        "-verify",
        tmp_path / "pub",
        "-signature",
        tmp_path / "sig",
        tmp_path / "body",
    ]
    assert subprocess.run(words, capture_output=True).returncode == 0


def test_what_cannot_be_exported_is_said(pem: str) -> None:
    said: list[str] = []
    content = {"action": {"type": "x"}}
    entries = [exporters.Entry(b"", content, b"", "x:1")]
    settings = exporters.Settings(said.append, es256.load(pem))
    assert list(aat.export(exporters.Source("o", entries), settings)) == []
    assert said == ["1 record names no session that can be read: in no file"]
    with pytest.raises(UsageError, match="demands signatures"):
        list(aat.export(exporters.Source("o", entries), settings._replace(key=None)))
    deep: list[Any] = []
    for _ in range(300):
        deep = [deep]
    with pytest.raises(InputError, match="x:1: is nested"):
        trail(pem, record(action__arguments=deep))


def test_keys_of_another_kind(tmp_path: Path) -> None:
    words = ["openssl", "genpkey", "-algorithm", "ed25519", "-out", tmp_path / "ed"]
    subprocess.run(words, check=True, capture_output=True)
    (tmp_path / "text").write_text("x")
    for name in ("ed", "text", "absent"):
        with pytest.raises(DefinitionError):
            es256.load(str(tmp_path / name))


def test_the_command_line(pem: str, tmp_path: Path, cli: Callable[..., object]) -> None:
    log = tmp_path / "old.jsonl"
    log.write_bytes(b"".join(json.dumps(record(session_id=s)).encode() + b"\n" for s in ("a", "b", "a")) + b"bad\n")
    out = tmp_path / "trail"
    done = cli("export", log, "--to", "aat", "--key", pem, "-o", out)
    assert done.code == 6, done  # type: ignore[attr-defined]
    assert sorted(file.name for file in out.iterdir()) == ["a.jsonl", "b.jsonl"]
    assert "bad line" in done.err  # type: ignore[attr-defined]
    done = cli("export", log, "--to", "aat", "--key", pem, "--session", "a", "-o", tmp_path / "one")
    assert [file.name for file in (tmp_path / "one").iterdir()] == ["a.jsonl"]
    assert cli("export", log, "--to", "aat", "-o", tmp_path / "x").code == 2  # type: ignore[attr-defined]
    assert cli("export", log, "--to", "aat", "--key", log, "-o", tmp_path / "x").code == 4  # type: ignore[attr-defined]
    assert cli("export", tmp_path / "no", "--to", "aat", "--key", pem, "-o", tmp_path / "x").code == 3  # type: ignore[attr-defined]
    assert not (tmp_path / "x").exists()


@pytest.mark.parametrize("to", ["aat", "otlp-spans"])
def test_a_record_that_is_in_no_file_is_not_counted_as_exported(
    tmp_path: Path, cli: Callable[..., Result], pem: str, to: str
) -> None:
    log = tmp_path / "a.jsonl"
    log.write_text('{"session_id":"s-1","action":{"type":"x"}}\n{"action":{"type":"x"}}\n')
    words = ["--key", pem] if to == "aat" else []
    done = cli("export", log, "--to", to, "-o", tmp_path / "out", *words)
    assert "2 read = 1 exported + 1 skipped + 0 bad" in done.err
