"""The leak harness: no value of content may stand in any output of `check` or `report` (compliance.md, 7.4, 14.1)."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from html import escape

from auditlog_cli.alerting import messages
from auditlog_cli.judgement import baseline
from auditlog_cli.renderers import events
from auditlog_cli.renderers.checks import html, markdown, text
from auditlog_cli.renderers.checks import json as json_
from auditlog_cli.renderers.findings import github, jsonl, junit, sarif
from auditlog_cli.renderers.summaries import html as summary_html
from auditlog_cli.renderers.summaries import json as summary_json
from auditlog_cli.renderers.summaries import markdown as summary_markdown
from auditlog_cli.renderers.text import Style
from auditlog_cli.report import Report
from auditlog_cli.reporting.activity import Activity
from auditlog_cli.reporting.summary import summary
from auditlog_cli.suites import suites

CONTENT = ("arguments", "result", "error", "prompt", "response", "message", "metadata")


def outputs(report: Report) -> dict[str, str]:
    """What every format says of a report."""
    told = summary(report, 0, report.as_of + 1, Activity())
    found = [jsonl.as_object(finding) for finding in report.findings]
    return {
        "text": "\n".join(text.lines(report, Style(), places=0)),
        "json": json_.render(report),
        "merged": json_.render(report, merge=True),
        "jsonl": "\n".join(map(jsonl.line, report.findings)),
        "sarif": sarif.render(suites(report), waived=True),
        "junit": junit.render(suites(report)),
        "github": github.render(suites(report)),
        "markdown": markdown.render(report),
        "html": html.render(report),
        "baseline": baseline.render(report.findings, report.as_of).decode(),
        "ecs": "\n".join(events.line("ecs", each, report.as_of) for each in found),
        "ocsf": "\n".join(events.line("ocsf", each, report.as_of) for each in found),
        "webhook": "\n".join(messages.body(messages.OPENED, each, report.as_of).decode() for each in found),
        "mail": messages.subject(found) + messages.letter(found),
        "summary json": summary_json.render(told),
        "summary markdown": summary_markdown.render(told),
        "summary html": summary_html.render(told),
    }


def assert_no_leak(report: Report, values: Iterable[str]) -> None:
    """Fail if a value stands in an output, as it is or as a format writes it. The failure does not quote it."""
    made = outputs(report)
    for number, value in enumerate(values):
        forms = {value, json.dumps(value)[1:-1], escape(value), value.replace("/", "~1")}
        for name, said in made.items():
            assert not any(form in said for form in forms), f"value {number} stands in {name}"


def values_in(said: str, values: Iterable[str]) -> list[int]:
    """The numbers, from 0, of values that stand in a text, as they are or as a format writes them."""
    return [
        number
        for number, value in enumerate(values)
        if any(form in said for form in (value, json.dumps(value)[1:-1], escape(value), value.replace("/", "~1")))
    ]


def leaves(value: object, pointer: str = "") -> Iterator[tuple[str, object]]:
    """Every leaf of a value with its pointer."""
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from leaves(inner, f"{pointer}/{str(name).replace('~', '~0').replace('/', '~1')}")
    elif isinstance(value, list):
        for place, inner in enumerate(value):
            yield from leaves(inner, f"{pointer}/{place}")
    else:
        yield pointer, value
