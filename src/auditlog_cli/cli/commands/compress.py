"""`auditlog compress`."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from auditlog_cli.cli import options as o


def compress(path: o.Log, dry_run: o.DryRun = False, quiet: o.Quiet = False) -> int:
    """Compress the closed segments of a log, which verifies, is searched and is redacted as before.

    The log is verified first. Each segment is packed beside the plain one (Zstandard, seekable), read back and
    compared; only then the plain one goes, so that a crash leaves one whole segment at any moment. The active
    segment is never touched, and writers go on meanwhile. `zstd -d` unpacks it again.

    Examples:
      auditlog compress audit.jsonl --dry-run
      auditlog compress audit.jsonl
    """
    from auditlog_cli.cli import compressing

    return compressing.run(path, dry_run=dry_run, quiet=quiet)
