"""`auditlog policy init`."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from auditlog_cli.cli import options as o


def init(
    paths: o.Paths = None,
    name: o.PolicyTitle = "draft",
    shape: o.From = None,
    output: o.Output = None,
    quiet: o.Quiet = False,
) -> int:
    """Draft a policy from what a log shows: its tools, agents, models, providers and hosts.

    The draft says what happened, not what may happen. Nothing is guessed: which scopes a tool needs, or whether it
    sends data outside, is for you to fill in. A file that is there already stays as it is.

    Examples:
      auditlog policy init audit.jsonl -o auditlog.policy.yaml
      auditlog policy init logs/ --name acme
    """
    from auditlog_cli import pipeline
    from auditlog_cli.cli import show
    from auditlog_cli.counts import Counts, many
    from auditlog_cli.rules.drafting import Seen
    from auditlog_cli.selection import select_by
    from auditlog_cli.sinks import FileOutput

    logs = show.paths(paths)
    notices = show.Notices(quiet=quiet)
    counts = Counts()
    seen = Seen()
    for record in pipeline.select(logs, select_by(), shape=shape, counts=counts, on_bad=notices.bad):
        seen.add(record.content)
    code = notices.done(counts, logs)
    out = show.output(None) if output in (None, "-") else FileOutput(str(output), new=True)
    try:
        out.write(seen.text(name).encode())
        show.finish(out)
    finally:
        show.discard(out)
    if isinstance(out, FileOutput):
        notices.say(f"{output} was made; fill in what nobody could know, then run: auditlog policy lint {output}")
    if seen.left_out:
        times = many(seen.left_out, "time")
        notices.say(f"{times} a name was left out: longer than 200 characters, or one of too many")
    return code
