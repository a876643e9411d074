"""Names and words behind which a value may stand: what a look at bytes searches for, and what must stand there."""

from __future__ import annotations

import re


def _whole(words: bytes) -> re.Pattern[bytes]:
    return re.compile(rb"(?:(?<![a-z0-9])|(?<=\\[bfnrt]))" + words)


# A literal, and what must stand at it; None: the literal says enough. All in lower case.
NAMES: tuple[tuple[bytes, re.Pattern[bytes] | None], ...] = (
    (b"cvv", None),
    (b"cvc", None),
    (b"cid", _whole(rb"cid(?![a-z])")),
    (b"csc", _whole(rb"csc(?![a-z])")),
    (b"security", re.compile(rb"security[^a-z0-9\"]*(?:code|value|number)")),
    (b"verification", re.compile(rb"verification[^a-z0-9\"]*(?:code|value|number)")),
    (b"pin", _whole(rb"pin(?:[^a-z0-9\"]*block)?[^a-z0-9\"]*\"\s*:")),
    (b"acct", re.compile(rb"acct[^a-z0-9\"]*\"\s*:")),
    (b"account", re.compile(rb"account[^a-z0-9\"]*(?:(?:no|number)[^a-z0-9\"]*)?\"\s*:")),
    (b"mrn", None),
    (b"medical", re.compile(rb"medical[^a-z0-9\"]*record")),
    (b"patient", re.compile(rb"patient[^a-z0-9\"]*(?:id|no|number)[^a-z0-9\"]*\"\s*:")),
    (b"dob", None),
    (b"birth", None),
    (b"born", None),
    (b"geboren", None),
    (b"n\xc3\xa9", re.compile(rb"n\xc3\xa9e?(?![a-z])")),
    (b"n\\u00e9", re.compile(rb"n\\u00e9e?(?![a-z])")),
)
# A name, up to `:` or `=`, perhaps the scheme of a header,
# and a value of ten characters or more, or a list that is not of numbers.
ASSIGNED = (
    rb"(?:[^\":=\\]|\\[^\"]){0,200}(?:\\{0,3}[\"'])?\s*[:=](?:\s|\\[nrtf])*"
    rb"(?:\\{0,3}[\"']?(?:token|api-?key|key|bot|bearer|basic|digest)(?:\s|\\[nrtf])+)?"
    rb"(?:\[(?![\d.,\s\-+e]*\])|\"(?:[^\"\\]|\\.){10}|>?(?:\s|\\[nrtf])*\\{0,3}[\"']?[^\s\"'<>{},;\\]{10})"
)
SECRET_NAMES = tuple(
    (
        needle,
        re.compile(
            needle + (rb"[^a-z0-9\"]{0,3}key" if needle in (b"api", b"access", b"private") else rb"") + ASSIGNED
        ),
    )
    for needle in (b"passw", b"pwd", b"secret", b"token", b"credential", b"auth", b"api", b"access", b"private")
)
_OF_SECRETS = rb"[a-z0-9_.\-]{0,40}(?:passw|pwd|secret|token|credential|auth|key)[a-z0-9_.\-]{0,24}"
COMMANDS: tuple[tuple[bytes, re.Pattern[bytes] | None], ...] = (
    (b"--", re.compile(rb"--" + _OF_SECRETS + rb"(?:\s|\\[nrtf]){1,3}\\{0,3}[\"']?[^\s\"'<>{},;\\]{10}")),
    (b"<", re.compile(rb"<" + _OF_SECRETS + rb">[^\s\"'<>{},;\\]{10}")),
    (b"curl", None),
    (b"sshpass", None),
    (b"login", re.compile(rb"login[^|;&\"]{0,220}(?:\s|\\t)-p")),
    (b"mysql", re.compile(rb"mysql[^|;&]{0,220}(?:\s|\\t)-p")),
)
"""Where a secret may stand behind a blank, or between two tags."""
CLOSE: dict[bytes, re.Pattern[bytes]] = {
    b"sk-": _whole(rb"sk-[a-z0-9]{32}"),
    b"sg.": _whole(rb"sg\.[\w\-]{22}\."),
    b":aa": re.compile(rb":aa[\w\-]{33}"),
}
"""Literals that stand in ordinary words and numbers, and what must stand there for a token."""
