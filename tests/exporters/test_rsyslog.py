"""What arrives at a real rsyslogd: every message, its fields, its escapes."""

from __future__ import annotations

import json
import shutil
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests import logs
from tests.exporters import siem
from tests.exporters.test_siem import visible

pytestmark = pytest.mark.skipif(shutil.which("rsyslogd") is None, reason="no rsyslogd here (apt install rsyslog)")
_LIMIT = 60.0
_CONFIGURATION = """
global(workDirectory="{folder}" maxMessageSize="64k")
module(load="imtcp")
module(load="imudp")
template(name="whole" type="list") {{
  constant(value="{{")
  property(name="pri" format="jsonf") constant(value=",")
  property(name="hostname" format="jsonf") constant(value=",")
  property(name="app-name" format="jsonf") constant(value=",")
  property(name="msgid" format="jsonf") constant(value=",")
  property(name="timereported" dateFormat="rfc3339" format="jsonf") constant(value=",")
  property(name="structured-data" format="jsonf") constant(value=",")
  property(name="msg" format="jsonf")
  constant(value="}}\\n")
}}
ruleset(name="all") {{ action(type="omfile" file="{out}" template="whole") }}
input(type="imtcp" port="{port}" address="127.0.0.1" ruleset="all")
input(type="imudp" port="{port}" address="127.0.0.1" ruleset="all")
"""


@pytest.fixture
def rsyslog(tmp_path: Path) -> Iterator[tuple[int, Path]]:
    """A port on which it listens, and the file it writes to."""
    folder = tmp_path / "rsyslog"
    folder.mkdir()
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    out = folder / "out"
    (folder / "conf").write_text(_CONFIGURATION.format(folder=folder, out=out, port=port))
    with subprocess.Popen(
        ["rsyslogd", "-n", "-f", str(folder / "conf"), "-i", str(folder / "pid")],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    ) as process:  # fmt: skip
        try:
            until(lambda: answers(port) or process.poll() is not None)
            assert process.poll() is None, "rsyslogd does not start with our configuration"
            yield port, out
        finally:
            process.terminate()
            process.wait(_LIMIT)


def answers(port: int) -> bool:
    with socket.socket() as asked:
        return asked.connect_ex(("127.0.0.1", port)) == 0


def until(true: Callable[[], bool]) -> None:
    end = time.monotonic() + _LIMIT
    while not true():
        assert time.monotonic() < end
        time.sleep(0.02)


def received(out: Path, many: int) -> list[dict[str, Any]]:
    until(lambda: out.exists() and out.read_bytes().count(b"\n") >= many)
    return [json.loads(line) for line in out.read_bytes().splitlines()]


@pytest.mark.parametrize("kind", ["tcp", "udp"])
def test_rsyslog_understands_every_part(
    kind: str, rsyslog: tuple[int, Path], tmp_path: Path, cli: Callable[..., Any]
) -> None:
    port, out = rsyslog
    log = siem.write(tmp_path)
    assert cli("export", log, "--to", "syslog", "--endpoint", f"{kind}://127.0.0.1:{port}").code == 6
    found = received(out, 6)
    assert len(found) == 6
    wanted = [json.loads(line) for line in log.read_bytes().splitlines()[:6] if line.endswith(b"}")]
    assert [json.loads(each["msg"]) for each in found[:5]] == wanted
    assert [each["pri"] for each in found] == ["110", "108", "110", "107", "110", "110"]
    assert {each["app-name"] for each in found} == {"auditlog"}
    assert found[0]["msgid"] == "tool_invocation"
    assert found[0]["timereported"].startswith("2026-06-01T14:23:11.218")
    assert found[3]["hostname"] == "host_one"
    tool = visible(siem.HOSTILE).replace("\\", "\\\\").replace('"', '\\"').replace("]", "\\]")
    assert f' tool="{tool}" ' in found[1]["structured-data"]


def test_rsyslog_takes_long_messages_and_none_is_missing(
    rsyslog: tuple[int, Path], tmp_path: Path, cli: Callable[..., Any]
) -> None:
    port, out = rsyslog
    contents = [logs.record(record_id=str(n), prompt={"text": "x" * (n * 100)}) for n in range(300)]
    log = logs.write(tmp_path / "audit.jsonl", *contents)
    assert cli("export", log, "--to", "syslog", "--endpoint", f"tcp://127.0.0.1:{port}").code == 0
    assert [json.loads(each["msg"]) for each in received(out, 300)] == contents


def test_rsyslog_takes_cef(rsyslog: tuple[int, Path], tmp_path: Path, cli: Callable[..., Any]) -> None:
    port, out = rsyslog
    log = siem.write(tmp_path)
    cli("export", log, "--to", "cef", "--endpoint", f"tcp://127.0.0.1:{port}")
    lines = cli("export", log, "--to", "cef", "-o", "-").out.split("\n")[:-1]
    assert [each["msg"].lstrip() for each in received(out, 6)] == lines
