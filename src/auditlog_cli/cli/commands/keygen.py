"""`auditlog keygen`."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from auditlog_cli.cli import options as o


def keygen(path: o.KeyFile, log: o.KeyLog = None, by: o.KeyOwner = None) -> int:
    """Make a key pair to sign with: an OpenSSH Ed25519 key, the public half in FILE.pub.

    What is printed is the line that an auditor needs, in the form of OpenSSH's allowed_signers: hand it over by
    another way than the log. Where the private half lies decides what a signature is worth: the best place is
    another user or another machine than the agents'. An existing SSH key (Ed25519) does as well.

    Examples:
      auditlog keygen seal.key --log audit.jsonl > signers
      auditlog keygen dpo.key --by dpo@example.org >> signers
      auditlog seal audit.jsonl --key seal.key
    """
    from auditlog_cli.cli import show
    from auditlog_cli.errors import UsageError
    from auditlog_cli.signing import keygen, signers
    from auditlog_cli.writer.growth import Growth

    if by is not None and not signers.is_name(by):
        raise UsageError("--by: a name without quotes, commas, wildcards and line breaks", help="--by dpo@example.org")
    if log and by:
        raise UsageError("--log and --by: a key signs logs, or what a person withholds", help="make two keys")
    origin = ""
    if log:
        growth = Growth(log)
        growth.grow(1)
        origin = growth.origin
        if not origin:
            raise UsageError(f"{log}: does not say its name: it is not a sealed log", help="leave --log out")
    key = keygen.make(path, f"auditlog {by or origin or path}")
    purpose = f"{signers.REDACTIONS},{signers.EXPORTS}" if by else signers.CHECKPOINTS
    out = show.output(None)
    name = by or origin or "*"
    if " " in name:
        name = f'"{name}"'
    out.line(f'{name} namespaces="{purpose}" {key.public_line}')
    show.finish(out)
    show.Notices().say(f"{path} (keep it to yourself) and {path}.pub were made")
    return 0
