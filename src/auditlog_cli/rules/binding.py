"""Which rules judge which agents, with which parameters, and which do not run and why (compliance.md, 3.3, 5)."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from auditlog_cli import times
from auditlog_cli.errors import DefinitionError, UsageError
from auditlog_cli.rules import compiled, loading
from auditlog_cli.rules.pack import AppliesFrom, Pack, Parameter, Rule
from auditlog_cli.rules.sitefacts import Bundle, Override, Policy

APPLICABILITIES: Final = ("declared", "not_declared", "not_yet_binding")
STANDINGS: Final = ("active", "disabled", "not_applicable", "skipped", "experimental")
STALE_DAYS: Final = 180


@dataclass(frozen=True, slots=True, eq=False)
class Bound:
    """A rule as it is judged for the agents of one policy.

    Attributes:
        parameters: Name → value: the rule's default, the profile's, the bundle's, the override's; the last wins.
        policy: (name, version, SHA-256 of the resolved bundle), or None without policies.
        agents: Shell globs on `agent.id`; a record without an agent id matches only `*`.
        severity: The rule's, or that of the policy.
        applicability: One of APPLICABILITIES.
        standing: One of STANDINGS.
        reason: Why it does not run; empty for an active rule.
    """

    rule: Rule
    parameters: Mapping[str, Any]
    policy: tuple[str, str, str] | None
    agents: tuple[str, ...]
    severity: str
    applicability: str
    standing: str
    reason: str

    @property
    def enabled(self) -> bool:
        """Whether the rule runs."""
        return self.standing == "active"


def packs_for(policy: Policy, names: Iterable[str] | None) -> list[Pack]:
    """Return the packs of `names` (`--pack`), else those of the policies, else `baseline`.

    A name is that of a shipped pack, or the path of a file; in a policy, paths start from its folder.

    Raises:
        DefinitionError: If a pack cannot be read, is wrong, unknown, or two have one name.
    """
    folder = ""
    wanted = list(names or ())
    if not wanted:
        folder = os.path.dirname(policy.path)
        wanted = [each for bundle in policy.policies for each in bundle.packs] or ["baseline"]
    found: dict[str, Pack] = {}
    for name in dict.fromkeys(wanted):
        pack = find(name, folder)
        other = found.setdefault(pack.name, pack)
        if os.path.realpath(other.path) != os.path.realpath(pack.path):
            raise DefinitionError(
                f"{other.path} and {pack.path}: two packs are named {pack.name}",
                help="give one of them another name: the name of the file is the name of the pack",
            )
    return list(found.values())


def find(name: str, folder: str = "") -> Pack:
    """Return one pack by its name (shipped) or its path."""
    if is_path(name):
        return loading.load_file(os.path.join(folder, name))
    return compiled.shipped([name])[0]


def is_path(name: str) -> bool:
    """Tell whether the name of a pack is that of a file."""
    return "/" in name or os.sep in name or name.endswith((".yaml", ".yml", ".json"))


def bind(
    packs: Sequence[Pack],
    policy: Policy,
    *,
    as_of: int,
    only: Sequence[str] = (),
    skip: Sequence[str] = (),
    experimental: bool = False,
    use_policies: bool = True,
) -> list[Bound]:
    """Return every rule of `packs`, once for each bundle that contains it; those that do not run say why.

    Args:
        packs: What `packs_for` gave.
        policy: The site facts.
        as_of: The "now" of the run, in microseconds since the epoch.
        only: Ids or globs of rules; none: all. An id also means the rules that extend it.
        skip: Likewise, rules that do not run.
        experimental: Run experimental rules too.
        use_policies: Follow the bundles of `policy`; without, or where it has none, every pack judges all agents.

    Raises:
        DefinitionError: If two packs have a rule of one id, or a bundle changes what is not there.
        UsageError: If a word of `only` or `skip` means no rule.
    """
    _unique(packs)
    by_name = {pack.name: pack for pack in packs}
    bound: list[Bound] = []
    if use_policies and policy.policies:
        for bundle in policy.policies:
            inside = [by_name[_name(each)] for each in dict.fromkeys(bundle.packs)]
            mark = bundle.name, bundle.version, digest(bundle, inside)
            bound += _bundle(inside, bundle, policy, mark, as_of, experimental)
    else:
        everyone = Bundle("", "", ("*",), tuple(by_name))
        bound += _bundle(packs, everyone, policy, None, as_of, experimental)
    return _subset(bound, only, skip)


def _name(given: str) -> str:
    """The name of the pack that stands in a bundle: the file is called like its pack."""
    return os.path.basename(given).rpartition(".")[0] if is_path(given) else given


def _unique(packs: Iterable[Pack]) -> None:
    owner: dict[str, str] = {}
    for pack in packs:
        for rule in pack.rules:
            if owner.setdefault(rule.id, pack.name) != pack.name:
                raise DefinitionError(
                    f"{pack.path}: the rule {rule.id} is also in the pack {owner[rule.id]}",
                    help="ids are unique: `auditlog packs new --from … --prefix …` makes a copy with ids of its own",
                )


def digest(bundle: Bundle, packs: Iterable[Pack]) -> str:
    """Return the SHA-256 of a bundle with its packs resolved, so that a change without a new version shows."""
    said = {
        "name": bundle.name,
        "version": bundle.version,
        "agents": bundle.agents,
        "packs": [[pack.name, pack.version, pack.sha256] for pack in packs],
        "rules": [[each.id, each.enabled, each.severity, each.parameters, each.reason] for each in bundle.rules],
        "parameters": bundle.parameters,
    }
    text = json.dumps(said, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def _bundle(
    packs: Iterable[Pack],
    bundle: Bundle,
    policy: Policy,
    mark: tuple[str, str, str] | None,
    as_of: int,
    experimental: bool,
) -> list[Bound]:
    made = []
    used: set[int] = set()
    for pack in packs:
        for rule in pack.rules:
            changes = [(number, each) for number, each in enumerate(bundle.rules) if rule.is_meant_by(each.id)]
            used.update(number for number, _ in changes)
            # A library logic runs only where somebody asks for it by its own id.
            if not rule.in_pack and not any(each.id == rule.id and each.enabled for _, each in changes):
                continue
            made.append(_bound(rule, [each for _, each in changes], bundle, policy, mark, as_of, experimental))
    for number, each in enumerate(bundle.rules):
        if number not in used:
            raise DefinitionError(
                f'{_at(policy, each.line)}: {each.id} is no rule of the packs of "{bundle.name}"',
                help="`auditlog packs show PACK` lists the rules of a pack",
            )
    return made


def _at(policy: Policy, line: int) -> str:
    return f"{policy.path}:{line}" if line else policy.path


def _bound(
    rule: Rule,
    changes: Sequence[Override],
    bundle: Bundle,
    policy: Policy,
    mark: tuple[str, str, str] | None,
    as_of: int,
    experimental: bool,
) -> Bound:
    parameters = {name: _default(each, policy) for name, each in rule.parameters.items()}
    for name, value in bundle.parameters.items():
        if name in rule.parameters:
            parameters[name] = _checked(rule, name, value, f'{_at(policy, bundle.line)}: policy "{bundle.name}"')
    severity, standing, reason = rule.severity, "active", ""
    for each in changes:
        for name, value in each.parameters.items():
            if name in rule.parameters:
                parameters[name] = _checked(rule, name, value, _at(policy, each.line))
            elif each.id == rule.id:
                raise DefinitionError(
                    f"{_at(policy, each.line)}: {rule.id} has no parameter {name}",
                    help=f"it has {', '.join(rule.parameters) or 'none'}",
                )
        severity = each.severity or severity
        if each.enabled is not None:
            standing, reason = ("active", "") if each.enabled else ("disabled", each.reason)
    applicability = applies(rule, policy.profile, as_of)
    if standing == "active" and applicability == "":
        standing, reason = "not_applicable", "profile"
    if standing == "active" and rule.status == "experimental" and not experimental:
        standing, reason = "experimental", "experimental rules run only with --experimental"
    return Bound(
        rule, parameters, mark, bundle.agents, severity, applicability or "declared", standing, reason
    )  # fmt: skip


def _default(parameter: Parameter, policy: Policy) -> Any:
    return policy.profile.get(parameter.profile, parameter.default) if parameter.profile else parameter.default


def _checked(rule: Rule, name: str, value: Any, place: str) -> Any:
    """Refuse a value of another type than the default: a text where a number belongs would match nothing."""
    default = rule.parameters[name].default
    message = f"{place}: {name} of {rule.id} must be"
    numbers = (int, float)
    if type(default) in numbers and type(value) in numbers:
        return value
    if default is not None and type(value) is not type(default):
        kinds = {str: "a text", list: "a list", bool: "true or false", int: "a number", float: "a number"}
        raise DefinitionError(
            f"{message} {kinds.get(type(default), 'a mapping')}", help="`auditlog packs show RULE` shows its parameters"
        )
    if isinstance(default, str) and times.duration(default) is not None and times.duration(value) is None:
        raise DefinitionError(f"{message} a duration such as {default}", help="such as 30m, 12h or 90d")
    return value


def applies(rule: Rule, profile: Mapping[str, Any], as_of: int) -> str:
    """Return one of APPLICABILITIES, or empty where the profile says that the duty does not apply (3.3)."""
    if any(path in profile and not _holds(profile[path], wanted) for path, wanted in rule.applies.items()):
        return ""
    since = binding_from(rule.applies_from, profile)
    if since and as_of < (times.parse(f"{since}T00:00:00Z") or 0):
        return "not_yet_binding"
    return "declared" if all(path in profile for path in rule.applies) else "not_declared"


def binding_from(dates: AppliesFrom, profile: Mapping[str, Any]) -> str:
    """Return the day since when a duty binds, or empty: from ever. What the profile does not say does not hold."""
    for when, date in dates:
        if all(path in profile and _holds(profile[path], wanted) for path, wanted in when.items()):
            return date
    return ""


def _holds(value: object, wanted: object) -> bool:
    values = value if isinstance(value, list) else [value]
    allowed = wanted if isinstance(wanted, list) else [wanted]
    return any(type(each) is type(other) and each == other for each in values for other in allowed)


def _subset(bound: list[Bound], only: Sequence[str], skip: Sequence[str]) -> list[Bound]:
    from dataclasses import replace

    for words in (only, skip):
        for word in words:
            if not any(each.rule.is_meant_by(word) for each in bound):
                help_line = "ids and globs of rules: `auditlog packs show PACK` lists them"
                raise UsageError(f"{word}: no active rule is meant by it", help=help_line)
    made = []
    for each in bound:
        skipped = next((f"--skip {word}" for word in skip if each.rule.is_meant_by(word)), "")
        if not skipped and only and not any(each.rule.is_meant_by(word) for word in only):
            skipped = "not named by --only"
        made.append(replace(each, standing="skipped", reason=skipped) if skipped and each.enabled else each)
    return made


def warnings(packs: Iterable[Pack], as_of: int) -> list[str]:
    """Return a line for each pack whose law may have moved on: older than 180 days, or retired."""
    lines = []
    for pack in packs:
        age = (as_of - (times.parse(f"{pack.as_of}T00:00:00Z") or 0)) // 86_400_000_000
        if age > STALE_DAYS:
            lines.append(f"the pack {pack.name} describes the law of {pack.as_of}, {age} days before this run")
        if pack.status == "retired":
            lines.append(f"the pack {pack.name} is retired: nobody keeps it up to date")
    return lines
