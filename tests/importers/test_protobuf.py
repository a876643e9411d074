"""OTLP in protobuf is read as the same export in JSON is."""

from __future__ import annotations

import base64
import builtins
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditlog_cli.importers import _protobuf, otlp
from tests.conftest import Result
from tests.importers.reading import read

LOGS = {
    "resourceLogs": [
        {
            "scopeLogs": [
                {
                    "logRecords": [
                        {
                            "timeUnixNano": "1780324991000000000",
                            "traceId": "0af7651916cd43dd8448eb211c80319c",
                            "spanId": "b7ad6b7169203331",
                            "eventName": "app.started",
                            "body": {"stringValue": "here"},
                        }
                    ]
                }
            ]
        }
    ]
}


def packed(export: dict[str, Any]) -> bytes:
    """The export in protobuf."""
    json_format = pytest.importorskip("google.protobuf.json_format", reason="protobuf is not installed")
    signal, message = ("logs", "ExportLogsServiceRequest") if "resourceLogs" in export else ("trace", "ExportTraceServiceRequest")  # fmt: skip
    module = pytest.importorskip(
        f"opentelemetry.proto.collector.{signal}.v1.{signal}_service_pb2", reason="opentelemetry-proto is not installed"
    )

    def ids(value: Any) -> Any:
        if isinstance(value, dict):
            return {
                name: base64.b64encode(bytes.fromhex(each)).decode() if name in ("traceId", "spanId", "parentSpanId") else ids(each)
                for name, each in value.items()
            }  # fmt: skip
        return [ids(each) for each in value] if isinstance(value, list) else value

    made: bytes = json_format.ParseDict(ids(export), getattr(module, message)()).SerializeToString()
    return made


@pytest.mark.parametrize("export", [json.loads(otlp.SAMPLES[0]), LOGS], ids=["spans", "logs"])
def test_the_records_are_those_of_the_same_export_in_json(export: dict[str, Any], tmp_path: Path) -> None:
    """Ids, parents, times, attributes; the format is recognised from the bytes."""
    (tmp_path / "x.pb").write_bytes(packed(export))
    (tmp_path / "x.json").write_text(json.dumps(export))
    binary, plain = read(tmp_path / "x.pb"), read(tmp_path / "x.json")
    assert binary.tally.format == "otlp"
    assert str(binary.tally) == str(plain.tally)
    assert plain.records
    for one, other in zip(binary.records, plain.records, strict=True):
        for record in (one, other):
            origin = record["provenance"]["import"]
            del origin["file"], origin["offset"]
            if "span_id" in origin.get("derived", ()):  # made of the file's digest
                del record["span_id"], origin["id"]
        assert one == other


def test_without_the_package_one_line_says_so(
    tmp_path: Path, cli: Callable[..., Result], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not a traceback, and not "nothing found"."""
    path = tmp_path / "x.pb"
    path.write_bytes(packed(LOGS))
    real = builtins.__import__

    def refuse(name: str, *args: Any, **kwargs: Any) -> Any:
        if name.startswith(("opentelemetry", "google")):
            raise ImportError(name)
        return real(name, *args, **kwargs)

    monkeypatch.setattr(builtins, "__import__", refuse)
    told = cli("import", str(path))
    assert told.code == 3
    assert "opentelemetry-proto" in told.err
    assert "Traceback" not in told.err


@given(st.binary(max_size=200))
def test_bytes_that_are_no_export_are_refused_or_read(data: bytes) -> None:
    """Whatever they are: no other exception."""
    pytest.importorskip("opentelemetry.proto", reason="opentelemetry-proto is not installed")
    framed = b"\n" + bytes([len(data[:100])]) + data[:100]
    for each in (data, framed):
        if _protobuf.is_export(each):
            assert _protobuf.may_be(each)
            try:
                assert isinstance(_protobuf.export(each), dict)
            except ValueError:
                pass


def test_a_log_that_begins_with_empty_lines_is_no_export(tmp_path: Path) -> None:
    """The first byte of an export is a line feed."""
    for data in (b'\n{"a": 1}\n', b"\n" * 300, b"\n\n\n\n\n\n\n\n\n\n\n\n"):
        path = tmp_path / "x.jsonl"
        path.write_bytes(data)
        assert read(path).tally.format == ""
