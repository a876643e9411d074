"""Secrets with a shape of their own: keys and tokens of providers, private keys (compliance.md, 4.9).

Shapes follow gitleaks (MIT) with boundaries of our own. Samples are put together at run time, so that no scanner
takes this file for a leak.
"""

from __future__ import annotations

import re

from auditlog_cli.detectors.checksums import crc32_base62, entropy
from auditlog_cli.detectors.detector import CERTAIN, KEYS, LIKELY, POSSIBLE, Candidate, Detector, ascii_pattern
from auditlog_cli.detectors.judges import ALONE, BODY, RUN, rich, token


def _aws(found: Candidate) -> int | None:
    if found.value.endswith("EXAMPLE") and found.settings.test_numbers != "report":
        return None if found.settings.test_numbers == "ignore" else POSSIBLE
    return CERTAIN if entropy(found.value) >= 3 else LIKELY if len(set(found.value[4:])) > 4 else None


_AWS_SECRET = ascii_pattern(
    r"(?i:aws)[^\r\n]{0,20}?(?i:secret|sk|key)[^\r\n]{0,20}?['\"=:\s]([0-9A-Za-z/+]{40})(?![0-9A-Za-z/+=])"
)


def _aws_secret(found: Candidate) -> int | None:
    match = _AWS_SECRET.match(found.text, found.start)
    if match is None:
        return None
    found.start, found.end = match.span(1)
    return _aws_value(found)


def _aws_value(found: Candidate) -> int | None:
    value = found.value
    return LIKELY if entropy(value) >= 4 and not re.fullmatch(r"[0-9a-fA-F]+", value) else None


def _github(found: Candidate) -> int | None:
    body = found.value[4:]
    return CERTAIN if body[30:] == crc32_base62(body[:30]) else LIKELY


_JWT = r"ey[A-Za-z0-9_\-]{10,}\.ey[A-Za-z0-9_\-]{10,}\.[A-Za-z0-9_\-]*"


def _jwt(found: Candidate) -> int | None:
    import binascii
    import json

    head = found.value[found.value.index("ey") :].partition(".")[0]
    try:
        header = json.loads(binascii.a2b_base64(head.translate({45: "+", 95: "/"}) + "=" * (-len(head) % 4)))
    except (ValueError, RecursionError):
        return None
    return CERTAIN if isinstance(header, dict) and "alg" in header else None


_KEY_END = re.compile(r"-----END[ A-Z0-9_\-]{0,100}PRIVATE KEY(?: BLOCK)?-----")
_KEYBODY = re.compile(r"(?:[A-Za-z0-9+/=\s]|\\[nr])*")
_LEAST_KEY = 64


def _private_key(found: Candidate) -> int | None:
    """The whole block: a header whose body were left would hide nothing. A body of dots or stars is no key."""
    end = _KEY_END.search(found.text, found.end, found.end + 20_000)
    if end is None:
        body = _KEYBODY.match(found.text, found.end)
        found.end = body.end() if body else found.end
        return LIKELY
    inside = found.text[found.end : end.start()].replace("\\n", "").replace("\\r", "")
    found.end = end.end()
    return CERTAIN if len(re.findall(r"[A-Za-z0-9+/=]", inside)) >= _LEAST_KEY else None


def _service_account(found: Candidate) -> int | None:
    """The key of a service account inside a text; the key itself is found as SECRET_PRIVATE_KEY, too."""
    begin = found.text.find("-----BEGIN", found.end, found.end + 2000)
    end = _KEY_END.search(found.text, begin, begin + 20_000) if begin >= 0 else None
    if end is None or end.start() - begin < 200:
        return None
    found.end = end.end()
    return CERTAIN


_PLAIN_PASSWORDS = re.compile(
    r"(?i)(?:my|your|the)?[_\-]?(?:password|passwd|changeme|x{3,}|abc|secret_here|\*+)\d{0,3}\Z|.*(?:YOUR|REPLACE|PLACEHOLDER|EXAMPLE)"
)


def _url(found: Candidate) -> int | None:
    password = found.value.partition("://")[2].rpartition("@")[0].partition(":")[2]
    if _PLAIN_PASSWORDS.match(password) or len(set(password)) < 3:
        return POSSIBLE
    return LIKELY


def _decoded(value: str) -> str:
    import binascii

    try:
        return binascii.a2b_base64(value + "=" * (-len(value) % 4)).decode()
    except ValueError:
        return ""


def _bearer(found: Candidate) -> int | None:
    scheme, value = found.value.split(None, 1)
    if scheme.lower() == "basic":
        return LIKELY if ":" in _decoded(value) else None  # RFC 7617: user, colon, password
    plain = not any(char.isdigit() for char in value) and (value.islower() or value.isupper() or value[1:].islower())
    return LIKELY if entropy(value) >= 3 and not plain else None


