"""How far back rules look."""

from __future__ import annotations

import pytest

from auditlog_cli import times
from auditlog_cli.judgement.asking import asked
from auditlog_cli.judgement.windows import longest


@pytest.mark.parametrize(
    ("pack", "names", "wanted"),
    [
        ("baseline", ["BASE-TRC-01"], times.HOUR),
        ("owasp-agentic", ["ASI02-03"], 15 * times.MINUTE),
        ("soc2", ["SOC2-CC7.2-04"], times.DAY),
        ("baseline", ["BASE-SEC-01", "BASE-INT-02", "BASE-INT-01"], 0),
        ("soc2", ["SOC2-CC7.2-04", "SOC2-CC7.2-03"], times.DAY),
        ("baseline", ["BASE-SESS-01", "BASE-TRC-01"], None),
        ("eu-ai-act", ["AIA-50-01"], None),
        ("baseline", ["BASE-TRC-02"], None),
    ],
)
def test_the_longest_window_of_the_rules_that_run(pack: str, names: list[str], wanted: int | None) -> None:
    """None: a rule without a window has to see all that was."""
    question = asked(pack=[pack], no_policy=True, only=names, as_of="2026-11-21")
    assert longest(question.bound, question.as_of) == wanted
