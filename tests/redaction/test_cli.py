"""`auditlog redact` of what no seal protects: a filter that keeps up, a check for CI, and never the log itself."""

from __future__ import annotations

import gzip
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from auditlog_cli import AuditLog

MAIL = b'{"ts":1780324991.2,"event_type":"tool_call","payload":{"to":"ann@acme.io","note":"\\u00e9  1.50"}}\n'
CLEAN = b'{"ts":1780324991.25, "event_type":"tool_call","payload":{"n": 1.50}}\n'
SECRET = "AKIA" + "QYLPMN5HHHFPZAM2"


def redact(*words: object, stdin: bytes | None = None, cwd: Path | None = None) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [sys.executable, "-m", "auditlog_cli", "redact", *map(str, words)], input=stdin, cwd=cwd, timeout=60,
        stdin=subprocess.DEVNULL if stdin is None else None, capture_output=True, check=False,
    )  # fmt: skip


@pytest.fixture
def log(tmp_path: Path) -> Path:
    path = tmp_path / "plain.jsonl"
    path.write_bytes(MAIL + CLEAN)
    return path


def test_masked_lines_come_out_and_the_log_stays(log: Path) -> None:
    done = redact(log)
    assert done.stdout == MAIL.replace(b"ann@acme.io", b"<EMAIL_ADDRESS>") + CLEAN
    assert done.returncode == 0 and b"1 masked in 1 of 2 lines: EMAIL_ADDRESS 1" in done.stderr
    assert log.read_bytes() == MAIL + CLEAN


def test_what_stands_in_the_log_is_never_said(log: Path) -> None:
    log.write_bytes(MAIL + json.dumps({"ts": 1, "event_type": "x", "payload": {"key": SECRET}}).encode() + b"\n")
    for done in (redact(log), redact(log, "--check"), redact(log, "--entities", "nothing")):
        assert SECRET.encode() not in done.stdout + done.stderr and b"ann@" not in done.stdout + done.stderr


def test_check_says_where_and_ends_with_1(log: Path) -> None:
    done = redact("--check", log.name, cwd=log.parent)
    assert (done.returncode, done.stdout) == (1, b"plain.jsonl:1: EMAIL_ADDRESS /payload/to\n")
    masked = log.with_name("masked.jsonl")
    masked.write_bytes(redact(log).stdout)
    assert redact("--check", masked).returncode == 0
    assert redact("--check", log, "--entities", "CREDIT_CARD").returncode == 0


def test_an_output_appears_whole_and_never_over_the_log(log: Path) -> None:
    out = log.with_name("out.jsonl")
    assert redact(log, "-o", out).returncode == 0
    assert out.read_bytes() == redact(log).stdout
    done = redact(log, "-o", log)
    assert done.returncode == 2 and b"not masked in place" in done.stderr
    assert redact(log, "-o", log.parent / "none" / "x.jsonl").returncode == 5
    assert sorted(each.name for each in log.parent.iterdir()) == ["out.jsonl", "plain.jsonl"]


