"""`auditlog trace`."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from auditlog_cli.cli import options as o


def trace(
    wanted: o.WantedId,
    paths: o.Paths = None,
    chain: o.Chain = None,
    depth: o.Depth = None,
    everything: o.Everything = False,
    shape: o.From = None,
    format: o.TraceFormat = "text",  # noqa: A002 - the word of the option
    color: o.Color = "auto",
    output: o.Output = None,
    no_index: o.NoIndex = False,
    verbose: o.Verbose = False,
    quiet: o.Quiet = False,
) -> int:
    """Draw what happened as a tree: who called what, on whose behalf, how it ended, how long it took.

    ID is a trace, a session (each of its traces is drawn) or a span (its trace is drawn, and the span marked).
    A place in the tree rests on the parent that a record names. Where none is named, something weaker may
    tell: the same tool-call id, the delegation chain, the time; such a branch is dotted and says which. What
    contradicts itself is drawn and named: parents that are missing, circles, clocks that disagree.

    Examples:
      auditlog trace trace_4p8r1q audit.jsonl
      auditlog trace sess_9x logs/ --depth 3
      auditlog trace trace_4p8r1q audit.jsonl --chain s-transfer
      auditlog trace trace_4p8r1q audit.jsonl --format mermaid
    """
    import gc
    import os

    gc.disable()  # nothing is thrown away here, and looking for it takes longer than drawing a large trace
    from auditlog_cli import lookup
    from auditlog_cli.cli import show, trees
    from auditlog_cli.errors import InputError, UsageError
    from auditlog_cli.tracing.search import Ambiguous

    if depth is not None and depth < 1:
        raise UsageError("--depth: at least 1", help="without --depth as many levels are drawn as make sense")
    logs = show.paths(paths, shape)
    notices = show.Notices(quiet=quiet, verbose=verbose)
    index = None if no_index else notices.explain
    try:
        searched = lookup.Logs(logs, shape=shape, parallel=True, on_bad=notices.bad, index=index, spare=True)
        found = lookup.find(searched, wanted)
        trees.draw(found, output, format, color, chain=chain, depth=depth, everything=everything)
    except Ambiguous as error:
        return trees.ambiguous(error)
    except InputError as error:
        if os.path.exists(wanted):
            error.help = "the id comes first: auditlog trace ID [PATH]..."
        raise
    finally:
        gc.enable()
    searched.close()
    return notices.done(searched.counts, logs)
