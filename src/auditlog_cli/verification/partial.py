"""The records of one session or trace verified, and nothing else of the log (docs/verify.md).

Each of them is judged as `verify` judges it, and its leaf is held against the one that the record behind it names. The
root over all leaves that the lines name is held against the newest checkpoint that is good: if it agrees, each of
those leaves is one that was signed (`leaves`). What the other lines hold is not looked at, and the verdict says so.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from auditlog_cli import decoders, fields, strictjson
from auditlog_cli.counts import Counts, many
from auditlog_cli.errors import InputError
from auditlog_cli.index import keys as indexed
from auditlog_cli.index import layout, searching
from auditlog_cli.index.query import Query
from auditlog_cli.record import BadLine, Line, Record
from auditlog_cli.sources.files import STDIN
from auditlog_cli.verdict import Only, Problem, Verdict
from auditlog_cli.verification import beside, judging, keys, marks, own, raw, reading, walking
from auditlog_cli.verification.declarations import Withholdings, read_targets
from auditlog_cli.verification.leaves import Leaves
from auditlog_cli.verification.lines import Checked, Flawed, check
from auditlog_cli.verification.pieces import Event
from auditlog_cli.verification.whole import UNKNOWN_FORMAT, Question, could_not, missing

_OWN = b'"auditlog"'


class Some(NamedTuple):
    """Which records are asked about.

    Attributes:
        field: `session` or `trace`.
        id: Its whole id.
        indexed: Use the index of the log, if there is one; the answer is the same.
        say: Told what became of it.
    """

    field: str
    id: str
    indexed: bool = True
    say: Callable[[str], None] = lambda text: None


class _Mine(NamedTuple):
    """A well-formed record that is looked at, and where it stands."""

    checked: Checked
    place: own.Place


class Looking:
    """Some records of one log, read and judged."""

    def __init__(self, snapshot: reading.Snapshot, question: Question, some: Some, verdict: Verdict) -> None:
        self._snapshot = snapshot
        self._question = question
        self._some = some
        self._verdict = verdict
        self._mine: list[_Mine] = []
        self._own: list[Line] = []
        self._withheld = Withholdings(question.trust)
        self._large: dict[tuple[str, int], own.Place] = {}

    def judge(self) -> Verdict:
        """Read what is needed of the log, and say what those records are.

        Raises:
            InputError: If it cannot be read.
        """
        snapshot, verdict, some = self._snapshot, self._verdict, self._some
        side = self._side()
        if snapshot.path == STDIN:
            return could_not(verdict, "unreadable", f"a {some.field} cannot be looked for in standard input",
                "put it into a file, or leave the option out: all of it can be verified")  # fmt: skip
        if side is not None and raw.is_raw(side, snapshot):
            return could_not(
                verdict, "unsealed", "others write it: no record of it can be verified by itself", "verify all of it"
            )
        index = walking.index_of(snapshot.path, snapshot.segments, wanted=some.indexed)
        try:
            self._look(index)
            story, declaring = self._of_the_log()
            given = self._checkpoints(side, story)
            chosen = self._newest_good(given, story)
            looked = [*self._mine, *declaring]
            states = [(each.note.size, each.note.root) for each in chosen if each.note is not None]
            found = walking.leaves(snapshot, {each.checked.seq for each in looked}, states, index, some.say)
        finally:
            index.close()
        if not found.sealed:
            if not any(problem.code == "line" for problem in found.findings):
                return could_not(verdict, "empty", "no complete record in it")
            return could_not(verdict, "unsealed", "no line of it bears a seal")
        if not self._mine and all(each.code == "torn-tail" for each in [*verdict.findings, *found.findings]):
            verdict.only = Only(some.field, some.id, 0)
            return could_not(
                verdict, "empty", f"no record of {some.field} {some.id!r} in it",
                "give the whole id; `auditlog traces` lists what there is",
            )  # fmt: skip
        if story.format not in ("", own.FORMAT):
            return could_not(verdict, "unreadable", *UNKNOWN_FORMAT)
        self._compare(found, looked)
        self._conclude(found, story, given, chosen)
        return verdict

    def _side(self) -> own.Checkpoint | None:
        data = self._snapshot.side
        place = own.Place(None, self._snapshot.side_path, 0, 0)
        return None if data is None else own.read(data.decode("utf-8", "replace"), None, place, None)

    # --- reading

    def _look(self, index: layout.Index) -> None:
        """Find the records, and those of the log about itself; whatever an index does not cover is scanned."""
        some = self._some
        needle = strictjson.needle(some.id)
        query = Query([[(some.field, some.id)]], None if needle is None else [needle, _OWN])
        opened = searching.Opened(self._snapshot.segments, index)
        lines = searching.walk(
            opened, query, Counts(), self._question.processes is None, some.say, searching.Segment.looked_up_surely
        )
        for line in lines:
            item = decoders.decode(line)
            if isinstance(item, BadLine):
                self._bad(item.line, item.reason, "")
            elif item.is_own:
                self._own.append(item.line)
            elif self._is_wanted(item):
                self._take(item.line)

    def _is_wanted(self, record: Record) -> bool:
        return any(fields.text(record.content, path) == self._some.id for path in indexed.PATHS[self._some.field])

    def _take(self, line: Line) -> None:
        mine = self._checked(line)
        if mine is None:
            return
        self._mine.append(mine)
        large = marks.large(line.raw)
        for each in large:
            self._large.setdefault(each, mine.place)
        self._withheld.take(_event(mine), mine.place)

    def _checked(self, line: Line) -> _Mine | None:
        try:
            if not line.ended:
                raise Flawed("json", "the line does not end in LF", len(line.raw), is_object=False)
            checked = check(line.raw)
        except Flawed as error:
            self._bad(line, error.reason, error.detail, error.at)
            return None
        return _Mine(checked, own.Place(checked.seq, line.path, line.number, line.offset))

    def _bad(self, line: Line, reason: str, detail: str, at: int = 0) -> None:
        if not detail:  # it is no strict JSON: say why in the words of the verifier
            try:
                check(line.raw)
            except Flawed as error:
                reason, detail, at = error.reason, error.detail, error.at
        if line.ended:  # bytes behind the last LF are judged with the numbers
            text = f"a line that may belong here is no well-formed record: {reason}"
            self._verdict.findings.append(
                Problem("line", text, detail=detail or "json", path=line.path, line=line.number, byte=line.offset + at)
            )

    # --- what the log says of itself

    def _of_the_log(self) -> tuple[own.Story, list[_Mine]]:
        """Its beginning and the declarations about these records, each of them a record that is looked at, too."""
        story, used = own.Story(), []
        mine = {each.checked.seq for each in self._mine}
        for line in self._own:
            which = _own_of(line)
            kind = which.get("type")
            begins = kind in ("genesis", "rotate") and not story.origin
            about = kind == "redact" and any(seq in mine for seq, _, _ in read_targets(which.get("targets")) or ())
            if not begins and not about:
                continue
            found = self._checked(line)
            if found is None:
                continue
            used.append(found)
            event = _event(found)
            story.take(event, found.place)
            if about:
                self._withheld.take(event, found.place)
        return story, used

    def _checkpoints(self, side: own.Checkpoint | None, story: own.Story) -> list[own.Checkpoint]:
        given = []
        for line in self._own:
            which = _own_of(line)
            if which.get("type") != "checkpoint":
                continue
            found = self._checked(line)
            if found is not None:
                checkpoint = story.take(_event(found), found.place)
                given += [checkpoint] if checkpoint is not None else []
        last = next((each.at for each in reversed(given) if each.at is not None), None)
        return own.together(given, None if side is None else side._replace(at=last))

    def _newest_good(self, given: list[own.Checkpoint], story: own.Story) -> list[own.Checkpoint]:
        """The newest checkpoints, down to the first size at which one is good: what is older adds nothing."""
        trust = self._question.trust
        sizes = sorted({each.note.size for each in given if each.note is not None}, reverse=True)
        least = 0
        for size in sizes:
            same = [each for each in given if each.note is not None and each.note.size == size]
            if trust is None or any(keys.checkpoint(each, trust, story.origin, each.at).good for each in same):
                least = size
                break
        return [each for each in given if each.note is None or each.note.size >= least]

    # --- judging

    def _compare(self, found: Leaves, looked: list[_Mine]) -> None:
        """Hold each record against the leaf that the one behind it names."""
        known = {(problem.path, problem.line) for problem in found.findings if problem.line}
        verdict = self._verdict
        verdict.findings = [each for each in verdict.findings if (each.path, each.line) not in known]
        for checked, place in looked:
            leaf = found.named.get(checked.seq)
            if leaf is not None and leaf.hex() != checked.leaf:
                verdict.findings.append(
                    Problem(
                        "chain", f"record {checked.seq} was changed: it is not the one that record {checked.seq + 1} continues",  # noqa: E501
                        seq=checked.seq + 1, path=place.path, line=place.line, byte=place.byte,
                        expected=leaf.hex(), found=checked.leaf,
                    )
                )  # fmt: skip
        verdict.findings += found.findings

    def _conclude(
        self, found: Leaves, story: own.Story, given: list[own.Checkpoint], chosen: list[own.Checkpoint]
    ) -> None:
        verdict, question, some = self._verdict, self._question, self._some
        stub = self._snapshot.stub
        verdict.origin, verdict.records = story.origin, found.next
        verdict.first = 0 if stub is None else stub.records
        verdict.checkpoints = len(given)
        # Where records are missing or too many, nobody knows here how many there are, and which tree they have.
        known = (1 << 62, found.next) if found.lost else (found.next, None)
        tree = judging.Tree(known[0], verdict.first, found.roots, known[1])
        signed = judging.checkpoints(verdict, tree, story, chosen, question.trust)
        verdict.signed = signed.size
        late = [each.checked.seq for each in self._mine if each.checked.seq >= signed.size]
        verdict.unsigned_tail = len(late)
        verdict.only = Only(some.field, some.id, len(self._mine))
        if question.trust is not None and not signed.found:
            verdict.findings.append(judging.unchecked() if signed.unchecked else judging.no_checkpoint())
        if question.require_signed_tail and late:
            are = "is" if len(late) == 1 else "are"
            text = f"{len(late):,} of these records {are} not covered by a checkpoint, from record {min(late)} on"
            verdict.findings.append(Problem("unsigned-tail", text, seq=min(late)))
        mine = {each.checked.seq for each in self._mine}
        findings, warnings, verdict.withheld = self._withheld.settle(story.origin, verdict.first, only=mine)
        verdict.findings += findings
        verdict.warnings += warnings
        verdict.withheld_total = self._withheld.total
        absent = beside.large_values(self._snapshot.path, self._large, verdict)
        verdict.findings.sort(key=lambda problem: problem.seq if problem.seq is not None else 1 << 62)
        verdict.not_checked = self._not_checked(found, signed, len(given) - len(chosen), absent)

    def _not_checked(self, found: Leaves, signed: judging.Signed, older: int, absent: int) -> list[str]:
        verdict, some = self._verdict, self._some
        others = max(found.next - verdict.first - len(self._mine), 0)
        said = [
            "whether what was recorded is true, and whether everything was recorded",
            f"{others:,} other records: of them nothing but number and link was read, if that. Whether one of them is of this {some.field} and was changed so that it names another, or was withheld as a whole, only `auditlog verify` of the whole log can tell",  # noqa: E501
        ]
        if found.lost:
            said.append(f"records from {found.next} on: the numbers do not tell which they are")
        said += judging.signatures_not_checked(verdict, signed)
        if verdict.key_given and verdict.unsigned_tail:
            tail = f"{verdict.unsigned_tail:,} of these records"
            said.append(f"{tail}, after the newest good checkpoint: they could be forged or cut, with all behind them")
        elif not verdict.key_given:
            said.append("whether these records were written anew, together with everything behind them")
        if found.last is not None and any(each.checked.seq == found.last for each in self._mine):
            said.append(f"record {found.last}: it is the last one, so no other names it")
        if older:
            said.append(many(older, "older checkpoint"))
        said.append("whether an older state was put back as a whole; heartbeats, sums of closed segments, torn ends")
        said += judging.withheld_not_checked(verdict, self._withheld.judged, self._withheld.unchecked)
        if verdict.first:
            said.append(f"records below {verdict.first}: pruned")
        if absent:
            said.append(judging.large_not_checked(absent))
        return said


def _own_of(line: Line) -> dict[str, object]:
    found = strictjson.decode(line.raw).get("auditlog")
    return found if isinstance(found, dict) else {}


def _event(mine: _Mine) -> Event:
    checked, place = mine
    which = checked.content.get("auditlog")
    return Event(
        0, checked.seq, place.line, place.byte, which if isinstance(which, dict) else None,
        checked.content.get("timestamp"), checked.holes, checked.leaf,
    )  # fmt: skip


def judge(verdict: Verdict, question: Question, some: Some) -> Verdict:
    """Judge some records of the log that `verdict` is about.

    Raises:
        DefinitionError: If a file that was given is wrong.
    """
    try:
        with reading.Snapshot(verdict.path, question.checkpoint) as snapshot:
            if not snapshot.segments:
                return missing(verdict)
            return Looking(snapshot, question, some, verdict).judge()
    except InputError as error:
        return could_not(verdict, "unreadable", error.message.removeprefix(f"{verdict.path}: "), error.help)
