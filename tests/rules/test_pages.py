"""The pages of packs and rules: current, complete, linked."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from auditlog_cli.rules import loading, pages

DOCS = Path(__file__).parents[2] / "docs" / "rules"


@pytest.mark.parametrize("name", loading.NAMES)
def test_the_page_of_a_pack_is_current_and_has_an_anchor_a_rule(name: str) -> None:
    """`make docs` after a change of a pack."""
    given = loading.load_shipped(name)
    text = pages.pack(given)
    assert (DOCS / f"{name}.md").read_text() == text
    assert re.findall(r'<a id="(.+?)"></a>', text) == [rule.id for rule in given.rules]
    assert re.findall(r"^\| \[(.+?)\]\(#\1\)", text, re.MULTILINE) == [rule.id for rule in given.rules]
    assert pages.SENTENCE in text
    for each in given.not_checkable:
        assert f"- {each}" in text


def test_there_is_a_page_for_each_shipped_pack_and_no_other() -> None:
    assert {path.stem for path in DOCS.glob("*.md")} == set(loading.NAMES)


def test_a_page_says_all_there_is_about_a_rule() -> None:
    rules = {rule.id: rule for name in loading.NAMES for rule in loading.load_shipped(name).rules}
    for rule in rules.values():
        text = "\n".join(pages.page(rule))
        for said in (rule.title, rule.why, rule.fix, *rule.clauses, *rule.clauses.values(), *rule.false_positives):
            assert said in text, rule.id
        for name in rule.parameters:
            assert f"Parameter `{name}`" in text
        assert text.count("\nhit:") == 1
    uk = "\n".join(pages.page(rules["GDPR-UK-22-01"]))
    assert "Applies where the profile says `jurisdiction: uk`. Binding from 2026-02-05." in uk
    assert "Cannot be waived." in "\n".join(pages.page(rules["BASE-INT-01"]))
    assert "Logic and cases are those of BASE-ID-01." in "\n".join(pages.page(rules["GDPR-5-2-01"], brief=True))
