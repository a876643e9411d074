"""Secrets in commands that agents run, and in markup: behind a blank, or between two tags (compliance.md, 4.9)."""

from __future__ import annotations

import re

from auditlog_cli.detectors.credentials import NAME, is_secret_name, looks_secret
from auditlog_cli.detectors.detector import LIKELY, SECRETS, Candidate, Detector, ascii_pattern

_VALUE = r"[^\s\"'<>{},;\\]{10,200}"
_OPTION = ascii_pattern(rf"(?i)(?<![\w\-])--({NAME})\s{{1,3}}\\?[\"']?({_VALUE})(?![^\s\"'<>{{}},;\\])")
_TAGS = ascii_pattern(rf"(?i)<({NAME})>({_VALUE})</")
# Programs that take a password in a short option; each stretch without the end of the command.
_SHORT = ascii_pattern(
    r"\b(?:curl\b[^\r\n|;&]{0,300}?\s(?:-u|--user)[ =]?\\?[\"']?[^\s:\"'$]{1,64}:"
    r"|sshpass\s{1,3}-p\s?|login\b[^\r\n|;&]{0,200}?\s-p\s{1,3}|mysql(?:dump|admin)?\b[^\r\n|;&]{0,200}?\s-p)"
    r"\\?[\"']?([^\s\"'\\]{6,128})"
)
_NONE = re.compile(r"[$<{%*]|(?i:pass|passw(?:or)?d|secret|token|changeme|x+)\Z")


def _named(found: Candidate) -> int | None:
    for pattern in (_OPTION, _TAGS):
        match = pattern.match(found.text, found.start)
        if match is not None and is_secret_name(match[1].rpartition(".")[2]) and looks_secret(match[2]):
            found.start, found.end = match.span(2)
            return LIKELY
    return None


def _short(found: Candidate) -> int | None:
    match = _SHORT.match(found.text, found.start)
    if match is None or _NONE.match(match[1]) or not any(char.isdigit() for char in match[1]):
        return None
    found.start, found.end = match.span(1)
    return LIKELY


_SAMPLE = "hK7" + "wq9zRt2xLm4"
DETECTORS = (
    Detector(
        "SECRET_GENERIC",
        "secret behind an option of a command",
        SECRETS,
        _OPTION,
        _named,
        needs=("--",),
        sieve=ascii_pattern(r"(?i)--[\w.\-]{0,40}(?:passw|pwd|secret|token|key|credential|auth)"),
        literal=True,
        source="compliance.md, 4.9",
        hits=(("", f"psql --password {_SAMPLE} -h db"), ("", f"x --api-key '{_SAMPLE}'")),
        misses=(("", "x --password-stdin registry1.acme.io"), ("", "x --token $TOKEN_2024_PROD")),
    ),
    Detector(
        "SECRET_GENERIC",
        "secret between two tags",
        SECRETS,
        _TAGS,
        _named,
        needs=("</",),
        literal=True,
        source="compliance.md, 4.9",
        hits=(("", f"<password>{_SAMPLE}</password>"), ("", f"<db.token>{_SAMPLE}</db.token>")),
        misses=(("", "<password>none</password>"), ("", f"<b>{_SAMPLE}</b>")),
    ),
    Detector(
        "SECRET_GENERIC",
        "password behind a short option: curl -u, sshpass -p, docker login -p, mysql -p",
        SECRETS,
        _SHORT,
        _short,
        needs=("curl", "sshpass", "login", "mysql"),
        literal=True,
        source="manual pages of these programs",
        hits=(("", f"curl -s -u admin:{_SAMPLE} https://x"), ("", f"docker login -u bob -p {_SAMPLE}")),
        misses=(("", "curl -u $USER:$PASSWORD1 x"), ("", "ssh -p 2222 web01"), ("", "mysql -p db")),
    ),
)
