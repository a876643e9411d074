"""Rules as Sigma files, for teams that want the logic in their own search tool (compliance.md, 11.2).

Each file says in its first lines what was lost on the way. What Sigma cannot say is expected in fields that
`auditlog check --annotate` adds to a copy of the log, under `auditlog_check`.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterator, Mapping, Sequence
from itertools import product
from typing import Any, Final

from auditlog_cli import times
from auditlog_cli.counts import many
from auditlog_cli.rules import mentions, writing
from auditlog_cli.rules.pack import Pack, Rule

ANNOTATION: Final = "auditlog_check"
PIPELINE: Final = "auditlog.pipeline.yaml"
"""Not `.yml`: `sigma convert FOLDER` takes every file with that ending for a rule."""
LEFT: Final = "not-exported.txt"
_LEVELS: Final = {"info": "informational"}
_OURS: Final = ("before", "after", "older_than", "not_rfc3339")
_FLAVOUR = re.compile(r"\(\?(?!:)|\\[ABZbB]|\{,")
_MOST_ALTERNATIVES: Final = 32
_NO_WINDOW: Final = "24h"
_FORMS: Final = ("count", "distinct", "sequence")


class Export:
    """One rule on its way to Sigma.

    Attributes:
        losses: What the Sigma form does not say, one sentence each.
        annotated: Whether it needs the fields of `check --annotate`.
        selections: Those that Sigma cannot say, as `auditlog_check.selections` names them.
    """

    def __init__(self, rule: Rule, pack: Pack) -> None:
        self.rule = rule
        self.pack = pack
        self.losses: dict[str, None] = {}
        self.annotated = False
        self.selections: set[str] = set()

    def text(self) -> str | None:
        """Return the file, or None where Sigma has no form for the rule."""
        correlate = self.rule.correlate
        if correlate is None:
            documents = [self.document(self.detection(), "")]
            self.lose("The subject of the rule is left out: no match may mean passed, or not tested.")
        else:
            form = next((each for each in _FORMS if each in correlate), None)
            if form is None:
                return None
            documents = list(getattr(self, form)(correlate[form], correlate))
        body = "---\n".join("\n".join(writing.block(each)) + "\n" for each in documents)
        lines = [f"# {self.rule.id} of the pack {self.pack.name} {self.pack.version}, exported by auditlog."]
        lines += ["# Lost on the way:", *(f"# - {each}" for each in self.losses)] if self.losses else []
        return "\n".join(lines) + "\n" + body

    def lose(self, what: str) -> None:
        """Note something that is lost."""
        self.losses[what] = None

    def document(self, detection: dict[str, Any], name: str) -> dict[str, Any]:
        """Return one Sigma rule; with a name it is a part that a correlation refers to."""
        rule = self.rule
        made: dict[str, Any] = {
            "title": (f"{rule.id}, part {name}: {rule.title}" if name else f"{rule.id} {rule.title}")[:256],
            "id": identity(f"{rule.id}/{name}"),
            "name": name,
            "status": rule.status,
            "description": f"{rule.why} {rule.fix}",
            "references": [url for _, url in self.pack.sources],
            "date": self.pack.as_of,
            "tags": [f"auditlog.{self.pack.name}"],
            "logsource": {"product": "auditlog"},
            "detection": detection,
            "falsepositives": list(rule.false_positives),
            "level": "informational" if name else _LEVELS.get(rule.severity, rule.severity),
        }
        return {key: value for key, value in made.items() if value}

    def detection(self, condition: str = "") -> dict[str, Any]:
        """Return the selections in Sigma's words, and the condition."""
        condition = condition or str(self.rule.detection.get("condition", ""))
        named = set(re.findall(r"[A-Za-z0-9_.-]+\*?", condition))
        found: dict[str, Any] = {}
        for name, selection in mentions.selections(self.rule).items():
            if (
                name in named
                or "them" in named
                or any(each[-1] == "*" and name.startswith(each[:-1]) for each in named)
            ):
                found[name] = self.selection(name, selection)
        return {**found, "condition": condition}

    def selection(self, name: str, given: Any) -> Any:
        """Return one selection, or the field that says it was found, where Sigma cannot say it."""
        made: list[dict[str, Any]] = []
        for part in given if isinstance(given, list) else [given]:
            alternatives: list[list[dict[str, Any]]] = []
            for key, value in part.items():
                said = self.test(key, self.value(value))
                if said is None:
                    return self.judged(name)
                alternatives.append(said)
            for each in product(*alternatives):
                made.append({key: value for test in each for key, value in test.items()})
                if len(made) > _MOST_ALTERNATIVES:
                    return self.judged(name)
        return made[0] if len(made) == 1 else made

    def judged(self, name: str) -> dict[str, Any]:
        """Return the field that says that a selection matches."""
        self.annotated = True
        self.lose(f"The selection {name} is judged by `auditlog check --annotate`, not by the search tool.")
        said = f"{self.rule.id}/{name}"
        self.selections.add(said)
        return {f"{ANNOTATION}.selections": said}

    def value(self, value: Any) -> Any:
        """Return the value with parameters filled in."""
        given = mentions.filled(self.rule, value)
        if isinstance(given, list):
            inner = [mentions.filled(self.rule, each) for each in given]
            return [one for each in inner for one in (each if isinstance(each, list) else [each])]
        return given

    def test(self, key: str, value: Any) -> list[dict[str, Any]] | None:
        """Return the alternatives that say one test, or None."""
        path, _, operator = key.partition("|")
        if operator in _OURS:
            return None
        if path.startswith("@"):
            self.annotated = True
            self.lose(f"{path} is a field that `auditlog check --annotate` adds.")
            path = f"{ANNOTATION}.{path[1:]}"
            if operator == "":
                value = [word(each) for each in value] if isinstance(value, list) else word(value)
        if operator == "missing":
            if value is True:
                return [{f"{path}|exists": False}, {path: ""}]
            self.lose(f"{path}: an empty value counts as said.")
            return [{f"{path}|exists": True}]
        if operator == "neq":
            return [{f"{path}|exists": True, f"{path}|neq": value}]
        if operator in ("re", "re|i"):
            return self.expression(path, operator, value if isinstance(value, list) else [value])
        return [{f"{path}|{operator}" if operator else path: value}]

    def expression(self, path: str, operator: str, values: list[Any]) -> list[dict[str, Any]] | None:
        """Regular expressions without look-around and word boundaries, which few search tools know."""
        if any(not isinstance(each, str) or _FLAVOUR.search(each.removeprefix("(?i)")) for each in values):
            return None
        folded = operator == "re|i" or all(each.startswith("(?i)") for each in values)
        if not folded and any(each.startswith("(?i)") for each in values):
            return None
        self.lose(f"{path}: only a text at this place is searched, not what lies below it.")
        return [{f"{path}|re{'|i' if folded else ''}": [each.removeprefix("(?i)") for each in values]}]

    def group(self, correlate: Mapping[str, Any]) -> list[str]:
        """Return the fields that records are grouped by."""
        scope = {"session": ["session_id"], "trace": ["trace_id"]}.get(self.rule.scope, [])
        return list(correlate.get("group_by", scope))

    def part(self, selection: str, correlate: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
        """Return name and document of the rule that finds the records of one selection."""
        name = re.sub(r"[^a-z0-9_]", "_", f"{self.rule.id}_{selection}".lower())
        filtered = correlate.get("condition")
        condition = f"{selection} and ({filtered})" if filtered and selection else str(filtered or selection)
        return name, self.document(self.detection(condition), name)

    def correlation(self, kind: str, names: list[str], group: list[str], window: str, more: dict[str, Any]) -> Any:
        """Return the document that brings the parts together."""
        made = self.document({}, "")
        del made["logsource"]
        inner: dict[str, Any] = {"type": kind, "rules": names, "group-by": group, "timespan": window, **more}
        made["correlation"] = {key: value for key, value in inner.items() if value}
        return made

    def window(self, value: Any) -> str:
        """Return a duration in one unit."""
        micros = times.duration(str(mentions.filled(self.rule, value))) if value else None
        if micros is None:
            self.lose(f"The rule has no window; {_NO_WINDOW} stands in for it.")
            return _NO_WINDOW
        seconds = micros // 1_000_000
        for unit, size in (("d", 86_400), ("h", 3_600), ("m", 60)):
            if seconds % size == 0:
                return f"{seconds // size}{unit}"
        return f"{seconds}s"

    def count(self, given: Mapping[str, Any], correlate: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
        """So many matches in a window."""
        self.lose("Tools with fixed time buckets miss a burst across the edge of two.")
        name, part = self.part(given["of"], correlate)
        yield part
        condition: dict[str, Any] = {"gte": mentions.filled(self.rule, given["gte"])}
        if "distinct" in given:
            condition["field"] = given["distinct"]
        kind = "value_count" if "distinct" in given else "event_count"
        window = self.window(given["within"])
        yield self.correlation(kind, [name], self.group(correlate), window, {"condition": condition})

    def distinct(self, given: Mapping[str, Any], correlate: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
        """More values than allowed."""
        path = given["field"]
        name = re.sub(r"[^a-z0-9_]", "_", f"{self.rule.id}_present".lower())
        yield self.document({"present": {f"{path}|exists": True}, "condition": "present"}, name)
        most = mentions.filled(self.rule, given["max"])
        condition = {"gte": int(most) + 1, "field": path}
        yield self.correlation(
            "value_count", [name], self.group(correlate), self.window(None), {"condition": condition}
        )

    def sequence(self, given: Mapping[str, Any], correlate: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
        """One after the other."""
        if "without" in given:
            self.lose(f'"unless {given["without"]} in between" is lost: this reports too much.')
        names = []
        for step in given["steps"]:
            name, part = self.part(step, correlate)
            names.append(name)
            yield part
        group = [*self.group(correlate), *given.get("same", ())]
        yield self.correlation("temporal_ordered", names, group, self.window(given.get("within")), {})


def identity(name: str) -> str:
    """Return the UUID of a Sigma file: always the same for the same rule."""
    return str(uuid.uuid5(uuid.NAMESPACE_URL, f"urn:auditlog:rule:{name}"))


def word(value: object) -> object:
    """Return a boolean as `yes` or `no`, and anything else as it is."""
    return {True: "yes", False: "no"}[value] if isinstance(value, bool) else value


def expected(packs: Sequence[Pack]) -> set[str]:
    """Return what `auditlog_check.selections` may hold: RULE/SELECTION, wherever a Sigma file of the packs asks."""
    found: set[str] = set()
    for pack in packs:
        for rule in pack.rules:
            export = Export(rule, pack)
            export.text()
            found |= export.selections
    return found


def files(packs: list[Pack]) -> tuple[dict[str, str], list[str]]:
    """Return (file name → text, ids of the rules that have no Sigma form). Library rules go with those of the packs.

    Beside the rules: PIPELINE, and LEFT, which names the rules without a form, and why.
    """
    made: dict[str, str] = {}
    left: dict[str, str] = {}
    used: set[str] = set()
    for pack in packs:
        for rule in pack.rules:
            text = Export(rule, pack).text()
            if text is None:
                left[rule.id] = f"{rule.id} ({pack.name}) {rule.title}: {_why_not(rule)}"
                continue
            made[f"{pack.name}/{rule.id}.yml"] = text
            used.update(_field(path) for path in mentions.paths(rule))
    made[PIPELINE] = pipeline(used)
    have = "has" if len(left) == 1 else "have"
    asked = many(len(left) + len(made) - 1, "rule")
    head = f"{len(left)} of {asked} {have} no Sigma form; `auditlog check` judges them."
    made[LEFT] = "".join(f"{line}\n" for line in (head, *left.values()))
    return made, [*left]


def _why_not(rule: Rule) -> str:
    correlate = rule.correlate or {}
    if "check" in correlate:
        return f"a check of its own, {correlate['check']}"
    return f"Sigma has no correlation such as {next(each for each in correlate if each in mentions.FORMS)}"


def _field(path: str) -> str:
    return f"{ANNOTATION}.{path[1:]}" if path.startswith("@") else path


def pipeline(used: set[str]) -> str:
    """Return a processing pipeline of pySigma that names every field once, to be changed on the right-hand side."""
    transformation = {
        "id": "auditlog_fields",
        "type": "field_name_mapping",
        "mapping": {path: path for path in sorted(used)},
    }
    lines = ["# Left: the field as auditlog writes it. Right: the name it has in your search tool."]
    lines += writing.block({"name": "auditlog field names", "priority": 50})
    return "\n".join([*lines, "transformations:", *writing.item(transformation, "  ")]) + "\n"
