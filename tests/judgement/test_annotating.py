"""`check --annotate`: a copy of the log with what the rules see, for the rules of `packs export --sigma`."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

from auditlog_cli.rules import binding, loading, sigma
from auditlog_cli.rules.sitefacts import EMPTY
from tests.conftest import Result

Cli = Callable[..., Result]
LATE = (
    b'{"timestamp":"2026-11-20T10:00:01Z", "agent":{"id":"a"},"action":{"tool":"send","result_status":"success",'
    b'"arguments":{"to":"ann@example.org"}},"authorization":{"expires_at":"2026-11-20T10:00:00Z"}}'
)


def annotated(cli: Cli, folder: Path, data: bytes, *words: object) -> tuple[list[bytes], str]:
    (folder / "audit.jsonl").write_bytes(data)
    done = cli(
        "check",
        folder / "audit.jsonl",
        "--no-policy",
        "--fail-on",
        "never",
        "--annotate",
        folder / "copy.jsonl",
        *words,
    )
    return (folder / "copy.jsonl").read_bytes().splitlines(), done.err


def test_a_record_says_what_rules_see_in_it(cli: Cli, tmp_path: Path) -> None:
    """Selections that Sigma cannot say, virtual fields as words, entities; and the record as it stood in front."""
    (copy,), said = annotated(cli, tmp_path, LATE + b"\n", "--pack", "baseline", "--pack", "gdpr")
    assert copy.startswith(LATE[:-1] + b',"auditlog_check":{')
    check = json.loads(copy)["auditlog_check"]
    assert check["selections"] == ["BASE-AUTH-03/expired"]
    assert check["entities"] == ["EMAIL_ADDRESS"]
    assert check["personal"] == "yes"
    assert check["mapped"] == "no"
    assert "scope_ok" not in check, "undefined is left out"
    assert "1 record annotated of 1 line; for searching, not evidence" in said


def test_what_is_no_record_to_judge_is_copied_as_it_stands(cli: Cli, tmp_path: Path) -> None:
    bad, again, empty = b'{"torn', b'{"auditlog_check":1,"action":{}}', b"{}"
    lines, said = annotated(cli, tmp_path, b"\n".join((bad, LATE, again, empty, b"")))
    assert lines[0] == bad
    assert lines[2] == again
    assert lines[3].startswith(b'{"auditlog_check":{')
    assert json.loads(lines[3])
    assert "2 records annotated of 4 lines" in said


def test_every_field_that_a_sigma_file_expects_can_be_annotated() -> None:
    """Each selection of each pack that Sigma leaves to us belongs to a rule that is evaluated."""
    from auditlog_cli.rules.annotating import Annotator

    packs = binding.packs_for(EMPTY, loading.NAMES)
    bound = binding.bind(packs, EMPTY, as_of=0, use_policies=False)
    made = Annotator(packs, bound, EMPTY, as_of=0, scan=None)
    idle = {each.rule.id for each in bound if not each.enabled}
    expected = {name for name in sigma.expected(packs) if name.partition("/")[0] not in idle}
    assert expected
    assert made._selections.keys() == expected


def test_standard_input_and_a_run_without_end_are_refused(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "audit.jsonl").write_bytes(LATE + b"\n")
    assert cli("check", tmp_path / "audit.jsonl", "--follow", "--annotate", tmp_path / "copy").code == 2
    assert not (tmp_path / "copy").exists()
