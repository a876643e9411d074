"""`export --redact`: what is masked stands in no byte of any format, and nothing that goes out allows to guess at it."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable
from contextlib import closing
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from auditlog_cli import AuditLog, exporters, redact
from auditlog_cli.importers._drafts import span_id, trace_id
from auditlog_cli.sealing.line import unseal
from tests import logs
from tests.conftest import Result
from tests.exporters import siem
from tests.exporters.test_exporters import NEEDS
from tests.exporters.test_otlp import returned

Cli = Callable[..., Result]
FORMATS = [name for name in exporters.names() if not hasattr(exporters.load(name), "UNMASKED")]
REFUSED = [name for name in exporters.names() if name not in FORMATS]

MAIL, OTHER, CARD, PERSON = "ann@acme.io", "Bob.B@acme.io", "4111 1111 1111 1111", "user-ann-17"
VALUES = (MAIL, OTHER, CARD, PERSON)
PROFILE = """\
format: auditlog.redaction/1
fields: [user, delegation_chain.actor, session_id, action.arguments.account]
"""


@pytest.fixture
def profile(tmp_path: Path) -> Path:
    path = tmp_path / "redaction.yaml"
    path.write_text(PROFILE)
    return path


def records(values: tuple[str, ...] = VALUES) -> list[dict[str, Any]]:
    """Each value in every place that is scanned, or that the profile names."""
    made = []
    for number, each in enumerate(values):
        made.append(
            logs.record(
                record_id=f"00000000-0000-4000-8000-{number:012d}", session_id=each, trace_id=None, span_id=f"s{number}",
                user={"id": each, "name": each, "email": each},
                delegation_chain=[{"actor": each, "role": "initiator"}, {"actor": "p", "role": "executor"}],
                action={
                    "type": "tool_invocation", "tool": "send", "result_status": "error", "latency_ms": 3,
                    "arguments": {"account": each, "to": f"to {each}, now"}, "result": {"said": each},
                    "error": {"type": "X", "message": f"no {each}"},
                    "arguments_sha256": sha256(each.encode()).hexdigest(),
                },
                prompt={"text": f"write {each}", "sha256": sha256(f"write {each}".encode()).hexdigest()},
                response={"text": each}, metadata={"note": {"x": [each]}},
            )
        )  # fmt: skip
    return made


SCANNED = VALUES[:3]  # an id is found by its place only


def sealed(path: Path) -> Path:
    with AuditLog(path, origin="test/log", ballast_bytes=0) as log:
        for each in records(SCANNED):
            log.append(each)
    return path


def shown(name: str, out: Path) -> bytes:
    """What a file of a format holds: its bytes, and what is compressed in them."""
    data = out.read_bytes()
    if name == "sqlite":
        with closing(sqlite3.connect(out)) as base:
            data += repr(base.execute("SELECT * FROM records").fetchall()).encode()
    elif name == "duckdb":
        import duckdb

        with closing(duckdb.connect(str(out), read_only=True)) as base:
            data += repr(base.execute("SELECT * FROM records").fetchall()).encode()
    elif name == "parquet":
        from pyarrow import parquet

        data += repr(parquet.read_table(out).to_pylist()).encode()
    return data


def forms(value: str) -> tuple[bytes, ...]:
    """A value as it is, in lower case, its plain digest, and the ids that exporters make of one."""
    made = (sha256(value.encode()).hexdigest(), trace_id("auditlog", value), span_id("auditlog", value))
    return value.encode(), value.lower().encode(), *(each.encode() for each in made)


def assert_nowhere(data: bytes, values: tuple[str, ...]) -> None:
    for number, value in enumerate(values):
        assert not any(form in data for form in forms(value)), f"value {number} stands there"


@pytest.mark.parametrize("name", FORMATS)
def test_what_is_masked_stands_in_no_byte(name: str, tmp_path: Path, profile: Path, cli: Cli) -> None:
    if name in NEEDS:
        pytest.importorskip(NEEDS[name])
    more = ["--content"] if name == "otlp-spans" else []
    log = sealed(tmp_path / "audit.jsonl")
    before = {path: path.read_bytes() for path in tmp_path.glob("audit.jsonl*") if path.is_file()}
    out = tmp_path / "out"
    open_ = cli("export", log, "--to", name, "-o", out, *more)
    assert open_.code == 0 and MAIL.encode() in shown(name, out), "the test sees the values where nothing masks them"
    done = cli("export", log, "--to", name, "-o", out, "--redact", profile, *more)
    assert done.code == 0
    data = shown(name, out)
    assert_nowhere(data + done.err.encode(), SCANNED)
    assert b"<EMAIL_ADDRESS>" in data or b"\\u003cEMAIL" in data
    for line in log.read_bytes().splitlines():
        seal = unseal(line)
        for told in (seal.leaf, seal.prev, *(salt.decode() for salt, _, _ in seal.spans)):
            assert told.encode() not in data, "a seal allows to guess"
    assert {path: path.read_bytes() for path in before} == before, "the log stays as it is"


@pytest.mark.parametrize("name", ["cloudevents", "otlp-logs", "csv", "syslog", "cef", "ecs", "ocsf"])
@settings(max_examples=15, suppress_health_check=list(HealthCheck))
@given(
    values=st.lists(
        st.from_regex(r"[a-z]{3,9}\.[a-z]{3,9}@[a-z]{4,9}\.(org|com)", fullmatch=True), min_size=1, max_size=3
    )
)
def test_no_invented_value_goes_out(
    name: str, values: list[str], tmp_path_factory: pytest.TempPathFactory, cli: Cli
) -> None:
    home = tmp_path_factory.mktemp("masked")
    (home / "p.yaml").write_text(PROFILE)
    log = logs.write(home / "audit.jsonl", *records(tuple(values)))
    done = cli("export", log, "--to", name, "-o", home / "out", "--redact", home / "p.yaml")
    assert done.code == 0
    assert_nowhere((home / "out").read_bytes(), tuple(values))


def test_the_kinds_are_counted_as_redact_counts_them(tmp_path: Path, profile: Path, cli: Cli) -> None:
    log = logs.write(tmp_path / "audit.jsonl", *records(), logs.record(user=None, session_id=None, delegation_chain=[]))
    done = cli("export", log, "--to", "csv", "-o", tmp_path / "out", "--redact", profile)
    other = cli("redact", log, "--profile", profile)
    counts = [
        line.partition(": ")[2].replace("lines", "records") for line in other.err.splitlines() if "masked" in line
    ]
    assert counts and f"auditlog: {counts[0]}" in done.err.splitlines()
    assert "5 read = 5 exported + 0 skipped + 0 bad" in done.err


def test_otlp_logs_come_back_as_the_masked_records(tmp_path: Path, profile: Path, cli: Cli) -> None:
    ids = {"trace_id": "0af7651916cd43dd8448eb211c80319c", "span_id": "b7ad6b7169203331"}
    log = logs.write(tmp_path / "audit.jsonl", *(each | ids for each in records(SCANNED)))
    assert cli("export", log, "--to", "otlp-logs", "-o", tmp_path / "out", "--redact", profile).code == 0
    masked = [json.loads(line) for line in cli("redact", log, "--profile", profile).out.splitlines()]
    for each in masked:  # what is computed from the bytes before goes, too
        del each["action"]["arguments_sha256"], each["prompt"]["sha256"]
    assert returned(tmp_path / "back.jsonl", (tmp_path / "out").read_bytes()) == masked


def test_a_digest_stays_beside_what_it_is_of(tmp_path: Path, profile: Path, cli: Cli) -> None:
    shown_ = logs.record(action__arguments_sha256="ab" * 32, record_id="00000000-0000-4000-8000-000000000007")
    alone = logs.record(action__arguments=None, action__arguments_sha256="cd" * 32)
    log = logs.write(tmp_path / "audit.jsonl", shown_, alone)
    done = cli("export", log, "--to", "cloudevents", "-o", "-", "--redact", profile)
    assert "ab" * 32 in done.out and "cd" * 32 not in done.out
    assert "1 digest left out" in done.err


def test_a_record_whose_names_hold_a_value_stays_in_the_house(tmp_path: Path, profile: Path, cli: Cli) -> None:
    log = logs.write(tmp_path / "audit.jsonl", logs.record(), logs.record(action__arguments={MAIL: 1}))
    done = cli("export", log, "--to", "cloudevents", "-o", "-", "--redact", profile)
    assert done.code == 6 and len(done.out.splitlines()) == 1
    assert "2 read = 1 exported + 0 skipped + 1 bad" in done.err
    assert f"{log}:2: held back" in done.err and "1 record held back" in done.err
    assert MAIL not in done.out + done.err


def test_other_shapes_are_masked_under_both_names(tmp_path: Path, profile: Path, cli: Cli) -> None:
    """What the decoder makes of a line is masked again: the profile speaks of our names."""
    log = logs.write(tmp_path / "audit.jsonl", logs.tutorial("tool_call", tool="mail", user_id="ann-17", to=MAIL))
    plain = cli("export", log, "--to", "cloudevents", "-o", "-")
    assert MAIL in plain.out
    done = cli("export", log, "--to", "cloudevents", "-o", "-", "--redact", profile)
    assert done.code == 0 and "<EMAIL_ADDRESS>" in done.out and MAIL not in done.out
    assert json.loads(done.out)["id"] != sha256(log.read_bytes().rstrip(b"\n")).hexdigest()


def test_selectors_look_at_the_log_and_not_at_the_masks(tmp_path: Path, profile: Path, cli: Cli) -> None:
    log = logs.write(tmp_path / "audit.jsonl", *records())
    done = cli("export", log, "--to", "cloudevents", "-o", "-", "--redact", profile, "--user", MAIL)
    assert done.code == 0 and len(done.out.splitlines()) == 1


def test_pseudonyms_keep_equal_values_equal(tmp_path: Path, profile: Path, cli: Cli) -> None:
    log = logs.write(tmp_path / "audit.jsonl", *records((MAIL, MAIL.upper())))
    key = tmp_path / "key"
    key.write_text("0" * 32)
    words = ("export", log, "--to", "cloudevents", "-o", "-", "--redact", profile)
    done = cli(*words, "--pseudonyms", key)
    said = {json.loads(line)["data"]["response"]["text"] for line in done.out.splitlines()}
    assert len(said) == 1 and next(iter(said)).startswith("<EMAIL_ADDRESS:")
    missing = cli(*words, "--pseudonyms", tmp_path / "none")
    assert missing.code == 4 and str(tmp_path / "none") in missing.err
    profile.write_text("format: auditlog.redaction/1\nways:\n  EMAIL_ADDRESS: pseudonym\n")
    keyless = cli(*words)
    assert keyless.code == 4 and f"{profile}:3:" in keyless.err and "--pseudonyms KEYFILE" in keyless.err
    profile.write_text("format: auditlog.redaction/1\nfields:\n  user.id: pseudonym\n")
    assert f"{profile}:3:" in cli(*words).err


@pytest.mark.parametrize(
    "text",
    ["entities: [NOPE]\n", 'mrn: "(("\n', 'fields: [""]\n', "x: 1\n", "ways: {NOPE: mask}\n", "min_confidence: much\n"],
)
def test_a_wrong_profile_is_refused_with_its_line(text: str, tmp_path: Path, profile: Path, cli: Cli) -> None:
    log = logs.write(tmp_path / "audit.jsonl", logs.record())
    profile.write_text(f"format: auditlog.redaction/1\n{text}")
    done = cli("export", log, "--to", "csv", "-o", tmp_path / "out", "--redact", profile)
    assert done.code == 4 and f"{profile}:2:" in done.err and "help: " in done.err
    assert not (tmp_path / "out").exists()


def test_a_missing_profile_is_refused(tmp_path: Path, cli: Cli) -> None:
    log = logs.write(tmp_path / "audit.jsonl", logs.record())
    done = cli("export", log, "--to", "csv", "-o", tmp_path / "out", "--redact", tmp_path / "none.yaml")
    assert done.code == 4 and f"{tmp_path / 'none.yaml'}: cannot be read" in done.err
    assert not (tmp_path / "out").exists()


def test_a_misspelt_field_is_not_a_clean_export(tmp_path: Path, profile: Path, cli: Cli) -> None:
    log = logs.write(tmp_path / "audit.jsonl", logs.record())
    profile.write_text("format: auditlog.redaction/1\nfields: [usr.email]\n")
    done = cli("export", log, "--to", "csv", "-o", tmp_path / "out", "--redact", profile)
    assert done.code == 6 and "--redact: no record has usr.email; did you mean user.email?" in done.err


@pytest.mark.parametrize("name", REFUSED)
def test_what_rests_on_the_bytes_is_refused(name: str, tmp_path: Path, profile: Path, cli: Cli) -> None:
    log = sealed(tmp_path / "audit.jsonl")
    done = cli("export", log, "--to", name, "-o", tmp_path / "out", "--redact", profile)
    assert done.code == 2 and f"--redact: not for --to {name}" in done.err and "help: " in done.err
    assert not (tmp_path / "out").exists()


def test_these_and_no_others_are_refused() -> None:
    assert REFUSED == ["aat", "tlog-tiles"]


def test_a_key_for_pseudonyms_needs_a_profile(tmp_path: Path, cli: Cli) -> None:
    log = siem.write(tmp_path)
    assert cli("export", log, "--to", "csv", "-o", "-", "--pseudonyms", tmp_path / "k").code == 2


def test_no_seal_is_carried_along_by_an_imported_copy(tmp_path: Path, profile: Path, cli: Cli) -> None:
    """What our importer has put aside of the old place (`provenance.import.rest`) names the leaf before, too."""
    log = sealed(tmp_path / "audit.jsonl")
    assert cli("export", log, "--to", "otlp-logs", "-o", tmp_path / "copy.jsonl").code == 0
    plain = cli("export", tmp_path / "copy.jsonl", "--to", "cloudevents", "-o", "-")
    prev = unseal(log.read_bytes().splitlines()[2]).prev
    assert prev in plain.out
    done = cli("export", tmp_path / "copy.jsonl", "--to", "cloudevents", "-o", "-", "--redact", profile)
    assert prev not in done.out and done.code == 0 and len(done.out.splitlines()) == len(SCANNED)
    assert_nowhere(done.raw, SCANNED)


@pytest.mark.slow
@pytest.mark.parametrize("name", FORMATS)
def test_no_labelled_value_that_redact_takes_goes_out(
    name: str, shared: Path, tmp_path: Path, profile: Path, cli: Cli
) -> None:
    if name in NEEDS:
        pytest.importorskip(NEEDS[name])
    sentences = json.loads((shared / "data/pii/presidio-research/synth_dataset_v2.json").read_text())
    kinds = {"EMAIL_ADDRESS", "CREDIT_CARD", "IBAN_CODE", "US_SSN", "PHONE_NUMBER"}
    made, values = [], set()
    for number, each in enumerate(sentences):
        found = {span["entity_value"] for span in each["spans"] if span["entity_type"] in kinds}
        kept = redact({"prompt": {"text": each["full_text"]}})["prompt"]["text"]
        taken = {value for value in found if value not in kept and len(value) >= 8}
        if taken:
            values |= taken
            made.append(
                logs.record(record_id=f"00000000-0000-4000-8000-{number:012d}", prompt={"text": each["full_text"]})
            )
    assert len(values) > 100
    log = logs.write(tmp_path / "audit.jsonl", *made)
    assert cli("export", log, "--to", name, "-o", tmp_path / "out", "--redact", profile).code == 0
    assert_nowhere(shown(name, tmp_path / "out"), tuple(values))


BLOCKS = (
    "user", "agent", "action", "authorization", "authorization.scopes", "delegation_chain", "delegation_chain.*",
    "approval", "timestamp", "record_id", "session_id", "trace_id", "span_id", "seq", "metadata", "source",
    "action.error", "action.result_status", "action.latency_ms", "auditlog", "*",
)  # fmt: skip


@pytest.mark.parametrize("way", ["mask", "remove"])
@pytest.mark.parametrize("name", FORMATS)
def test_whole_blocks_may_go_in_every_format(name: str, way: str, tmp_path: Path, profile: Path, cli: Cli) -> None:
    """Where an object or a number was, a text stands then, or nothing: no format stumbles, no record is lost."""
    if name in NEEDS:
        pytest.importorskip(NEEDS[name])
    log = siem.write(tmp_path)
    for path in BLOCKS:
        profile.write_text(json.dumps({"format": "auditlog.redaction/1", "fields": {path: way}}))
        done = cli("export", log, "--to", name, "-o", tmp_path / "out", "--redact", profile)
        assert done.code == 6, path  # the log has a bad line
        assert "7 read = " in done.err and "+ 1 bad" in done.err, path
