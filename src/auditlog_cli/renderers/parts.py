"""Sections that the documents of `check` and of `report` share. Made from the objects that their `json` prints."""

from __future__ import annotations

from typing import Any

from auditlog_cli.renderers.document import Block, Bullets, Facts, Paragraph, Section, Span, Table, Text
from auditlog_cli.report import many

_NAMED = 5
"""So many logs are named in the line on top; the section on what was looked at has all."""
_STATUS = {"review": "review: read by no lawyer yet", "reviewed": "reviewed", "retired": "retired"}
_STANDING = {"in_force": "in force", "expired": "expired", "not_yet": "not in force yet"}
RESULTS = {
    "findings": "findings",
    "passed": "passed",
    "not_tested": "not tested",
    "not_applicable": "not applicable",
    "disabled": "disabled",
    "not_fully_evaluated": "not fully evaluated",
}


def code(text: object) -> Span:
    """Return text as code: an id, a place, a hash."""
    return Span(str(text), "code")


def moment(text: str) -> str:
    """Return a time as people read it.

    >>> moment("2026-11-21T12:00:00.000000Z")
    '2026-11-21 12:00:00 UTC'
    """
    return f"{text[:10]} {text[11:19]} UTC" if len(text) >= 20 and text[10] == "T" and text[-1] == "Z" else text


def subject(head: dict[str, Any]) -> Paragraph:
    """Return one line that says what the document is about: which logs, judged when, by which packs.

    Args:
        head: An object with the members of `renderers.checks.json.header`.
    """
    files = [each["source"] for each in head["inputs"]]
    more = f" and {len(files) - _NAMED:,} more" if len(files) > _NAMED else ""
    named: list[str | Span] = [part for name in files[:_NAMED] for part in (", ", code(name))][1:]
    packs = ", ".join(f"{pack['name']} {pack['version']}" for pack in head["packs"])
    told = f"{more}, judged as of {moment(head['as_of'])} by {packs or 'no pack'}."
    return Paragraph((*(named or ["Nothing that could be read"]), told))


def lead(made: dict[str, Any]) -> list[Block]:
    """Return what every document begins with: its subject, the result, and whatever stands in the way of that."""
    blocks: list[Block] = [subject(made), Paragraph((Span("Result: ", "strong"), f"{made['verdict']}."))]
    for text in (*made["unread"], *made["unwritten"]):
        blocks.append(Paragraph(("Could not be read or written: ", text), "warning"))
    for text in made["incomplete"]:
        blocks.append(Paragraph(("Not judged: ", text), "warning"))
    for text in made["warnings"]:
        blocks.append(Paragraph(text, "warning"))
    blocks.append(Paragraph(made["sentence"], "notice"))
    return blocks


def overview(found: list[tuple[dict[str, Any], int]]) -> Table:
    """Return a table of the rules with findings, each with a link to its section.

    Args:
        found: For each rule one of its findings, and how many there are.
    """
    rows: list[tuple[Text, ...]] = []
    for each, count in found:
        name = Span(each["rule"], "code", f"rule-{each['rule']}")
        rows.append((Span(each["severity"], each["severity"]), name, each["title"], each["kind"], f"{count:,}"))
    return Table(("Severity", "Rule", "Title", "Kind", "Findings"), tuple(rows), frozenset((4,)), "By rule")


def looked_at(head: dict[str, Any], facts: tuple[tuple[str, Text], ...] = ()) -> Section:
    """Return what was looked at, and by what: the header of compliance.md, 7.4.

    Args:
        head: An object with the members of `renderers.checks.json.header`.
        facts: More of them, put in front.
    """
    rows: list[tuple[str, Text]] = [*facts, ("Judged as of", f"{moment(head['as_of'])}")]
    rows.append(("Tool", f"{head['tool']['name']} {head['tool']['version']}"))
    if head["policy_file"]:
        rows.append(
            ("Policy file", (code(head["policy_file"]["source"]), ", SHA-256 ", code(head["policy_file"]["sha256"])))
        )
    for each in head["policies"]:
        rows.append(("Policy", (Span(each["name"], "strong"), f" {each['version']}, SHA-256 ", code(each["sha256"]))))
    if not head["policies"]:
        rows.append(("Policy", "none: the packs were named on the command line, or are the default"))
    lines = head["lines"]
    told = f"{lines['read']:,} read = {lines['judged']:,} judged + {lines['not_selected']:,} not selected"
    told += f" + {lines['bad']:,} bad"
    rows.append(("Lines", told))
    rows.append(("Under no policy", many(lines["under_no_policy"], "record")))
    blocks: list[Block] = [Facts(tuple(rows)), _packs(head["packs"]), _inputs(head["inputs"])]
    return Section("What was looked at", "looked-at", blocks)


