"""`auditlog bundle`."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from auditlog_cli.cli import options as o


def bundle(
    wanted: o.BundledId,
    path: o.Log,
    complete: o.Complete = False,
    checkpoint: o.Elsewhere = None,
    output: o.Output = None,
    quiet: o.Quiet = False,
) -> int:
    """Pack the records of a session or a trace as evidence, for somebody who has neither the log nor this tool.

    The zip file holds the records as they stand, a proof for each under the newest signed checkpoint, a checker that
    needs nothing but Python, and a page that says how to check who signed, with OpenSSL. It does not hold the
    public key: hand that over by another way.

    It proves that each record stood in the log, not that there were no others. --complete proves that, too: all other
    records go with them, each value that can be withheld withheld, so that only ids, times and plain fields show.

    Examples:
      auditlog bundle refund-1042 audit.jsonl -o evidence.zip
      auditlog bundle 4bf92f3577b34da6a3ce929d0e0e4736 audit.jsonl --complete -o evidence.zip
    """
    import os

    from auditlog_cli.cli import show
    from auditlog_cli.counts import many
    from auditlog_cli.errors import EXIT_INCOMPLETE, UsageError
    from auditlog_cli.evidence import bundle

    name = output or "evidence.zip"
    if name != "-" and os.path.lexists(name):
        raise UsageError(f"{name}: is there already", help="name another with -o")
    out = show.output(name)
    try:
        made = bundle.build(path, wanted, out, complete=complete, beside=checkpoint, index=lambda _: None)
        show.finish(out)
    except BaseException:
        show.discard(out)
        raise
    notices = show.Notices(quiet=quiet)
    notices.say(f"{name}: {many(made.records, 'record')}, each with its proof")
    if made.left_out:
        are, them = ("is", "it") if made.left_out == 1 else ("are", "them")
        notices.say(f"{made.left_out:,} more {are} not in it: the newest checkpoint does not cover {them} yet")
    if made.others is None:
        return 0
    show_ = "shows" if made.others == 1 else "show"
    notices.say(f"{many(made.others, 'other record')} {show_} that none is missing from record {made.first} on")
    if made.unknown:
        are, belong = "are withheld, or their ids are", "they belong"
        if made.unknown == 1:
            are, belong = "is withheld, or its id is", "it belongs"
        notices.say(f"{made.unknown:,} of them {are}: nobody can tell where {belong}")
        return EXIT_INCOMPLETE
    return 0
