"""One log, read and judged: chain, story, signatures and declarations brought together (integrity.md, 4.2)."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable

from auditlog_cli import parallel
from auditlog_cli.errors import InputError
from auditlog_cli.salting.files import Snapshot
from auditlog_cli.sealing import notes
from auditlog_cli.sealing.salted import SALTED
from auditlog_cli.sources import files
from auditlog_cli.verdict import Problem, Verdict
from auditlog_cli.verification import anchored, beside, heads, judging, keys, manifests, own, raw, reading, salted
from auditlog_cli.verification.badlines import Bad
from auditlog_cli.verification.chain import Chain
from auditlog_cli.verification.declarations import Withholdings
from auditlog_cli.verification.pieces import Run

Progress = Callable[[int, int], None]
"""Is told bytes done, and bytes in all."""

_PARALLEL = 1 << 25  # bytes from which a second process pays (bench/verify.py)


class Question:
    """What is asked of a log; see `verify` for the words."""

    def __init__(
        self,
        *,
        trust: keys.Trust | None = None,
        known: list[heads.Head] | None = None,
        anchors: list[anchored.Anchor] | None = None,
        memory: str | None = None,
        require_signed_tail: bool = False,
        require_heartbeat: bool = False,
        manifest: str | None = None,
        checkpoint: str | None = None,
        processes: int | None = 1,
    ) -> None:
        self.trust = trust
        self.known = known or []
        self.anchors = anchors or []
        self.memory = memory
        self.require_signed_tail = require_signed_tail
        self.require_heartbeat = require_heartbeat
        self.manifest = manifest
        self.checkpoint = checkpoint
        self.processes = processes


_HELP = {
    "empty": "nothing was recorded, or somebody emptied it: a checkpoint or a remembered head would tell",
    "unsealed": "`auditlog seal` seals JSONL that exists already; what AuditLog writes is sealed from the start",
}
UNKNOWN_FORMAT = f"its format is unknown here (this version knows {own.FORMAT})", "does a newer auditlog know it?"


def could_not(verdict: Verdict, code: str, message: str, help: str = "") -> Verdict:  # noqa: A002 - the word shown
    """Make it the verdict that nothing could be looked at."""
    verdict.help = help or _HELP.get(code, "")
    verdict.findings = [Problem(code, message, path=verdict.path)]
    verdict.not_checked = ["anything: the log could not be looked at"]
    return verdict


def missing(verdict: Verdict) -> Verdict:
    """Make it the verdict that there is no such log, with a hint at one with a similar name."""
    hint = ""
    try:
        files.find([verdict.path])
    except InputError as error:
        hint = error.help
    return could_not(verdict, "missing", "no such file", hint)


class Reading:
    """One log, read and judged."""

    def __init__(
        self, snapshot: reading.Snapshot, question: Question, verdict: Verdict, remembered: dict[str, heads.Head],
        progress: Progress | None,
    ) -> None:  # fmt: skip
        self._snapshot = snapshot
        self._question = question
        self._verdict = verdict
        self._remembered = remembered
        self._progress = progress
        self._story = own.Story()
        self._withheld = Withholdings(question.trust)
        self._given: list[own.Checkpoint] = []
        self._shared = manifests.load(question.manifest) if question.manifest is not None else None
        if self._shared is not None:
            self._withheld.manifest(question.manifest or "", self._shared.withheld)
        self._kept: list[heads.Head] = []
        self._not_compared: list[str] = []
        self._last: tuple[object, own.Place] | None = None
        self._large: dict[tuple[str, int], own.Place] = {}
        self._side = self._read_side()
        if snapshot.stub is not None:
            self._story.origin = ""

    def _read_side(self) -> own.Checkpoint | None:
        data = self._snapshot.side
        return None if data is None else self._side_of(data)

    def _side_of(self, data: bytes) -> own.Checkpoint:
        place = own.Place(None, self._snapshot.side_path, 0, 0)
        return own.read(data.decode("utf-8", "replace"), None, place, None)

    def judge(self) -> Verdict:
        """Read the log and say what it is."""
        verdict, question = self._verdict, self._question
        if self._side is not None and raw.is_raw(self._side, self._snapshot):
            return self._judge_raw(self._side)
        wanted = {head.size for head in [*question.known, *self._remembered.values()]}
        wanted |= {each.note.size for each in question.anchors if each.note is not None}
        if self._side is not None and self._side.note is not None:
            wanted.add(self._side.note.size)
        chain = self._pass(Chain(self._snapshot.stub, wanted), first=True)
        if not chain.sealed:
            if not any(problem.code == "line" for problem in chain.findings):
                return could_not(verdict, "empty", "no complete record in it")
            return could_not(verdict, "unsealed", "no line of it bears a seal")
        if not chain.lines and not any(problem.code == "line" for problem in chain.findings):
            return could_not(verdict, "empty", "no complete record in it")
        if self._story.format not in ("", own.FORMAT):
            return could_not(verdict, "unreadable", *UNKNOWN_FORMAT)
        self._kept = anchored.states(question.anchors, self._story.origin, verdict) if question.anchors else []
        again = chain.unresolved | {head.size for head in self._kept if head.size <= chain.next} - set(chain.roots)
        if again:
            chain.roots.update(self._pass(Chain(self._snapshot.stub, again), first=False).roots)
        self._fill(chain)
        return verdict

    def _judge_raw(self, side: own.Checkpoint) -> Verdict:
        question, verdict = self._question, self._verdict
        if not self._snapshot.size:
            return could_not(verdict, "empty", "no line in it")
        if side.note is not None and side.note.origin.endswith(SALTED):
            with Snapshot(verdict.path) as files:
                if question.checkpoint is None and files.checkpoint is not None:
                    side = self._side_of(files.checkpoint)  # of the same moment as the salts
                self._raw(side, lambda note, wanted: salted.read(files, note, verdict, self._withheld, wanted))
                verdict.not_checked.append("legal holds: they stand beside this log, and no signature covers that file")
                return verdict
        return self._raw(side, lambda note, wanted: raw.read(self._snapshot, verdict, wanted))

    def _raw(self, side: own.Checkpoint, read: Callable[[notes.Note, set[int]], raw.Lines]) -> Verdict:
        question, verdict, note = self._question, self._verdict, side.note
        if note is None:
            return could_not(verdict, "unreadable", f"its checkpoint is none: {side.trouble}")
        kept = anchored.states(question.anchors, note.origin, verdict) if question.anchors else []
        remembered = [self._remembered[note.origin]] if note.origin in self._remembered else []
        seen = [*question.known, *kept, *remembered]
        lines = read(note, {note.size, *(head.size for head in seen)})
        raw.judge(
            lines, side, verdict, question.trust, seen, self._withheld,
            require_signed_tail=question.require_signed_tail,
        )  # fmt: skip
        self._compare_manifest(lines.covered, lines.head)
        verdict.not_checked += anchored.not_checked(question.anchors, seen, verdict, lines.roots)
        return verdict

    def _pass(self, chain: Chain, *, first: bool) -> Chain:
        parts = self._snapshot.parts()
        size = self._snapshot.size
        base = 0
        before: reading.Part | None = None
        for part, piece in reading.judged(parts, self._processes):
            if before is None or part.path != before.path:
                base = 0
            for item in piece.found:
                if isinstance(item, Bad):
                    chain.bad(part.path, base, item)
                else:
                    chain.run(part.path, base, item, self._events(part.path, base, item) if first else set())
            base += piece.lines
            before = part
            if self._progress is not None and first:
                self._progress(self._done(part), size)
        chain.end()
        return chain

    @property
    def _processes(self) -> int:
        if self._question.processes:
            return self._question.processes
        return parallel.cores() if self._snapshot.size >= _PARALLEL else 1

    def _done(self, part: reading.Part) -> int:
        done = 0
        for name, _, size in self._snapshot.segments:
            if name == part.path:
                return done + (part.end or size)
            done += size
        return done

    def _events(self, path: str, base: int, run: Run) -> set[int]:
        """Take what the records of a run say; return the sizes that its checkpoints name."""
        sizes = set()
        for event in run.events:
            place = own.Place(event.seq, path, base + event.number, event.offset)
            if event.own is not None:
                given = self._story.take(event, place)
                if given is not None:
                    self._given.append(given)
                    if given.note is not None and given.note.size <= event.seq:
                        sizes.add(given.note.size)
            self._withheld.take(event, place)
            for each in event.large:
                self._large.setdefault(each, place)
        self._last = (run.last, own.Place(run.seq + len(run.leaves) // 32 - 1, path, 0, 0))
        return sizes

    def _fill(self, chain: Chain) -> None:
        verdict, question, story = self._verdict, self._question, self._story
        if self._last is not None:
            story.end(*self._last)
        verdict.origin = story.origin
        verdict.records, verdict.first = chain.next, chain.start
        verdict.head = chain.head
        verdict.root = b64encode(chain.root).decode() if chain.size == chain.next and chain.crooked is None else ""
        verdict.findings = [*chain.findings, *verdict.findings]
        verdict.warnings = list(chain.fragments)
        verdict.listed = story.listed
        given = own.together(self._given, self._side)
        verdict.checkpoints = len(given)
        signed = judging.checkpoints(verdict, chain, story, given, question.trust)
        self._genesis(chain)
        judging.confined(chain, verdict, given)
        self._count_signed(chain, signed)
        findings, warnings, verdict.withheld = self._withheld.settle(story.origin, chain.start)
        verdict.findings += findings
        verdict.warnings += warnings
        verdict.withheld_total = self._withheld.total
        (verdict.findings if question.require_heartbeat else verdict.warnings).extend(story.gaps)
        if question.require_heartbeat and story.heartbeat_s is None:
            verdict.findings.append(Problem("gap", "no heartbeat was promised in the genesis record", seq=0))
        self._compare_manifest(chain.next, chain.head)
        path = self._snapshot.path
        large, torn = beside.large_values(path, self._large, verdict), beside.torn_ends(path, story, verdict)
        beside.sums(self._snapshot, story, verdict, self._processes)
        memory = self._compare_heads(chain)
        verdict.findings.sort(key=lambda problem: problem.seq if problem.seq is not None else 1 << 62)
        verdict.not_checked = judging.not_checked(
            verdict, signed, memory=memory, redactors=self._withheld.judged, heartbeat=story.heartbeat_s is not None,
            blobs=large, unchecked_declarations=self._withheld.unchecked, lines=chain.lines, torn=torn,
        )  # fmt: skip
        verdict.not_checked += self._not_compared

    def _genesis(self, chain: Chain) -> None:
        verdict, story, stub = self._verdict, self._story, self._snapshot.stub
        begun_broken = any(problem.seq == 0 for problem in verdict.findings)
        if not chain.start and not story.genesis and not begun_broken:
            verdict.findings.append(
                Problem("genesis", "record 0 is no genesis record", seq=0, path=verdict.path, line=1)
            )
        if story.second is not None:
            place = story.second
            verdict.findings.append(
                Problem(
                    "genesis", f"record {place.seq} is a genesis record, and only record 0 may be one",
                    seq=place.seq, path=place.path, line=place.line, byte=place.byte,
                )
            )  # fmt: skip
        if stub is None or not chain.start:
            return
        troubled = any(problem.seq is not None and problem.seq <= chain.start for problem in verdict.findings)
        if troubled or any(problem.code == "root" for problem in verdict.findings):
            return
        trouble = ""
        if (stub.records, stub.head, stub.hashes) not in story.prunes:
            trouble = "no prune record declares that"
        elif stub.origin != story.origin:
            trouble = "what stands for them is of another log"
        if trouble:
            text = f"the records before {stub.records} are missing, and {trouble}"
            verdict.findings.append(Problem("prefix", text, seq=0, path=self._snapshot.stub_path))

    def _count_signed(self, chain: Chain, signed: judging.Signed) -> None:
        verdict, question = self._verdict, self._question
        verdict.signed = signed.size
        if question.trust is None:
            verdict.unsigned_tail = verdict.records - verdict.first
            return
        start = max(signed.size, verdict.first)
        own_good = sum(1 for seq in signed.tail if seq >= start)
        verdict.unsigned_tail = verdict.records - start - own_good
        if not signed.found and not signed.unchecked:
            verdict.findings.append(judging.no_checkpoint())
        if not signed.found and signed.unchecked:
            verdict.findings.append(judging.unchecked())
        if question.require_signed_tail and verdict.unsigned_tail > 0:
            many = f"{verdict.unsigned_tail:,} {'record is' if verdict.unsigned_tail == 1 else 'records are'}"
            verdict.findings.append(
                Problem("unsigned-tail", f"{many} not covered by a checkpoint, from record {start} on", seq=start)
            )

    def _compare_manifest(self, size: int, head: str) -> None:
        shared, trust = self._shared, self._question.trust
        if shared is None:
            return
        trouble = ""
        if shared.origin != self._verdict.origin:
            trouble = "it names another log"
        elif shared.size != size or shared.head != head:
            trouble = "it was made for another state of the log"
        elif trust is not None and keys.names_redactors(trust.signers) and keys.shared(shared, trust) is False:
            trouble = "no redactor whose key was given signed it"
        if trouble:
            self._verdict.findings.append(
                Problem(
                    "declaration", f"the manifest does not declare what is withheld here: {trouble}", path=shared.path
                )
            )

    def _compare_heads(self, chain: Chain) -> bool:
        """Compare with what was seen before; tell whether anything was."""
        verdict = self._verdict
        seen = [*self._question.known, *self._kept]
        remembered = self._remembered.get(verdict.origin)
        if remembered is not None:
            seen.append(remembered)
        verdict.remembered = "" if self._question.memory is None else "new" if remembered is None else "agrees"
        self._not_compared = anchored.not_checked(self._question.anchors, seen, verdict, chain.roots)
        return anchored.compare(verdict, seen, chain.roots)
