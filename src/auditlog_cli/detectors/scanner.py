"""The scanner: walks a decoded record, and judges each text of it.

Lanes find candidates, detectors judge them (compliance.md, 4.1). Before that, one look at the bytes of the scanned
values says whether there can be a candidate at all (`prefilter`); almost always there is none.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence

from auditlog_cli.detectors import context, guards
from auditlog_cli.detectors.catalogue import detectors_of
from auditlog_cli.detectors.detector import (
    CONFIDENCES,
    DIGITS,
    KEYS,
    MARKS,
    SECRETS,
    TOKENS,
    Candidate,
    Detector,
    Settings,
)
from auditlog_cli.detectors.hit import Hit
from auditlog_cli.detectors.leaves import LONGEST_CACHED, PATHS, Leaf, blocks, joined, leaves
from auditlog_cli.detectors.prefilter import HIDDEN, Prefilter, find
from auditlog_cli.errors import DefinitionError

_DIGITS = re.compile(r"\(?\d(?:[ .\-/()]{0,2}\d){6,}", re.ASCII)
_TOKENS = re.compile(r"[A-Z0-9<](?:[ \-]?[A-Z0-9<]){7,}")
_MOST_CACHED = 10_000

Found = tuple[str, int, int, int]  # entity, start, end, confidence


class Scanner:
    """Finds personal data and secrets.

    Args:
        entities: Names or aliases; `SECRET` for every `SECRET_*`; None for all.
        min_confidence: `certain`, `likely` or `possible`: the least that is reported.
        phone_regions: See `Settings`.
        test_numbers: See `Settings`.
        paths: Dotted paths that are scanned besides the usual ones; `*` is any member.
        mrn: A site's own pattern for medical record numbers.
        custom: Detectors of the site (`custom.defined_in`).

    Raises:
        DefinitionError: If a name, a word or the pattern is wrong.
    """

    def __init__(
        self,
        entities: Iterable[str] | None = None,
        *,
        min_confidence: str = "likely",
        phone_regions: Sequence[str] = ("US",),
        test_numbers: str = "report",
        paths: Sequence[str] = (),
        mrn: str | None = None,
        custom: Sequence[Detector] = (),
    ) -> None:
        if min_confidence not in CONFIDENCES:
            raise DefinitionError(f"confidence {min_confidence!r}: one of {', '.join(CONFIDENCES)}")
        if test_numbers not in ("report", "info", "ignore"):
            raise DefinitionError(f"test numbers {test_numbers!r}: one of report, info, ignore")
        from auditlog_cli.detectors.custom import safe_pattern

        self.settings = Settings(tuple(phone_regions), test_numbers, safe_pattern(mrn, "scan.mrn") if mrn else None)
        self._least = CONFIDENCES.index(min_confidence)
        self._paths = tuple(tuple(path.split(".")) for path in paths)
        chosen = detectors_of(entities, custom)
        self.entities = frozenset(each.entity for each in chosen)
        self._lanes = {
            lane: [each for each in chosen if each.lane == lane] for lane in (DIGITS, TOKENS, MARKS, SECRETS, KEYS)
        }
        needs: dict[str, list[tuple[int, Detector]]] = {}
        for number, each in enumerate((*self._lanes[MARKS], *self._lanes[SECRETS])):
            for need in each.needs or ("",):
                needs.setdefault(need, []).append((number, each))
        self._needs = tuple((need.encode(), those) for need, those in needs.items())
        self._objects = not self.entities.isdisjoint(("GEO_COORDINATES", "SECRET_GCP_SERVICE_ACCOUNT"))
        self._prefilter = Prefilter(chosen, envelope=not self._paths)
        self._known: dict[tuple[str, str], tuple[Found, ...]] = {}

    def scan(self, content: dict[str, object], *, looked: bool = False) -> list[Hit]:
        """Return what is found in a decoded record, in the order of its members.

        Only the paths of compliance.md, 4.1, and those given: never the envelope, ids and digests, never what is
        withheld.

        Args:
            content: The record.
            looked: `may_hit` has said yes to its line: another look at all the bytes is spared.
        """
        import orjson

        found = blocks(content, self._paths)
        if not found:
            return []
        try:
            if not looked and not self._prefilter.in_values(orjson.dumps([value for _, _, value in found])):
                return []
        except TypeError:  # no JSON (a huge number, half of a character): look at everything
            pass
        return self._walk(found, str(content.get("timestamp") or ""), quick=True)

    def scan_all(self, content: dict[str, object]) -> list[Hit]:
        """Return the same as `scan`, without the look at the bytes: its slow twin."""
        return self._walk(blocks(content, self._paths), str(content.get("timestamp") or ""), quick=False)

    def text(self, text: str, key: str = "") -> list[Hit]:
        """Return what is found in one text, which a member called `key` holds."""
        return [
            Hit(entity, "", "", start, end, CONFIDENCES[confidence], False)
            for entity, start, end, confidence in self._judged(text, key, "", True)
        ]

    def may_hit(self, raw: bytes) -> bool:
        """Tell whether a line, as it is stored, may hold something: too often yes, never wrongly no.

        Args:
            raw: One line, valid JSON in UTF-8, of any shape.
        """
        return self._prefilter.in_line(raw)

    def which_may_hit(self, lines: Sequence[bytes]) -> tuple[list[int], list[int]]:
        """Ask of many lines what `may_hit` asks of one.

        Returns:
            The numbers, from 0, of those that may hold something; and of the others, of those that are not laid out
            as our records are.
        """
        return self._prefilter.in_lines(lines)

    @property
    def blocks(self) -> tuple[tuple[str, ...], ...] | None:
        """The ways to the values that are scanned; None where a policy has named others with `*` or lists in them."""
        return None if self._paths else PATHS

    def asker(self) -> Callable[[bytes], bool]:
        """Return a function that tells of scanned values, as orjson writes them, whether they may hold something.

        Too often yes, never wrongly no.
        """
        engine = self._prefilter.engine_built
        if engine is None:
            return self._prefilter.in_values

        def may_hit(data: bytes) -> bool:  # the engine's word is enough; it says yes more often
            return (b"\\u" in data and HIDDEN.search(data) is not None) or engine(data)

        return may_hit

    def expect(self, size: int) -> None:
        """Prepare for so many bytes of lines: what takes a moment to be made and pays in bulk is made now."""
        self._prefilter.expect(size)

    def _walk(self, found: list[tuple[tuple[str | int, ...], str, object]], now: str, *, quick: bool) -> list[Hit]:
        hits: list[Hit] = []
        for steps, key, value in found:
            for leaf in leaves(value, steps, key):
                for entity, start, end, confidence in self._judged(leaf.text, leaf.key, now, quick):
                    hits.append(_hit(entity, leaf, start, end, confidence))
            if self._objects:
                hits += [
                    _hit(entity, leaf, 0, len(leaf.text), 1) for entity, leaf in joined(value, steps, self.entities)
                ]
        return [hit for hit in hits if CONFIDENCES.index(hit.confidence) >= self._least]

    def _judged(self, text: str, key: str, now: str, quick: bool) -> Iterable[Found]:
        if len(text) > LONGEST_CACHED:
            return () if quick and self._is_clean(text, key) else self._judge(text, key, now)
        # The day of the record decides about a date of birth only at its edges; it is part of what is asked.
        known = self._known.get((key + "\0" + now[:10], text))
        if known is None:
            if len(self._known) >= _MOST_CACHED:
                self._known.clear()
            if quick and self._prefilter.engine_built is not None and self._is_clean(text, key):
                self._known[(key + "\0" + now[:10], text)] = ()
                return ()
            known = self._known[(key + "\0" + now[:10], text)] = tuple(self._judge(text, key, now))
        return known

    def _is_clean(self, text: str, key: str) -> bool:
        """Look at the bytes of one long text, as `scan` does at those of a record."""
        import orjson

        try:
            return not self._prefilter.in_values(orjson.dumps({key: text}), closely=False)
        except TypeError:  # half of a character
            return False

    def _judge(self, text: str, key: str, now: str) -> list[Found]:
        if not text:
            return []
        found: list[Found] = []
        ordinary = bool(key) and guards.ordinary_key(key)
        name = context.normal(key) if key else ""
        for each in self._lanes[KEYS] if key else ():
            if each.key is not None and each.key.fullmatch(name) and each.pattern.fullmatch(text):
                self._ask(each, Candidate(text, 0, len(text), key, self.settings, now), found)
        for lane, regions in ((DIGITS, _DIGITS), (TOKENS, _TOKENS)):
            usable = [each for each in self._lanes[lane] if not ordinary or each.literal or _key_says(each, key)]
            if not usable:
                continue
            for region in regions.finditer(text):
                digits = sum(map(str.isdigit, region.group())) if lane is DIGITS else 0
                begin, stop = region.start(), min(region.end() + 2, len(text))
                for each in usable:
                    if lane is TOKENS or digits >= each.least:
                        for match in each.pattern.finditer(text, begin, stop):
                            self._ask(each, Candidate(text, *match.span(), key, self.settings, now), found)
        lowered = text.lower().encode("utf-8", "surrogatepass")
        wanted: dict[int, Detector] = {}  # a detector with several needs is asked once
        for need, those in self._needs:
            if find(lowered, need) >= 0:
                wanted.update(those)
        for each in wanted.values():
            if ordinary and not each.literal and not _key_says(each, key):
                continue
            for start, end in _places(each, text):
                self._ask(each, Candidate(text, start, end, key, self.settings, now), found)
        return _settled(found, self._least) if found else found

    def _ask(self, detector: Detector, candidate: Candidate, found: list[Found]) -> None:
        if not detector.literal and guards.is_template(candidate.text, candidate.start, candidate.end):
            return
        confidence = detector.judge(candidate)
        if confidence is not None:
            found.append((detector.entity, candidate.start, candidate.end, confidence))


def _places(detector: Detector, text: str) -> Iterable[tuple[int, int]]:
    """Yield where the pattern of a detector of marks or secrets stands."""
    if detector.entity == "EMAIL_ADDRESS":
        return _addresses(detector.pattern, text)
    if detector.often and all(text.count(mark) < times for mark, times in detector.often):
        return ()
    if detector.sieve is not None and not detector.sieve.search(text):
        return ()
    return (match.span() for match in detector.pattern.finditer(text))


_LOCAL = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789!#$%&'*+/=?^_`{|}~-."
_LONGEST_LOCAL = 9 * 65


def _addresses(pattern: re.Pattern[str], text: str) -> Iterable[tuple[int, int]]:
    """From each `@` backwards: trying the pattern at every letter of a long text would take ten times as long."""
    at = text.find("@")
    while at >= 0:
        before = text[max(at - _LONGEST_LOCAL, 0) : at]
        start = at - len(before) + len(before.rstrip(_LOCAL))
        if start < at and (match := pattern.match(text, start)):
            yield match.span()
        at = text.find("@", at + 1)


def _key_says(detector: Detector, key: str) -> bool:
    return not detector.words.isdisjoint(context.of_key(key))


def _settled(found: list[Found], least: int) -> list[Found]:
    """Leave out what lies inside something longer that is as sure, and generic secrets where a special one is.

    In order of their beginnings, the longer first, so that what encloses something has been seen before it: one pass,
    for a hostile text may hold a hundred thousand of them.
    """
    found = sorted(
        {each for each in found if each[3] >= least}, key=lambda each: (each[1], -each[2], -each[3], each[0])
    )
    kept: list[Found] = []
    reach = [-1, -1, -1]  # how far something as sure as this has reached
    at = 0
    while at < len(found):
        _, start, end, _ = found[at]
        same = [each for each in found[at : at + 50] if each[1] == start and each[2] == end]
        at += len(same)
        free = [each for each in same if max(reach[each[3] :]) < end]
        kept += [each for each in free if not any(_covers(other, each) for other in same)]
        for each in same:
            reach[each[3]] = max(reach[each[3]], end)
    return kept


def _covers(other: Found, each: Found) -> bool:
    """Of two findings about the same characters: the same entity, surer; or a special secret and a generic one."""
    if other[0] == each[0]:
        return other[3] > each[3]
    return each[0] == "SECRET_GENERIC" and other[0].startswith("SECRET_")


def _hit(entity: str, leaf: Leaf, start: int, end: int, confidence: int) -> Hit:
    return Hit(entity, leaf.path, leaf.pointer, start, end, CONFIDENCES[confidence], leaf.in_name)
