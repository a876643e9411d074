"""`auditlog bundle`."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from auditlog_cli.cli import options as o


def bundle(wanted: o.BundledId, path: o.Log, output: o.Output = None, quiet: o.Quiet = False) -> int:
    """Pack the records of a session or a trace as evidence, for somebody who has neither the log nor this tool.

    The zip file holds the records as they stand, a proof for each under the newest signed checkpoint, a checker that
    needs nothing but Python, and a page that says how to check who signed, with OpenSSL. It does not hold the
    public key: hand that over by another way.

    Examples:
      auditlog bundle refund-1042 audit.jsonl -o evidence.zip
      auditlog bundle 4bf92f3577b34da6a3ce929d0e0e4736 audit.jsonl -o evidence.zip
    """
    import os

    from auditlog_cli.cli import show
    from auditlog_cli.errors import UsageError
    from auditlog_cli.evidence import bundle

    name = output or "evidence.zip"
    if name != "-" and os.path.lexists(name):
        raise UsageError(f"{name}: is there already", help="name another with -o")
    made = bundle.build(path, wanted)
    out = show.output(name)
    out.write(made.data)
    show.finish(out)
    notices = show.Notices(quiet=quiet)
    notices.say(f"{name}: {made.records} records, each with its proof")
    if made.left_out:
        notices.say(f"{made.left_out} more are not in it: the newest checkpoint does not cover them yet")
    return 0
