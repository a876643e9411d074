"""Policies that were made over HTTP: each change is a record of the log, and what stands there is the policy.

A policy names a shipped pack, and the agents whose records its rules judge (`analytics`). The bundles of the site's
policy file are listed beside them, and changed nowhere but there. Names of members are those that `agentaudit-client`
1.0.6 takes: it refuses an answer that has one more.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from hashlib import sha256
from typing import Any

from auditlog_cli import times
from auditlog_cli._version import __version__
from auditlog_cli.errors import DefinitionError
from auditlog_cli.rules import binding, compiled
from auditlog_cli.rules.sitefacts import Bundle
from auditlog_cli.rules.sitefacts import Policy as Site
from auditlog_cli.serving.refusals import Refused, invalid, missing
from auditlog_cli.writer import ids

Content = dict[str, Any]

FORMAT = "agentaudit.policies"
"""Of the records that are changes: `provenance.ingest.format`, which no sender can choose."""
MODES = ("flag", "log")
LONGEST = 200
_OPTIONAL = {"description": str, "mode": str, "priority": int, "conditions": dict}


@dataclass
class Policy:
    """What the log says of one policy.

    Attributes:
        id: Of the record that made it; `file-…` for a bundle of the policy file.
        definition: name, description, mode, priority, pack.
        created: RFC 3339; empty for a bundle.
        agents: Agent → id and time of its assignment.
        versions: Snapshots, oldest first, as `version` gives them.
        bundle: The bundle of the policy file that it is, or None.
    """

    id: str
    definition: Content
    created: str = ""
    agents: dict[str, tuple[str, str]] = field(default_factory=dict)
    versions: list[Content] = field(default_factory=list)
    bundle: Bundle | None = None


def judged(given: object, *, pack: bool) -> Content:
    """Return the definition that a client sent, once it is what it must be.

    Args:
        given: Any JSON value.
        pack: Whether it has to name a pack.

    Raises:
        Refused: 400; 404 for a pack that is not shipped.
    """
    if not isinstance(given, dict):
        raise invalid("the body must be an object")
    name = given.get("name")
    if not isinstance(name, str) or not name.strip() or len(name) > LONGEST:
        raise invalid(f"name must be a text of 1 to {LONGEST} characters")
    for each, kind in _OPTIONAL.items():
        value = given.get(each)
        if kind is int and isinstance(value, float) and value.is_integer():
            continue  # 3.0 is a whole number, in JSON
        if value is not None and (not isinstance(value, kind) or isinstance(value, bool)):
            raise invalid(
                f"{each} must be {'an object' if kind is dict else 'a whole number' if kind is int else 'a text'}"
            )
    if given.get("mode") not in (None, *MODES):
        raise invalid("mode must be flag or log: this server stops nothing by a policy")
    if given.get("conditions"):
        raise invalid("conditions must be empty: they would not be judged")
    if abs(given.get("priority") or 0) >= 1 << 53:
        raise invalid("priority is too large")
    word = given.get("packId")
    if pack:
        if not isinstance(word, str):
            raise invalid("packId must be a text")
        try:
            compiled.shipped([word])
        except DefinitionError:
            raise missing("pack") from None
    return {
        "name": name,
        "description": given.get("description"),
        "mode": given.get("mode") or MODES[0],
        "priority": int(given.get("priority") or 0),
        "pack": word if pack else None,
    }


def change(policy: str, what: str, said: Content, person: str) -> Content:
    """Return the record of a change.

    Args:
        policy: Its id; empty for a new one.
        what: `create`, `assign`, `remove`, `version`, `restore`.
        said: What else there is to say.
        person: Who asked for it, or empty where nobody knows.
    """
    trace, identity = ids.trace_id(), ids.record_id()
    return {
        "timestamp": times.now(), "record_id": identity, "session_id": trace, "trace_id": trace,
        "span_id": ids.span_id(), **({"user": {"id": person, "type": "human"}} if person else {}),
        "agent": {"id": "auditlog", "version": __version__},
        "action": {"type": "config_change", "resource": policy or identity, "result_status": "success"},
        "metadata": {"policy_change": {"what": what, **said}},
    }  # fmt: skip


def standing(records: Iterable[Content], site: Site) -> dict[str, Policy]:
    """Return every policy by its id: those of the policy file, then those that the log says, oldest first.

    Args:
        records: The changes, oldest first.
        site: The policy file.
    """
    found = {each.id: each for each in map(_of_file, site.policies)}
    for record in records:
        _take(found, record)
    return found


def _of_file(bundle: Bundle) -> Policy:
    identity = f"file-{sha256(bundle.name.encode()).hexdigest()[:16]}"
    pack = bundle.packs[0] if len(bundle.packs) == 1 else None
    definition = {"name": bundle.name, "description": None, "mode": MODES[0], "priority": 0, "pack": pack}
    agents = {agent: (f"{identity}-{place}", "") for place, agent in enumerate(bundle.agents)}
    return Policy(identity, definition, agents=agents, bundle=bundle)


def _take(found: dict[str, Policy], record: Content) -> None:
    said = change_of(record)
    if said is None:
        return
    identity, at = str(record.get("record_id")), str(record.get("timestamp"))
    if said.get("what") == "create":
        found[identity] = Policy(identity, said["definition"], at)
        return
    policy = found.get(record["action"]["resource"])
    if policy is None:
        return  # its beginning was pruned, or withheld
    if said["what"] == "assign":
        policy.agents[said["agent"]] = identity, at
    elif said["what"] == "remove":
        policy.agents.pop(said["agent"], None)
    elif said["what"] in ("version", "restore"):
        policy.versions.append(record)
        policy.definition = said["definition"]


def change_of(record: Content) -> Content | None:
    """Return what a record says of a policy, or None: it is no change, or somebody else's word."""
    provenance, metadata = record.get("provenance"), record.get("metadata")
    if not isinstance(provenance, dict) or "import" in provenance or not isinstance(metadata, dict):
        return None
    ingest, said = provenance.get("ingest"), metadata.get("policy_change")
    if not isinstance(ingest, dict) or ingest.get("format") != FORMAT or not isinstance(said, dict):
        return None  # withheld, perhaps
    return said


