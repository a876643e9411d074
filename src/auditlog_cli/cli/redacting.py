"""`auditlog redact`: what is asked, what is said. Places are printed, values never."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable
from itertools import chain

from auditlog_cli import parallel, pointers
from auditlog_cli.cli import masking, show
from auditlog_cli.counts import many
from auditlog_cli.errors import EXIT_FOUND, EXIT_INCOMPLETE, EXIT_OK, UsageError
from auditlog_cli.redaction.sought import Sought
from auditlog_cli.renderers import safe
from auditlog_cli.selection import Selection
from auditlog_cli.signing import signer
from auditlog_cli.sinks import Output
from auditlog_cli.sources import files
from auditlog_cli.sources.lines import lines_of
from auditlog_cli.sources.opening import open_for_reading
from auditlog_cli.withholding import carrying, declaring, planning, resuming, sharing
from auditlog_cli.withholding.choosing import Nothing
from auditlog_cli.withholding.planned import Plan
from auditlog_cli.withholding.wish import Wish

_LEFT_SHOWN = 10
_NO_WAY_BACK = (
    "There is no way back. Copies elsewhere (backups, shippers, search indexes) are not reached: withhold there, too."
)
_UNSIGNED = "Unsigned: nobody can check who withheld this, and a verifier that knows the redactor's key refuses it."


def logs(paths: list[str]) -> list[str]:
    """Return the logs that `paths` name.

    Raises:
        InputError: If one is missing.
        UsageError: If one is standard input: what is withheld has to lie in files.
    """
    found = [log.path for log in files.find(paths)]
    if files.STDIN in found:
        raise UsageError("redact works on the files of a log, not on standard input", help="auditlog redact PATH …")
    return found


class Work:
    """One run of the command.

    Args:
        wish, chosen: What is to go.
        by, reason, key, unsigned: Who says so.
        sure: Do not ask.
        despite_hold: Also records under a legal hold.
        notices: Where notices go.

    Raises:
        UsageError, DefinitionError: If what is needed in any case is missing or wrong.
    """

    def __init__(
        self, wish: Wish, chosen: Selection, *, by: str, reason: str, key: str | None, unsigned: bool, sure: bool,
        despite_hold: bool, notices: show.Notices,
    ) -> None:  # fmt: skip
        self._wish = wish
        self._chosen = chosen
        self._by = by
        self._reason = reason
        self._unsigned = unsigned
        self._sure = sure
        self._despite_hold = despite_hold
        self._notices = notices
        if key is not None and unsigned:
            raise UsageError(
                "--key and --unsigned contradict each other",
                help="--key FILE signs the declaration, --unsigned leaves it unsigned",
            )
        self._key = None if key is None else signer.load(key)
        self._out = show.output(None)
        self._path = ""

    def each(self, paths: list[str], work: Callable[[str], int]) -> int:
        """Do `work` for each log; return the exit code: 1 beats 6, 6 beats 0."""
        codes = [work(path) for path in paths]
        show.finish(self._out)
        return next((code for code in (EXIT_FOUND, EXIT_INCOMPLETE) if code in codes), EXIT_OK)

    # --- what the options ask for ----------------------------------------------------------------

    def rehearse(self, path: str) -> int:
        """Say what would go."""
        plan = self._plan(path)
        for part in plan.parts:
            name = os.path.basename(part.path)
            for target in part.targets:
                self._out.line(f"{safe.one_line(name)}\t{target.seq}\t{pointers.shown(target.field)}")
        self._summary(plan, "would be withheld")
        self._notices.say("dry run: nothing was changed")
        return self._code(plan, EXIT_OK if plan.nothing else EXIT_FOUND)

    def withhold(self, path: str) -> int:
        """Withhold."""
        self._signs()
        if self._wish.subject and not self._wish.request:
            raise UsageError(
                "--subject needs --request: in the log, the case number stands for the person",
                help="--request CASE-123, without a name in it",
            )
        self._wish.refuse_names(by=self._by, reason=self._reason, request=self._wish.request)
        said = declaring.checked(self._by, self._reason)
        if self._wish.request is not None:
            declaring.checked(self._by, self._wish.request)
        plan = self._plan(path)
        if not plan.nothing:
            self._ask(plan, f"withhold {many(plan.values, 'value')} for ever")
        try:
            carrying.run(plan, said, self._key, request=self._wish.request)
        except KeyboardInterrupt:
            self._notices.say(f"interrupted: auditlog redact {path} --resume finishes what is declared by now")
            raise
        self._summary(plan, "withheld")
        if not plan.nothing:
            self._notices.say(_NO_WAY_BACK.partition(". ")[2])
        return self._code(plan, EXIT_OK)

    def resume(self, path: str) -> int:
        """Finish what was interrupted."""
        self._signs()
        if self._wish != Wish():
            raise UsageError(
                "--resume finishes what was declared; it takes no other choice of values",
                help="auditlog redact LOG --resume",
            )
        self._path = path
        plan = planning.plan(planning.place(path), Nothing(), processes=parallel.cores())
        mine, others = resuming.finishable(plan, self._key, despite_hold=self._despite_hold)
        for each in others:
            why = "another key signed, or none"
            if each.held and not self._despite_hold:
                why = f"has come under a legal hold since ({', '.join(each.held)}; --despite-hold takes it)"
            self._notices.say(f"{each.where} declares a redaction that {why}: left alone")
        if not mine and not plan.dregs:
            self._out.line(f"{path}: nothing to finish")
            return EXIT_FOUND if others else EXIT_OK
        count = sum(len(declaring.targets_of(each.said)) for each in mine)
        where = ", ".join(each.where for each in mine)
        self._ask(plan, f"finish what is declared in {where or 'no record'} ({many(count, 'value')})")
        done = carrying.resume(plan, mine)
        self._out.line(f"{path}: finished; {many(len(done.segments), 'segment')} rewritten")
        return EXIT_FOUND if others else EXIT_OK

    def share(self, paths: list[str], copy: str) -> int:
        """Write a redacted copy."""
        self._signs()
        if len(paths) != 1:
            raise UsageError("--output: one log at a time", help="name the log itself, not its folder")
        plan = self._plan(paths[0])
        manifest = sharing.share(plan, copy, self._key)
        self._summary(plan, f"withheld in {copy}, not in the log")
        self._notices.say(f"{manifest} says what; hand it over with the copy. Large values (*.blobs) are not in it")
        show.finish(self._out)
        return self._code(plan, EXIT_OK)

    # --- inside ----------------------------------------------------------------------------------

    def _plan(self, path: str) -> Plan:
        self._path = path
        plan = planning.plan(
            planning.place(path), self._wish.chooser(self._chosen), despite_hold=self._despite_hold,
            processes=parallel.cores(),
        )  # fmt: skip
        if plan.unfinished:
            where = ", ".join(each.where for each in plan.pending) or "it"
            self._notices.say(
                f"an earlier redaction was not finished ({where}): auditlog redact {path} --resume finishes it"
            )
        return plan

    def _signs(self) -> None:
        if self._key is None and not self._unsigned:
            raise UsageError(
                "--key is needed: whoever withholds signs for it",
                help="auditlog keygen dpo.key --by NAME makes one; --unsigned does without, and says what that means",
            )

    def _ask(self, plan: Plan, what: str) -> None:
        if self._unsigned:
            self._notices.say(_UNSIGNED)
        if self._sure:
            return
        if show.may_ask():
            self._summary(plan, "would be withheld", Output(2))
        show.ask(
            f"{_NO_WAY_BACK}\n{what[0].upper()}{what[1:]}? Type yes:", ("yes",), path=self._path, undone="changed",
            help="--yes withholds without asking",
        )  # fmt: skip

    def _summary(self, plan: Plan, did: str, out: Output | None = None) -> None:
        """Say how many values of which fields, and what is left. Never a value."""
        out = out or self._out
        if plan.nothing and not plan.left:
            looked = many(plan.size, "record")
            out.line(f"{self._path}: nothing left to withhold: nothing that was chosen can be read in {looked}")
        else:
            numbers = f"{many(plan.values, 'value')} of {many(plan.records, 'record')}"
            out.line(f"{self._path}: {numbers} {did}")
        shown: Counter[str] = Counter()
        for field, count in Counter(target.field for target in plan.targets).items():
            shown[pointers.shown(field)] += count
        _tally(out, shown)
        if plan.blobs or plan.torn:
            out.line(f"  {len(plan.blobs)} large values and {len(plan.torn)} torn ends beside the log as well")
        if plan.kept:
            out.line(f"  {len(plan.kept)} large values stay: other records refer to them")
        if plan.left:
            out.line(f"left readable in {many(len(plan.left), 'place')}:")
            nameless = "a name, or a line that is no JSON object" if plan.salted else "a name"
            named = Counter(f"record {seq} {pointers.shown(field) if field else nameless}" for seq, field in plan.left)
            _tally(out, named, _LEFT_SHOWN)
            if plan.held:
                names = ", ".join(safe.one_line(name) for name in sorted({*chain.from_iterable(plan.held.values())}))
                held = many(len(plan.held), "record")
                then = (
                    "what states a hold stays while it is in force"
                    if self._despite_hold
                    else "--despite-hold takes them, too"
                )
                out.line(f"  {held} under a legal hold ({names}): {then}")
            if any(seq not in plan.held for seq, _ in plan.left):
                out.line("  what cannot be withheld by field goes with --whole, but no record of the log's own does")
        if plan.naming:
            names = ", ".join(safe.one_line(name) for name in plan.naming)
            out.line(f"{self._path}.holds still names whom a legal hold is about, until it is released: {names}")
        if plan.bad:
            out.line(f"{many(plan.bad, 'line')} could not be looked at: {self._bad(plan)}")
        if out is not self._out:
            out.flush()

    def _bad(self, plan: Plan) -> str:
        return "not one strict JSON object" if plan.salted else "not well-formed sealed lines"

    def _code(self, plan: Plan, done: int) -> int:
        slip = self._unmet()
        return EXIT_FOUND if plan.left or plan.naming else done or (EXIT_INCOMPLETE if plan.bad else slip)

    def _unmet(self) -> int:
        """Say which fields no record of the log has; what was withheld counts as there."""
        paths = (".".join(pointers.steps(path)) if path.startswith("/") else path for path in self._wish.fields)
        sought = Sought(list(paths))
        for file in chain.from_iterable(log.files for log in files.find([self._path])):
            if sought.unmet:
                sought.look_at(lines_of(open_for_reading(file), file))
        return masking.unmet(sought, self._notices)


def _tally(out: Output, counts: Counter[str], most: int = 1000) -> None:
    for name, count in counts.most_common(most):
        out.line(f"  {count:>7,}  {name}")
    if len(counts) > most:
        out.line(f"  … and {len(counts) - most:,} more")
