"""A small MCP server in the standard library, for tests of the proxy. `python server.py [WORD...]`.

Words: `stay` (does not end when its input does), `deaf` (ignores SIGTERM, too), `exit=N`, `noise` (a line that is no JSON).
Tools: lookup_order, boom (isError), crash (kills itself), refund (asks by elicitation), ran (which tools ran).
"""

from __future__ import annotations

import json
import os
import signal
import sys
import time


def send(message: dict[str, object]) -> None:
    sys.stdout.buffer.write(json.dumps({"jsonrpc": "2.0", **message}).encode() + b"\n")
    sys.stdout.buffer.flush()


def result(id: object, text: str, *, failed: bool = False) -> None:  # noqa: A002
    send({"id": id, "result": {"content": [{"type": "text", "text": text}], "isError": failed}})


def main(words: list[str]) -> int:
    if "deaf" in words:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
    if "noise" in words:
        sys.stdout.write("starting ...\n")
        sys.stdout.flush()
    sys.stderr.write("server: here\n")
    sys.stderr.flush()
    ran: list[str] = []
    refunds: dict[object, object] = {}
    for line in sys.stdin.buffer:
        try:
            message = json.loads(line)
        except ValueError:
            continue
        id, method = message.get("id"), message.get("method")  # noqa: A001
        if method == "initialize":
            send({"id": id, "result": {"protocolVersion": "2025-11-25", "serverInfo": {"name": "orders"}}})
        elif method == "tools/call":
            name = message["params"]["name"]
            if name == "crash":
                os.kill(os.getpid(), signal.SIGKILL)
            if name == "ran":
                result(id, " ".join(ran))
                continue
            ran.append(name)
            if name == "refund":
                refunds[1] = id
                send({"id": 1, "method": "elicitation/create", "params": {"message": "Refund 19.5?"}})
            else:
                result(id, f"{name} done", failed=name == "boom")
        elif method is None and id in refunds:
            answer = message.get("result", {}).get("action", "error")
            result(refunds.pop(id), f"refund: {answer}", failed=answer != "accept")
        elif id is not None:
            send({"id": id, "result": {}})
    while "stay" in words or "deaf" in words:
        time.sleep(0.05)
    return next((int(word[5:]) for word in words if word.startswith("exit=")), 0)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