def one(found: dict[str, Policy], identity: str, *, changing: bool = False) -> Policy:
    """Return the policy of this id.

    Raises:
        Refused: 404 if there is none; 409 if it stands in the policy file and shall be changed.
    """
    policy = found.get(identity)
    if policy is None:
        raise missing("policy")
    if changing and policy.bundle is not None:
        raise Refused(409, "policy_of_file", "this policy stands in the policy file, and is changed there")
    return policy


def told(policy: Policy, site: Site, *, whole: bool = False) -> Content:
    """Return a policy as a client gets it; with its rules and agents, if it is `whole`."""
    made = {
        "id": policy.id,
        "name": policy.definition["name"],
        "is_active": bool(policy.agents),
        **_plain(policy.definition),
        "source_pack_id": policy.definition["pack"],
        "created_at": policy.created or None,
    }
    if whole:
        made["rules"] = _rules(policy, site)
        made["agents"] = [assigned(policy.id, agent, *given) for agent, given in policy.agents.items()]
    return made


def assigned(policy: str, agent: str, identity: str, at: str) -> Content:
    """Return an assignment as a client gets it."""
    return {"id": identity, "agent_id": agent, "policy_id": policy, "created_at": at}


def version(record: Content, *, whole: bool = False) -> Content:
    """Return a snapshot as a client gets it; with its rules, if it is `whole`."""
    said, policy = record["metadata"]["policy_change"], record["action"]["resource"]
    made = {
        "id": record["record_id"],
        "policy_id": policy,
        "version_number": said["number"],
        "name": said["name"],
        **_plain(said["definition"]),
        "restored_from_id": said.get("restored"),
        "created_at": record["timestamp"],
    }
    if whole:
        made["rules"] = _rules(Policy(policy, said["definition"], record["timestamp"]), Site())
    return made


def _plain(definition: Content) -> Content:
    return {name: definition[name] for name in ("description", "mode", "priority")} | {"conditions": None}


def bound(policy: Policy, site: Site) -> list[binding.Bound]:
    """Return the rules of a policy, those that do not run with the reason."""
    now = times.parse(times.now()) or 0
    if policy.bundle is None:
        word = policy.definition["pack"]
        packs = compiled.shipped([word]) if word else []
        return binding.bind(packs, site, as_of=now, use_policies=False)
    alone = replace(site, policies=(policy.bundle,))
    return binding.bind(binding.packs_for(alone, None), alone, as_of=now)


def _rules(policy: Policy, site: Site) -> list[Content]:
    return [
        {
            "id": each.rule.id,
            "name": each.rule.title,
            "rule_type": each.rule.kind,
            "condition": each.rule.correlate or each.rule.detection,
            "severity": each.severity,
            "is_active": each.enabled,
            "action_override": None,
            "policy_id": policy.id,
            "pack_id": each.rule.pack,
            "created_at": policy.created,
        }
        for each in bound(policy, site)
    ]
