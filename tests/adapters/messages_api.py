"""A stand-in for the Messages API on loopback: the model of the tests, with a script, so that the real Claude Code runs.

Which step comes next is told from the request alone (how many tool results it brings), so that a repeated request gets
the same answer.
"""

from __future__ import annotations

import ctypes
import json
import os
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Step = str | tuple[str, dict[str, Any]]
"""A text that ends the turn, or a tool with its input."""
Script = Callable[[str, int], Step]
"""(all that people and agents said so far, how many results of tools) → the next step."""
_CLONE_NEWNET = 0x40000000


def cut_the_network() -> bool:
    """Give this process a network of its own with nothing but loopback; tell whether that could be done."""
    if os.geteuid() != 0 or ctypes.CDLL(None, use_errno=True).unshare(_CLONE_NEWNET) != 0:
        return False
    return subprocess.run(["ip", "link", "set", "lo", "up"], check=False).returncode == 0


def environment(home: str, url: str) -> dict[str, str]:
    """What Claude Code is started with, so that it talks to nobody else."""
    return {
        "HOME": home, "ANTHROPIC_BASE_URL": url, "ANTHROPIC_API_KEY": "-".join(("sk", "ant", "none")),
        "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1", "DISABLE_TELEMETRY": "1", "DISABLE_AUTOUPDATER": "1",
        "DISABLE_ERROR_REPORTING": "1", "PATH": os.environ["PATH"], "LANG": "C.UTF-8",
    }  # fmt: skip


@contextmanager
def serving(script: Script) -> Iterator[str]:
    """Serve the script; give the base URL."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            return

        def do_HEAD(self) -> None:
            self._answer({})

        def do_GET(self) -> None:
            self._answer({"data": [], "has_more": False})

        def do_POST(self) -> None:
            request = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            if "count_tokens" in self.path:
                self._answer({"input_tokens": 1})
            elif "/messages" not in self.path:
                self._answer({})
            else:
                self._message(request)

        def _message(self, request: dict[str, Any]) -> None:
            blocks = [block for each in request["messages"] for block in _blocks(each)]
            said = " ".join(block.get("text", "") for block in blocks if block["type"] == "text")
            results = sum(block["type"] == "tool_result" for block in blocks)
            step = script(said, results) if request.get("tools") else "ok"
            number = os.urandom(6).hex()
            block: dict[str, Any] = {"type": "text", "text": step}
            if not isinstance(step, str):
                block = {"type": "tool_use", "id": f"toolu_{number}", "name": step[0], "input": step[1]}
            stop = "end_turn" if isinstance(step, str) else "tool_use"
            usage = {"input_tokens": 12, "output_tokens": 5}
            message = {
                "id": f"msg_{number}", "type": "message", "role": "assistant", "model": request["model"],
                "content": [block], "stop_reason": stop, "stop_sequence": None, "usage": usage,
            }  # fmt: skip
            if not request.get("stream"):
                self._answer(message)
                return
            empty = {"type": "text", "text": ""} if isinstance(step, str) else block | {"input": {}}
            delta = (
                {"type": "text_delta", "text": step}
                if isinstance(step, str)
                else {"type": "input_json_delta", "partial_json": json.dumps(step[1])}
            )
            events = [
                {"type": "message_start", "message": message | {"content": [], "stop_reason": None}},
                {"type": "content_block_start", "index": 0, "content_block": empty},
                {"type": "content_block_delta", "index": 0, "delta": delta},
                {"type": "content_block_stop", "index": 0},
                {"type": "message_delta", "delta": {"stop_reason": stop, "stop_sequence": None}, "usage": usage},
                {"type": "message_stop"},
            ]
            data = "".join(f"event: {each['type']}\ndata: {json.dumps(each)}\n\n" for each in events).encode()
            self._send("text/event-stream", data)

        def _answer(self, content: dict[str, Any]) -> None:
            self._send("application/json", json.dumps(content).encode())

        def _send(self, kind: str, data: bytes) -> None:
            self.send_response(200)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _blocks(message: dict[str, Any]) -> list[dict[str, Any]]:
    held = message["content"]
    return [{"type": "text", "text": held}] if isinstance(held, str) else held
