"""The document that `html` and `markdown` draw of a summary: nine sections in the order of compliance.md, 10."""

from __future__ import annotations

from typing import Any

from auditlog_cli.finding import KINDS, SEVERITIES
from auditlog_cli.renderers import parts
from auditlog_cli.renderers.document import Block, Document, Facts, Paragraph, Section, Span, Table, Text
from auditlog_cli.report import many

_NAMED = 10
"""So many agents are named where it is said what was looked at."""
_GROUPS = {"agents": "Agent", "types": "Type of action", "outcomes": "Outcome"}
_OPEN = ("", "; one end was not asked for: as far as the logs reach", "; the whole log: no period was asked for")


def document(made: dict[str, Any]) -> Document:
    """Return the document of an `auditlog.summary/1`."""
    since, until = (parts.moment(made["period"][name]) for name in ("from", "to"))
    period: tuple[tuple[str, Text], ...] = (
        ("Period", f"from {since} until before {until}{_OPEN[len(made['period']['open_ends'])]}"),
        ("Agents", _agents(made)),
    )
    sections = [
        parts.looked_at(made, period),
        _integrity(made),
        _activity(made["activity"]),
        _packs(made),
        _findings(made),
        _alerts(made["alerts"]),
        parts.exceptions(made),
        _cannot(made),
        _trend(made["trend"]),
    ]
    title = f"Compliance summary, {made['period']['from'][:10]} to {made['period']['to'][:10]}"
    return Document(title, _lead(made), sections)


def _lead(made: dict[str, Any]) -> list[Block]:
    blocks = parts.lead(made)
    if len(made["findings"]) > 1:
        blocks.append(parts.overview([(group["places"][0], group["findings"]) for group in made["findings"]]))
    return blocks


def _agents(made: dict[str, Any]) -> str:
    names = [each["value"] for each in made["activity"]["agents"]]
    more = f" and {len(names) - _NAMED:,} more, listed under Activity" if len(names) > _NAMED else ""
    return ", ".join(names[:_NAMED]) + more or "none"


def _integrity(made: dict[str, Any]) -> Section:
    section = parts.integrity(made)
    quiet = made["integrity"]["silences"]
    rows: tuple[tuple[str, Text], ...] = (
        ("Bad lines", f"{made['integrity']['bad_lines']:,}"),
        ("Silences", f"{len(quiet):,}"),
    )
    section.blocks.append(Facts(rows))
    if quiet:
        section.blocks += parts.places(quiet, 20)
    return section


def _activity(made: dict[str, Any]) -> Section:
    approved, chain = made["human_approved"], made["delegation"]
    facts: tuple[tuple[str, Text], ...] = (
        ("Records", f"{made['records']:,}"),
        ("Marked human_approved", f"{approved['records']:,} ({approved['share']:.1%})"),
        ("Approvals", ", ".join(f"{count:,} {word}" for word, count in made["approvals"].items() if count) or "none"),
        ("Denials", f"{made['denials']:,}"),
        ("Different users", f"{made['distinct_users']:,}"),
        (
            "Delegation",
            f"{many(chain['delegated'], 'record')} with more than one step, the longest chain has {chain['deepest']:,}",
        ),
        ("Without a time", many(made["undated"], "record")),
    )
    section = Section("Activity", "activity", [Facts(facts)])
    for name, head in _GROUPS.items():
        owned = any("owner" in each for each in made[name])
        rows = tuple(
            (parts.code(each["value"]), f"{each['records']:,}", *([each.get("owner") or "–"] if owned else []))
            for each in made[name]
        )
        heads = (head, "Records", *(["Owner"] if owned else []))
        section.blocks.append(Table(heads, rows, frozenset((1,)), f"By {head.lower()}"))
    days = tuple((Span(each["day"], "keep"), f"{each['records']:,}") for each in made["days"])
    section.blocks.append(Table(("Day (UTC)", "Records"), days, frozenset((1,)), "By day"))
    return section


def _packs(made: dict[str, Any]) -> Section:
    section = Section("Packs, clauses and rules", "packs")
    section.blocks.append(Paragraph(parts.rules_said(made["rules"])))
    known = {each["rule"] for each in made["findings"]}
    for pack, told in zip(made["packs"], made["clauses"], strict=True):
        asked = [each for each in made["rules"] if each["pack"] == pack["name"]]
        inner = parts.rules(pack, asked, known)
        more = [member for member in ("withheld", "open") if any(each[member] for each in told["clauses"])]
        rows = tuple(_clause(each, more) for each in told["clauses"])
        kinds = (f"{kind.capitalize()}s" for kind in KINDS)
        heads = ("Clause", "Rules", "What came of them", *kinds, *map(str.capitalize, more))
        inner.blocks.insert(0, Table(heads, rows, frozenset(range(3, len(heads))), "By clause"))
        section.sections.append(inner)
    return section