@pytest.mark.parametrize("content", [None, b""])
def test_what_is_not_there_is_not_masked(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "a.jsonl"
    if content is not None:
        path.write_bytes(content)
    for words in ([path], ["--check", path], [path, "-o", tmp_path / "out"]):
        assert redact(*words).returncode == 3
    assert not (tmp_path / "out").exists()


def test_a_line_goes_out_as_soon_as_it_came(log: Path) -> None:
    """What a pipe brings is not held back until a block is full: `tail -f … | auditlog redact`."""
    with subprocess.Popen(
        [sys.executable, "-m", "auditlog_cli", "redact", "-"], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        assert process.stdin is not None and process.stdout is not None
        process.stdin.write(MAIL)
        process.stdin.flush()
        assert b"<EMAIL_ADDRESS>" in process.stdout.readline()
        process.stdin.close()
        assert process.wait(30) == 0


def test_a_torn_line_is_masked_as_text_and_the_exit_says_so(log: Path) -> None:
    log.write_bytes(MAIL + b'{"ts":1,"payload":{"to":"bob@acme.io')
    done = redact(log)
    assert done.stdout.endswith(b'{"ts":1,"payload":{"to":"<EMAIL_ADDRESS>')
    assert done.returncode == 6 and b"1 line is not JSON: read as plain text" in done.stderr


def test_compressed_logs_and_several_come_in_order(log: Path) -> None:
    packed = log.with_name("more.jsonl.gz")
    packed.write_bytes(gzip.compress(CLEAN + MAIL))
    assert redact(log, packed).stdout == redact(log).stdout + redact(packed).stdout
    assert redact(packed).stdout == CLEAN + MAIL.replace(b"ann@acme.io", b"<EMAIL_ADDRESS>")


def test_pseudonyms_keep_equal_values_equal(log: Path, tmp_path: Path) -> None:
    key = tmp_path / "key"
    key.write_text("0123456789abcdef0123456789abcdef\n")
    log.write_bytes(MAIL + MAIL.replace(b"ann@acme.io", b"Ann@ACME.io") + MAIL.replace(b"ann", b"bob"))
    said = [json.loads(line)["payload"]["to"] for line in redact(log, "--pseudonyms", key).stdout.splitlines()]
    assert said[0] == said[1] != said[2] and said[0].startswith("<EMAIL_ADDRESS:")
    short = tmp_path / "short"
    short.write_text("x")
    assert redact(log, "--pseudonyms", short).returncode == 4


def test_the_seal_of_a_log_is_not_broken_by_masking_it(tmp_path: Path) -> None:
    """A sealed log is not masked on the way through by accident: it says what it needs."""
    path = tmp_path / "audit.jsonl"
    with AuditLog(path, ballast_bytes=0) as log:
        log.append({"action": {"type": "x", "arguments": {"to": "ann@acme.io"}}})
    before = path.read_bytes()
    done = redact(path)
    assert done.returncode == 2 and b"what is to go?" in done.stderr and done.stdout == b""
    assert redact("--check", path).returncode == 1
    through = redact("-", stdin=before)
    assert b"_salts" in before and b"<EMAIL_ADDRESS>" in through.stdout
    assert b"had a seal, broken now" in through.stderr
    assert b"_salts" not in through.stdout.splitlines()[1]
    assert path.read_bytes() == before


@pytest.mark.parametrize("name", ["acme.yaml", "acme.json"])
def test_a_profile_names_detectors_of_the_site_in_yaml_or_json(tmp_path: Path, name: str) -> None:
    own = {
        "format": "auditlog.detectors/1",
        "detectors": [{"entity": "ACME_CUSTOMER", "pattern": "ACME-[0-9]{8}", "hit": ["ACME-12345674"], "miss": ["ACME-1"]}],
    }  # fmt: skip
    written = json.dumps(own)
    if name.endswith("yaml"):
        written = "# ours\n" + written
    (tmp_path / name).write_text(written)
    (tmp_path / "p.yaml").write_text(f"format: auditlog.redaction/1\ndetectors: {name}\n")
    line = b'{"action":{"arguments":{"x":"for ACME-12345674"}}}\n'
    done = redact("-", "--profile", "p.yaml", cwd=tmp_path, stdin=line)
    assert done.stdout == line.replace(b"ACME-12345674", b"<ACME_CUSTOMER>"), done.stderr


def test_what_detectors_find_is_withheld_from_a_sealed_log(tmp_path: Path) -> None:
    path = tmp_path / "audit.jsonl"
    with AuditLog(path, ballast_bytes=0) as log:
        log.append({"action": {"type": "x", "arguments": {"to": "ann@acme.io", "subject": "hello"}}})
        log.append({"action": {"type": "x", "arguments": {"to": "nobody"}}})
    done = redact(path, "--entities", "EMAIL_ADDRESS", "--by", "dpo", "--reason", "case 17", "--unsigned", "--yes")
    assert done.returncode == 0, done.stderr
    records = [json.loads(line) for part in sorted(tmp_path.glob("*.jsonl")) for line in part.read_bytes().splitlines()]
    first = next(each for each in records if "action" in each)
    assert (
        list(first["action"]["arguments"]["to"]) == ["_redacted"] and first["action"]["arguments"]["subject"] == "hello"
    )
    assert redact("--check", path).returncode == 0
    verified = subprocess.run([sys.executable, "-m", "auditlog_cli", "verify", path], capture_output=True, check=False)
    assert b"withheld" in verified.stdout


def test_a_hit_that_cannot_go_by_field_is_told_or_takes_the_record(tmp_path: Path) -> None:
    path = tmp_path / "audit.jsonl"
    said = ("--by", "dpo", "--reason", "x", "--unsigned", "--yes")
    with AuditLog(path, ballast_bytes=0) as log:
        log.append({"action": {"type": "x", "error": {"ann@acme.io": 1}, "arguments": {"a": 1}}, "metadata": {}})
    done = redact(path, "--entities", "EMAIL_ADDRESS", *said)
    whole = redact(path, "--entities", "EMAIL_ADDRESS", "--whole", *said)
    assert not any(b"ann@acme.io" in part.read_bytes() for part in tmp_path.glob("*.jsonl"))
    assert {done.returncode, whole.returncode} <= {0, 1} and whole.returncode == 0


def test_a_profile_says_the_same_as_the_options(log: Path, tmp_path: Path) -> None:
    profile = tmp_path / "redaction.yaml"
    profile.write_text(
        "format: auditlog.redaction/1\nentities: [EMAIL_ADDRESS, CREDIT_CARD]\nways: {CREDIT_CARD: last4}\n"
        "fields: {payload.note: remove}\n"
    )
    log.write_bytes(MAIL.replace(b"ann@acme.io", b"ann@acme.io 4111 1111 1111 1111"))
    (line,) = redact(log, "--profile", profile).stdout.splitlines()
    assert json.loads(line)["payload"] == {"to": "<EMAIL_ADDRESS> <CREDIT_CARD:1111>"}


@pytest.mark.parametrize(
    "wrong",
    [
        "", "format: auditlog.redaction/2\n", "format: auditlog.redaction/1\nentity: [X]\n",
        "format: auditlog.redaction/1\nways: {EMAIL_ADDRESS: burn}\n", "format: auditlog.redaction/1\nways: {EMIAL: mask}\n",
        "format: auditlog.redaction/1\nentities: [EMIAL]\n", "format: auditlog.redaction/1\nmin_confidence: sure\n",
        "format: auditlog.redaction/1\nentities: EMAIL_ADDRESS\n", "format: auditlog.redaction/1\ndetectors: none.json\n",
        "format: auditlog.redaction/1\nmrn: '(a+)+b'\n", "format: auditlog.redaction/1\nways: {EMAIL_ADDRESS: pseudonym}\n",
    ],
)  # fmt: skip
def test_a_profile_that_is_wrong_is_refused(log: Path, tmp_path: Path, wrong: str) -> None:
    profile = tmp_path / "redaction.yaml"
    profile.write_text(wrong)
    done = redact(log, "--profile", profile)
    assert done.returncode in (2, 4) and done.stdout == b"", done.stderr
    assert b"Traceback" not in done.stderr and done.stderr.count(b"\n") <= 2


@settings(max_examples=15, deadline=None)
@given(
    st.lists(
        st.sampled_from([MAIL, CLEAN, b"{torn\n", b"\xff\n", b"\n", b'{"a":"4111 1111 1111 1111"}\n']), max_size=30
    )
)
def test_every_line_comes_out_once_and_in_order(tmp_path_factory: pytest.TempPathFactory, lines: list[bytes]) -> None:
    """In parts as in one piece: nothing lost, nothing doubled (the parts are made small here)."""
    from auditlog_cli.redaction import running
    from auditlog_cli.redaction.settings import Settings

    path = tmp_path_factory.mktemp("parts") / "a.jsonl"
    path.write_bytes(b"".join(lines))
    work = Settings().redactor()
    whole: list[bytes] = []
    before = running._PART
    running._PART = 64
    try:
        tally = running.mask([os.fspath(path)], work, whole.append, processes=2)
    finally:
        running._PART = before
    wanted = b"".join(
        line.replace(b"ann@acme.io", b"<EMAIL_ADDRESS>").replace(b"4111 1111 1111 1111", b"<CREDIT_CARD>")
        for line in lines
    )
    assert b"".join(whole) == wanted and tally.read == len(lines)


def test_masking_a_small_log_loads_nothing_of_sealed_ones(log: Path) -> None:
    """Start-up is a feature: a filter in a pipe, or a hook, is started often."""
    code = (
        "import sys; from auditlog_cli.cli.front import main; main(['redact', sys.argv[1]]);"
        "heavy = ('auditlog_cli.withholding', 'auditlog_cli.signing', 'typer', 'rich', 'subprocess', 'stdnum', 'hmac');"
        "print([name for name in sys.modules if name.startswith(heavy)], file=sys.stderr)"
    )
    log.write_bytes(CLEAN)
    done = subprocess.run([sys.executable, "-c", code, log], capture_output=True, text=True, check=False)
    assert done.stderr.splitlines()[-1] == "[]", done.stderr


@settings(max_examples=30, deadline=None)
@given(
    st.lists(
        st.sampled_from([MAIL, CLEAN, b"{torn\n", b"\xff ann@acme.io\n", b"\n", b'{"a":"\\u0041nn\\u0040acme.io"}\n',
                         b'{"timestamp":"2026-11-20T09:00:00Z","user":{"id":"ann@acme.io"},"action":{"arguments":{"b":"x"}}}\n',
                         b'{"timestamp":"2026-11-20T09:00:00Z","user":{"id":"u"},"action":{"arguments":{"b":"bob@acme.io","c":"bob@acme.io"}}}\n']),
        max_size=20,
    ),
    st.booleans(),
)  # fmt: skip
def test_lines_together_are_lines_one_by_one(lines: list[bytes], engine: bool) -> None:
    """The look at many lines names every line that the look at one does; and the masks are the same with it."""
    from auditlog_cli.redaction.settings import Settings

    raw = [each.rstrip(b"\n") for each in lines]
    work, slow = Settings().redactor(), Settings().redactor()
    if engine:
        work.expect(1 << 30)
    named = set(work.concerned(raw))
    for number, each in enumerate(raw):
        done = slow.line(each)
        assert number in named or (done.raw == each and not done.taken and not done.left)
        if number in named:
            assert work.line(each, looked=True) == done


@pytest.mark.parametrize("way", [["--check"], ["--dry-run"], []])
def test_a_misspelt_field_does_not_look_like_a_clean_log(log: Path, way: list[str]) -> None:
    for words, stdin in ((["--fields", "payload.nota", log, *way], None), (["--fields", "payload.nota", *way], MAIL)):
        done = redact(*words, stdin=stdin)
        assert done.returncode == 6
        assert b"--fields: no record has payload.nota; did you mean payload.note?\n" in done.stderr


def test_a_field_that_these_records_lack_is_said_and_no_fault(log: Path) -> None:
    profile = log.with_name("profile.json")
    profile.write_text(json.dumps({"format": "auditlog.redaction/1", "entities": [], "fields": ["user.email", "ts"]}))
    done = redact("--check", "--profile", profile, log)
    assert done.returncode == 1 and b"--fields: no record has user.email\n" in done.stderr
    assert b"no record has ts" not in done.stderr
    profile.write_text(json.dumps({"format": "auditlog.redaction/1", "entities": [], "fields": ["user.email"]}))
    assert redact("--check", "--profile", profile, log).returncode == 0


def test_a_field_that_only_the_last_line_has_is_met(log: Path) -> None:
    log.write_bytes(MAIL + CLEAN * 240_000 + MAIL.replace(b"note", b"late"))  # several processes share it
    done = redact(log, "--fields", "payload.late,payload.nota", "-o", log.with_name("out.jsonl"))
    assert done.returncode == 6
    assert done.stderr.count(b"no record has") == 1 and b"payload.nota; did you mean payload.note?" in done.stderr


def test_a_misspelt_field_of_a_sealed_log_is_said(tmp_path: Path) -> None:
    path = tmp_path / "sealed.jsonl"
    with AuditLog(path, key=None) as made:
        made.append({"user": {"id": "u-17", "email": "ann@acme.io"}, "action": {"type": "send"}})
    done = redact(path, "--fields", "usr.email", "--dry-run")
    assert done.returncode == 6 and b"no record has usr.email; did you mean user.email?" in done.stderr
    done = redact(path, "--fields", "/user/email", "--dry-run")
    assert done.returncode == 1 and b"no record has" not in done.stderr