def _packs(packs: list[dict[str, Any]]) -> Table:
    rows: list[tuple[Text, ...]] = []
    for pack in packs:
        status = _STATUS.get(pack["status"], pack["status"]) + (f" ({pack['reviewed']})" if pack["reviewed"] else "")
        name = (Span(pack["name"], "strong"), f" {pack['version']}: {pack['title']}")
        rows.append((name, status, Span(pack["as_of"], "keep"), code(pack["sha256"])))
    return Table(("Pack", "Status", "Law of", "SHA-256"), tuple(rows), caption="Packs of rules")


def _inputs(inputs: list[dict[str, Any]]) -> Table:
    rows: list[tuple[Text, ...]] = []
    for each in inputs:
        leaves: Text = "not sealed"
        if each["first_leaf"]:
            leaves = (code(each["first_leaf"]), " to ", code(each["last_leaf"]))
        rows.append((code(each["source"]), f"{each['size']:,}", code(each["sha256"]), leaves))
    return Table(("File", "Bytes", "SHA-256", "First and last leaf"), tuple(rows), frozenset((1,)), "Files read")


def integrity(head: dict[str, Any]) -> Section:
    """Return what the verifier says of each log, and what it did not check."""
    blocks: list[Block] = []
    if head["verification"] is None:
        blocks.append(Paragraph("No log was verified: nothing is said about changes after writing.", "warning"))
        return Section("Integrity of the logs", "integrity", blocks)
    for log in head["verification"]["logs"]:
        tone = "" if log["verdict"] == "intact" else "warning"
        blocks.append(Paragraph((code(log["path"]), ": ", log["says"]), tone))
        facts: list[tuple[str, Text]] = [("Records", f"{log['records']:,}")]
        if log["origin"]:
            facts.append(("Origin", code(log["origin"])))
        facts.append(("Checkpoints", f"{log['checkpoints']:,}; records covered by a good one: {log['signed']:,}"))
        if log["head"]:
            facts.append(("Last leaf", code(log["head"])))
        facts.append(("Withheld", f"{log['withheld_total']:,} values or records"))
        blocks.append(Facts(tuple(facts)))
        said = [*log["findings"], *log["warnings"], *log["listed"]]
        if said:
            blocks.append(Bullets(tuple((Span(each["code"], "code"), f": {each['message']}") for each in said[:50])))
        if len(said) > 50:
            blocks.append(Paragraph(f"and {len(said) - 50:,} more of the verifier's remarks"))
        blocks.append(Paragraph("Not checked by the verifier:"))
        blocks.append(Bullets(tuple(log["not_checked"])))
    return Section("Integrity of the logs", "integrity", blocks)


def places(findings: list[dict[str, Any]], most: int, unlisted: int = 0) -> list[Block]:
    """Return where findings are: by file, line, record and member, never by value.

    Args:
        findings: Objects of `auditlog.finding/1`, all of one rule.
        most: How many to list; the rest is counted.
        unlisted: How many more there are.
    """
    shown = findings[:most]
    title = findings[0]["title"] if findings else ""
    told = any(each["message"] != title for each in shown)
    found = any("entity" in each for each in shown)
    numbered = any({"seq", "record_id"} & each["record"].keys() for each in shown)
    owned = any("owner" in each["record"] for each in shown)
    heads = [
        "Place", *(["Record"] if numbered else []), "Time", "Member", *(["Detected"] if found else []),
        *(["Owner"] if owned else []), *(["Message"] if told else []),
    ]  # fmt: skip
    rows: list[tuple[Text, ...]] = []
    for each in shown:
        record = each["record"]
        names = [f"#{record['seq']}" if "seq" in record else "", record.get("record_id", "")]
        row: list[Text] = [code(_place(record))]
        if numbered:
            row.append(code(" ".join(name for name in names if name) or "–"))
        row += [moment(record.get("timestamp", "–")), code(each["at"]["pointer"] or "–")]
        if found:
            row.append(each.get("entity", "–"))
        if owned:
            row.append(record.get("owner", "–"))
        if told:
            row.append((each["message"], *_related(each)))
        elif "related" in each:
            row[0] = (code(_place(record)), *_related(each))
        rows.append(tuple(row))
    blocks: list[Block] = [Table(tuple(heads), tuple(rows))] if rows else []
    left = len(findings) - len(shown) + unlisted
    if left:
        where = "the format json with --max-findings 0 has all" if unlisted else "the format json has all"
        blocks.append(Paragraph(f"and {many(left, 'more place')}; {where}"))
    return blocks


