"""The nouns: a pack of rules, a rule, a parameter (compliance.md, 6.3)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any, Final

FORMAT: Final = "auditlog.rules/1"
CONFIDENCES: Final = ("high", "medium", "low")
SCOPES: Final = ("record", "session", "trace", "log")
PACK_STATUSES: Final = ("review", "reviewed", "retired")
RULE_STATUSES: Final = ("experimental", "test", "stable", "deprecated")

AppliesFrom = tuple[tuple[Mapping[str, Any], str], ...]
"""(condition on the profile, date): the first whose condition holds counts. Empty: bound from ever."""


@dataclass(frozen=True, slots=True)
class Parameter:
    """A value of a rule that a policy may set; written `"%name%"` in the rule.

    Attributes:
        default: The value where nobody sets another.
        note: What there is to know about it.
        profile: Path in the profile whose value is taken where it is set there, or empty.
    """

    default: Any
    note: str = ""
    profile: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class Rule:
    """One rule of one pack, with everything it takes from the rule it extends.

    Attributes:
        id: Stable for ever.
        logic: Id of the rule at the root of the `extends` chain; its own where it extends none. Rules of one
            logic have the same `detection` and `correlate`.
        kind: `violation`, `gap` or `indicator` (the key `finding` of the YAML).
        clauses: Reference → paraphrase.
        applies: Profile path → value or list of values, its own or the pack's. Empty: for everybody.
        applies_from: See AppliesFrom.
        detection: Named selections, `condition`, `subject`: plain data as in the YAML.
        correlate: Plain data as in the YAML; None for a record rule.
        report_at: Path that is shown, or None for the default of 6.3.
        report_message: Template, or None for the title.
        tests: `hit` and `pass` → cases; empty where the pack was read from its compiled form.
        extends: Id of the rule it extends, or None.
        lineage: Ids of all the rules it extends, the nearest first. Whoever names one of them (a policy, a
            waiver, `--only`) means this rule too.
        cloned_from: `{rule, pack, version, sha256}` of a copy, or None.
        line: Of the file it stands in; 0 where that is not known.
    """

    id: str
    logic: str
    pack: str
    pack_version: str
    title: str
    severity: str
    kind: str
    confidence: str
    scope: str
    clauses: Mapping[str, str]
    crossrefs: tuple[str, ...]
    why: str
    fix: str
    false_positives: tuple[str, ...]
    status: str
    applies: Mapping[str, Any]
    applies_from: AppliesFrom
    addressable: bool
    parameters: Mapping[str, Parameter]
    detection: Mapping[str, Any]
    correlate: Mapping[str, Any] | None
    report_at: str | None
    report_message: str | None
    in_pack: bool
    waivable: bool
    tests: Mapping[str, list[Any]]
    extends: str | None
    lineage: tuple[str, ...]
    replaces: tuple[str, ...]
    cloned_from: Mapping[str, str] | None
    line: int

    def is_meant_by(self, name: str) -> bool:
        """Tell whether `name`, an id or a glob of ids, means this rule or one that it extends."""
        return any(fnmatchcase(each, name) for each in (self.id, *self.lineage))


@dataclass(frozen=True, slots=True, eq=False)
class Pack:
    """A file of rules for one law or standard.

    Attributes:
        status: `review` (no lawyer has read it), `reviewed`, `retired`.
        reviewed: `{by, on}`, or None.
        as_of: The day whose law it describes, `YYYY-MM-DD`.
        sources: (name, url) of the texts.
        extends: Packs whose rules it extends.
        profile: Profile paths it asks for.
        applies, applies_from: For all rules that have none of their own.
        not_checkable: What no rule of it can see; printed with every report.
        rules: All of them, library logics (`in_pack` false) included.
        sha256: Of the YAML file, in hex.
        path: The file; for a shipped pack its name in the package.
    """

    name: str
    version: str
    title: str
    status: str
    reviewed: Mapping[str, str] | None
    as_of: str
    sources: tuple[tuple[str, str], ...]
    extends: tuple[str, ...]
    profile: tuple[str, ...]
    applies: Mapping[str, Any]
    applies_from: AppliesFrom
    not_checkable: tuple[str, ...]
    rules: tuple[Rule, ...]
    sha256: str
    path: str
