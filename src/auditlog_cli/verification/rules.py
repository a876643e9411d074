"""Verdicts in the words of findings, for SARIF and JUnit: one rule a code of integrity.md, 4.2."""

from __future__ import annotations

from auditlog_cli.finding import Finding, Rule, Suite, Where, fingerprint
from auditlog_cli.verdict import COULD_NOT_LOOK, Problem, Verdict, counted

_SOURCE = ("integrity.md, 4.2",)
_LOOK = "Keep the files as they are, and compare with a copy or with shipped lines from elsewhere."


def _rule(code: str, title: str, severity: str = "critical", kind: str = "violation", fix: str = _LOOK) -> Rule:
    return Rule(f"SEAL-{code.upper()}", title, severity=severity, kind=kind, fix=fix, clauses=_SOURCE)


RULES = {
    "line": _rule("line", "A line is no well-formed record"),
    "seq": _rule("seq", "A record is missing, doubled, inserted or out of order"),
    "chain": _rule("chain", "A record was changed after it was written"),
    "genesis": _rule("genesis", "The log does not begin with a genesis record"),
    "prefix": _rule("prefix", "The first records are missing and not declared as pruned"),
    "truncated": _rule("truncated", "A checkpoint covers more records than there are"),
    "root": _rule("root", "The log is not the one that a checkpoint was made over"),
    "signature": _rule("signature", "The signature of a checkpoint does not hold"),
    "no-checkpoint": _rule("no-checkpoint", "A key was given, and no checkpoint is signed by it"),
    "rolled-back": _rule("rolled-back", "The log has fewer records than when it was seen before"),
    "rewritten": _rule("rewritten", "The log has another history than when it was seen before"),
    "anchor": _rule(
        "anchor", "Nothing is kept of this log where it should be", "medium", "gap",
        fix="Name the place where its checkpoints are kept: `auditlog anchor`.",
    ),
    "time-stamp": _rule("time-stamp", "A time stamp is not one of the checkpoint beside it"),
    "undeclared": _rule("undeclared", "Something is withheld that nobody declared"),
    "declaration": _rule("declaration", "A withholding is not signed by whom it names"),
    "large-value": _rule("large-value", "A large value beside the log is not the one that was recorded"),
    "torn-end": _rule("torn-end", "A torn end kept beside the log is not the one that was recorded"),
    "segment-sum": _rule("segment-sum", "A closed segment is another copy than the one that was left there"),
    "gap": _rule("gap", "Checkpoints are further apart than was promised", "medium", "gap"),
    "salts": _rule(
        "salts", "Salts beside the log are missing", fix="Put the .salts file back: nothing can be proved without it.",
    ),
    "torn-tail": _rule(
        "torn-tail", "The log ends in bytes that are no record", "low", "indicator",
        fix="Append once more: the writer repairs the end and says so.",
    ),
    "unchecked": _rule(
        "unchecked", "Nothing here can check signatures", "medium", "gap",
        fix="Install auditlog-cli[seal], or ssh-keygen.",
    ),
    "unsigned-tail": _rule(
        "unsigned-tail", "Records are not covered by a checkpoint", "medium", "gap",
        fix="Seal the log: `auditlog seal`.",
    ),
}  # fmt: skip


def suite(verdicts: list[Verdict]) -> Suite:
    """Return several verdicts as one suite."""
    found: list[Finding] = []
    totals: dict[str, int] = {}
    unread: list[str] = []
    for verdict in counted(verdicts):
        for problem in verdict.findings:
            if problem.code in COULD_NOT_LOOK:
                unread.append(f"{verdict.path}: {problem.message}")
                continue
            rule = RULES[problem.code]
            totals[rule.id] = totals.get(rule.id, 0) + 1 + problem.again
            found.append(_finding(rule, problem, verdict))
    says = "; ".join(f"{verdict.path}: {verdict.sentence}" for verdict in verdicts)
    return Suite(
        "verify", "1", "sealed logs (auditlog/1)", list(RULES.values()), skipped={}, totals=totals, findings=found,
        verdict=says, unread=unread,
    )  # fmt: skip


def _finding(rule: Rule, problem: Problem, verdict: Verdict) -> Finding:
    where = Where(problem.path or verdict.path, problem.line, problem.byte, seq=problem.seq)
    anchor = f"{verdict.origin}#{problem.seq}"
    message = problem.message
    if problem.expected:
        message += f" (expected {problem.expected}, found {problem.found})"
    return Finding(rule, message, where, fingerprint(rule.id, [anchor], problem.detail))
