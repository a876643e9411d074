"""`check --pack gdpr --pack baseline` beside `jq .` over the same log, and what its time goes into.

Whole processes are compared by processor time (their own and their children's) and by the clock, on one core and on
two, each round in turn: the machine that measures is shared, so ratios inside a round are what is written down.
The stages are processor time of one process: each does all that the one above it does, and more.
"""

from __future__ import annotations

import gc
from collections.abc import Callable
from pathlib import Path

from measure import AUDITLOG, commands, data, functions, head, on_cores
from peers import program
from tables import Bench, Table, shown, timed

PACKS = ["--pack", "gdpr", "--pack", "baseline", "--no-policy", "--as-of", "2026-11-21T00:00:00Z"]


def stages(log: Path) -> dict[str, Callable[[], None]]:
    """Return the stages of a check, each over the whole log."""
    import orjson

    from auditlog_cli.judgement import reading
    from auditlog_cli.judgement.asking import asked
    from auditlog_cli.record import Line
    from auditlog_cli.rules.engine import Engine
    from auditlog_cli.rules.facts import Spot

    question = asked(pack=["gdpr", "baseline"], no_policy=True, as_of="2026-11-21T00:00:00Z")
    assert question.scanner is not None
    question.scanner.expect(1 << 30)

    def engine(scanner: object) -> Engine:
        return Engine(question.bound, question.policy, as_of=question.as_of, scanner=scanner)

    def over(take: Callable[[Line, dict[str, object]], object] | None) -> None:
        for line in reading.lines(reading.Counted(str(log))):
            assert isinstance(line, Line)
            if take is not None:
                content = orjson.loads(line.raw)
                assert orjson.dumps(content) == line.raw
                take(line, content)

    def judging(scanner: object) -> Callable[[Line, dict[str, object]], object]:
        judge = engine(scanner)._judge
        return lambda _, content: judge(content)

    def everything() -> Callable[[Line, dict[str, object]], object]:
        record = engine(question.scanner).record
        return lambda line, content: record(content, Spot(line, content, str(log)))

    return {
        "read, SHA-256": lambda: over(None),
        "+ decode, strictly": lambda: over(lambda _, content: content),
        "+ rules about records": lambda: over(judging(None)),
        "+ detectors": lambda: over(judging(question.scanner)),
        "+ checks, correlations, facts": lambda: over(everything()),
    }


def tables(quick: bool) -> list[Table]:
    """Measure, and return the tables."""
    records, rounds = (10_000, 1) if quick else (1_000_000, 3)
    log = data(records)
    check = [AUDITLOG, "check", str(log), *PACKS]
    cases = {
        "jq .": [*on_cores(1), program("jq"), ".", str(log)],
        "auditlog check, one core": [*on_cores(1), *check],
        "auditlog check, two cores": [*on_cores(2), *check],
    }
    whole = commands(cases, rounds, warm=0)

    def cells(row: str) -> list[str]:
        cpu, clock = whole.median(row, "cpu"), whole.median(row, "seconds")
        return [
            shown(cpu and cpu / records * 1e6, ".1f"),
            shown(clock and clock / records * 1e6, ".1f"),
            shown(whole.ratio("jq .", row, "cpu"), ".2f", "x"),
            shown(whole.ratio("jq .", row, "seconds"), ".2f", "x"),
            shown(whole.median(row, "peak"), ".0f"),
        ]

    columns = (
        "µs a record, processor", "µs a record, clock", "faster than jq, processor", "faster than jq, clock", "peak MiB"
    )  # fmt: skip
    title = f"Check: {records:,} records, packs gdpr and baseline, detectors"
    before = gc.get_threshold()
    gc.set_threshold(100_000, 10, 10)  # as the command sets it
    parts = stages(log)
    inner = functions(parts, rounds, counts=dict.fromkeys(parts, records))
    gc.set_threshold(*before)
    few = commands({"auditlog check": [AUDITLOG, "check", str(head(60, log)), *PACKS]}, 5)
    return [
        Table(title, columns, whole, cells, (f"Rounds: {rounds}.",)),
        Table(
            "What the time of one process goes into", ("µs a record, processor",), inner,
            lambda row: [shown((inner.median(row, "cpu") or 0) * 1e6, ".1f")],
        ),
        timed("Check: a log of 60 records", few, "auditlog check"),
    ]  # fmt: skip


BENCHES = (Bench("check", "check with packs and detectors beside jq", ("jq", "orjson"), tables),)
