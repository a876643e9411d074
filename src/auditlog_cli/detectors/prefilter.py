"""One look at bytes that says whether there can be anything to find. It may say yes too often, never wrongly no.

A regular expression for all detectors runs at 2 MB/s in CPython. So this asks cheaper questions first: which
literal bytes are there, and which shapes. For the shapes the bytes are mapped to classes (every digit to `0`, every
capital to `A`, separators left out) by `bytes.translate`, and a shape such as nine digits in a row is a plain search
(bench/detectors.py). Only where a shape is there a bounded expression looks closer.

JSON hides text: `\\u0040` is an `@`, `\\/` a slash. Lines with such escapes are never passed over. `\\n` before a
number looks like a letter: every boundary here allows for it.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence

from auditlog_cli.detectors import engine, layout, shapes, spacing
from auditlog_cli.detectors.detector import CUSTOM, MARKS, SECRETS, TOKENS, Detector
from auditlog_cli.detectors.judges import RUN
from auditlog_cli.detectors.needles import ASSIGNED, CLOSE, COMMANDS, NAMES, SECRET_NAMES

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

find: Callable[[bytes, bytes], int]
try:
    # A literal in 300 bytes takes a fifth of the time that `in` takes (bench/detectors.py).
    from stringzilla import find as find  # type: ignore[no-redef]
except ImportError:  # pragma: no cover - no wheel for this platform: slower, same answers
    find = bytes.find

_BACKSLASH = ord("\\")  # `in` takes ten times as long for `b"\\"`: it tries whether that is a number, and raises
_FEW = 20_000  # looks after which building the engine, a quarter of a second, has paid for itself
_MUCH = 12 << 20  # bytes of lines: the same, where it is known how many will come
_HEX = b"0123456789abcdefABCDEF"
_HIDDEN = re.compile(rb"\\u00(?:[2-7]|0[bB])|\\u2022|" + spacing.ESCAPED)

# After an escape, or after no letter and no digit.
_BOUNDARY = rb"(?:(?<![0-9A-Za-z])|(?<=\\[bfnrt])|(?<=\\u[0-9A-Fa-f]{4}))"
_NUMBER = re.compile(_BOUNDARY + rb"\d(?:[ .\-/()]{0,2}\d){8,40}(?![0-9A-Za-z])|\d{40}")
_TRACK = re.compile(rb"(?:%b|;)\d{12}", re.IGNORECASE)
_WEAK = re.compile(rb"\d{6}(?:[*xX]|\xe2\x80\xa2)")
_IPV4 = re.compile(rb"\d\.\d{1,3}\.\d{1,3}\.\d")
_GEO = re.compile(rb"\.\d{4,20}(?:\\u00[bB]0)?[^0-9\"]{0,24}\d{1,3}\.\d{4}")
_GEO_LOOSE = rb"\.\d{4}\d*(?:\\u00[bB]0)?[^0-9\"]*\d{1,3}\.\d{4}"  # bounded repetitions take hyperscan long
_LATITUDE = re.compile(rb"lat(?:itude)?\"")
_LONGITUDE = re.compile(rb"(?:lon|lng|long|longitude)\"")
_ICD_WORDS = (b"icd", b"diagnos", b"dx", b"condition", b"problem")
_PHONE_WORDS = (b"phone", b"tel", b"mobil", b"cell", b"fax", b"call", b"whatsapp")
_BASE64 = re.compile(rb"[0-9A-Za-z/+]{40}")
_CREDENTIAL = re.compile(rb"(?:bearer|basic)(?:\s|\\[nrtf]){1,8}[a-z0-9\-._~+/]{16}")


_SEVEN_DIGITS = frozenset(("PHONE_NUMBER", *shapes.CLOSER, *(shapes.SHAPES.keys() - shapes.LOOSE.keys())))
_ITS_OWN = frozenset(
    ("PHONE_NUMBER", *shapes.CLOSER, "IP_ADDRESS", "MAC_ADDRESS", "GEO_COORDINATES", "ICD10_CM", "CARD_TRACK",
     "CREDIT_CARD_WEAK_MASK", "SECRET_GENERIC", "SECRET_AWS_SECRET_KEY", "SECRET_URL_CREDENTIALS", "SECRET_BEARER")
)  # fmt: skip
_AS_NUMBERS = ("FR_NIR", "CARD_TRACK", "FI_PERSONAL_IDENTITY_CODE")  # tokens that may have no letter
_KEYED_ENTITIES = frozenset(("CARD_CVV", "CARD_PIN", "BANK_ACCOUNT_NUMBER", "MEDICAL_RECORD_NUMBER", "DATE_OF_BIRTH"))
_ASKED_FOR = _ITS_OWN | _KEYED_ENTITIES | shapes.SHAPES.keys() | shapes.LONG.keys()


def hidden(data: bytes) -> bool:
    """Tell whether an escape, as orjson writes it, may hide what is looked for."""
    return _BACKSLASH in data and find(data, b"\\u") >= 0 and _HIDDEN.search(data) is not None


class Prefilter:
    """The look at bytes for a set of detectors.

    Args:
        detectors: All that may find something.
        envelope: Whether the members around the scanned ones may be passed over (no paths of the site's own).
    """

    def __init__(self, detectors: Sequence[Detector], *, envelope: bool) -> None:
        names = {each.entity for each in detectors if each.source != CUSTOM}
        self._detectors = detectors
        self._owners: tuple[tuple[Detector, ...], ...] = ()
        self._envelope = envelope
        self._asked = 0
        self.engine_built: engine.Look | None = None
        self._names = names
        self._always = any(each.source == CUSTOM and not each.needs for each in detectors)
        literals: set[bytes] = set()
        in_runs: set[bytes] = set()
        for each in detectors:
            own = each.entity in _ASKED_FOR
            if each.source == CUSTOM or (each.lane in (MARKS, SECRETS) and not own):
                (in_runs if each.run >= RUN else literals).update(need.encode() for need in each.needs)
            elif each.lane == TOKENS and not own:
                literals.update(each.words_as_bytes())
        if "IBAN_CODE" in names:
            literals.add(b"iban")  # the word beside which small letters count
        close = (literals | in_runs) & CLOSE.keys()
        self._in_runs = tuple(sorted(in_runs - literals - close))
        self._literals = tuple(sorted(literals - close, key=lambda each: (-len(each), each)))
        self._shapes = tuple(shape for name in sorted(shapes.SHAPES) if name in names for shape in shapes.SHAPES[name])
        self._closer = tuple(each for name in sorted(shapes.CLOSER) if name in names for each in shapes.CLOSER[name])
        self._long = tuple((prefix, b"A" * length) for name, (prefix, length) in shapes.LONG.items() if name in names)
        self._numbers = any(each.lane == "digits" for each in detectors) or not names.isdisjoint(_AS_NUMBERS)
        self._needles = (
            *(NAMES if _KEYED_ENTITIES & names else ()),
            *((*SECRET_NAMES, *COMMANDS) if "SECRET_GENERIC" in names else ()),
            *((literal, CLOSE[literal]) for literal in sorted(close)),
        )
        self._spaced = self._numbers or bool(self._long) or not names.isdisjoint(_SEVEN_DIGITS | shapes.LOOSE.keys())
        self._dotted = bool({"IP_ADDRESS", "GEO_COORDINATES", "ICD10_CM"} & names)

    def in_line(self, raw: bytes) -> bool:
        """Tell whether a stored line may hold something. Of a line of our own layout only the middle is looked at."""
        return bool(self.in_lines((raw,))[0])

    def in_lines(self, lines: Sequence[bytes]) -> tuple[list[int], list[int]]:
        """Ask of many lines what `in_line` asks of one.

        Returns:
            The numbers, from 0, of those that may hold something; and of the others, of those that are not laid out
            as our records are.
        """
        found: list[int] = []
        others: list[int] = []
        if self._always:
            return list(range(len(lines))), others
        looks, head_of, tail_of = self._looks, layout.HEAD.match, layout.TAIL.match
        look, asks = self.engine_built, self._asks
        for number, raw in enumerate(lines):
            head = head_of(raw) if self._envelope else None
            if head is None:
                if find(raw, b"\\/") >= 0 or hidden(raw) or looks(raw):
                    found.append(number)
                else:
                    others.append(number)
                continue
            # Around what is scanned there are no escapes: the layout allows none.
            start = head.end()
            last = raw.rfind(b',"delegation_chain":[')
            if last < 0:
                last = raw.rfind(b',"seq":')
            middle = raw[start:last] if last >= start and tail_of(raw, last) else raw[start:]
            escaped = _BACKSLASH in middle and (find(middle, b"\\/") >= 0 or hidden(middle))
            if escaped or (look(middle) and asks(middle) if look else looks(middle)):
                found.append(number)
        return found, others

    def expect(self, size: int) -> None:
        """Prepare for so many bytes of lines: build the engine now if it will pay."""
        if self.engine_built is None and not self._always and size >= _MUCH:
            self._asked = _FEW
            self.engine_built = self.build_engine()

    def in_values(self, data: bytes) -> bool:
        """Tell whether values, as orjson writes them, may hold something."""
        return self._always or hidden(data) or self._looks(data)

    def which(self, data: bytes) -> tuple[int, ...] | None:
        """Return which patterns of the engine match in JSON, for `told`; None where all detectors have to be asked."""
        if self.engine_built is None or self._always or hidden(data):
            return None
        return self.engine_built(data)

    def _looks(self, data: bytes) -> bool:
        if self.engine_built is not None:
            return bool(self.engine_built(data)) and self._asks(data)
        self._asked += 1
        if self._asked == _FEW:
            self.engine_built = self.build_engine()
        return self._asks(data)

    def build_engine(self) -> engine.Look | None:
        """Return the same questions as one pass of hyperscan, or None where that is not installed.

        What a detector finds, one of the patterns of that detector finds as well: `told` says whose they are.
        """
        owners: dict[engine.Pattern, list[Detector]] = {}
        for each in self._detectors:
            for pattern in Prefilter((each,), envelope=False).patterns():
                owners.setdefault(pattern, []).append(each)
        self._owners = tuple(map(tuple, owners.values()))
        return engine.build(tuple(owners))

    def told(self, numbers: Iterable[int]) -> Collection[Detector]:
        """Return the detectors that may find something in bytes in which these patterns of the engine match."""
        return {id(each): each for number in numbers for each in self._owners[number]}.values()

    def patterns(self) -> list[engine.Pattern]:
        """Return patterns for hyperscan of which one matches wherever `_asks` says yes.

        They say it more often: what has seven digits in a row needs no pattern of its own, nor has each long run.
        Patterns without a literal are what hyperscan takes time for (bench/detectors.py).
        """
        names = self._names
        caseless = [re.escape(literal) for literal in (*self._literals, *self._in_runs)]
        caseless += [
            engine.loosened(each.pattern) if each else re.escape(needle)
            for needle, each in self._needles
            if (needle, each) not in SECRET_NAMES
        ]
        if "SECRET_GENERIC" in names:
            those = b"|".join(re.escape(needle) for needle, _ in SECRET_NAMES)
            caseless.append(b"(?:" + those + b")" + engine.loosened(ASSIGNED.replace(b"{0,200}", b"*", 1)))
        cased = [pattern for name, pattern in shapes.LOOSE.items() if name in names]
        if self._numbers or not names.isdisjoint(_SEVEN_DIGITS):
            cased.append(shapes.SEVEN)
        if self._spaced:
            cased.append(spacing.INSIDE)
        if self._long:
            cased.append(engine.of_run(min(length for _, length in shapes.LONG.values())))
        if "CREDIT_CARD_WEAK_MASK" in names:
            cased.append(_WEAK.pattern)
        if "IP_ADDRESS" in names:
            cased.append(_IPV4.pattern)
        if "GEO_COORDINATES" in names:
            cased.append(_GEO_LOOSE)
            caseless.append(_LATITUDE.pattern)
        if "ICD10_CM" in names:
            cased.append(rb"[A-Z<][0-9][0-9A-Z<]\.")
        if {"IP_ADDRESS", "MAC_ADDRESS"} & names:
            cased += [b"::", b":(?:[0-9a-fA-F]*:){4}", b"-(?:[0-9a-fA-F]*-){4}"]
        if "SECRET_URL_CREDENTIALS" in names:
            caseless.append(b"@")
        if "SECRET_AWS_SECRET_KEY" in names:
            cased.append(_BASE64.pattern)
        if "SECRET_BEARER" in names:
            caseless.append(_CREDENTIAL.pattern)
        return [(each, True) for each in cased] + [(each, False) for each in caseless]

    def _asks(self, data: bytes) -> bool:
        lowered = data.lower()
        for literal in self._literals:
            if find(lowered, literal) >= 0:
                return True
        if self._in_runs and find(data.translate(shapes.OF_TOKENS), shapes.RUN) >= 0:
            for literal in self._in_runs:
                if find(lowered, literal) >= 0:
                    return True
        dense = data.translate(shapes.CLASSES, shapes.SEPARATORS)
        if self._spaced and spacing.divides(data):
            return True
        if find(dense, b"000000") >= 0 and self._has_number(data, lowered, dense):
            return True
        for shape in self._shapes:
            if find(dense, shape) >= 0:
                return True
        if self._long:
            flat = dense.translate(shapes.ONE_CLASS)
            for prefix, run in self._long:
                if find(flat, run) >= 0 and prefix in dense:
                    return True
        if self._dotted and self._has_dots(data, lowered):
            return True
        return self._has_marks(data, lowered) or self._has_names(data, lowered)

    def _has_number(self, data: bytes, lowered: bytes, dense: bytes) -> bool:
        names = self._names
        for shape, pattern in self._closer:
            if find(dense, shape) >= 0 and pattern.search(data):
                return True
        if "CREDIT_CARD_WEAK_MASK" in names and _WEAK.search(data):
            return True
        if b"0000000" not in dense:
            return False
        if "PHONE_NUMBER" in names and (b"+0000000" in dense or any(word in lowered for word in _PHONE_WORDS)):
            return True
        if b"000000000" not in dense or not self._numbers:
            return False
        return _NUMBER.search(data) is not None or ("CARD_TRACK" in names and _TRACK.search(data) is not None)

    def _has_dots(self, data: bytes, lowered: bytes) -> bool:
        names = self._names
        if b"." in data:
            shape = data.translate(shapes.CLASSES)
            if find(shape, b"0.0") >= 0:
                if "IP_ADDRESS" in names and shape.count(b".") > 2 and _IPV4.search(data):
                    return True
                if find(shape, b"0.0000") >= 0 and "GEO_COORDINATES" in names and _GEO.search(data):
                    return True
            if (find(shape, b"A00.") >= 0 or find(shape, b"A0A.") >= 0) and "ICD10_CM" in names:
                return any(word in lowered for word in _ICD_WORDS)
        return False

    def _has_marks(self, data: bytes, lowered: bytes) -> bool:
        names = self._names
        if (
            "GEO_COORDINATES" in names and find(lowered, b"lat") >= 0
            and _LATITUDE.search(lowered) and _LONGITUDE.search(lowered)
        ):  # fmt: skip
            return True
        if "IP_ADDRESS" in names or "MAC_ADDRESS" in names:
            if find(data, b"::") >= 0:
                return True
            bare = data.translate(None, _HEX)
            if find(bare, b":::::") >= 0 or find(bare, b"-----") >= 0:
                return True
        return "SECRET_URL_CREDENTIALS" in names and find(data, b"://") >= 0 and b"@" in data

    def _has_names(self, data: bytes, lowered: bytes) -> bool:
        names = self._names
        for needle, pattern in self._needles:
            at = find(lowered, needle)
            while at >= 0:
                if pattern is None or pattern.match(lowered, at):
                    return True
                at = lowered.find(needle, at + 1)
        if (
            "SECRET_AWS_SECRET_KEY" in names
            and (find(lowered, b"aws") >= 0 or find(lowered, b"secret") >= 0)
            and _BASE64.search(data)
        ):
            return True
        if "SECRET_BEARER" in names and (find(lowered, b"bearer") >= 0 or find(lowered, b"basic") >= 0):
            return _CREDENTIAL.search(lowered) is not None
        return False
