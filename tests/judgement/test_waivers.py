"""Waivers: what is refused, what is covered, what is said about them."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditlog_cli.errors import DefinitionError
from auditlog_cli.judgement import waivers
from auditlog_cli.report import Report
from auditlog_cli.validator import schemas
from tests.reports import BASIS, CHAIN, CONTACT, NUMBER, fixed, found, moment, rule, where

FINGERPRINT = "sha256:" + "5f" * 32
GOOD: dict[str, Any] = {
    "id": "W-1", "rule": "GDPR-5-1-C-02", "status": "accepted", "justification": "compensating_control",
    "reason": "needed", "approved_by": "dpo@acme.example", "created": "2026-10-01", "expires": "2027-01-31",
}  # fmt: skip
YAML = """\
format: auditlog.waivers/1
waivers:
  - id: W-2026-014
    rule: GDPR-5-1-C-02
    where:
      action.tool: mail.send
    status: accepted
    justification: compensating_control
    reason: Recipient address is needed.
    approved_by: dpo@acme.example
    created: 2026-10-01
    expires: 2027-01-31
    ticket: PRIV-881
"""


def load(folder: Path, *given: dict[str, Any], **top: Any) -> list[Any]:
    path = folder / "waivers.json"
    path.write_text(json.dumps({"format": waivers.FORMAT, "waivers": list(given), **top}))
    return waivers.load(str(path))


def report(*findings: Any, as_of: str = "2026-11-21T12:00:00Z", given: Any = ()) -> Report:
    return Report(moment(as_of), findings=list(findings), waivers_file="w.yaml", waivers=list(given))


def test_yaml_and_json_say_the_same(tmp_path: Path) -> None:
    path = tmp_path / "w.yaml"
    path.write_text(YAML)
    made = waivers.load(str(path))[0]
    assert (made.id, made.rule, made.where, made.line) == (
        "W-2026-014",
        "GDPR-5-1-C-02",
        {"action.tool": "mail.send"},
        3,
    )
    assert made.expires == moment("2027-01-31T00:00:00Z")
    other = load(tmp_path, GOOD | {"id": "W-2026-014", "where": {"action.tool": "mail.send"}})[0]
    assert (other.rule, other.where, other.expires, other.line) == (made.rule, made.where, made.expires, 0)


@pytest.mark.parametrize("key", [key for key in GOOD if key != "rule"])
def test_every_key_is_mandatory(tmp_path: Path, key: str) -> None:
    with pytest.raises(DefinitionError, match=key):
        load(tmp_path, {name: value for name, value in GOOD.items() if name != key})


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"rule": None}, "rule"),
        ({"rule": " "}, "empty"),
        ({"status": "fine"}, "status"),
        ({"justification": "because"}, "justification"),
        ({"expires": "2027-10-02"}, "365"),
        ({"expires": "2026-10-01"}, "before"),
        ({"expires": "soon"}, "date"),
        ({"created": "2026-13-01"}, "date"),
        ({"approved_by": "agent:planner"}, "person"),
        ({"approved_by": " Agent:planner"}, "person"),
        ({"fingerprints": ["5f"]}, "64 hex"),
        ({"fingerprints": []}, "empty"),
        ({"expirse": "2027-01-31"}, "expires"),
    ],
)
def test_what_is_wrong_is_refused(tmp_path: Path, change: dict[str, Any], says: str) -> None:
    with pytest.raises(DefinitionError) as caught:
        load(tmp_path, GOOD | change)
    assert says in caught.value.message + caught.value.help
    assert caught.value.exit_code == 4


def test_a_waiver_names_a_rule_or_findings(tmp_path: Path) -> None:
    bare = {name: value for name, value in GOOD.items() if name != "rule"}
    with pytest.raises(DefinitionError, match="covers nothing"):
        load(tmp_path, bare)
    assert load(tmp_path, bare | {"fingerprints": [FINGERPRINT]})[0].fingerprints == {FINGERPRINT}
    with pytest.raises(DefinitionError, match="two waivers"):
        load(tmp_path, GOOD, GOOD)
    with pytest.raises(DefinitionError, match="format"):
        load(tmp_path, GOOD, format="auditlog.waivers/2")
    assert load(tmp_path, GOOD | {"expires": "2027-10-01"})  # 365 days


@given(st.sampled_from([*GOOD, "fingerprints", "where", "ticket", "more"]), st.one_of(
    st.none(), st.just(...), st.text(max_size=8), st.integers(), st.lists(st.sampled_from([FINGERPRINT, "x"]), max_size=2),
    st.dictionaries(st.text(max_size=3), st.text(max_size=3), max_size=1), st.sampled_from(["agent:x", "2026-12-01", "accepted"]),
))  # fmt: skip
def test_loader_and_schema_agree(tmp_path_factory: pytest.TempPathFactory, key: str, value: object) -> None:
    """What the schema refuses is refused; what it takes is refused for reasons beyond it only (dates, their order)."""
    waiver = copy.deepcopy(GOOD)
    if value is ...:
        waiver.pop(key, None)
    else:
        waiver[key] = value
    takes = jsonschema_rs.is_valid(schemas.load("waivers"), {"format": waivers.FORMAT, "waivers": [waiver]})
    try:
        load(tmp_path_factory.mktemp("w"), waiver)
        loads = True
    except DefinitionError:
        loads = False
    assert takes or not loads
    assert loads or not takes or key in ("created", "expires")


def test_a_base_id_and_a_glob_cover_what_extends_it(tmp_path: Path) -> None:
    extending = rule("ACME-1", "t", fixed().packs[1], "low", "gap", logic="LIB-1", bases=("GDPR-5-1-C-02", "LIB-1"))
    for name in ("GDPR-5-1-C-02", "LIB-1", "ACME-*", "ACME-1"):
        made = report(found(extending, where(1)), given=load(tmp_path, GOOD | {"rule": name}))
        waivers.apply(made)
        assert [finding.state for finding in made.findings] == ["waived"]
        assert made.findings[0].waiver == {"id": "W-1", "status": "accepted", "expires": "2027-01-31T00:00:00.000000Z"}


def test_where_sees_the_anchor_record(tmp_path: Path) -> None:
    given = load(tmp_path, GOOD | {"where": {"action.tool": "mail.send"}})
    one, two, three = (found(CONTACT, where(line)) for line in (1, 2, 3))
    records = {1: {"action": {"tool": "mail.send"}}, 2: {"action": {"tool": "x"}}}
    made = report(one, two, three, given=given)

    def compiled(selection: object) -> Any:
        assert selection == {"action.tool": "mail.send"}
        return lambda record: record["action"]["tool"] == "mail.send"

    waivers.apply(made, content=lambda finding: records.get(finding.where.line), compiled=compiled)
    assert [finding.state for finding in (one, two, three)] == ["waived", "new", "new"]
    assert (given[0].applied, given[0].undecided) == (1, 1)


def test_a_selection_without_its_compiler_covers_nothing(tmp_path: Path) -> None:
    made = report(found(CONTACT, where(1)), given=load(tmp_path, GOOD | {"where": {"a": "b"}}))
    waivers.apply(made)
    assert made.findings[0].state == "new"
    assert "1 findings could not be compared" in made.findings[1].message


@pytest.mark.parametrize(
    ("as_of", "standing", "added"),
    [
        ("2026-09-30T23:59:59Z", "not_yet", []),
        ("2026-10-01T00:00:00Z", "in_force", []),
        ("2027-01-30T23:59:59.999999Z", "in_force", []),
        ("2027-01-31T00:00:00Z", "expired", ["WAIVER-EXPIRED"]),
    ],
)
def test_a_waiver_has_its_time(tmp_path: Path, as_of: str, standing: str, added: list[str]) -> None:
    made = report(found(CONTACT, where(1)), as_of=as_of, given=load(tmp_path, GOOD))
    waivers.apply(made)
    assert made.waivers[0].standing == standing
    assert (made.findings[0].state == "waived") is (standing == "in_force")
    assert [finding.rule.id for finding in made.findings[1:]] == added


def test_an_unused_waiver_is_an_indicator() -> None:
    assert (waivers.UNUSED.severity, waivers.UNUSED.kind) == ("info", "indicator")
    assert (waivers.EXPIRED.severity, waivers.EXPIRED.kind) == ("medium", "gap")


def test_a_waiver_that_covers_nothing_is_said(tmp_path: Path) -> None:
    made = report(found(NUMBER, where(1)), given=load(tmp_path, GOOD))
    waivers.apply(made)
    assert [finding.rule.id for finding in made.findings] == ["GDPR-5-1-C-01", "WAIVER-UNUSED"]
    assert str(made.findings[1].where) == "w.yaml@0"


def test_what_is_wrong_with_a_waiver_is_said_with_its_place(tmp_path: Path) -> None:
    path = tmp_path / "w.yaml"
    path.write_text(YAML.replace("GDPR-5-1-C-02", "BASE-INT-01"))
    for loaded, place in (
        (waivers.load(str(path)), f"{path}:3: waiver W-2026-014"),
        (load(tmp_path, GOOD | {"rule": "BASE-INT-01"}), f"{tmp_path / 'waivers.json'}: waiver W-1"),
    ):
        with pytest.raises(DefinitionError) as caught:
            waivers.refuse(loaded, [CHAIN])
        assert caught.value.message.startswith(f"{place}: ")


def test_a_broken_chain_cannot_be_waived(tmp_path: Path) -> None:
    extending = rule("FIN-1", "t", fixed().packs[1], "critical", "violation", waivable=False, bases=("BASE-INT-01",))
    for name in ("BASE-INT-01", "BASE-*", "*", "FIN-1"):
        with pytest.raises(DefinitionError, match="cannot be waived"):
            waivers.refuse(load(tmp_path, GOOD | {"rule": name}), [BASIS, CHAIN, extending])
    waivers.refuse(load(tmp_path, GOOD), [BASIS, CHAIN, extending])
    broken = found(CHAIN, where(1))
    given = load(tmp_path, {**GOOD, "fingerprints": [broken.fingerprint], "rule": "BASE-INT-01"})
    with pytest.raises(DefinitionError, match="cannot be waived"):
        waivers.apply(report(broken, given=given))


@pytest.mark.parametrize("approver", ["planner", "agent:planner", "Planner", "user:planner"])
def test_no_agent_of_the_log_approves(tmp_path: Path, approver: str) -> None:
    if approver.startswith("agent:"):
        with pytest.raises(DefinitionError):
            load(tmp_path, GOOD | {"approved_by": approver})
        return
    with pytest.raises(DefinitionError, match="only a person"):
        waivers.refuse(load(tmp_path, GOOD | {"approved_by": approver}), [], ["agent:planner"])
    waivers.refuse(load(tmp_path, GOOD), [], ["agent:planner"])