def _clause(each: dict[str, Any], more: list[str]) -> tuple[Text, ...]:
    grave = ", ".join(f"{count:,} {word}" for word, count in each["by_severity"].items() if count)
    words = parts.RESULTS | {"findings": f"with findings{f' ({grave})' if grave else ''}"}
    told = ", ".join(f"{count:,} {words[word]}" for word, count in each["results"].items() if count)
    name: Text = (
        (Span(each["clause"], "strong"), f" {each['demand']}") if each["demand"] else Span(each["clause"], "strong")
    )
    kinds = tuple(f"{each['by_kind'][kind]:,}" for kind in KINDS)
    rules = tuple(part for rule in each["rules"] for part in (", ", Span(rule, "keep")))[1:]
    return (name, rules, told, *kinds, *(f"{each[member]:,}" for member in more))


def _findings(made: dict[str, Any]) -> Section:
    section = Section("Findings", "findings")
    if not made["findings"]:
        section.blocks.append(Paragraph("No new findings. The section on rules says on how many records that rests."))
    for group in made["findings"]:
        first = group["places"][0]
        lead: Text = (
            Span(first["severity"], first["severity"]),
            f" {first['kind']}, {group['findings']:,} in the period",
        )
        rows: tuple[tuple[str, Text], ...] = (
            ("Why it matters", first["why"]),
            ("What to do", first["fix"]),
            ("Rests on", ", ".join(first["clauses"])),
        )
        blocks: list[Block] = [Paragraph(lead), Facts(tuple(row for row in rows if row[1]))]
        blocks += parts.places(group["places"], len(group["places"]))
        left = group["findings"] - len(group["places"])
        if left:
            blocks.append(Paragraph(f"and {left:,} more; `auditlog check --format json` has all"))
        section.sections.append(Section(f"{group['rule']}: {first['title']}", f"rule-{group['rule']}", blocks))
    return section


def _alerts(made: dict[str, Any] | None) -> Section:
    if made is None:
        return Section("Alerts", "alerts", [Paragraph("No alerts log was given.")])
    facts: tuple[tuple[str, Text], ...] = (
        ("Opened", f"{made['opened']:,}"),
        ("Acknowledged", f"{made['acknowledged']:,}; {_spread(made['until_acknowledged'])}"),
        ("Resolved", f"{made['resolved']:,}; {_spread(made['until_resolved'])}"),
        ("Open at the end", f"{made['open_at_end']:,}"),
    )
    return Section("Alerts", "alerts", [Facts(facts)])


def _spread(made: dict[str, int] | None) -> str:
    if made is None:
        return "no time can be told"
    return f"median {_duration(made['median_s'])}, longest {_duration(made['longest_s'])}"


def _duration(seconds: int) -> str:
    """Return whole seconds as people say them.

    >>> _duration(59), _duration(3661), _duration(200_000)
    ('59 s', '1 h 1 min', '2 d 7 h')
    """
    minutes, rest = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    days, hours = divmod(hours, 24)
    told = [f"{count} {unit}" for count, unit in ((days, "d"), (hours, "h"), (minutes, "min"), (rest, "s")) if count]
    return " ".join(told[:2]) or "0 s"


def _cannot(made: dict[str, Any]) -> Section:
    section = parts.cannot(made)
    rows = tuple((parts.code(each["block"]), f"{each['records']:,}", f"{each['share']:.1%}") for each in made["blocks"])
    section.blocks.append(Paragraph("Many rules rest on evidence that records may carry. This is how many do:"))
    section.blocks.append(Table(("Block", "Records", "Share"), rows, frozenset((1, 2))))
    return section


def _trend(made: dict[str, Any] | None) -> Section:
    if made is None:
        text = "The logs do not reach back to the period before, so nothing is compared."
        return Section("Trend", "trend", [Paragraph(text)])
    rows: list[tuple[Text, ...]] = []
    told = [("Records", made["records"]), ("Denials", made["denials"])]
    told += [(f"New findings, {severity}", made["findings"][severity]) for severity in SEVERITIES]
    for name, each in told:
        rows.append((name, f"{each['before']:,}", f"{each['now']:,}", f"{each['now'] - each['before']:+,}"))
    text = f"Compared with the period from {parts.moment(made['from'])} until before {parts.moment(made['to'])}."
    heads = ("What", "Before", "Now", "Change")
    return Section("Trend", "trend", [Paragraph(text), Table(heads, tuple(rows), frozenset((1, 2, 3)))])
