"""The nouns of a policy file: tools, agents, what the detectors read, bundles of rules (compliance.md, 5)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from auditlog_cli.detectors.detector import Detector


@dataclass(frozen=True, slots=True)
class Tool:
    """What the tools of one name, or glob of names, are. `purposes` None: the lists of the categories count."""

    match: str
    scopes: tuple[str, ...] = ()
    effect: str = ""
    categories: tuple[str, ...] = ()
    purposes: tuple[str, ...] | None = None
    external: bool = False
    untrusted_source: bool = False
    high_impact: bool = False
    requires_approval: bool = False
    line: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class Agent:
    """An entry of the register: agents by a glob on their id, and who answers for them, or empty."""

    match: str
    owner: str = ""
    line: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class Scan:
    """What the detectors read, how they judge, and those of the site. Names as in the Scanner of `detectors`."""

    min_confidence: str = "likely"
    paths: tuple[str, ...] = ()
    phone_regions: tuple[str, ...] = ("US",)
    test_numbers: str = "report"
    mrn: str | None = None
    custom: tuple[Detector, ...] = ()


@dataclass(frozen=True, slots=True)
class Override:
    """What a policy changes about the rules that `id`, a rule or a glob, names. None and empty: unchanged."""

    id: str
    enabled: bool | None = None
    severity: str = ""
    parameters: Mapping[str, Any] = field(default_factory=dict)
    reason: str = ""
    line: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class Bundle:
    """A named, versioned bundle: packs, changes to their rules, and the agents they judge (globs)."""

    name: str
    version: str
    agents: tuple[str, ...]
    packs: tuple[str, ...]
    rules: tuple[Override, ...] = ()
    parameters: Mapping[str, Any] = field(default_factory=dict)
    line: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class Policy:
    """The site facts. A list that is None is absent from the file and switches its check off.

    Attributes:
        path: The file, or empty: no policy.
        sha256: Of its bytes, in hex, or empty.
        implies: Verb → verbs it includes.
        aliases: Foreign scope → scope.
        agents: The register; the first entry that matches says who answers for an agent.
        purposes: Category → allowed purposes.
        pinned: Tool → expected `tool_sha256`.
        profile: Dotted path → value, see `policy.PROFILE`.
        alerts: `log` → file of the alerts, or empty.
        notify: As in the file (9.3).
        policies: The bundles; empty: `--pack` or `baseline`.
    """

    path: str = ""
    sha256: str = ""
    name: str = ""
    version: str = ""
    tools: tuple[Tool, ...] = ()
    implies: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    aliases: Mapping[str, str] = field(default_factory=dict)
    agents: tuple[Agent, ...] | None = None
    models: tuple[str, ...] | None = None
    providers: tuple[str, ...] | None = None
    processors: tuple[str, ...] | None = None
    hosts: tuple[str, ...] | None = None
    purposes: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    pinned: Mapping[str, str] = field(default_factory=dict)
    profile: Mapping[str, Any] = field(default_factory=dict)
    scan: Scan = field(default_factory=Scan)
    policies: tuple[Bundle, ...] = ()
    alerts: Mapping[str, str] = field(default_factory=dict)
    notify: tuple[Mapping[str, Any], ...] = ()


EMPTY: Final = Policy()
"""No policy: nothing is known about the site."""
