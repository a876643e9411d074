"""The server as a process: its sockets, its keys, its log, and its end."""

from __future__ import annotations

import errno
import os
import signal
import socket
from collections.abc import Callable
from contextlib import ExitStack

from auditlog_cli import times
from auditlog_cli.errors import InputError, UsageError
from auditlog_cli.rules import binding
from auditlog_cli.rules import policy as policies
from auditlog_cli.rules.sitefacts import EMPTY
from auditlog_cli.serving import guard, keys
from auditlog_cli.serving.ledger import POLICY, Ledger
from auditlog_cli.writer.growth import is_sealed
from auditlog_cli.writer.log import AuditLog

EXTRA = "pip install 'auditlog-cli[serve]'"
_PATIENCE_S = 30
_BACKLOG = 512


def run(
    path: str,
    *,
    host: str | None,
    port: int,
    remote: bool,
    limit: int,
    key_file: str | None,
    alerts: str | None,
    policy: str | None,
    say: Callable[[str], None],
) -> None:
    """Serve until SIGINT or SIGTERM: what has begun is answered, then the log is closed.

    Args:
        path: The log.
        host: Where to listen; None: 127.0.0.1 and ::1.
        port: 0 for any free one.
        remote: Whether other machines may be let in.
        limit: How many bytes a body may have.
        key_file: The API keys; None: `PATH.keys`.
        alerts: The alerts log, or None.
        policy: The policy file, or None.
        say: Told what the operator should know.

    Raises:
        UsageError: If the extra is missing, or host, keys and `remote` do not go together, or nobody can listen there.
        DefinitionError: If the file of keys is none, or the policy is wrong.
        AuditWriteError: If the log cannot be written.
    """
    try:
        import uvicorn

        from auditlog_cli.serving.app import application
    except ImportError as error:
        raise UsageError(f"serve: the package {error.name} is not here", help=EXTRA) from None
    if alerts is not None and os.path.exists(alerts) and not os.path.isfile(alerts):
        raise UsageError(f"{alerts}: the alerts log is a file such as alerts.jsonl", help="name a file, not a folder")
    site = EMPTY if policy is None else policies.load(policy)
    binding.bind(binding.packs_for(site, None), site, as_of=times.parse(times.now()) or 0)
    known = keys.load(key_file or keys.beside(path), named=key_file is not None)
    _judge(host, known, remote=remote)
    with ExitStack() as stack:
        listening = _listen(host, port, stack)
        log = stack.enter_context(AuditLog(path, policy=None if _has_begun(path) else POLICY))
        app = application(
            Ledger(log), path, known, limit=limit, remote=remote and not _local(host), alerts=alerts,
            site=site, trouble=say,
        )  # fmt: skip
        config = uvicorn.Config(
            app, log_level="critical", access_log=False, server_header=False, lifespan="off", ws="none",
            proxy_headers=False, timeout_graceful_shutdown=_PATIENCE_S,
        )  # fmt: skip
        # uvicorn hands the signal that stopped it on to whoever had it before: here it has done its work.
        for number in (signal.SIGINT, signal.SIGTERM):
            stack.callback(signal.signal, number, signal.signal(number, lambda *_: None))
        where = ", ".join(_address(each) for each in listening)
        say(f"{path}: listening on {where}{'' if known else '; no keys: everybody on this machine may write'}")
        if remote and not _local(host):
            say("warning: no TLS here: keys and records cross the network in the clear unless a proxy adds it")
        uvicorn.Server(config).run(sockets=listening)
    say(f"{path}: closed")


def _has_begun(path: str) -> bool:
    """Tell whether the log has begun, so that its policy is its own."""
    try:
        return is_sealed(path)
    except InputError:
        return False


def _local(host: str | None) -> bool:
    return host is None or guard.is_loopback(host)


def _judge(host: str | None, known: keys.Keys, *, remote: bool) -> None:
    if _local(host):
        return
    if not remote:
        raise UsageError(f"--host {host}: other machines could reach it", help="add --allow-remote, with keys")
    if not known:
        raise UsageError("--allow-remote needs a key", help="auditlog serve LOG --new-key NAME")


def _listen(host: str | None, port: int, stack: ExitStack) -> list[socket.socket]:
    """Sockets that listen already: what comes before the server runs waits."""
    found: list[socket.socket] = []
    for each in ("127.0.0.1", "::1") if host is None else (host,):
        try:
            family, kind, protocol, _, address = socket.getaddrinfo(
                each, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
            )[0]  # fmt: skip
            made = stack.enter_context(socket.socket(family, kind, protocol))
            made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            if family == socket.AF_INET6:
                made.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
            made.bind(address)
            made.listen(_BACKLOG)
        except OSError as error:
            if found and error.errno in (errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT):
                continue  # a machine without IPv6
            why = error.strerror or str(error)
            raise UsageError(f"{each}, port {port}: cannot listen there ({why})", help="another --port?") from error
        port = made.getsockname()[1]
        found.append(made)
    return found


def _address(listening: socket.socket) -> str:
    host, port = listening.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
