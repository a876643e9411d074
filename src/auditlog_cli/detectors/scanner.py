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
from auditlog_cli.detectors.prefilter import Prefilter, find, hidden
from auditlog_cli.detectors.settling import Found, settled
from auditlog_cli.detectors.spacing import plain
from auditlog_cli.detectors.standing import places
from auditlog_cli.errors import DefinitionError

# No number begins behind one of these, whatever its detector: so no candidate is looked for in `ORD-1234567890`.
_DIGITS = re.compile(r"(?<![0-9A-Za-z_\-])\(?\d(?:[ .\-/()]{0,2}\d){6,}", re.ASCII)
_TOKENS = re.compile(r"[A-Z0-9<](?:[ \-]?[A-Z0-9<]){7,}")
_MOST_CACHED = 10_000
_OF_OBJECTS = ("GEO_COORDINATES", "SECRET_GCP_SERVICE_ACCOUNT")


class _Asked:
    """Detectors that are asked about a text, in the order in which they are.

    Attributes:
        keys, digits, tokens: Those of these lanes.
        needs: Those of marks and secrets, numbered, by the literals that they need.
        objects: Whether one of them finds what only an object as a whole tells.
    """

    __slots__ = ("digits", "keys", "needs", "objects", "tokens")

    def __init__(self, detectors: Iterable[Detector]) -> None:
        lanes: dict[str, list[Detector]] = {lane: [] for lane in (DIGITS, TOKENS, MARKS, SECRETS, KEYS)}
        for each in detectors:
            lanes[each.lane].append(each)
        self.keys, self.digits, self.tokens = lanes[KEYS], lanes[DIGITS], lanes[TOKENS]
        needs: dict[str, list[tuple[int, Detector]]] = {}
        for number, each in enumerate((*lanes[MARKS], *lanes[SECRETS])):
            for need in each.needs or ("",):
                needs.setdefault(need, []).append((number, each))
        self.needs = tuple((need.encode(), those) for need, those in needs.items())
        self.objects = any(each.entity in _OF_OBJECTS for each in detectors)


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
            raise DefinitionError(
                f"confidence {min_confidence!r}: one of {', '.join(CONFIDENCES)}",
                help="certain finds least, possible most",
            )
        if test_numbers not in ("report", "info", "ignore"):
            raise DefinitionError(
                f"test numbers {test_numbers!r}: one of report, info, ignore", help="report is the default"
            )
        from auditlog_cli.detectors.custom import safe_pattern

        self._least = CONFIDENCES.index(min_confidence)
        pattern = safe_pattern(mrn, "scan.mrn") if mrn else None
        self.settings = Settings(tuple(phone_regions), test_numbers, pattern, self._least)
        self._paths = tuple(tuple(path.split(".")) for path in paths)
        chosen = detectors_of(entities, custom)
        self.entities = frozenset(each.entity for each in chosen)
        self._every = _Asked(chosen)
        self._asked: dict[tuple[int, ...], _Asked] = {}
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
        asked: _Asked | None = self._every
        try:
            # Names of the site's own paths may say what stands there; those of the usual ones say nothing.
            data = orjson.dumps([{key: value} if self._paths else value for _, key, value in found])
        except TypeError:  # no JSON (a huge number, half of a character): look at everything
            pass
        else:
            if not looked and not self._prefilter.in_values(data):
                return []
            asked = self._asked_in(data)
        return self._walk(found, str(content.get("timestamp") or ""), asked) if asked is not None else []

    def scan_for(self, content: dict[str, object], said: tuple[int, ...] | None) -> list[Hit]:
        """Return the same as `scan`; `said`: what the function of `asker` has said of its values."""
        asked = self._every if said is None else self._asked_for(said)
        found = blocks(content, self._paths)
        return self._walk(found, str(content.get("timestamp") or ""), asked) if found else []

    def scan_all(self, content: dict[str, object]) -> list[Hit]:
        """Return the same as `scan`, without the look at the bytes: its slow twin."""
        return self._walk(blocks(content, self._paths), str(content.get("timestamp") or ""), None)

    def text(self, text: str, key: str = "") -> list[Hit]:
        """Return what is found in one text, which a member called `key` holds."""
        return [
            Hit(entity, "", "", start, end, CONFIDENCES[confidence], False)
            for entity, start, end, confidence in self._judged(text, key, "", self._every)
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

    def asker(self) -> Callable[[bytes], tuple[int, ...] | None]:
        """Return a function that tells what scanned values, as orjson writes them, may hold: for `scan_for`.

        Nothing is the empty tuple; None: anything. Too much at times, never too little.
        """
        prefilter = self._prefilter

        def may_hit(data: bytes) -> tuple[int, ...] | None:
            engine = prefilter.engine_built  # it may be built at any time
            if engine is None:
                return None if prefilter.in_values(data) else ()
            # Its word is enough; it says yes more often.
            return None if hidden(data) else engine(data)

        return may_hit

    def expect(self, size: int) -> None:
        """Prepare for so many bytes of lines: what takes a moment to be made and pays in bulk is made now."""
        self._prefilter.expect(size)

    def _walk(
        self, found: list[tuple[tuple[str | int, ...], str, object]], now: str, asked: _Asked | None
    ) -> list[Hit]:
        """Judge all texts in some values; `asked`: which detectors may find something; None: look at no bytes."""
        hits: list[Hit] = []
        objects = (asked or self._every).objects
        for steps, key, value in found:
            for leaf in leaves(value, steps, key):
                for entity, start, end, confidence in self._judged(leaf.text, leaf.key, now, asked):
                    hits.append(_hit(entity, leaf, start, end, confidence))
            if objects:
                hits += [
                    _hit(entity, leaf, 0, len(leaf.text), 1) for entity, leaf in joined(value, steps, self.entities)
                ]
        return [hit for hit in hits if CONFIDENCES.index(hit.confidence) >= self._least]

    def _judged(self, text: str, key: str, now: str, asked: _Asked | None) -> Iterable[Found]:
        if asked is None:
            return self._judge(text, key, now, self._every)
        there: _Asked | None
        if len(text) > LONGEST_CACHED:
            there = self._asked_of(text, key)
            return () if there is None else self._judge(text, key, now, there)
        # The day of the record decides about a date of birth only at its edges; it is part of what is asked.
        place = (key + "\0" + now[:10], text)
        known = self._known.get(place)
        if known is None:
            if len(self._known) >= _MOST_CACHED:
                self._known.clear()
            there = asked
            if asked is self._every and self._prefilter.engine_built is not None:
                there = self._asked_of(text, key)
            known = self._known[place] = tuple(self._judge(text, key, now, there)) if there is not None else ()
        return known

    def _asked_of(self, text: str, key: str) -> _Asked | None:
        """Return the detectors that may find something in one long text; None if there can be nothing."""
        import orjson

        try:
            data = orjson.dumps({key: text})
        except TypeError:  # half of a character
            return self._every
        if self._prefilter.engine_built is None:
            return self._every if self._prefilter.in_values(data) else None
        return self._asked_in(data)

    def _asked_in(self, data: bytes) -> _Asked | None:
        """Return the detectors that may find something in JSON, as orjson writes it; None if there can be nothing."""
        numbers = self._prefilter.which(data)
        if numbers is None:
            return self._every
        return self._asked_for(numbers) if numbers else None

    def _asked_for(self, numbers: tuple[int, ...]) -> _Asked:
        """Return the detectors that may find something where these patterns match."""
        asked = self._asked.get(numbers)
        if asked is None:
            if len(self._asked) >= _MOST_CACHED:
                self._asked.clear()
            asked = self._asked[numbers] = _Asked(self._prefilter.told(numbers))
        return asked

    def _judge(self, text: str, key: str, now: str, asked: _Asked) -> list[Found]:
        if not text:
            return []
        text = plain(text)
        found: list[Found] = []
        ordinary = bool(key) and guards.ordinary_key(key)
        name = context.normal(key) if key and asked.keys else ""
        for each in asked.keys if key else ():
            if each.key is not None and each.key.fullmatch(name) and each.pattern.fullmatch(text):
                self._ask(each, Candidate(text, 0, len(text), key, self.settings, now), found)
        for lane, those, regions in ((DIGITS, asked.digits, _DIGITS), (TOKENS, asked.tokens, _TOKENS)):
            usable = those
            for region in regions.finditer(text) if those else ():
                if ordinary and usable is those:
                    usable = [each for each in those if each.literal or _key_says(each, key)]
                digits = sum(map(str.isdigit, region.group())) if lane is DIGITS else 0
                begin, stop = region.start(), min(region.end() + 2, len(text))
                for each in usable:
                    if (lane is TOKENS or digits >= each.least) and each.pattern.search(text, begin, stop):
                        for match in each.pattern.finditer(text, begin, stop):
                            self._ask(each, Candidate(text, *match.span(), key, self.settings, now), found)
        wanted: dict[int, Detector] = {}  # a detector with several needs is asked once
        lowered = text.lower().encode("utf-8", "surrogatepass") if asked.needs else b""
        for need, needing in asked.needs:
            if find(lowered, need) >= 0:
                wanted.update(needing)
        for each in wanted.values():
            if ordinary and not each.literal and not _key_says(each, key):
                continue
            for start, end in places(each, text):
                self._ask(each, Candidate(text, start, end, key, self.settings, now), found)
        return settled(found, self._least) if found else found

    def _ask(self, detector: Detector, candidate: Candidate, found: list[Found]) -> None:
        if not detector.literal and guards.is_template(candidate.text, candidate.start, candidate.end):
            return
        confidence = detector.judge(candidate)
        if confidence is not None:
            found.append((detector.entity, candidate.start, candidate.end, confidence))


def _key_says(detector: Detector, key: str) -> bool:
    return not detector.words.isdisjoint(context.of_key(key))


def _hit(entity: str, leaf: Leaf, start: int, end: int, confidence: int) -> Hit:
    return Hit(entity, leaf.path, leaf.pointer, start, end, CONFIDENCES[confidence], leaf.in_name)
