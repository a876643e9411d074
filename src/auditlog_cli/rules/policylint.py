"""`auditlog policy lint`: what a policy says that cannot be meant (compliance.md, 5)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fnmatch import fnmatchcase
from typing import NamedTuple

from auditlog_cli import times
from auditlog_cli.rules import binding, contract
from auditlog_cli.rules.binding import Bound
from auditlog_cli.rules.pack import Pack
from auditlog_cli.rules.sitefacts import Agent, Policy, Tool

_DAY = 86_400_000_000


class Remark(NamedTuple):
    """Something about a policy; `line` 0: about the whole file."""

    path: str
    line: int
    text: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.text}" if self.line else f"{self.path}: {self.text}"


def lint(policy: Policy, packs: Sequence[Pack], as_of: int) -> list[Remark]:
    """Return what deserves a second look in a policy.

    Args:
        policy: The policy.
        packs: What `binding.packs_for(policy, None)` gave.
        as_of: Now, in microseconds since the epoch.

    Raises:
        DefinitionError: If the policy cannot be bound to its packs.
    """
    bound = binding.bind(packs, policy, as_of=as_of)
    found = [*_tools(policy), *_agents(policy.agents or ()), *_words(policy), *_policies(policy, bound)]
    found += _detectors(policy, bound, as_of)
    return [Remark(policy.path, line, text) for line, text in sorted(found, key=lambda each: each[0])]


def _tools(policy: Policy) -> Iterator[tuple[int, str]]:
    for number, tool in enumerate(policy.tools):
        for earlier in policy.tools[:number]:
            if _covers(earlier.match, tool.match):
                at = f" on line {earlier.line}" if earlier.line else ""
                yield tool.line, f'the tool "{tool.match}" is never reached: "{earlier.match}"{at} matches first'
                break


def _agents(register: Sequence[Agent]) -> Iterator[tuple[int, str]]:
    """What does not fit where owners are named. A register without any says only who is known."""
    if not any(each.owner for each in register):
        return
    for number, agent in enumerate(register):
        if not agent.owner:
            yield agent.line, f'the agent "{agent.match}" has no owner; others have one'
        for earlier in register[:number]:
            if earlier.owner != agent.owner and _covers(earlier.match.casefold(), agent.match.casefold()):
                at = f" on line {earlier.line}" if earlier.line else ""
                yield agent.line, f'the agent "{agent.match}" is never reached: "{earlier.match}"{at} matches first'
                break


def _covers(first: str, second: str) -> bool:
    """Whether every name that `second` matches is matched by `first`. May say no where it is not sure."""
    if first == second:
        return True
    # A glob matches the text of another glob only if it also matches what that one stands for: its stars
    # and question marks are then covered by stars of the first. A [ in either makes that unsure.
    return "[" not in first + second and fnmatchcase(second, first) and ("?" not in first or "*" not in second)


def _words(policy: Policy) -> Iterator[tuple[int, str]]:
    for tool in policy.tools:
        yield from ((tool.line, text) for text in _tool_words(tool))
    for category in policy.purposes:
        if category not in contract.CATEGORIES:
            yield 0, f'purposes: "{category}" is no category that the packs know'


def _tool_words(tool: Tool) -> Iterator[str]:
    if tool.effect and tool.effect not in contract.EFFECTS:
        yield f'the tool "{tool.match}": "{tool.effect}" is no effect; there are {", ".join(contract.EFFECTS)}'
    for category in tool.categories:
        if category not in contract.CATEGORIES:
            yield f'the tool "{tool.match}": "{category}" is no category that the packs know'


def _policies(policy: Policy, bound: Sequence[Bound]) -> Iterator[tuple[int, str]]:
    for bundle in policy.policies:
        rules = [each for each in bound if each.policy is not None and each.policy[0] == bundle.name]
        if not bundle.agents:
            yield bundle.line, f'the policy "{bundle.name}" names no agents: it judges nothing'
        if not bundle.packs:
            yield bundle.line, f'the policy "{bundle.name}" names no packs: it judges nothing'
        if not bundle.version:
            yield bundle.line, f'the policy "{bundle.name}" has no version: findings name it'
        for name in bundle.parameters:
            if not any(name in each.rule.parameters for each in rules):
                yield bundle.line, f'the policy "{bundle.name}" sets {name}, but none of its rules has that parameter'
        for change in bundle.rules:
            for name in change.parameters:
                meant = [each for each in rules if each.rule.is_meant_by(change.id)]
                if meant and not any(name in each.rule.parameters for each in meant):
                    yield change.line, f"{change.id} has no parameter {name}"
        yield from ((bundle.line, text) for text in _storage(bundle.name, rules))


def _detectors(policy: Policy, bound: Sequence[Bound], as_of: int) -> Iterator[tuple[int, str]]:
    custom = policy.scan.custom
    if not custom:
        return
    from auditlog_cli.detectors import Scanner, proving
    from auditlog_cli.rules.planning import plan

    for each in proving.proofs(custom, Scanner(min_confidence=policy.scan.min_confidence, custom=custom)):
        if not each.ok:
            yield each.detector.line, f"{each.detector.entity}: sample {each.sample} {each.trouble}"
    active = [each for each in bound if each.enabled]
    for name in plan(active, as_of).program.unheard(each.entity for each in custom):
        line = next(each.line for each in custom if each.entity == name)
        yield line, f"{name} is detected, but no rule asks for it: name it in a rule of your own (docs/detectors.md)"


def _storage(name: str, rules: Sequence[Bound]) -> Iterator[str]:
    """A storage limit below a minimum that holds at the same time: no log can keep both."""
    limits = [(each, _days(each)) for each in rules if each.enabled and each.rule.logic == "GDPR-5-1-E-01"]
    minima = [each for each in rules if each.enabled and "min_days" in each.parameters]
    for limit, days in limits:
        for other in minima:
            wanted = other.parameters["min_days"]
            if days is not None and isinstance(wanted, (int, float)) and days < wanted:
                yield (
                    f'the policy "{name}" deletes after {days:g} days ({limit.rule.id}.max_age), '
                    f"but {other.rule.id}.min_days asks for {wanted:g}"
                )


def _days(bound: Bound) -> float | None:
    micros = times.duration(str(bound.parameters.get("max_age", "")))
    return None if micros is None else micros / _DAY
