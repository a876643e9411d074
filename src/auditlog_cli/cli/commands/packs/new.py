"""`auditlog packs new`."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from auditlog_cli.cli import options as o


def new(name: o.NewPack, source: o.FromPack = None, prefix: o.Prefix = None) -> int:
    """Begin a pack of your own, NAME.yaml: one rule with its cases, or a copy of another pack.

    A copy holds every rule in full and does not follow its origin; `auditlog packs lint` says when that one has
    changed. A file that is there already stays as it is.

    Examples:
      auditlog packs new acme
      auditlog packs new acme-gdpr --from gdpr --prefix ACME
    """
    from auditlog_cli import times
    from auditlog_cli.cli import judged, show
    from auditlog_cli.rules import cloning
    from auditlog_cli.sinks import write_whole

    ids = cloning.prefix_for(name, prefix)
    if source is None:
        text = cloning.skeleton(name, ids, times.now()[:10])
    else:
        text = cloning.clone(judged.pack(source), name, ids)
    write_whole(f"{name}.yaml", text.encode(), new=True)
    show.Notices().say(
        f"{name}.yaml was made; name it under packs of a policy, or run: auditlog packs lint {name}.yaml"
    )
    return 0
