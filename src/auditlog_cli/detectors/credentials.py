"""Secrets that are told by the name beside them: `password`, `api_key`, `token` (compliance.md, 4.9, SECRET_GENERIC).

High entropy alone says nothing in the log of an agent: ids, hashes and embeddings are everywhere. So the name must
say that it is a secret, and the value must look like one.
"""

from __future__ import annotations

import re
from itertools import pairwise
from math import log2

from auditlog_cli.detectors import context, guards
from auditlog_cli.detectors.checksums import entropy
from auditlog_cli.detectors.detector import KEYS, LIKELY, SECRETS, Candidate, Detector, ascii_pattern

SECRET_WORDS = frozenset(
    [
        "password",
        "passwd",
        "pwd",
        "secret",
        "token",
        "api_key",
        "apikey",
        "access_key",
        "client_secret",
        "credential",
        "private_key",
        "auth",
        "authorization",
    ]
)
_ENDINGS = frozenset(
    [
        "id",
        "ids",
        "count",
        "counts",
        "name",
        "names",
        "type",
        "method",
        "url",
        "uri",
        "limit",
        "usage",
        "budget",
        "length",
        "ttl",
        "expires",
        "hash",
        "stdin",
        "file",
        "path",
        "env",
    ]
)
_ORDINARY = frozenset(
    [
        "max",
        "min",
        "num",
        "total",
        "next",
        "page",
        "continuation",
        "pagination",
        "prompt",
        "completion",
        "input",
        "output",
        "public",
        "primary",
        "cursor",
        "sync",
        "count",
        "usage",
        "cached",
        "estimated",
        "average",
        "per",
        "limit",
    ]
)
_LEAST_ENTROPY = 3.5
_HEX = re.compile(r"(?:0x)?(?:[0-9a-fA-F]{32}|[0-9a-fA-F]{40}|[0-9a-fA-F]{64})\Z")
_UUID = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_LOCATION = re.compile(r"[a-zA-Z][a-zA-Z0-9+.\-]*://|[./~]{0,2}/[\w.\-]+/|[A-Za-z]:\\|arn:|[\w.\-]+/[\w.\-]+/[\w.\-]+/")
_TEMPLATE = re.compile(
    r"\{\{|\$\{|<[A-Za-z_][\w \-]*>|%[A-Z_]+%|\*{4}|x{6}|X{6}|\.{3}|\$\(|\(\)|process\.env|os\.environ"
    r"|\A\$[A-Z_][A-Z0-9_]*\Z"
)
_PLACEHOLDER = re.compile(r"(?i)(?:your|example|sample|dummy|placeholder|change|replace|insert|enter)[_\-.]")
_REFERENCE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*(?:(?:\.|::|->)[A-Za-z_][A-Za-z0-9_]*)*(?=\(|\Z)")
_JOINTS = re.compile(r"[^A-Za-z0-9]+|(?<=[a-z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_WORD = re.compile(r"(?:[A-Z]{2,}|[A-Za-z]?[a-z]*)\d{0,4}")
_WORDY = re.compile(  # release-notes-2024, some_setting, SOME_TOKEN_1
    r"[a-z]+(?:[_\-. ][a-z]+)*[_\-. ]?\d{0,4}\Z|[A-Z]+(?:[_\-][A-Z]+)+[_\-]?\d{0,4}\Z"
)
_TIME = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:")


def is_secret_name(key: str) -> bool:
    """Tell whether a member of this name holds a secret.

    >>> is_secret_name("dbPassword"), is_secret_name("max_tokens"), is_secret_name("api_key_id")
    (True, False, False)
    """
    if SECRET_WORDS.isdisjoint(context.of_key(key)):
        return False
    words = context.split(key)
    if "aws" in words and "key" in words:
        return False  # SECRET_AWS_* know how these look
    if words[-1] in _ENDINGS or not _ORDINARY.isdisjoint(words) or words[-2:] == ("client", "token"):
        return False  # a client token makes a call idempotent, and opens nothing
    return "auth" not in words or words[-1] == "auth" or bool((SECRET_WORDS - {"auth"}) & context.of_key(key))


def looks_secret(value: str) -> bool:
    """Tell whether a value of 10 to 200 characters could be a secret: entropy, a digit, and nothing well known."""
    if (
        not 10 <= len(value) <= 200
        or not any(char.isdigit() for char in value)
        or any(char.isspace() for char in value)
    ):
        return False
    # A text of ten characters has 3.3 bits a character at most: of a short one hardly any may come twice.
    if entropy(value) < min(_LEAST_ENTROPY, log2(len(value)) - 0.2):
        return False
    if _PLACEHOLDER.match(value) or _is_reference(value):
        return False
    if _HEX.match(value) or _UUID.search(value) or _LOCATION.match(value) or _TEMPLATE.search(value):
        return False
    return not (_WORDY.match(value) or _TIME.match(value) or _is_sequence(value) or guards.is_run(value))


def _is_reference(value: str) -> bool:
    """Tell whether this is code that names a secret: `settings.SECRET_KEY_2`, `get_token(user1)`."""
    name = _REFERENCE.match(value)
    if name is None or (name.end() == len(value) and "." not in value and ":" not in value and ">" not in value):
        return False
    return all(_WORD.fullmatch(each) for each in _JOINTS.split(name.group()))


def _is_sequence(value: str) -> bool:
    """Tell whether the characters count up (`abcdefghij1234567890`)."""
    steps = sum(ord(after) - ord(before) == 1 for before, after in pairwise(value))
    return steps * 10 >= (len(value) - 1) * 7


def _by_key(found: Candidate) -> int | None:
    if scheme := _SCHEME.match(found.text):
        found.start = scheme.end()
    return LIKELY if is_secret_name(found.key) and looks_secret(found.value) else None


_OF_SCHEMES = r"(?i:token|api-?key|key|bot|bearer|basic|digest)"
_SCHEME = ascii_pattern(rf"{_OF_SCHEMES} (?=\S{{10,200}}\Z)")
"""Schemes of an `Authorization` header, those of the standards and those that interfaces have made up."""
NAME = (
    r"[\w.\-]{0,40}(?:passw(?:or)?d|pwd|secret|token|api[_\-]?key|access[_\-]?key|credential|private[_\-]?key|auth)"
    r"[\w.\-]{0,20}"
)
_ASSIGNED = ascii_pattern(
    rf"(?i)(?<![\w.\-])({NAME})\\?[\"']?\s{{0,3}}(?:=>|[:=])\s{{0,3}}\\?[\"']?(?:{_OF_SCHEMES}\s{{1,3}})?([^\s\"'<>{{}},;\\]{{10,200}})(?![^\s\"'<>{{}},;\\])"
)


def _assigned(found: Candidate) -> int | None:
    """`password = …`, `"token": "…"` inside a text."""
    match = _ASSIGNED.match(found.text, found.start)
    if match is None or not is_secret_name(match[1].rpartition(".")[2] or match[1]) or not looks_secret(match[2]):
        return None
    found.start, found.end = match.span(2)
    return LIKELY


DETECTORS = (
    Detector(
        "SECRET_GENERIC",
        "secret, by its key",
        KEYS,
        re.compile(rf"(?:{_OF_SCHEMES} )?\S{{10,200}}"),
        _by_key,
        key=ascii_pattern(r".*(?:passw|pwd|secret|token|api_?key|access_?key|credential|private_?key|auth).*"),
        literal=True,
        source="compliance.md, 4.9",
        hits=(
            ("password", "hK7" + "wq9!zRt2x"),
            ("clientSecret", "vh987tyw9" + "ehy8ghis7vwyQ"),
            ("api_key", "ToCynx5Se4e2" + "PtoZxEhW7l"),
        ),
        misses=(
            ("max_tokens", "12345678901"),
            ("token", "d41d8cd98f00b204" + "e9800998ecf8427e"),
            ("password", "{{password_1}}"),
            ("next_token", "vh987tyw9" + "ehy8ghis7"),
            ("secret", "release-notes-2024"),
            ("secret", "/var/run/secrets/k8s/a1"),
        ),
    ),
    Detector(
        "SECRET_GENERIC",
        "secret, assigned to a name in text",
        SECRETS,
        _ASSIGNED,
        _assigned,
        sieve=ascii_pattern(r"(?i)(?:passw|pwd|secret|token|key|credential|auth)[\w.\-]{0,24}\\?[\"']?\s{0,3}[:=]"),
        needs=(
            "passw",
            "pwd",
            "secret",
            "token",
            "apikey",
            "api_key",
            "api-key",
            "accesskey",
            "access_key",
            "access-key",
            "credential",
            "privatekey",
            "private_key",
            "private-key",
            "auth",
        ),
        literal=True,
        source="compliance.md, 4.9",
        hits=(("", "PASSWORD=hK7" + "wq9!zRt2x"), ("", '{"api_key": "ToCynx5Se4e2' + 'PtoZxEhW7l"}')),
        misses=(("", "max_tokens: 12345678901"), ("", "password = ${DB_PASSWORD_1}"), ("", "token: none")),
    ),
)
