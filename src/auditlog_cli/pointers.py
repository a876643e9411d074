"""JSON pointers (RFC 6901): the name of a place in a record."""

from __future__ import annotations

import re

_TOKEN = re.compile(r"[A-Za-z0-9]{24}")
_TELLING = 5  # digits in a name
_LONG = 20  # characters of a name with digits: a token has as many
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]{0,63}|[0-9]{1,6}")


def steps(pointer: str) -> list[str]:
    """Return the names on the way that a JSON pointer describes.

    >>> steps("/action/arguments/a~1b")
    ['action', 'arguments', 'a/b']
    """
    return [step.replace("~1", "/").replace("~0", "~") for step in pointer.split("/")[1:]]


def escaped(name: str) -> str:
    """Return a member's name as a step of a pointer.

    >>> escaped("a/b")
    'a~1b'
    """
    return name.replace("~", "~0").replace("/", "~1") if "~" in name or "/" in name else name


def shown(pointer: str) -> str:
    """Return a pointer as it may be printed: a name that does not look like one may be a person's, or a secret.

    >>> shown("/user/email"), shown("/ann@example.org"), shown("/metadata/sk-4f9a1c2b77d0e1"), shown("")
    ('/user/email', '/…', '/metadata/…', 'the whole record')
    """
    if not pointer:
        return "the whole record"
    return "".join(f"/{step if _is_name(step) else '…'}" for step in steps(pointer))


def _is_name(step: str) -> bool:
    if _NAME.fullmatch(step) is None or _TOKEN.search(step):
        return False
    digits = sum(map(str.isdigit, step))
    return digits == len(step) or (digits < _TELLING and not (digits and len(step) >= _LONG))
