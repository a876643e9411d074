"""The policy file: every key, and what is refused."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditlog_cli import times
from auditlog_cli.errors import DefinitionError, UsageError
from auditlog_cli.rules import binding, loading, policy, policylint, site, yamlfile
from auditlog_cli.validator import schemas

EXAMPLE = Path(loading.SHIPPED) / "policy.example.yaml"
NOW = times.parse("2026-11-21T00:00:00Z") or 0


def load(tmp_path: Path, text: str) -> policy.Policy:
    path = tmp_path / "p.yaml"
    path.write_text(f"format: auditlog.policy/1\n{text}")
    return policy.load(str(path))


def test_the_example_holds_every_key() -> None:
    found = policy.load(str(EXAMPLE))
    assert (found.name, found.version) == ("acme", "7")
    assert len(found.sha256) == 64
    tool = found.tools[5]
    assert (tool.match, tool.scopes, tool.effect, tool.high_impact, tool.requires_approval, tool.external) == (
        "shell.run", ("shell:execute",), "execute", True, True, False,
    )  # fmt: skip
    assert tool.purposes is None
    assert tool.line == 13
    assert found.agents == (
        policy.Agent("agent:billing", "team-payments"), policy.Agent("agent:planner", "team-payments"),
        policy.Agent("agent:care", "care@example.com"),
    )  # fmt: skip
    assert found.purposes["contact"] == ("billing", "support")
    assert found.pinned == {"mcp.files": "sha256:aa"}
    assert found.profile["eu_ai_act.points"] == ["5b"]
    assert found.scan.phone_regions == ("US", "DE")
    assert [each.name for each in found.policies] == ["everyone", "billing", "care"]
    assert found.policies[1].rules[2].enabled is False
    assert found.alerts == {"log": "alerts.jsonl"}
    assert found.notify[1]["to"] == ("dpo@example.com",)


def test_the_example_raises_nothing_in_the_linter() -> None:
    found = policy.load(str(EXAMPLE))
    assert policylint.lint(found, binding.packs_for(found, None), NOW) == []


def test_a_list_that_is_absent_is_not_an_empty_one(tmp_path: Path) -> None:
    assert load(tmp_path, "").agents is None
    assert load(tmp_path, "agents: []\n").agents == ()


def test_json_says_the_same(tmp_path: Path) -> None:
    document = yamlfile.load(str(EXAMPLE))
    path = tmp_path / "p.json"
    path.write_text(json.dumps(document.data))
    one, other = policy.load(str(EXAMPLE)), policy.load(str(path))
    assert one.tools == other.tools
    assert one.policies == other.policies
    assert one.profile == other.profile
    assert policy.parse(document.data).tools == one.tools


DETECTOR = "entity: ACME_A, pattern: A1, hit: [A1], miss: [A2]"
WRONG = {
    "a mistyped key": ("agnets: []\n", 2, "agnets"),
    "a mistyped key of a tool": ("tools:\n  - {match: a, scope: [b]}\n", 3, "scope"),
    "a tool without match": ("tools:\n  - {effect: read}\n", 3, "match"),
    "a word where a list belongs": ("agents: a\n", 2, "a list"),
    "an agent that is a number": ("agents:\n  - a\n  - 7\n", 4, "a text or a mapping"),
    "an agent without match": ("agents:\n  - {owner: Ann}\n", 3, "match"),
    "a mistyped key of an agent": ("agents:\n  - {match: a, onwer: Ann}\n", 3, "onwer"),
    "an owner that is nobody": ('agents:\n  - {match: a, owner: " "}\n', 3, "empty"),
    "an owner that is a list": ("agents:\n  - {match: a, owner: [Ann]}\n", 3, "a text"),
    "numbers in a list of texts": ("models: [1]\n", 2, "texts"),
    "a mistyped key of the profile": ("profile: {juristiction: eu}\n", 2, "juristiction"),
    "a mistyped key of a block of the profile": ("profile:\n  hipaa: {entty: none}\n", 3, "entty"),
    "a wrong word in the profile": ("profile: {jurisdiction: fr}\n", 2, "eu, uk"),
    "a time that is none": ("profile: {system_start: yesterday}\n", 2, "a time"),
    "a wrong confidence": ("scan: {min_confidence: sure}\n", 2, "certain"),
    "an expression that could stall": ('scan: {mrn: "(a+)+"}\n', 2, "stall"),
    "a policy without a name": ("policies:\n  - {agents: ['*']}\n", 3, "name"),
    "two policies of one name": ("policies: [{name: a}, {name: a}]\n", 2, "two policies"),
    "switched off without a reason": ("policies:\n  - {name: a, rules: [{id: B-1, enabled: false}]}\n", 3, "reason"),
    "a wrong severity": ("policies:\n  - {name: a, rules: [{id: B-1, severity: big}]}\n", 3, "severity"),
    "neither webhook nor mail": ("notify: [{min_severity: high}]\n", 2, "webhook"),
    "a key of scopes": ("scopes: {imply: {}}\n", 2, "imply"),
    "detectors that are a file": ("scan: {detectors: acme.yaml}\n", 2, "a list of 1 to 200"),
    "no detectors": ("scan: {detectors: []}\n", 2, "a list of 1 to 200"),
    "a detector that is a word": ("scan:\n  detectors:\n    - ACME\n", 4, "a mapping"),
    "a mistyped key of a detector": (f"scan:\n  detectors:\n    - {{{DETECTOR}, patern: x}}\n", 4, "unknown key"),
    "a detector without samples": ("scan:\n  detectors:\n    - {entity: ACME_A, pattern: A1}\n", 4, "test strings"),
    "a detector with a name of ours": (
        f"scan:\n  detectors:\n    - {{{DETECTOR.replace('ACME_A', 'US_SSN')}}}\n",
        4,
        "a name of its own",
    ),
    "a detector that could stall": (f"scan:\n  detectors:\n    - {{{DETECTOR.replace('A1', 'A1*')}}}\n", 4, "stall"),
    "a detector that needs words": (
        f"scan:\n  detectors:\n    - {{{DETECTOR}, context: required}}\n",
        4,
        "needs words",
    ),
    "a pin that is a list": ("pinned: {a: [b]}\n", 2, "a text"),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_is_wrong_is_refused_with_file_and_line(tmp_path: Path, name: str) -> None:
    text, line, words = WRONG[name]
    with pytest.raises(DefinitionError) as caught:
        load(tmp_path, text)
    assert caught.value.message.startswith(f"{tmp_path}/p.yaml:{line}:"), caught.value.message
    assert words in caught.value.message


@pytest.mark.parametrize("name", WRONG)
def test_the_schema_refuses_the_same(name: str) -> None:
    """But for what JSON Schema cannot say."""
    text = f"format: auditlog.policy/1\n{WRONG[name][0]}"
    data = yamlfile.parse(text.encode(), "p.yaml").data
    valid = jsonschema_rs.validator_for(schemas.load("policy")).is_valid(data)
    beyond = (
        "a time that is none", "an expression that could stall", "two policies of one name",
        "a detector with a name of ours", "a detector that could stall",
    )  # fmt: skip
    assert valid is (name in beyond)


WORDS = st.sampled_from(
    [
        {},
        [],
        "x",
        1,
        True,
        None,
        ["x"],
        [1],
        {"a": "b"},
        {"a": ["b"]},
        [{}],
        [{"match": "x"}],
        [{"match": "x", "owner": "y"}, "z"],
        "eu",
        "likely",
    ]
)
_SCHEMA: Any = schemas.load("policy")
KEYS = sorted(_SCHEMA["properties"])


@given(st.dictionaries(st.sampled_from([*KEYS, "nothing"]), WORDS, max_size=3))
def test_loader_and_schema_agree(data: dict[str, Any]) -> None:
    data["format"] = "auditlog.policy/1"
    valid = jsonschema_rs.validator_for(_SCHEMA).is_valid(data)
    try:
        policy.parse(data)
    except DefinitionError:
        assert not valid
    else:
        assert valid


def test_one_is_found_where_one_works(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert policy.find(None) is policy.EMPTY
    (tmp_path / "auditlog.policy.json").write_text('{"format": "auditlog.policy/1", "name": "here"}')
    assert policy.find(None).name == "here"
    (tmp_path / "auditlog.policy.yaml").write_text("format: auditlog.policy/1\n")
    with pytest.raises(UsageError, match="two policies"):
        policy.find(None)
    assert policy.find("auditlog.policy.json").name == "here"


REMARKS = {
    "tools: [{match: 'crm.*'}, {match: crm.read}]\n": "never reached",
    "tools: [{match: '*'}, {match: 'a.?'}]\n": "never reached",
    "tools: [{match: a, effect: reed}]\n": '"reed" is no effect',
    "tools: [{match: a, categories: [helth]}]\n": '"helth" is no category',
    "agents: [{match: 'pay*', owner: Ann}, plan]\n": 'the agent "plan" has no owner',
    "agents: ['PAY*', {match: pay-1, owner: Ann}]\n": '"PAY*" on line 2 matches first',
    "purposes: {helth: [x]}\n": '"helth" is no category',
    "policies: [{name: a, version: 1, packs: [baseline]}]\n": "names no agents",
    "policies: [{name: a, version: 1, agents: ['*']}]\n": "names no packs",
    "policies: [{name: a, agents: ['*'], packs: [baseline]}]\n": "no version",
    "policies: [{name: a, version: 1, agents: ['*'], packs: [baseline], parameters: {max_age: 3d}}]\n": "none of its rules",
    "policies: [{name: a, version: 1, agents: ['*'], packs: [gdpr], rules: [{id: 'GDPR-*', parameters: {max: 3}}]}]\n": "has no parameter max",
    "policies: [{name: a, version: 1, agents: ['*'], packs: [gdpr, hipaa]}]\n": "HIPAA-316-01.min_days asks for 2190",
}


@pytest.mark.parametrize("text", REMARKS)
def test_the_linter_of_policies(tmp_path: Path, text: str) -> None:
    found = load(tmp_path, text)
    remarks = policylint.lint(found, binding.packs_for(found, None), NOW)
    assert any(REMARKS[text] in str(each) for each in remarks)
    assert all(str(each).startswith(f"{tmp_path}/p.yaml:") for each in remarks)


def test_tools_that_do_not_hide_each_other(tmp_path: Path) -> None:
    found = load(
        tmp_path,
        "tools: [{match: 'crm.read'}, {match: 'crm.*'}, {match: 'a[bc]'}, {match: ab}, {match: 'x?'}, {match: 'x*'}]\n",
    )
    assert policylint.lint(found, [], NOW) == []


def test_a_register_that_fits_raises_nothing_in_the_linter(tmp_path: Path) -> None:
    globs = "agents: ['*', a, 'b?']\n"
    owned = "agents: [{match: a, owner: Ann}, {match: 'a*', owner: Ann}, {match: '*', owner: Bob}, {match: b, owner: Bob}]\n"
    for text in (globs, owned):
        assert policylint.lint(load(tmp_path, text), [], NOW) == []


def test_an_agent_is_a_glob_or_a_mapping_with_the_line_it_stands_on(tmp_path: Path) -> None:
    found = load(tmp_path, "agents:\n  - pay-1\n  - {match: 'pay*', owner: team-payments}\n  - match: plan\n").agents
    assert found == (policy.Agent("pay-1"), policy.Agent("pay*", "team-payments"), policy.Agent("plan"))
    assert [each.line for each in found] == [3, 4, 5]


def test_the_first_that_matches_says_who_answers_for_an_agent(tmp_path: Path) -> None:
    text = "agents: [pay-test, {match: 'PAY*', owner: Ann}, {match: '*', owner: Bob}]\n"
    asked = site.owners(load(tmp_path, text))
    assert asked is not None
    assert [asked(each) for each in ("pay-1", "Pay-1", "pay-test", "plan", "")] == ["Ann", "Ann", "", "Bob", ""]
    asked = site.owners(load(tmp_path, "agents: [{match: a, owner: Ann}]\n"))
    assert asked is not None and asked("b") == ""


def test_a_register_without_owners_has_nobody_to_ask(tmp_path: Path) -> None:
    for text in ("", "agents: []\n", "agents: [a, {match: b}]\n"):
        assert site.owners(load(tmp_path, text)) is None


NAMES = st.text(alphabet="aAbB*?[]", max_size=4)


@given(st.lists(st.tuples(NAMES, st.sampled_from(["", "Ann", "Bob"])), max_size=5), NAMES)
def test_who_has_an_owner_is_known(register: list[tuple[str, str]], name: str) -> None:
    found = policy.Policy(agents=tuple(policy.Agent(match, owner) for match, owner in register))
    known, asked = site.Site(found).agents, site.owners(found)
    assert known is not None
    first = next((owner for match, owner in register if site.globs([match])(name)), None)
    assert known(name) is (first is not None)
    if asked is not None and name:
        assert asked(name) == (first or "")
