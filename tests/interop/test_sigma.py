"""What `packs export --sigma` writes, read by pySigma: each file, each condition, the folder as a whole, one backend."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.interop.conftest import auditlog

pytest.importorskip("sigma.collection", reason="pySigma is not installed: pip install -e '.[interop]'")

from sigma.collection import SigmaCollection
from sigma.correlations import SigmaCorrelationRule
from sigma.plugins import InstalledSigmaPlugins
from sigma.processing.pipeline import ProcessingPipeline
from sigma.rule import SigmaDetection, SigmaLevel, SigmaRule
from sigma.validation import SigmaValidator

ONLINE = {"attacktag", "d3_fendtag"}
"""Validators that fetch lists of tags from the network."""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """All shipped packs as Sigma files."""
    made = tmp_path_factory.mktemp("sigma")
    auditlog(made, "packs", "export", "--sigma", "out")
    return made / "out"


@pytest.fixture(scope="module")
def collections(folder: Path) -> dict[str, SigmaCollection]:
    """Each file by its name, as pySigma reads it; whatever is wrong with one raises."""
    return {path.stem: SigmaCollection.from_yaml(path.read_text()) for path in sorted(folder.rglob("*.yml"))}


def rules(collections: dict[str, SigmaCollection]) -> Iterator[SigmaRule | SigmaCorrelationRule]:
    for collection in collections.values():
        yield from collection.rules


def test_every_rule_is_one_to_pysigma(collections: dict[str, SigmaCollection]) -> None:
    assert len(collections) == 156
    assert not [each for each in rules(collections) if each.errors]
    kinds = [type(each) for each in rules(collections)]
    assert kinds.count(SigmaCorrelationRule) == 28


def test_every_condition_is_understood_and_every_reference_leads_to_a_rule(
    collections: dict[str, SigmaCollection],
) -> None:
    for collection in collections.values():
        collection.resolve_rule_references()
    for rule in rules(collections):
        if isinstance(rule, SigmaRule):
            assert all(condition.parse() for condition in rule.detection.parsed_condition), rule.title
        else:
            assert all(reference.rule is not None for reference in rule.rules), rule.title


def test_a_single_document_is_one_rule(folder: Path) -> None:
    rule = SigmaRule.from_yaml((folder / "baseline" / "BASE-AUTH-08.yml").read_text())
    assert rule.title.startswith("BASE-AUTH-08 ") and rule.level is SigmaLevel.CRITICAL


def test_the_folder_as_a_whole_is_read_and_nothing_in_it_taken_for_a_rule(folder: Path) -> None:
    """What `sigma convert -t … FOLDER` does: every `.yml` below it is a rule."""
    found = SigmaCollection.load_ruleset([folder])
    assert len(found.rules) == 196 and not found.errors


def test_the_validators_remark_nothing_but_our_namespace_of_tags(collections: dict[str, SigmaCollection]) -> None:
    plugins = InstalledSigmaPlugins.autodiscover()
    validators = {each for name, each in plugins.validators.items() if name not in ONLINE}
    issues = SigmaValidator(validators).validate_rules(rules(collections))
    assert {type(each).__name__ for each in issues} == {"InvalidNamespaceTagIssue"}


def test_the_pipeline_renames_fields(folder: Path) -> None:
    text = (folder / "auditlog.pipeline.yaml").read_text()
    pipeline = ProcessingPipeline.from_yaml(text.replace("agent.id: agent.id", "agent.id: actor.name"))
    rule = SigmaRule.from_yaml((folder / "baseline" / "BASE-ID-03.yml").read_text())
    before = set(fields(rule))
    pipeline.apply(rule)
    assert "agent.id" in before
    assert set(fields(rule)) == {"actor.name" if each == "agent.id" else each for each in before}


def fields(rule: SigmaRule) -> Iterator[str | None]:
    """The fields that the tests of a rule ask for."""
    todo = [*rule.detection.detections.values()]
    while todo:
        for item in todo.pop().detection_items:
            if isinstance(item, SigmaDetection):
                todo.append(item)
            else:
                yield item.field


def test_a_backend_makes_queries_of_all_it_can_say(folder: Path, collections: dict[str, SigmaCollection]) -> None:
    """Splunk knows no order in time, and no comparison of fields beside another test."""
    splunk = pytest.importorskip("sigma.backends.splunk", reason="pysigma-backend-splunk is not installed")
    from sigma.exceptions import SigmaFeatureNotSupportedByBackendError

    pipeline = ProcessingPipeline.from_yaml((folder / "auditlog.pipeline.yaml").read_text())
    made, unsaid = 0, []
    for name, collection in collections.items():
        try:
            made += bool(splunk.SplunkBackend(pipeline).convert(collection))
        except (NotImplementedError, SigmaFeatureNotSupportedByBackendError):
            unsaid.append(name)
    assert made + len(unsaid) == 156 and made >= 140, unsaid
