"""`auditlog serve`."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from auditlog_cli.cli import options as o


def serve(
    path: o.Log,
    host: o.Host = None,
    port: o.Port = 8811,
    allow_remote: o.AllowRemote = False,
    max_body: o.MaxBody = 1048576,
    keys: o.KeyStore = None,
    new_key: o.NewKey = None,
    person: o.IsPerson = False,
    alerts: o.AlertsLog = None,
    policy: o.ServedPolicy = None,
    quiet: o.Quiet = False,
) -> int:
    """Take records over HTTP, from programs in any language, and write them to one log.

    Speaks AgentAudit's API (its client needs only another base_url), OTLP (traces and logs; JSON and protobuf), the
    wire of LangSmith and of Langfuse, and takes the events of Claude Code's hooks. A request is answered when the
    disk has its records; while the log cannot be written the answer is 507. This machine only, unless --allow-remote
    says otherwise. SIGINT and SIGTERM end it: what has begun is answered first.

    Needs the extra: pip install 'auditlog-cli[serve]'.

    Examples:
      auditlog serve audit.jsonl
      auditlog serve audit.jsonl --new-key billing
      auditlog serve audit.jsonl --new-key ann@example.org --person
      auditlog serve audit.jsonl --host 0.0.0.0 --allow-remote --port 8811
    """
    from auditlog_cli.cli import fitting, show
    from auditlog_cli.errors import UsageError
    from auditlog_cli.serving import keys as stored
    from auditlog_cli.serving import running

    if person and new_key is None:
        raise UsageError("--person says of a new key whose it is", help="auditlog serve LOG --new-key NAME --person")
    served = {"--host": host is not None, "--port": port != 8811, "--allow-remote": allow_remote}
    served |= {"--max-body": max_body != 1048576, "--alerts": alerts is not None, "--policy": policy is not None}
    fitting.stands_alone(
        "--new-key makes a key, and ends", new_key, served, "make the key first; then auditlog serve LOG, without it"
    )
    notices = show.Notices(quiet=quiet)
    if new_key is not None:
        file = keys or stored.beside(path)
        out = show.output(None)
        out.line(stored.make(file, new_key, person=person))
        show.finish(out)
        notices.say(
            f"{file}: holds the key's hash; the key is shown this once. A running server knows it after a restart"
        )
        return 0
    running.run(
        path, host=host, port=port, remote=allow_remote, limit=max_body, key_file=keys, alerts=alerts, policy=policy,
        say=notices.say,
    )  # fmt: skip
    return 0
