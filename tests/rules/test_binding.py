"""Which rules judge whom, with which parameters, and why others do not run."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditlog_cli import times
from auditlog_cli.errors import DefinitionError, UsageError
from auditlog_cli.rules import binding, loading, policy
from auditlog_cli.rules.binding import Bound
from auditlog_cli.rules.policy import EMPTY, Policy

NOW = times.parse("2026-11-21T00:00:00Z") or 0


def site(text: dict[str, Any]) -> Policy:
    return policy.parse({"format": "auditlog.policy/1", **text})


def bound(found: Policy, names: list[str] | None = None, **more: Any) -> dict[str, Bound]:
    packs = binding.packs_for(found, names)
    return {each.rule.id: each for each in binding.bind(packs, found, **{"as_of": NOW, **more})}


def test_without_anything_baseline_judges_everybody() -> None:
    found = bound(EMPTY)
    assert len(found) == 26
    assert {each.standing for each in found.values()} == {"active"}
    assert {each.agents for each in found.values()} == {("*",)}
    assert {each.policy for each in found.values()} == {None}
    assert not any(name.startswith("LIB-") for name in found), "library logics run where a rule extends them"


def test_packs_on_the_command_line_replace_policies() -> None:
    found = site({"policies": [{"name": "a", "version": 1, "agents": ["x"], "packs": ["gdpr"]}]})
    assert set(bound(found)) == {rule.id for rule in loading.load_shipped("gdpr").rules}
    both = bound(found, ["soc2"], use_policies=False)
    assert all(each.policy is None for each in both.values())
    assert len(both) == 21


def test_a_pack_in_two_policies_is_bound_twice() -> None:
    found = site({"policies": [
        {"name": "a", "version": 1, "agents": ["agent:a"], "packs": ["baseline"]},
        {"name": "b", "version": 2, "agents": ["agent:b"], "packs": ["baseline"], "parameters": {"max_hours": 8}},
    ]})  # fmt: skip
    both = [
        each
        for each in binding.bind(binding.packs_for(found, None), found, as_of=NOW)
        if each.rule.id == "BASE-AUTH-07"
    ]
    assert [(each.agents, each.parameters["max_hours"]) for each in both] == [(("agent:a",), 24), (("agent:b",), 8)]
    assert [each.policy and each.policy[:2] for each in both] == [("a", "1"), ("b", "2")]


def test_parameters_default_profile_bundle_override() -> None:
    rule = "FIN-PCI-10.5.1-01"
    profile = {"profile": {"system_start": "2024-01-01T00:00:00Z"}}
    bundle = {"name": "a", "version": 1, "agents": ["*"], "packs": ["finance"]}
    assert bound(EMPTY, ["finance"])[rule].parameters == {"min": "365d", "system_start": ""}
    assert bound(site(profile), ["finance"])[rule].parameters["system_start"] == "2024-01-01T00:00:00Z"
    more: dict[str, Any] = {**bundle, "parameters": {"min": "30d", "system_start": "2025-01-01T00:00:00Z"}}
    assert bound(site({**profile, "policies": [more]}))[rule].parameters == {
        "min": "30d",
        "system_start": "2025-01-01T00:00:00Z",
    }
    more["rules"] = [{"id": "FIN-PCI-*", "parameters": {"min": "10d"}}, {"id": rule, "parameters": {"min": "20d"}}]
    assert bound(site({"policies": [more]}))[rule].parameters["min"] == "20d", "the last one counts"


def test_a_base_id_also_means_the_rules_that_extend_it() -> None:
    bundle = {"name": "a", "version": 1, "agents": ["*"], "packs": ["gdpr", "soc2"]}
    change = {"id": "BASE-INT-01", "severity": "low"}
    found = bound(site({"policies": [{**bundle, "rules": [change]}]}))
    assert {name for name, each in found.items() if each.severity == "low" and each.rule.severity != "low"} == {
        "GDPR-5-1-F-01", "SOC2-CC2.1-01",
    }  # fmt: skip


def test_switched_off_with_its_reason_and_on_again() -> None:
    bundle: dict[str, Any] = {"name": "a", "version": 1, "agents": ["*"], "packs": ["gdpr"]}
    bundle["rules"] = [
        {"id": "GDPR-5-*", "enabled": False, "reason": "PRIV-881"},
        {"id": "GDPR-5-1-A-01", "enabled": True},
    ]
    found = bound(site({"policies": [bundle]}))
    assert (found["GDPR-5-1-C-02"].standing, found["GDPR-5-1-C-02"].reason) == ("disabled", "PRIV-881")
    assert not found["GDPR-5-1-C-02"].enabled
    assert found["GDPR-5-1-A-01"].enabled


def test_a_library_logic_runs_where_it_is_asked_for_by_its_own_id() -> None:
    bundle: dict[str, Any] = {"name": "a", "version": 1, "agents": ["*"], "packs": ["baseline"]}
    assert "LIB-AGT-01" in bound(site({"policies": [{**bundle, "rules": [{"id": "LIB-AGT-01", "enabled": True}]}]}))
    assert "LIB-AGT-01" not in bound(site({"policies": [{**bundle, "rules": [{"id": "*", "enabled": True}]}]}))


DUTIES = [
    # profile, as_of, rule, applicability, standing (3.3)
    ({}, "2026-11-21", "GDPR-22-01", "not_declared", "active"),
    ({"jurisdiction": "eu"}, "2026-11-21", "GDPR-22-01", "declared", "active"),
    ({"jurisdiction": "uk"}, "2026-11-21", "GDPR-22-01", "declared", "not_applicable"),
    ({"jurisdiction": "uk"}, "2026-11-21", "GDPR-UK-22-01", "declared", "active"),
    ({"jurisdiction": "uk"}, "2026-02-04", "GDPR-UK-22-01", "not_yet_binding", "active"),
    ({"jurisdiction": "uk"}, "2026-02-05", "GDPR-UK-22-01", "declared", "active"),
    ({}, "2026-11-21", "GDPR-9-01", "declared", "active"),
    ({"eu_ai_act": {"high_risk": False}}, "2029-01-01", "AIA-12-01", "declared", "not_applicable"),
    ({"eu_ai_act": {"high_risk": True}}, "2026-11-21", "AIA-12-01", "not_yet_binding", "active"),
    ({"eu_ai_act": {"high_risk": True}}, "2027-12-02", "AIA-12-01", "declared", "active"),
    ({"eu_ai_act": {"high_risk": True, "annex": "I"}}, "2027-12-02", "AIA-12-01", "not_yet_binding", "active"),
    ({"eu_ai_act": {"high_risk": True, "annex": "I"}}, "2028-08-02", "AIA-12-01", "declared", "active"),
    ({"eu_ai_act": {"high_risk": True}}, "2028-01-01", "AIA-26-01", "not_declared", "active"),
    ({"eu_ai_act": {"high_risk": True, "role": "provider"}}, "2028-01-01", "AIA-26-01", "declared", "not_applicable"),
    ({"eu_ai_act": {"high_risk": False}}, "2026-11-21", "AIA-50-01", "declared", "active"),
    ({}, "2026-11-21", "AIA-50-02", "declared", "active"),
    (
        {"eu_ai_act": {"generator_on_market_before_2026_08": True}},
        "2026-11-21",
        "AIA-50-02",
        "not_yet_binding",
        "active",
    ),
]


@pytest.mark.parametrize("duty", DUTIES, ids=lambda duty: f"{duty[2]}-{duty[1]}-{duty[0]}")
def test_does_a_duty_apply(duty: tuple[dict[str, Any], str, str, str, str]) -> None:
    profile, day, rule, applicability, standing = duty
    found = bound(site({"profile": profile}), ["gdpr", "eu-ai-act"], as_of=times.parse(f"{day}T00:00:00Z"))[rule]
    assert (found.applicability, found.standing) == (applicability, standing)
    assert found.reason == ("profile" if standing == "not_applicable" else "")


def test_a_subset_of_the_rules() -> None:
    only = bound(EMPTY, only=["BASE-AUTH-*", "BASE-INT-01"])
    active = {name for name, each in only.items() if each.enabled}
    assert len(only) == 26, "the others are listed, with the reason"
    assert active == {name for name in only if name.startswith("BASE-AUTH")} | {"BASE-INT-01"}
    assert only["BASE-ID-01"].reason == "not named by --only"
    skipped = bound(EMPTY, ["gdpr"], skip=["BASE-INT-01"])["GDPR-5-1-F-01"]
    assert (skipped.standing, skipped.reason) == ("skipped", "--skip BASE-INT-01")
    with pytest.raises(UsageError, match="GDPR-99"):
        bound(EMPTY, only=["GDPR-99"])


def test_experimental_rules_wait(tmp_path: Path) -> None:
    path = tmp_path / "acme.yaml"
    path.write_text(
        "format: auditlog.rules/1\npack: acme\nversion: 1\nstatus: review\nas_of: 2026-11-21\ntitle: x\nextends: [baseline]\n"
        "rules: [{id: A-1, extends: BASE-ID-01, status: experimental}]\n"
    )
    assert bound(EMPTY, [str(path)])["A-1"].standing == "experimental"
    assert bound(EMPTY, [str(path)], experimental=True)["A-1"].enabled


def test_packs_of_a_policy_are_seen_from_its_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "site" / "packs").mkdir(parents=True)
    head = "format: auditlog.rules/1\nversion: 1\nstatus: review\nas_of: 2026-11-21\ntitle: x\nextends: [baseline]\n"
    (tmp_path / "site/packs/acme.yaml").write_text(f"{head}pack: acme\nrules: [{{id: A-1, extends: BASE-ID-01}}]\n")
    file = tmp_path / "site" / "p.yaml"
    file.write_text(
        "format: auditlog.policy/1\npolicies: [{name: a, version: 1, agents: ['*'], packs: [packs/acme.yaml, soc2]}]\n"
    )
    found = policy.load(str(file))
    assert {each.pack for each in (one.rule for one in bound(found).values())} == {"acme", "soc2"}


def test_a_change_without_a_new_version_shows() -> None:
    base: dict[str, Any] = {"name": "a", "version": 1, "agents": ["*"], "packs": ["soc2"]}
    changes: list[dict[str, Any]] = [
        {}, {"agents": ["x"]}, {"packs": ["gdpr"]}, {"parameters": {"deadline": "1h"}}, {"version": 2},
        {"rules": [{"id": "*", "severity": "low"}]}, {"rules": [{"id": "*", "enabled": False, "reason": "x"}]},
    ]  # fmt: skip
    digests = []
    for change in changes:
        found = site({"policies": [{**base, **change}]})
        digests.append(next(iter(bound(found).values())).policy)
    assert len(set(digests)) == len(changes)


REFUSED: dict[str, tuple[dict[str, Any], str]] = {
    "a rule that is not there": ({"rules": [{"id": "GDPR-99-*", "severity": "low"}]}, "no rule of the packs"),
    "a parameter it has not": ({"rules": [{"id": "GDPR-9-01", "parameters": {"max": 1}}]}, "has no parameter max"),
    "a text for a number": ({"rules": [{"id": "GDPR-33-02", "parameters": {"gte": "20"}}]}, "a number"),
    "a number for a list": ({"rules": [{"id": "GDPR-9-01", "parameters": {"special": 1}}]}, "a list"),
    "no duration": ({"parameters": {"max_age": "two years"}}, "a duration such as 730d"),
    "no such pack": ({"packs": ["gdrp"]}, "no shipped pack"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_would_do_nothing_is_refused(name: str) -> None:
    change, words = REFUSED[name]
    with pytest.raises(DefinitionError, match=words):
        bound(site({"policies": [{"name": "a", "version": 1, "agents": ["*"], "packs": ["gdpr"], **change}]}))


def test_two_packs_of_one_name_or_with_one_id(tmp_path: Path) -> None:
    head = "format: auditlog.rules/1\nversion: 1\nstatus: review\nas_of: 2026-11-21\ntitle: x\nextends: [baseline]\n"
    for folder, name in (("a", "acme"), ("b", "acme"), ("b", "other")):
        (tmp_path / folder).mkdir(exist_ok=True)
        (tmp_path / folder / f"{name}.yaml").write_text(
            f"{head}pack: {name}\nrules: [{{id: A-1, extends: BASE-ID-01}}]\n"
        )
    with pytest.raises(DefinitionError, match="two packs are named acme"):
        binding.packs_for(EMPTY, [str(tmp_path / "a/acme.yaml"), str(tmp_path / "b/acme.yaml")])
    with pytest.raises(DefinitionError, match="also in the pack acme"):
        bound(EMPTY, [str(tmp_path / "a/acme.yaml"), str(tmp_path / "b/other.yaml")])


def test_old_law_is_said() -> None:
    packs = binding.packs_for(EMPTY, ["gdpr"])
    assert binding.warnings(packs, NOW) == []
    assert "181 days" in binding.warnings(packs, NOW + 181 * 86_400_000_000)[0]
    assert binding.warnings(packs, NOW + 180 * 86_400_000_000) == []


PROFILES = st.fixed_dictionaries({}, optional={
    "jurisdiction": st.sampled_from(["eu", "uk"]),
    "eu_ai_act": st.fixed_dictionaries({}, optional={
        "high_risk": st.booleans(), "role": st.sampled_from(["provider", "deployer"]), "annex": st.sampled_from(["I", "III"]),
    }),
})  # fmt: skip


@given(
    profile=PROFILES,
    names=st.lists(st.sampled_from(loading.NAMES), unique=True, min_size=1),
    year=st.integers(2020, 2030),
)
def test_every_rule_of_every_pack_is_accounted_for(profile: dict[str, Any], names: list[str], year: int) -> None:
    found = bound(site({"profile": profile}), names, as_of=times.parse(f"{year}-01-01T00:00:00Z"))
    wanted = Counter(rule.id for pack in binding.packs_for(EMPTY, names) for rule in pack.rules if rule.in_pack)
    assert Counter(list(found)) == wanted
    for each in found.values():
        assert each.applicability in binding.APPLICABILITIES
        assert each.standing in binding.STANDINGS
        assert each.enabled is (each.reason == "")
        assert set(each.parameters) == set(each.rule.parameters)
