"""Inspect's archives are read as the same log in JSON is."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditlog_cli.importers import _evalfile, inspect_ai
from tests.conftest import Result
from tests.importers.reading import actions, read


def archive(log: bytes, *, header: str = "header.json") -> bytes:
    """The log as an archive."""
    stored = json.loads(log)
    samples = stored.pop("samples")
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as written:
        written.writestr("_journal/start.json", json.dumps(stored))
        for sample in samples:
            written.writestr(f"samples/{sample['id']}_epoch_{sample['epoch']}.json", json.dumps(sample))
        if header == "header.json":
            written.writestr(header, json.dumps(stored))
    return made.getvalue()


@pytest.mark.parametrize("header", ["header.json", "_journal/start.json"], ids=["finished", "not finished"])
@pytest.mark.parametrize("log", inspect_ai.SAMPLES, ids=["events", "messages"])
def test_the_records_are_those_of_the_same_log_in_json(log: bytes, header: str, tmp_path: Path) -> None:
    """Recognised from the bytes."""
    (tmp_path / "x.eval").write_bytes(archive(log, header=header))
    (tmp_path / "x.json").write_bytes(log)
    packed, plain = read(tmp_path / "x.eval"), read(tmp_path / "x.json")
    assert packed.tally.format == "inspect_ai"
    assert str(packed.tally) == str(plain.tally)
    assert json.dumps([each["action"] for each in packed.records]) == json.dumps(
        [each["action"] for each in plain.records]
    )


def test_a_damaged_archive_and_one_that_unpacks_to_too_much_are_one_clear_line(
    tmp_path: Path, cli: Callable[..., Result], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Could not look: 3."""
    whole = archive(inspect_ai.SAMPLES[0])
    path = tmp_path / "x.eval"
    for data in (whole[: len(whole) // 2], whole.replace(b"samples/1", b"samples/2", 1), b"PK\x03\x04"):
        path.write_bytes(data)
        told = cli("import", str(path))
        assert told.code == 3
        assert str(path) in told.err
        assert "Traceback" not in told.err
    path.write_bytes(whole)
    monkeypatch.setattr(_evalfile, "_MOST", 100)
    told = cli("import", str(path))
    assert told.code == 3
    assert "holds more than" in told.err


@given(st.binary(max_size=100), st.integers(0, 2000), st.integers(0, 255))
def test_whatever_stands_in_an_archive(data: bytes, place: int, byte: int) -> None:
    """A log, no log, or one kind of refusal."""
    whole = bytearray(archive(inspect_ai.SAMPLES[1]))
    whole[place % len(whole)] = byte
    for each in (b"PK\x03\x04" + data, bytes(whole)):
        try:
            found = _evalfile.log(each)
        except ValueError:
            continue
        assert found is None or isinstance(found["samples"], list)


def test_a_real_archive(shared: Path) -> None:
    """One sample, one model call."""
    found = read(shared / "data/agents/inspect-ai/log_formats.eval")
    assert found.tally.format == "inspect_ai"
    assert len(actions(found.records, "llm_call")) == 1