def _place(record: dict[str, Any]) -> str:
    return f"{record['source']}:{record['line']}" if record["line"] else f"{record['source']}@{record['offset']}"


def _related(finding: dict[str, Any]) -> tuple[str, ...]:
    related = finding.get("related", [])
    if not related:
        return ()
    told = ", ".join(str(each.get("line") or "?") for each in related[:5])
    more = f" and {len(related) - 5:,} more" if len(related) > 5 else ""
    return (f" (with line {told}{more})",)


def exceptions(head: dict[str, Any]) -> Section:
    """Return waivers and baseline: what was set aside, by whom, and until when."""
    blocks: list[Block] = []
    if head["waivers"] is None:
        blocks.append(Paragraph("No waivers were given."))
    else:
        rows: list[tuple[Text, ...]] = []
        for each in head["waivers"]["waivers"]:
            covers: Text = code(each["rule"]) if "rule" in each else many(each["fingerprints"], "fingerprint")
            standing = f"{_STANDING[each['standing']]}, until {each['expires'][:10]}"
            why = f"{each['status']}, {each['justification']}: {each['reason']}".replace("_", " ")
            rows.append((code(each["id"]), covers, standing, why, each["approved_by"], f"{each['applied']:,}"))
        heads = ("Waiver", "Covers", "Standing", "Reason", "Approved by", "Findings")
        source: Text = ("Waivers come from ", code(head["waivers"]["source"]), ". Waived findings are counted apart.")
        blocks += [Paragraph(source), Table(heads, tuple(rows), frozenset((5,)))]
    base = head["baseline"]
    if base:
        old, held = many(base["age_days"], "day"), many(base["fingerprints"], "fingerprint")
        text = f" of {base['created'][:10]}, {old} old, with {held}. It carries no reasons."
        blocks.append(Paragraph(("Baseline ", code(base["source"]), text)))
    else:
        blocks.append(Paragraph("No baseline was given."))
    return Section("Waivers and baseline", "waivers", blocks)


def cannot(head: dict[str, Any]) -> Section:
    """Return what these packs cannot check, and what none can (compliance.md, 1.7)."""
    blocks: list[Block] = [Bullets(tuple(head["cannot_check"]))]
    for pack in head["packs"]:
        if pack["not_checkable"]:
            blocks.append(Paragraph((Span(pack["name"], "strong"), " in particular:")))
            blocks.append(Bullets(tuple(pack["not_checkable"])))
    return Section("What these packs cannot check", "cannot", blocks)


def rules_said(asked: list[dict[str, Any]]) -> str:
    """Return what has to be said beside results of rules; `asked`: all of them."""
    text = "A rule that met no record in scope is not tested, never passed."
    if not any(each["withheld"] or each["open"] for each in asked):
        text += " No rule met a value that is withheld, or a deadline that is not reached yet."
    return text


def rules(pack: dict[str, Any], asked: list[dict[str, Any]], known: set[str]) -> Section:
    """Return what came of each rule of a pack.

    Args:
        pack: Its header.
        asked: Its rules, as objects of the report.
        known: Ids of rules that have a section of findings to point at.
    """
    told = [member for member in ("withheld", "open") if any(each[member] for each in asked)]
    heads = ("Rule", "Clauses", "Result", "Records in scope", "Findings", *map(str.capitalize, told))
    rows: list[tuple[Text, ...]] = []
    for each in asked:
        name = Span(each["rule"], "code", f"rule-{each['rule']}" if each["rule"] in known else "")
        said: Text = RESULTS[each["result"]] + (f": {each['reason']}" if each["reason"] else "")
        if each["result"] in ("findings", "not_fully_evaluated"):
            said = Span(str(said), "strong")
        policy = f" (policy {each['policy']['name']} {each['policy']['version']})" if each["policy"] else ""
        numbers = tuple(f"{each[member]:,}" for member in ("in_scope", "findings", *told))
        rows.append(((name, f" {each['title']}{policy}"), ", ".join(each["clauses"]), said, *numbers))
    head = f"{pack['name']} {pack['version']}: {pack['title']}"
    return Section(head, f"pack-{pack['name']}", [Table(heads, tuple(rows), frozenset(range(3, len(heads))))])
