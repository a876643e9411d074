"""`auditlog detectors list|show|test`: values are never shown, only where they stand and what they are."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Iterator, Sequence

from auditlog_cli.cli import show, tables
from auditlog_cli.detectors import Scanner, catalogue, proving
from auditlog_cli.detectors.catalogue import SHIPPED, lookup
from auditlog_cli.detectors.detector import Detector
from auditlog_cli.detectors.hit import Hit
from auditlog_cli.errors import EXIT_FOUND, EXIT_OK, InputError
from auditlog_cli.renderers import safe

_LONGEST_LINE = 64 << 20


def own_detectors(path: str | None) -> tuple[Detector, ...]:
    """Return the detectors that the file at `path` defines, or the policy there.

    Raises:
        DefinitionError: If it cannot be read, or something in it is wrong.
    """
    if path is None:
        return ()
    from auditlog_cli.rules import policy, yamlfile

    return policy.detectors_in(yamlfile.load(path))


def list_all(own: str | None, form: str) -> int:
    """List every entity."""
    every = (*SHIPPED, *own_detectors(own))
    entities = list(dict.fromkeys(each.entity for each in every))
    out = show.output(None)
    if form == "json":
        out.write(_json([_told(name, every) for name in entities]))
    else:
        rows = []
        for name in entities:
            titles = list(dict.fromkeys(each.title.partition(",")[0] for each in every if each.entity == name))
            rows.append([name, safe.one_line("; ".join(titles))])
        for line in tables.aligned(rows, show.columns()):
            out.line(line)
    show.finish(out)
    return EXIT_OK


def show_one(name: str, own: str | None, form: str) -> int:
    """Show what is known of an entity, or of several that share an alias."""
    every = (*SHIPPED, *own_detectors(own))
    told = [_told(entity, every) for entity in lookup(name, dict.fromkeys(each.entity for each in every))]
    out = show.output(None)
    if form == "json":
        out.write(_json(told))
    else:
        for number, each in enumerate(told):
            if number:
                out.line("")
            for line in _page(each):
                out.line(safe.one_line(line))
    show.finish(out)
    return EXIT_OK


def _told(entity: str, every: Sequence[Detector]) -> dict[str, object]:
    names = [name for name, entities in sorted(catalogue.aliases().items()) if entity in entities and name != entity]
    return {
        "entity": entity,
        "aliases": names,
        "detectors": [
            {
                "title": each.title,
                "lane": each.lane,
                "source": each.source,
                "words": sorted(each.words),
                "key": each.key.pattern if each.key else None,
                "samples": {"hit": len(each.hits), "miss": len(each.misses)},
            }
            for each in every
            if each.entity == entity
        ],
    }


def _page(told: dict[str, object]) -> Iterator[str]:
    yield str(told["entity"])
    aliases = told["aliases"]
    assert isinstance(aliases, list)
    if aliases:
        yield f"  also called  {', '.join(aliases)}"
    detectors = told["detectors"]
    assert isinstance(detectors, list)
    for each in detectors:
        yield f"  {each['title']}"
        yield f"    source     {each['source']}"
        yield f"    lane       {each['lane']}"
        if each["key"]:
            yield f"    key        {each['key']}"
        if each["words"]:
            yield f"    context    {', '.join(word.replace('_', ' ') for word in each['words'])}"
        yield f"    samples    {each['samples']['hit']} found, {each['samples']['miss']} passed over"


def prove(own: str | None, entities: list[str] | None, form: str) -> int:
    """Run every detector over its samples; return 1 if one fails."""
    mine = own_detectors(own)
    detectors = catalogue.detectors_of(_split(entities), mine)
    tried = list(proving.proofs(detectors, Scanner(custom=mine)))
    failed = [each for each in tried if not each.ok]
    out = show.output(None)
    if form == "json":
        told = [
            {"entity": each.detector.entity, "title": each.detector.title, "sample": each.sample} for each in failed
        ]
        out.write(_json({"detectors": len(detectors), "samples": len(tried), "failed": told}))
    else:
        for each in failed:
            named = f"{each.detector.entity} ({each.detector.title})"
            out.line(safe.one_line(f"{named}: sample {each.sample} {each.trouble}"))
        out.line(f"{len(detectors)} detectors, {len(tried)} samples, {len(failed)} failed")
    show.finish(out)
    return EXIT_FOUND if failed else EXIT_OK


def try_text(text: str, key: str, entities: list[str] | None, min_confidence: str, own: str | None, form: str) -> int:
    """Tell what a text, or each line of standard input, would give; return 1 if there is anything."""
    scanner = Scanner(_split(entities), min_confidence=min_confidence, custom=own_detectors(own))
    out = show.output(None)
    found: list[dict[str, object]] = []
    count = 0
    for line, given in _lines() if text == "-" else [(1, text)]:
        for hit in scanner.text(given, key):
            count += 1
            if form == "json":
                found.append(_as_json(line, hit))
            else:
                place = f"{line}:" if text == "-" else ""
                out.line(f"{place}{hit.start}-{hit.end}  {hit.entity}  {hit.confidence}")
    if form == "json":
        out.write(_json(found))
    elif not count:
        out.line("nothing found")
    if os.path.isfile(text):
        show.Notices().say(
            f"{text} was looked at as a text, not as a file: `auditlog redact --check` looks into logs, "
            "`--detectors FILE` takes detectors of your own"
        )
    show.finish(out)
    return EXIT_FOUND if count else EXIT_OK


def _as_json(line: int, hit: Hit) -> dict[str, object]:
    return {
        "line": line, "start": hit.start, "end": hit.end, "entity": hit.entity, "confidence": hit.confidence,
    }  # fmt: skip


def _lines() -> Iterable[tuple[int, str]]:
    number = 0
    while raw := sys.stdin.buffer.readline(_LONGEST_LINE + 1):
        number += 1
        if len(raw) > _LONGEST_LINE:
            raise InputError(
                f"standard input: line {number} is longer than {_LONGEST_LINE >> 20} MiB",
                help="cut it into lines first",
            )
        yield number, raw.decode("utf-8", "replace").rstrip("\r\n")


def _split(given: list[str] | None) -> list[str] | None:
    return None if given is None else [name for words in given for name in words.split(",") if name.strip()]


def _json(value: object) -> bytes:
    import json

    return json.dumps(value, indent=1, ensure_ascii=True).encode() + b"\n"
