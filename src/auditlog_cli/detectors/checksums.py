"""Checks on candidates: python-stdnum where it has the module, own arithmetic where it has none.

A module of stdnum is imported at the first candidate that needs it: the package pulls in half of the standard
library, and a log without candidates must not pay for that.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from importlib import import_module

_Check = Callable[[str], bool]


@cache
def stdnum(name: str) -> _Check:
    """Return `is_valid` of the module `name` of stdnum, such as `us.ssn`.

    Raises:
        ImportError: If stdnum has no such module.
    """
    check: _Check = import_module(f"stdnum.{name}").is_valid
    return check


@cache
def _iban() -> Callable[..., bool]:
    check: Callable[..., bool] = import_module("stdnum.iban").is_valid
    return check


_TWICE = str.maketrans("0123456789", "0246813579")


def luhn(digits: str) -> bool:
    """Luhn, ISO/IEC 7812-1 annex B.

    A tenth of the time that stdnum takes; the tests hold both against each other. What is no digit is wrong.
    """
    if not (digits.isascii() and digits.isdigit()):
        return False
    return sum(map(int, digits[::-2] + digits[-2::-2].translate(_TWICE))) % 10 == 0


_PLAIN = {ord(char): None for char in " -."}
_VALUES = {ord(char): str(int(char, 36)) for char in "ABCDEFGHIJKLMNOPQRSTUVWXYZ"}


def iban(value: str) -> bool:
    """Mod 97-10 and the structure of the country; national check digits are left out (compliance.md, 4.7).

    The sum comes first: most that looks like an IBAN fails there, and need not go to stdnum.

    Args:
        value: ASCII capitals and digits, in groups or not.
    """
    plain = value.translate(_PLAIN)
    digits = (plain[4:] + plain[:4]).translate(_VALUES)
    return digits.isdigit() and int(digits) % 97 == 1 and _iban()(value, check_country=False)


def dea(value: str) -> bool:
    """Check digit of a DEA registration number: (d1+d3+d5) + 2 (d2+d4+d6), its last digit is d7."""
    d = [int(digit) for digit in value[2:]]
    return (d[0] + d[2] + d[4] + 2 * (d[1] + d[3] + d[5])) % 10 == d[6]


_VIN = dict(
    zip("ABCDEFGHJKLMNPRSTUVWXYZ", (1, 2, 3, 4, 5, 6, 7, 8, 1, 2, 3, 4, 5, 7, 9, 2, 3, 4, 5, 6, 7, 8, 9), strict=True)
)
_VIN_WEIGHTS = (8, 7, 6, 5, 4, 3, 2, 10, 0, 9, 8, 7, 6, 5, 4, 3, 2)


def vin(value: str) -> bool:
    """Check digit at position 9 of a vehicle identification number (49 CFR 565.15)."""
    values = (int(char) if char.isdigit() else _VIN[char] for char in value)
    rest = sum(number * weight for number, weight in zip(values, _VIN_WEIGHTS, strict=True)) % 11
    return value[8] == ("X" if rest == 10 else str(rest))


def mrz(field: str, digit: str) -> bool:
    """Check digit of one field of a machine-readable zone, weights 7 3 1 (ICAO 9303-3, 4.9)."""
    total = 0
    for place, char in enumerate(field):
        number = 0 if char == "<" else int(char, 36)
        total += number * (7, 3, 1)[place % 3]
    return digit == str(total % 10)


_BASE62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"


def crc32_base62(body: str) -> str:
    """Return CRC-32 of `body` in base 62, six digits: the end of a GitHub token."""
    from zlib import crc32

    number, digits = crc32(body.encode()), ""
    for _ in range(6):
        number, rest = divmod(number, 62)
        digits = _BASE62[rest] + digits
    return digits


def entropy(text: str) -> float:
    """Shannon entropy in bits per character.

    >>> entropy("abab"), entropy("")
    (1.0, 0.0)
    """
    from math import log2

    length = len(text)
    shares = (text.count(char) / length for char in set(text))
    return -sum(share * log2(share) for share in shares) if length else 0.0
