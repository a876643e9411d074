"""`auditlog export` and `ship` with `--redact`: what goes out goes masked. Kinds and numbers are said, values never."""

from __future__ import annotations

from auditlog_cli.cli import masking, show
from auditlog_cli.cli.fitting import goes_with
from auditlog_cli.counts import many
from auditlog_cli.errors import EXIT_OK, UsageError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import ModuleType

    from auditlog_cli.redaction.outgoing import Outgoing
    from auditlog_cli.redaction.settings import Settings


def asked(
    profile: str | None, pseudonyms: str | None, exporter: ModuleType, to: str, logs: list[str], notices: show.Notices
) -> Outgoing | None:
    """Return what masks, or None if no profile is given.

    Args:
        profile: The file, `auditlog.redaction/1`.
        pseudonyms: File with the key for pseudonyms, or None.
        exporter, to: The format, and its name.
        logs: What is to be masked: much is prepared for.
        notices: Say what does not go out.

    Raises:
        UsageError: If the format does not go with masks, or a key is given and no profile.
        DefinitionError: If the profile or the key is missing or wrong.
        InputError: If a log is missing.
    """
    if profile is None:
        goes_with("--redact", False, {"--pseudonyms": pseudonyms is not None}, "--redact PROFILE says what is masked")
        return None
    why: str = getattr(exporter, "UNMASKED", "")
    if why:
        raise UsageError(
            f"--redact: not for --to {to}: {why}",
            help="otlp-logs holds whole records, masked; `auditlog redact LOG` withholds from a sealed log itself",
        )
    from auditlog_cli.redaction import masks, settings
    from auditlog_cli.redaction.outgoing import Outgoing
    from auditlog_cli.sources import files

    wanted = settings.asked(profile, None, None, [])
    key = None if pseudonyms is None else masks.load_key(pseudonyms)
    if key is None:
        _refuse_keyless(profile, wanted)
    redactor = wanted.redactor(key)
    redactor.expect(sum(masking.size_of(file) for log in files.find(logs) for file in log.files))
    return Outgoing(redactor, notices.say, wanted.fields, wanted.mark(key))


def _refuse_keyless(profile: str, wanted: Settings) -> None:
    from auditlog_cli.redaction.masks import PSEUDONYM
    from auditlog_cli.rules import yamlfile

    names = [name for name, way in wanted.ways.items() if way == PSEUDONYM]
    if names:
        document = yamlfile.load(profile)
        holder = next(
            part for part in (document.data.get("ways"), document.data.get("fields"))
            if isinstance(part, dict) and names[0] in part
        )  # fmt: skip
        raise document.error(
            f"{names[0]}: a pseudonym needs a key, and there is none", holder, names[0], help="--pseudonyms KEYFILE"
        )


def told(outgoing: Outgoing, notices: show.Notices) -> int:
    """Say what was masked and what stayed behind; return the exit code: 6 if something is likely to be misspelt."""
    tally = outgoing.tally
    records = many(tally.read, "record")
    count = sum(tally.taken.values())
    kinds = f": {masking.kinds(tally.taken)}" if count else ""
    notices.say(f"{count:,} masked in {tally.changed:,} of {records}{kinds}")
    if outgoing.held_back:
        held = many(outgoing.held_back, "record")
        notices.say(
            f"{held} held back, for names of members are never changed, and something stands in one:"
            f" {masking.kinds(tally.left)}"
        )
    if outgoing.unsealed:
        notices.say(f"{many(outgoing.unsealed, 'record')} had a seal: it stays behind (leaf, prev, salts)")
    if outgoing.digests:
        notices.say(f"{many(outgoing.digests, 'digest')} left out, of what is masked or not shown")
    if outgoing.own:
        notices.say(f"{many(outgoing.own, 'record')} of the log's own: only type, time and number go out")
    return masking.unmet(outgoing.sought, notices, "--redact") if tally.read else EXIT_OK
