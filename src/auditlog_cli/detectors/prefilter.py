"""One look at bytes that says whether there can be anything to find. It may say yes too often, never wrongly no.

A regular expression for all detectors runs at 2 MB/s in CPython. So this asks cheaper questions first: which
literal bytes are there, and which shapes. For the shapes the bytes are mapped to classes (every digit to `0`, every
capital to `A`, separators left out) by `bytes.translate`, and a shape such as nine digits in a row is a plain search
(bench/detectors.py). Only where a shape is there a bounded expression looks closer.

JSON hides text: `\\u0040` is an `@`, `\\/` a slash. Lines with such escapes are never passed over. `\\n` before a number
looks like a letter: every boundary here allows for it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from auditlog_cli.detectors.detector import KEYS, MARKS, SECRETS, TOKENS, Detector

_DIGIT, _CAPITAL = ord("0"), ord("A")
_CLASSES = bytes(
    _DIGIT if 48 <= code <= 57 else _CAPITAL if 65 <= code <= 90 or code == 60 else code for code in range(256)
)
_ONE_CLASS = bytes(_CAPITAL if code == _DIGIT else code for code in range(256))
_SEPARATORS = b" .-()/"
_HEX = b"0123456789abcdefABCDEF"
_HIDDEN = re.compile(rb"\\u00(?:[2-7]|0[bB])|\\u2022")

# After an escape, or after no letter and no digit.
_BOUNDARY = rb"(?:(?<![0-9A-Za-z])|(?<=\\[bfnrt])|(?<=\\u[0-9A-Fa-f]{4}))"
_NUMBER = re.compile(_BOUNDARY + rb"\d(?:[ .\-/()]{0,2}\d){8,40}(?![0-9A-Za-z])|\d{40}")
_TRACK = re.compile(rb"(?:%b|;)\d{12}", re.IGNORECASE)
_WEAK = re.compile(rb"\d{6}(?:[*xX]|\xe2\x80\xa2)")
_IPV4 = re.compile(rb"\d\.\d{1,3}\.\d{1,3}\.\d")
_GEO = re.compile(rb"\.\d{4,20}(?:\\u00[bB]0)?[^0-9\"]{0,24}\d{1,3}\.\d{4}")
_LATITUDE = re.compile(rb"lat(?:itude)?\"")
_LONGITUDE = re.compile(rb"(?:lon|lng|long|longitude)\"")
_ICD_WORDS = (b"icd", b"diagnos", b"dx", b"condition", b"problem")
_ICD = re.compile(rb"[A-Z]\d[0-9AB]\.[0-9A-Z]")
_PHONE_WORDS = (b"phone", b"tel", b"mobil", b"cell", b"fax", b"call", b"whatsapp")
_KEYED = re.compile(
    rb"cvv|cvc|(?<![a-z0-9])(?:cid|csc)(?![a-z])|(?<=\\[bfnrt])(?:cid|csc)(?![a-z])"
    rb"|card[^a-z0-9\"]{0,9}(?:security|verification)|security code|\"[^a-z0-9\"]*pin(?:[^a-z0-9\"]*block)?[^a-z0-9\"]*\""
    rb"|(?:acct|bank[^a-z0-9\"]*account|account[^a-z0-9\"]*(?:no|number))[^a-z0-9\"]*\"|mrn|medical[^a-z0-9\"]*record"
    rb"|patient[^a-z0-9\"]*(?:id|no|number)[^a-z0-9\"]*\"|dob|birth|born|geboren|n(?:\xc3\xa9|\\u00e9)e?(?![a-z])"
)
_KEYED_NEEDLES = (
    b"cvv", b"cvc", b"cid", b"csc", b"pin", b"acct", b"account", b"mrn", b"patient", b"dob", b"birth", b"born", b"geboren",
    b"security", b"verification", b"medical", b"n\xc3\xa9", b"n\\u00e9",
)  # fmt: skip
_SECRET_NEEDLES = (b"passw", b"pwd", b"secret", b"token", b"credential", b"auth", b"key")
_SECRET_NAME = re.compile(
    rb"(?:passw|pwd|secret|token|credential|auth|(?:api|access|private)[^a-z0-9\"]{0,3}key)"
    rb"(?:[^\":=\\]|\\[^\"]){0,200}(?:\\?[\"'])?\s*[:=]"
    rb"(?:\s|\\[nrtf])*(?:\[(?![\d.,\s\-+e]*\])|\"(?:[^\"\\]|\\.){10}|>?(?:\s|\\[nrtf])*\\{0,3}[\"']?[^\s\"'<>{},;\\]{10})"
)
_BASE64 = re.compile(rb"[0-9A-Za-z/+]{40}")
_BEARER = re.compile(rb"(?:bearer|basic)(?:\s|\\[nrtf]){1,8}[a-z0-9\-._~+/]{16}")

# Shapes of identifiers with letters, without separators. `<` counts as a capital.
_SHAPES = {
    "UK_NINO": (b"AA000000A",),
    "FR_NIR": (b"000000A00000000",),
    "ES_NIF": (b"00000000A",),
    "ES_NIE": (b"A0000000A",),
    "IN_PAN": (b"AAAAA0000A",),
    "US_DEA": (b"AA0000000", b"A00000000"),
    "US_MBI": (b"0A00A00AA00", b"0AA0A00AA00", b"0A00AA0AA00", b"0AA0AA0AA00"),
}
_LONG = {"IBAN_CODE": (b"AA00", 15), "IT_FISCAL_CODE": (b"AAAAAA", 16), "VIN": (b"", 17), "PASSPORT_MRZ": (b"", 44)}
_ITS_OWN = frozenset(
    ("PHONE_NUMBER", "IP_ADDRESS", "MAC_ADDRESS", "GEO_COORDINATES", "ICD10_CM", "CARD_TRACK", "CREDIT_CARD_WEAK_MASK",
     "SECRET_GENERIC", "SECRET_AWS_SECRET_KEY", "SECRET_URL_CREDENTIALS", "SECRET_BEARER")
)  # fmt: skip
_KEYED_ENTITIES = frozenset(
    ("CARD_CVV", "CARD_PIN", "BANK_ACCOUNT_NUMBER", "MEDICAL_RECORD_NUMBER", "DATE_OF_BIRTH")
)  # fmt: skip

_TEXT = rb'"[^"\\]*"'
_FLAT = rb"(?:" + _TEXT + rb"|null|true|false|-?[0-9.eE+\-]+|\[[^\[\]{}\\]*\])"
_HEAD = re.compile(
    rb'\{"timestamp":' + _TEXT + rb'(?:,"(?:record_id|session_id|trace_id|span_id|parent_span_id|seq)":' + _FLAT
    + rb'|,"(?:user|agent|authorization|approval|policy)":\{[^{}\\]*\})*'
    rb',"action":\{(?:"(?:type|tool|phase|call_id|effect|resource|result_status|latency_ms)":' + _FLAT + rb",)*"
)  # fmt: skip
_TAIL = re.compile(
    rb'(?:,"delegation_chain":\[(?:\{[^{}\[\]\\]*\},?)*\])?(?:,"(?:record_id|seq|prev)":' + _FLAT
    + rb')*(?:,"_salts":\[[^{}\\]*\])?\}\Z'
)  # fmt: skip


class Prefilter:
    """The look at bytes for a set of detectors.

    Args:
        detectors: All that may find something.
        envelope: Whether the members around the scanned ones may be passed over (no paths of the site's own).
    """

    def __init__(self, detectors: Sequence[Detector], *, envelope: bool) -> None:
        names = {each.entity for each in detectors if not each.source == "custom"}
        self._envelope = envelope
        self._names = names
        self._always = any(each.source == "custom" and not each.needs for each in detectors)
        literals: set[bytes] = set()
        for each in detectors:
            own = each.entity in _ITS_OWN or each.entity in _KEYED_ENTITIES or each.entity in _SHAPES or each.entity in _LONG
            if each.source == "custom" or (each.lane in (MARKS, SECRETS) and not own):
                literals.update(need.encode() for need in each.needs)
            elif each.lane == TOKENS and not own:
                literals.update(each.words_as_bytes())
        self._literals = tuple(sorted(literals, key=lambda each: (-len(each), each)))
        self._shapes = tuple(shape for name in sorted(_SHAPES) if name in names for shape in _SHAPES[name])
        self._long = tuple((prefix, b"A" * length) for name, (prefix, length) in _LONG.items() if name in names)
        self._numbers = any(each.lane == "digits" for each in detectors) or bool({"FR_NIR", "CARD_TRACK"} & names)
        self._keyed = bool(_KEYED_ENTITIES & names)
        self._has_keys = any(each.lane == KEYS for each in detectors)

    def in_line(self, raw: bytes) -> bool:
        """Tell whether a stored line may hold something. Of a line of our own layout only the middle is looked at."""
        if self._always:
            return True
        if b"\\" in raw and (b"\\/" in raw or _HIDDEN.search(raw)):
            return True
        if self._envelope and (head := _HEAD.match(raw)):
            last = raw.rfind(b',"delegation_chain":[')
            if last < 0:
                last = raw.rfind(b',"seq":')
            tail = _TAIL.match(raw, last) if last >= head.end() else None
            return self._looks(raw[head.end() : last if tail else len(raw)])
        return self._looks(raw)

    def in_values(self, data: bytes) -> bool:
        """Tell whether values, as orjson writes them, may hold something."""
        return self._always or (b"\\u" in data and _HIDDEN.search(data) is not None) or self._looks(data)

    def _looks(self, data: bytes) -> bool:
        lowered = data.lower()
        for literal in self._literals:
            if literal in lowered:
                return True
        dense = data.translate(_CLASSES, _SEPARATORS)
        if b"000000" in dense and self._has_number(data, lowered, dense):
            return True
        for shape in self._shapes:
            if shape in dense:
                return True
        if self._long:
            flat = dense.translate(_ONE_CLASS)
            for prefix, run in self._long:
                if run in flat and prefix in dense:
                    return True
        return self._has_marks(data, lowered) or self._has_names(data, lowered)

    def _has_number(self, data: bytes, lowered: bytes, dense: bytes) -> bool:
        names = self._names
        if "CREDIT_CARD_WEAK_MASK" in names and _WEAK.search(data):
            return True
        if b"0000000" not in dense:
            return False
        if "PHONE_NUMBER" in names and (b"+0000000" in dense or any(word in lowered for word in _PHONE_WORDS)):
            return True
        if b"000000000" not in dense or not self._numbers:
            return False
        return _NUMBER.search(data) is not None or ("CARD_TRACK" in names and _TRACK.search(data) is not None)

    def _has_marks(self, data: bytes, lowered: bytes) -> bool:
        names = self._names
        if data.count(b".") > 1:
            if "IP_ADDRESS" in names and _IPV4.search(data):
                return True
            if "GEO_COORDINATES" in names and _GEO.search(data):
                return True
            if "ICD10_CM" in names and any(word in lowered for word in _ICD_WORDS) and _ICD.search(data):
                return True
        elif "ICD10_CM" in names and b"." in data and any(word in lowered for word in _ICD_WORDS) and _ICD.search(data):
            return True
        if "GEO_COORDINATES" in names and b"lat" in lowered and _LATITUDE.search(lowered) and _LONGITUDE.search(lowered):
            return True
        if "IP_ADDRESS" in names or "MAC_ADDRESS" in names:
            if b"::" in data:
                return True
            bare = data.translate(None, _HEX)
            if b":::::" in bare or b"-----" in bare:
                return True
        return "SECRET_URL_CREDENTIALS" in names and b"://" in data and b"@" in data

    def _has_names(self, data: bytes, lowered: bytes) -> bool:
        names = self._names
        if self._keyed and any(needle in lowered for needle in _KEYED_NEEDLES) and _KEYED.search(lowered):
            return True
        if "SECRET_GENERIC" in names and any(needle in lowered for needle in _SECRET_NEEDLES) and _SECRET_NAME.search(lowered):
            return True
        if "SECRET_AWS_SECRET_KEY" in names and (b"aws" in lowered or b"secret" in lowered) and _BASE64.search(data):
            return True
        return "SECRET_BEARER" in names and (b"bearer" in lowered or b"basic" in lowered) and _BEARER.search(lowered) is not None
