"""`auditlog redact` on what no seal protects: masks on the way through. Kinds and places are said, values never."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Mapping

from auditlog_cli import segments, sinks
from auditlog_cli.cli import progress, show
from auditlog_cli.cli.fitting import goes_with, stands_alone
from auditlog_cli.counts import many
from auditlog_cli.errors import EXIT_FOUND, EXIT_INCOMPLETE, EXIT_OK, InputError, UsageError
from auditlog_cli.redaction import running
from auditlog_cli.redaction.found import Taken
from auditlog_cli.redaction.redactor import Redactor
from auditlog_cli.redaction.sought import Sought
from auditlog_cli.sinks import FileOutput
from auditlog_cli.sources import files

TYPE_CHECKING = False
if TYPE_CHECKING:
    from auditlog_cli.detectors import Scanner
    from auditlog_cli.redaction.settings import Settings

_SHOWN = 12


def redactor(settings: Settings, pseudonyms: str | None) -> Redactor:
    """Return what masks.

    Args:
        settings: What is to be masked.
        pseudonyms: File with the key for pseudonyms, or None.

    Raises:
        DefinitionError: If an entity, a pattern or the key is wrong.
        UsageError: If pseudonyms are asked for and there is no key.
    """
    from auditlog_cli.redaction import masks

    return settings.redactor(None if pseudonyms is None else masks.load_key(pseudonyms))


def scanner(
    settings: Settings, entities: list[str] | None, profile: str | None, pseudonyms: str | None
) -> Scanner | None:
    """Return what finds values to withhold from a sealed log, or None if only places are named.

    Raises:
        UsageError: If pseudonyms are asked for: what is withheld leaves nothing behind.
    """
    if pseudonyms is not None:
        raise UsageError(
            "--pseudonyms: what is withheld from a sealed log leaves nothing behind but a commitment",
            help="leave --pseudonyms out; equal values of logs without a seal can stay recognisable",
        )
    return None if entities is None and profile is None else settings.scanner()


def together(
    *,
    check: bool,
    format: str,  # noqa: A002
    findings: str | None,
    rule: list[str] | None,
    choice: bool,
    records: Mapping[str, object],
    resume: bool,
    elsewhere: dict[str, bool],
) -> None:
    """Refuse options that do not go together.

    Args:
        check, format, findings, rule, resume: The options.
        choice: Whether values were chosen otherwise.
        records: The options that choose records.
        elsewhere: Those by which the log stays as it is.

    Raises:
        UsageError: If they do not.
    """
    goes_with("--check", check, {"--format": format != "text"}, "auditlog redact --check --format sarif")
    goes_with("--findings", findings, {"--rule": bool(rule)}, "auditlog redact LOG --findings findings.jsonl --rule ID")
    chosen = {option: bool(value) for option, value in records.items()}
    stands_alone("--check looks at whole logs", check, chosen, "--dry-run says what would go from these records")
    finish = "auditlog redact LOG --resume --key FILE"
    stands_alone("--check changes nothing", check, {"--resume": resume}, finish)
    stands_alone("--resume finishes what was declared", resume, chosen | elsewhere, finish)
    if findings is not None and (check or choice):
        raise UsageError(
            "--findings names the places: no other choice of values, and no --check, goes with it",
            help="what would go: --findings FILE --dry-run",
        )


def sealed(paths: list[str]) -> bool:
    """Tell whether the logs are sealed, so that values can be withheld and the logs still verify.

    Raises:
        InputError: If one is missing.
        UsageError: If some are and some are not.
    """
    found = {log.path: _is_sealed(log.path) for log in files.find(paths)}
    if len(set(found.values())) > 1:
        names = [path for path, kind in found.items() if kind]
        raise UsageError(
            f"{names[0]} is sealed, others are not", help="redact sealed logs and others one after another"
        )
    return any(found.values())


def _is_sealed(path: str) -> bool:
    from auditlog_cli.writer.growth import is_sealed

    if path == files.STDIN:
        return False
    if os.path.exists(segments.salts_name(path)):
        return True
    try:
        return is_sealed(path)
    except InputError:
        return False  # empty: whoever reads it says so


Run = Callable[[sinks.Output, Callable[[int], None]], running.Tally]


def mask(
    paths: list[str], settings: Settings, pseudonyms: str | None, output: str | None, notices: show.Notices
) -> int:
    """Write the lines of some logs with masks; return the exit code.

    Args:
        paths: Files, folders, globs, `-`.
        settings: What is to be masked.
        pseudonyms: File with the key for pseudonyms, or None.
        output: A file that appears whole, or None for standard output.
        notices: Say what was done.

    Raises:
        InputError, UsageError, AuditWriteError: See `written`.
        DefinitionError: See `redactor`.
    """
    masks, sought = redactor(settings, pseudonyms), Sought(settings.fields)

    def run(out: sinks.Output, told: Callable[[int], None]) -> running.Tally:
        return running.mask(paths, masks, out.write, sought=sought, waiting=out.flush, progress=told)

    code = written(paths, run, output, notices)
    slip = unmet(sought, notices)
    return code or slip


def written(paths: list[str], run: Run, output: str | None, notices: show.Notices) -> int:
    """Write masked lines, and say what was done; return the exit code.

    Args:
        paths: Files, folders, globs, `-`.
        run: Writes them, tells how many bytes it has done, and returns what became of them.
        output: A file that appears whole, or None for standard output.
        notices: Say what was done.

    Raises:
        InputError: If a log cannot be read, or there is no line at all.
        UsageError: If the output is one of the inputs.
        AuditWriteError: If it cannot be written.
    """
    logs = files.find(paths)
    if output is not None and output != "-":
        _refuse_itself(output, [file for log in logs for file in log.files])
    total = sum(size_of(file) for log in logs for file in log.files)
    bar = progress.Bar(enabled=not notices.quiet and show.is_terminal(2) and not show.is_terminal(1))
    out = show.output(output)
    done = 0

    def told(size: int) -> None:
        nonlocal done
        done += size
        bar.update(done, total)

    try:
        tally = run(out, told)
        if not tally.read:
            raise InputError(
                f"{', '.join(paths)}: empty, nothing to look at",
                help="is it the right file? an empty log has nothing to say",
            )
        bar.hide()
        show.finish(out)
    except BaseException as error:
        bar.hide()
        if isinstance(out, FileOutput):
            out.discard()
            if isinstance(error, KeyboardInterrupt):
                notices.say(f"{output}: interrupted; it was not written")
        raise
    _say(tally, notices, "masked")
    return _code(tally, EXIT_OK)


def check(
    paths: list[str],
    settings: Settings,
    format: str,  # noqa: A002 - the word of the option
    output: str | None,
    notices: show.Notices,
) -> int:
    """Say where something would be masked, and change nothing; return 1 if there is such a place.

    Args:
        paths: Files, folders, globs, `-`.
        settings: What would be masked.
        format: One of `options.UnmaskedFormat`.
        output: A file that appears whole, or None for standard output.
        notices: Say what was found.

    Raises:
        InputError: If a log cannot be read, or there is no line at all.
        DefinitionError: If an entity or a pattern is wrong.
        AuditWriteError: If the answer cannot be written.
    """
    from auditlog_cli.cli import unmasked

    if output is not None and output != "-":
        _refuse_itself(output, [file for log in files.find(paths) for file in log.files])
    tally = running.Tally()
    redactor, sought = settings.redactor(), Sought(settings.fields)
    out = show.output(output)
    drawn = unmasked.Drawn(out, format, settings)
    try:
        for looked in running.look(paths, redactor, tally, sought):
            drawn.line(looked)
        if not tally.read:
            raise InputError(
                f"{', '.join(paths)}: empty, nothing to look at",
                help="is it the right file? an empty log has nothing to say",
            )
        drawn.end(tally)
        show.finish(out)
    except BaseException:
        show.discard(out)
        raise
    code, slip = counted(tally, notices), unmet(sought, notices)
    return code or slip


def unmet(sought: Sought, notices: show.Notices, option: str = "--fields") -> int:
    """Say which fields no record has; return the exit code: 6 if one was met that may have been meant.

    A field that is not in these records is not a fault: a profile serves many logs. One beside which a name of the
    same look was met is most likely misspelt, and then nobody has looked at the values that were meant.
    """
    code = EXIT_OK
    for path in sought.unmet:
        near = sought.near(path)
        more = f"; did you mean {near}?" if near else ""
        notices.say(f"{option}: no record has {path}{more}")
        if near:
            code = EXIT_INCOMPLETE
    return code


def counted(tally: running.Tally, notices: show.Notices) -> int:
    """Say what would be masked; return the exit code."""
    _say(tally, notices, "to be masked")
    return _code(tally, EXIT_FOUND if tally.taken else EXIT_OK)


def _code(tally: running.Tally, done: int) -> int:
    return EXIT_FOUND if tally.left else done or (EXIT_INCOMPLETE if tally.bad else EXIT_OK)


def _say(tally: running.Tally, notices: show.Notices, did: str) -> None:
    count, plain = sum(tally.taken.values()), tally.bad - tally.unread
    named = f": {kinds(tally.taken)}" if count else ""
    notices.say(f"{count:,} {did} in {tally.changed:,} of {many(tally.read, 'line')}{named}")
    if tally.left:
        notices.say(f"left as they are, for names of members are never changed: {kinds(tally.left)}")
    if plain:
        notices.say(f"{many(plain, 'line')} {'is' if plain == 1 else 'are'} not JSON: read as plain text")
    if tally.unread:
        notices.say(f"{many(tally.unread, 'line')} too long to be looked at: not passed on")
    if tally.unsealed:
        notices.say(
            f"{many(tally.unsealed, 'line')} had a seal, broken now: `auditlog redact LOG` keeps the seals of a log"
        )


def kinds(taken: Counter[Taken]) -> str:
    """Return how often which kind of value was taken."""
    found: Counter[str] = Counter()
    for each, count in taken.items():
        found[each.entity] += count
    named = [f"{entity} {count:,}" for entity, count in found.most_common(_SHOWN)]
    return ", ".join(named) + (f" and {len(found) - _SHOWN} more kinds" if len(found) > _SHOWN else "")


def _refuse_itself(output: str, inputs: list[str]) -> None:
    for each in inputs:
        try:
            same = os.path.samefile(output, each)
        except OSError:
            continue
        if same:
            raise UsageError(
                f"{output}: a log is not masked in place, for nothing could show what was changed",
                help="give another --output; what is sealed can be withheld in place",
            )


def size_of(file: str) -> int:
    """Return how many bytes a file has, as far as that is known."""
    try:
        return os.stat(file).st_size
    except OSError:
        return 0
