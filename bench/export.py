"""How fast records are exported: records a second and megabytes a second, by format; and shipped, to this machine.

python bench/export.py [RECORDS]
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from auditlog_cli import AuditLog, exporters
from auditlog_cli.cli import exporting, show
from auditlog_cli.counts import Counts
from auditlog_cli.errors import UsageError
from auditlog_cli.selection import select_by


class Sink(BaseHTTPRequestHandler):
    """Takes everything."""

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["content-length"]))
        self.send_response(200)
        self.send_header("content-length", "0")
        self.end_headers()

    def log_message(self, *words: object) -> None:
        """Stay silent."""


def main(records: int = 20_000) -> None:
    """Print a table: a sealed log of tool calls, exported in each format that needs no key."""
    print("| format | records/s | MB/s |\n|---|---|---|")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "audit.jsonl"
        with AuditLog(path) as log, log.session(user="ann@example.org", agent="planner", scopes=["x"]) as session:
            for number in range(records // 2):
                with session.tool("lookup_order", {"order_id": number}, requires="x") as call:
                    call.result({"state": "shipped", "items": [number, None]})
        for name in exporters.names():
            module = exporters.load(name)
            for protobuf in (False, True) if hasattr(module, "SIGNAL") else (False,):
                if module.SEALED:
                    continue
                source = exporting.selected([str(path)], select_by(), Counts(), show.Notices(quiet=True))
                try:
                    settings = exporters.Settings(print, protobuf=protobuf)
                    tell(f"{name}{' --protobuf' * protobuf}", records, lambda: sum(len(each.data) for each in module.export(source, settings)))  # fmt: skip # noqa: B023, E501
                except UsageError as error:
                    print(f"| {name} | {error.message} | |")
        server = ThreadingHTTPServer(("127.0.0.1", 0), Sink)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        command = [sys.executable, "-m", "auditlog_cli", "ship", str(path), "--cursor", f"{folder}/cursor", "--quiet"]
        command += ["--endpoint", f"http://127.0.0.1:{server.server_port}"]
        tell("ship", records, lambda: subprocess.run(command, check=True) and path.stat().st_size)
        server.shutdown()


def tell(name: str, records: int, work: Callable[[], int]) -> None:
    begin = time.perf_counter()
    size = work()
    took = time.perf_counter() - begin
    print(f"| {name} | {records / took:,.0f} | {size / took / 1e6:.1f} |")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
