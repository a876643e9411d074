"""Which scopes cover which (compliance.md, 2.4).

A scope is `resource[:sub…]:verb`. A granted scope covers a needed one if both have the same number of
segments and each segment is equal or `*`; a final `**` covers all the rest. Upper and lower case differ.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from auditlog_cli.errors import UsageError

POLICY = "auditlog.scopes"
Scopes = Iterable[str]
"""Scopes as a caller gives them: a list, or one text with spaces between, as OAuth writes them (RFC 6749, 3.3)."""


def listed(scopes: Scopes, name: str = "scopes") -> tuple[str, ...]:
    """Return the scopes as given, in order, each once.

    Raises:
        UsageError: If one of them is no text, is empty, or holds white space.

    >>> listed("orders:read refunds:write")
    ('orders:read', 'refunds:write')
    """
    if not isinstance(scopes, Iterable) or isinstance(scopes, (Mapping, bytes)):
        raise UsageError(f"{name}: a list of texts", help=f'{name}=["orders:read", "refunds:write"]')
    found: dict[str, None] = {}
    for scope in scopes.split() if isinstance(scopes, str) else scopes:
        if not isinstance(scope, str) or not scope or scope.split() != [scope]:
            raise UsageError(
                f"{name}: each scope is a text such as orders:read, without spaces",
                help=f'{name}=["orders:read", "refunds:write"]',
            )
        found[scope] = None
    return tuple(found)


def covers(granted: str, needed: str) -> bool:
    """Tell whether `granted` covers `needed`. Both may be patterns: then everything that `needed` covers.

    >>> covers("crm:*", "crm:read"), covers("crm:*", "crm:contacts:read"), covers("crm:**", "crm:contacts:read")
    (True, False, True)
    """
    have, want = granted.split(":"), needed.split(":")
    for place, segment in enumerate(have):
        if segment == "**" and place == len(have) - 1:
            return len(want) > place
        if place >= len(want):
            return False
        if want[place] == "**" and place == len(want) - 1:
            return False  # the needed one is open-ended here, the granted one is not
        if segment not in ("*", want[place]):
            return False
    return len(have) == len(want)


def uncovered(granted: Scopes, needed: Scopes) -> tuple[str, ...]:
    """Return those of `needed` that no scope of `granted` covers.

    >>> uncovered(["orders:*"], ["orders:read", "refunds:write"])
    ('refunds:write',)
    """
    have = tuple(granted)
    return tuple(each for each in needed if not any(covers(scope, each) for scope in have))
