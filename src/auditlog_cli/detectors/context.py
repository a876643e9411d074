"""Words that say what a number is: those of the member's name, and those close by in the text.

In JSON the name of the member is the best context there is. It is taken apart at `camelCase`, `snake_case`,
`kebab-case` and digits; words that follow one another are also tried joined (`social_security`).
"""

from __future__ import annotations

import re
from functools import lru_cache

BEFORE, AFTER = 40, 20
"""How many characters before and after a candidate are looked at (compliance.md, 4.1)."""

_WORDS = re.compile(r"[^\W\d_]+")
_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_LONGEST_KEY = 200


@lru_cache(maxsize=4096)
def of_key(key: str) -> frozenset[str]:
    """Return the words of a member's name, alone and joined with the next one or two.

    >>> sorted(of_key("socialSecurityNo"))
    ['no', 'security', 'security_no', 'social', 'social_security', 'social_security_no']
    """
    return _with_neighbours(split(key))


@lru_cache(maxsize=4096)
def split(key: str) -> tuple[str, ...]:
    """Return the words of a member's name, in lower case.

    >>> split("cardCVV-2"), split("HTTPProxy_id")
    (('card', 'cvv'), ('http', 'proxy', 'id'))
    """
    return tuple(word.lower() for word in _WORDS.findall(_CAMEL.sub("_", key[:_LONGEST_KEY])))


@lru_cache(maxsize=4096)
def normal(key: str) -> str:
    """Return the name in lower case, its words joined with `_`, digits kept.

    >>> normal("cardSecurityCode"), normal("CVV2"), normal("date of birth")
    ('card_security_code', 'cvv2', 'date_of_birth')
    """
    return re.sub(r"[^a-z0-9]+", "_", _CAMEL.sub("_", key[:_LONGEST_KEY]).lower()).strip("_")


@lru_cache(maxsize=16)  # several detectors ask about the same number, one after another
def around(text: str, start: int, end: int) -> frozenset[str]:
    """Return the whole words up to 40 characters before and 20 after the stretch, alone and joined."""
    low, high = max(start - BEFORE, 0), min(end + AFTER, len(text))
    while low < start and low > 0 and text[low - 1].isalpha() and text[low].isalpha():
        low += 1  # a word that is cut is no word
    while high > end and high < len(text) and text[high].isalpha() and text[high - 1].isalpha():
        high -= 1
    before = [word.lower() for word in _WORDS.findall(_CAMEL.sub("_", text[low:start]))]
    after = [word.lower() for word in _WORDS.findall(_CAMEL.sub("_", text[end:high]))]
    return _with_neighbours(tuple(before)) | _with_neighbours(tuple(after))


def near(text: str, start: int, end: int) -> str:
    """Return what `around` takes its words from, in lower case."""
    return _folded(text[max(start - BEFORE, 0) : end + AFTER].lower())


@lru_cache(maxsize=1024)
def beginnings(words: frozenset[str]) -> tuple[str, ...]:
    """Return texts of which one stands in `near` wherever `around` has one of these words.

    >>> beginnings(frozenset(["phone", "phone_number", "telephone", "tel"]))
    ('tel', 'phone')
    """
    firsts = sorted({_folded(word.partition("_")[0]) for word in words}, key=lambda each: (len(each), each))
    return tuple(first for at, first in enumerate(firsts) if not any(other in first for other in firsts[:at]))


def _folded(lowered: str) -> str:
    """Sigma is written in one way only: which of two it becomes in lower case depends on what follows."""
    return lowered.replace("ς", "σ")


def _with_neighbours(words: tuple[str, ...]) -> frozenset[str]:
    found = set(words)
    found.update(word[:-1] for word in words if word.endswith("s") and len(word) > 3)  # plurals
    for count in (2, 3):
        for at in range(len(words) - count + 1):
            found.add("_".join(words[at : at + count]))
    return frozenset(found)