_HEADER = "eyJhbGciOi" + "JIUzI1NiJ9"
_GITHUB = BODY[:30]
DETECTORS = (
    token(
        "SECRET_AWS_ACCESS_KEY",
        "AWS access key id",
        r"(?<![A-Za-z0-9])(?:A3T[A-Z0-9]|AKIA|ASIA|ABIA|ACCA)[A-Z2-7]{16}(?![A-Za-z0-9])",
        ("a3t", "akia", "asia", "abia", "acca"),
        _aws,
        ("AKIA" + "IOSFODNN7EXAMPLE", "key=ASIA" + "Y34FZKBOKMUTVV7A"),
        ("AKIA" + "IOSFODNN7EXAMPL", "XAKIA" + "IOSFODNN7EXAMPLE"),
    ),
    token(
        "SECRET_AWS_SECRET_KEY",
        "AWS secret access key",
        _AWS_SECRET.pattern,
        ("aws",),
        _aws_secret,
        ("AWS_SECRET_ACCESS_KEY = " + BODY[:40], "aws_secret_access_key: '" + BODY[4:44] + "'"),
        ("AWS_SECRET_ACCESS_KEY = " + BODY[:39], "OTHER_KEY = " + BODY[:40], "aws key " + "0123456789" * 4),
    ),
    Detector(
        "SECRET_AWS_SECRET_KEY",
        "AWS secret access key, by its key",
        KEYS,
        ascii_pattern(r"[0-9A-Za-z/+]{40}"),
        _aws_value,
        key=ascii_pattern(r".*aws.*(?:secret|sk|key).*|secret_?access_?key"),
        literal=True,
        source="AWS IAM",
        hits=(("aws_secret_access_key", BODY[:40]), ("secretAccessKey", BODY[4:44])),
        misses=(("aws_secret_access_key", BODY[:39]), ("aws_key", "0123456789" * 4), ("digest", BODY[:40])),
    ),
    token(
        "SECRET_GCP_SERVICE_ACCOUNT",
        "Google service account with its key",
        r"\\?\"type\\?\"\s{0,8}:\s{0,8}\\?\"service_account\\?\"",
        ("service_account",),
        _service_account,
        (
            '{"type": "service_account", "private_key": "-----BEGIN '
            + "PRIVATE KEY-----"
            + BODY * 3
            + "-----END "
            + 'PRIVATE KEY-----"}',
            '{\\"type\\":\\"service_account\\",\\"private_key\\":\\"-----BEGIN '
            + "PRIVATE KEY-----"
            + BODY * 3
            + "-----END "
            + "PRIVATE KEY-----",
        ),
        ('{"type": "service_account", "private_key": "DUMMY"}', '{"type": "authorized_user"}'),
    ),
    token(
        "SECRET_GITHUB",
        "GitHub token",
        r"(?<![A-Za-z0-9_])gh[pousr]_[0-9A-Za-z]{36}(?![0-9A-Za-z])",
        ("ghp_", "gho_", "ghu_", "ghs_", "ghr_"),
        _github,
        ("ghp_" + _GITHUB + crc32_base62(_GITHUB), "gho_" + BODY[:36]),
        ("ghx_" + BODY[:36], "ghp_" + BODY[:35]),
        RUN,
    ),
    token(
        "SECRET_GITHUB",
        "GitHub fine-grained token",
        r"(?<![A-Za-z0-9_])github_pat_\w{82}(?!\w)",
        ("github_pat_",),
        rich(3),
        ("github_pat_" + BODY[:82], "t=github_pat_" + BODY[2:84]),
        ("github_pat_" + BODY[:40], "github_pat_" + "_" * 82),
        RUN,
    ),
    token(
        "SECRET_GITHUB",
        "GitHub app token",
        rf"(?<![A-Za-z0-9_])gh[su]_\d+_{_JWT}",
        ("ghs_", "ghu_"),
        _jwt,
        (
            "ghs_12345_" + _HEADER + "." + "eyJpYXQiOjE3NDU1" + "." + BODY[:20],
            "ghu_1_" + _HEADER + "." + "eyJpYXQiOjE3NDU1" + ".",
        ),
        ("ghs_12345_" + _HEADER, "ghs_x_" + _HEADER + "." + "eyJpYXQiOjE3NDU1" + "."),
    ),
    token(
        "SECRET_JWT",
        "JSON web token",
        rf"{ALONE}{_JWT}",
        (".ey",),
        _jwt,
        (_HEADER + "." + "eyJzdWIiOiIxMjM0" + "." + BODY[:43], "t " + _HEADER + "." + "eyJzdWIiOiIxMjM0" + "."),
        ("eyAAAAAAAAAAAA." + "eyJzdWIiOiIxMjM0" + ".", _HEADER + ".x.y"),
    ),
    token(
        "SECRET_PRIVATE_KEY",
        "private key",
        r"-----BEGIN[ A-Z0-9_\-]{0,100}PRIVATE KEY(?: BLOCK)?-----",
        ("-----begin",),
        _private_key,
        (
            "-----BEGIN RSA " + "PRIVATE KEY-----\nMIIE",
            "-----BEGIN " + "PRIVATE KEY-----\n" + BODY + "\n-----END " + "PRIVATE KEY-----",
        ),
        ("-----BEGIN PUBLIC KEY-----\nMIIE", "-----BEGIN " + "PRIVATE KEY-----\n...\n-----END " + "PRIVATE KEY-----"),
    ),
    token(
        "SECRET_URL_CREDENTIALS",
        "password in an address",
        r"(?i:(?<![a-z0-9+.\-])[a-z][a-z0-9+.\-]{1,20}|https?|ftps?)://[^\s/:@\"']{0,64}:(?!\*|<|\$|\{)[^\s/@\"']{3,128}@[\w.\-]+",
        ("://",),
        _url,
        ("postgres://app:hun" + "ter22@db.example/x", "https://u:s3cr" + "et1@api.acme.io"),
        ("https://u:${PW}@api.acme.io", "https://example.com/a@b", "https://username:pass" + "word@example.com/api"),
    ),
    token(
        "SECRET_BEARER",
        "bearer or basic credential",
        r"(?i)\b(?:bearer|basic)\s{1,8}[A-Za-z0-9\-._~+/]{16,}={0,2}",
        ("bearer", "basic"),
        _bearer,
        ("Authorization: Bearer " + BODY[:30], "basic dXNlcjpw" + "YXNzd29yZA=="),
        ("basic internationalization", "bearer of bad news"),
    ),
)
