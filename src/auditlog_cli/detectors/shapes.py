"""Shapes of numbers and identifiers, after bytes are mapped to classes: every digit `0`, every capital and `<` `A`."""

from __future__ import annotations

import re

from auditlog_cli.detectors import engine
from auditlog_cli.detectors.judges import RUN as _LEAST_RUN

_DIGIT, _CAPITAL = ord("0"), ord("A")
CLASSES = bytes(
    _DIGIT if 48 <= code <= 57 else _CAPITAL if 65 <= code <= 90 or code == 60 else code for code in range(256)
)
OF_TOKENS = bytes(_CAPITAL if (chr(code).isalnum() and code < 128) or code in b"_-" else 0 for code in range(256))
RUN = b"A" * _LEAST_RUN
ONE_CLASS = bytes(_CAPITAL if code == _DIGIT else code for code in range(256))
SEPARATORS = b" .-()/"
SEVEN = engine.of_shape(b"0000000")
# Shapes of identifiers with letters, without separators. `<` counts as a capital.
SHAPES = {
    "UK_NINO": (b"AA000000A",),
    "FR_NIR": (b"000000A00000000",),
    "ES_NIE": (b"A0000000A",),
    "IN_PAN": (b"AAAAA0000A",),
    "PT_CC": (b"000000000AA0", b"000000000A00"),
    "US_DEA": (b"AA0000000", b"A00000000"),
    "US_MBI": (b"0A00A00AA00", b"0AA0A00AA00", b"0A00AA0AA00", b"0AA0AA0AA00"),
}
# Shapes that times have, too (`2026-06-01T14:`, `20260601T142311Z`), so that a look closer pays. No look around here.
_HETU = re.compile(rb"\d{6}[\-A-FU-Y]\d{3}[0-9A-Y]")
CLOSER = {
    "ES_NIF": ((b"00000000A", re.compile(rb"\d{8}[\- ]?[A-Z]")),),
    "FI_PERSONAL_IDENTITY_CODE": ((b"000000000A", _HETU), (b"000000A000", _HETU)),
    "IE_PPSN": ((b"0000000A", re.compile(rb"\d{7} ?[A-W][ABHTWX]?(?:[^0-9A-Za-z]|$)")),),
}
# The same for hyperscan; those with seven digits in a row are found by these.
LOOSE = {
    "UK_NINO": engine.of_shape(b"AA000000A"),
    "IN_PAN": engine.of_shape(b"AAAAA0000A"),
    "US_MBI": engine.of_shape(b"0A?0A?0AA00"),
    "FI_PERSONAL_IDENTITY_CODE": rb"\d{6}[A-FU-Y]\d{3}",
}
LONG = {"IBAN_CODE": (b"AA00", 15), "IT_FISCAL_CODE": (b"AAAAAA", 16), "VIN": (b"", 17), "PASSPORT_MRZ": (b"", 44)}
