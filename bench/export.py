"""How fast records are exported: records a second and megabytes a second, by format; and shipped, to this machine."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import ModuleType

from measure import ROOT
from tables import Bench, NotRun, Runs, Table, shown

from auditlog_cli import AuditLog, exporters
from auditlog_cli.cli import exporting, show
from auditlog_cli.counts import Counts
from auditlog_cli.errors import UsageError
from auditlog_cli.selection import select_by
from auditlog_cli.signing import es256, keygen


class Sink(BaseHTTPRequestHandler):
    """Takes everything."""

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["content-length"]))
        self.send_response(200)
        self.send_header("content-length", "0")
        self.end_headers()

    def log_message(self, *words: object) -> None:
        """Stay silent."""


def made(path: Path, records: int) -> None:
    """A sealed log of tool calls, each a start and an end, signed once, at its end."""
    key = keygen.make(f"{path}.key", "bench")
    with (
        AuditLog(path, key=key.path) as log,
        log.session(user="ann@example.org", agent="planner", scopes=["x"]) as session,
    ):
        for number in range(records // 2):
            with session.tool("lookup_order", {"order_id": number}, requires="x") as call:
                call.result({"state": "shipped", "items": [number, None]})


def tables(quick: bool) -> list[Table]:
    """Measure, and return the table: each format, and `ship`."""
    records, rounds = (2_000, 1) if quick else (20_000, 3)
    modules = {name: exporters.load(name) for name in exporters.names()}
    formats = [
        (f"{name}{' --protobuf' * protobuf}", module, protobuf)
        for name, module in modules.items()
        for protobuf in ((False, True) if hasattr(module, "SIGNAL") else (False,))
    ]
    runs = Runs([*(name for name, _, _ in formats), "auditlog ship"], rounds)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "audit.jsonl"
        made(path, records)
        for turn in range(rounds):
            for name, module, protobuf in formats:
                if module.SEALED:
                    sources = exporting.sealed(str(path), None)  # which looks whether it is what was signed
                else:
                    sources = iter([exporting.selected([str(path)], select_by(), Counts(), show.Notices(quiet=True))])
                begin = time.perf_counter()
                try:
                    size = sum(exported(module, source, settings(protobuf), Path(folder)) for source in sources)
                except UsageError as error:
                    runs.absent(name, error.message)
                    continue
                took = time.perf_counter() - begin
                runs.add(name, speed=records / took, bytes=size / took / 1e6)
            took = shipped(path, Path(folder) / f"cursor-{turn}")
            runs.add("auditlog ship", speed=records / took, bytes=path.stat().st_size / took / 1e6)

    def cells(row: str) -> list[str]:
        return [shown(runs.median(row, "speed"), ",.0f"), shown(runs.median(row, "bytes"), ".1f")]

    note = f"Rounds: {rounds}; `ship` is a whole process."
    return [Table(f"Exporting {records:,} records", ("records/s", "MB/s"), runs, cells, (note,), corner="format")]


def settings(protobuf: bool) -> exporters.Settings:
    """With a key for the formats that demand one, where `cryptography` is there."""
    try:
        from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
    except ImportError:
        return exporters.Settings(_unheard, protobuf=protobuf)
    return exporters.Settings(_unheard, es256.Key(generate_private_key(SECP256R1())), protobuf=protobuf)


def exported(module: ModuleType, source: exporters.Source, settings: exporters.Settings, folder: Path) -> int:
    """Export in one format, and return the bytes that come out."""
    if not hasattr(module, "fill"):
        return sum(len(each.data) for each in module.export(source, settings))
    path = folder / "filled"
    module.fill(source, settings, str(path))
    size = path.stat().st_size
    path.unlink()
    return size


def _unheard(line: str) -> None:
    """Take what an export says about records."""


def shipped(path: Path, cursor: Path) -> float:
    """Seconds to send a whole log to this machine."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Sink)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    command = [sys.executable, "-m", "auditlog_cli", "ship", str(path), "--cursor", str(cursor), "--quiet"]
    command += ["--endpoint", f"http://127.0.0.1:{server.server_port}"]
    begin = time.perf_counter()
    done = subprocess.run(command, cwd=ROOT, stdout=subprocess.DEVNULL)
    took = time.perf_counter() - begin
    server.shutdown()
    server.server_close()
    if done.returncode:
        raise NotRun(f"ship: exit code {done.returncode}")
    return took


BENCHES = (Bench("export", "exports by format, and shipping", ("orjson", "protobuf"), tables),)
