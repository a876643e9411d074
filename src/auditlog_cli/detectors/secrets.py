"""Secrets with a shape of their own: keys and tokens of providers, private keys (compliance.md, 4.9).

Shapes follow gitleaks (MIT) with boundaries of our own. Samples are put together at run time, so that no scanner
takes this file for a leak.
"""

from __future__ import annotations

import re

from auditlog_cli.detectors.checksums import crc32_base62, entropy
from auditlog_cli.detectors.detector import CERTAIN, KEYS, LIKELY, POSSIBLE, SECRETS, Candidate, Detector, Judge, ascii_pattern

_A40 = "aB3dE5gH7jK9mN1pQ2sT4vW6yZ8bC0dF" + "2hJ4lM6oP8rT0uV3xY5zA7cE9gI1kM3o"
_BODY = _A40 * 3


def rich(least: float, sure: int = CERTAIN, poor: int | None = None) -> Judge:
    """Return a judge: `sure` from so much entropy on, else `poor`."""

    def judge(found: Candidate) -> int | None:
        return sure if entropy(found.value) >= least else poor

    return judge


def _aws(found: Candidate) -> int | None:
    if found.value.endswith("EXAMPLE") and found.settings.test_numbers != "report":
        return None if found.settings.test_numbers == "ignore" else POSSIBLE
    return CERTAIN if entropy(found.value) >= 3 else LIKELY if len(set(found.value[4:])) > 4 else None


_AWS_SECRET = ascii_pattern(r"(?i:aws)[^\r\n]{0,20}?(?i:secret|sk|key)[^\r\n]{0,20}?['\"=:\s]([0-9A-Za-z/+]{40})(?![0-9A-Za-z/+=])")


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
_KEY_BODY = re.compile(r"(?:[A-Za-z0-9+/=\s]|\\[nr])*")
_LEAST_KEY = 64


def _private_key(found: Candidate) -> int | None:
    """The whole block: a header whose body were left would hide nothing. A body of dots or stars is no key."""
    end = _KEY_END.search(found.text, found.end, found.end + 20_000)
    if end is None:
        body = _KEY_BODY.match(found.text, found.end)
        found.end = body.end() if body else found.end
        return LIKELY
    inside = found.text[found.end : end.start()].replace("\\n", "").replace("\\r", "")
    found.end = end.end()
    return CERTAIN if len(re.findall(r"[A-Za-z0-9+/=]", inside)) >= _LEAST_KEY else None


_PLAIN_PASSWORDS = re.compile(r"(?i)(?:my|your|the)?[_\-]?(?:password|passwd|changeme|x{3,}|abc|secret_here|\*+)\d{0,3}\Z|.*(?:YOUR|REPLACE|PLACEHOLDER|EXAMPLE)")


def _url(found: Candidate) -> int | None:
    password = found.value.partition("://")[2].rpartition("@")[0].partition(":")[2]
    if _PLAIN_PASSWORDS.match(password) or len(set(password)) < 3:
        return POSSIBLE
    return LIKELY


def _bearer(found: Candidate) -> int | None:
    value = found.value.split(None, 1)[1]
    plain = not any(char.isdigit() for char in value) and (value.islower() or value.isupper() or value[1:].islower())
    return LIKELY if entropy(value) >= 3 and not plain else None


def _any(found: Candidate) -> int | None:
    del found
    return CERTAIN


_ALONE = r"(?<![A-Za-z0-9_\-])"
_NOT_MORE = r"(?![A-Za-z0-9_\-])"


def _token(
    entity: str, title: str, pattern: str, needs: tuple[str, ...], judge: Judge, hits: tuple[str, ...], misses: tuple[str, ...]
) -> Detector:  # fmt: skip
    return Detector(
        entity, title, SECRETS, ascii_pattern(pattern), judge, needs=needs, literal=True, source="gitleaks",
        hits=tuple(("", each) for each in hits), misses=tuple(("", each) for each in misses),
    )  # fmt: skip


_HEADER = "eyJhbGciOi" + "JIUzI1NiJ9"
_GITHUB = _BODY[:30]
DETECTORS = (
    _token(
        "SECRET_AWS_ACCESS_KEY", "AWS access key id",
        r"(?<![A-Za-z0-9])(?:A3T[A-Z0-9]|AKIA|ASIA|ABIA|ACCA)[A-Z2-7]{16}(?![A-Za-z0-9])", ("a3t", "akia", "asia", "abia", "acca"), _aws,
        ("AKIA" + "IOSFODNN7EXAMPLE", "key=ASIA" + "Y34FZKBOKMUTVV7A"), ("AKIA" + "IOSFODNN7EXAMPL", "XAKIA" + "IOSFODNN7EXAMPLE"),
    ),
    _token(
        "SECRET_AWS_SECRET_KEY", "AWS secret access key", _AWS_SECRET.pattern, ("aws",), _aws_secret,
        ("AWS_SECRET_ACCESS_KEY = " + _A40[:40], "aws_secret_access_key: '" + _A40[4:44] + "'"),
        ("AWS_SECRET_ACCESS_KEY = " + _A40[:39], "OTHER_KEY = " + _A40[:40], "aws key " + "0123456789" * 4),
    ),
    Detector(
        "SECRET_AWS_SECRET_KEY", "AWS secret access key, by its key", KEYS, ascii_pattern(r"[0-9A-Za-z/+]{40}"), _aws_value,
        key=ascii_pattern(r".*aws.*(?:secret|sk|key).*|secret_?access_?key"), literal=True, source="AWS IAM",
        hits=(("aws_secret_access_key", _A40[:40]), ("secretAccessKey", _A40[4:44])),
        misses=(("aws_secret_access_key", _A40[:39]), ("aws_key", "0123456789" * 4), ("digest", _A40[:40])),
    ),
    _token("SECRET_GCP_API_KEY", "Google API key", r"(?<![\w\-])AIza[\w\-]{35}(?![\w\-])", ("aiza",), rich(3),
           ("AIza" + _BODY[:35], "key AIza" + _BODY[5:40]), ("AIza" + _BODY[:34], "AIza" + "a" * 35)),
    _token("SECRET_GCP_API_KEY", "Google OAuth client secret", r"(?<![\w\-])GOCSPX-[\w\-]{28}(?![\w\-])", ("gocspx-",), rich(3),
           ("GOCSPX-" + _BODY[:28], "id GOCSPX-" + _BODY[3:31]), ("GOCSPX-" + _BODY[:20], "GOCSPX-" + "a" * 28)),
    _token("SECRET_AZURE_STORAGE", "Azure storage account key", r"AccountKey=[A-Za-z0-9+/]{86}==", ("accountkey=",), _any,
           ("AccountKey=" + _BODY[:86] + "==", "x;AccountKey=" + _BODY[1:87] + "=="), ("AccountKey=" + _BODY[:80] + "==", "AccountKey=")),
    _token("SECRET_AZURE_AD", "Azure AD client secret", r"(?<![\w~.\-])[A-Za-z0-9_~.]{3}\dQ~[A-Za-z0-9_~.\-]{31,34}(?![\w~.\-])", ("q~",), rich(3),
           ("abc8Q~" + _BODY[:34], "=Xy_1Q~" + _BODY[:31]), ("abcQQ~" + _BODY[:34], "abc8Q~" + _BODY[:20])),
    _token(
        "SECRET_OPENAI", "OpenAI key",
        r"(?<![\w\-])sk-(?:(?:proj|svcacct|admin)-(?:[\w\-]{74}|[\w\-]{58})T3BlbkFJ(?:[\w\-]{74}|[\w\-]{58})|[A-Za-z0-9]{20}T3BlbkFJ[A-Za-z0-9]{20})(?![\w\-])",
        ("t3blbkfj",), _any,
        ("sk-" + _BODY[:20] + "T3Blbk" + "FJ" + _BODY[20:40], "sk-proj-" + _BODY[:58] + "T3Blbk" + "FJ" + _BODY[:58]),
        ("sk-" + _BODY[:48], "sk-openai-123456", "sk-" + _BODY[:19] + "T3Blbk" + "FJ" + _BODY[20:40]),
    ),
    _token("SECRET_ANTHROPIC", "Anthropic key", r"(?<![\w\-])sk-ant-(?:api|admin|sid|oat)\d\d-[\w\-]{80,120}AA(?![\w\-])", ("sk-ant-",), rich(3),
           ("sk-ant-" + "api03-" + _BODY[:93] + "AA", "sk-ant-" + "admin01-" + _BODY[:93] + "AA"),
           ("sk-ant-" + "api03-" + _BODY[:40] + "AA", "sk-ant-" + "api02-notarealkey")),
    _token("SECRET_GITHUB", "GitHub token", r"(?<![A-Za-z0-9_])gh[pousr]_[0-9A-Za-z]{36}(?![0-9A-Za-z])", ("ghp_", "gho_", "ghu_", "ghs_", "ghr_"), _github,
           ("ghp_" + _GITHUB + crc32_base62(_GITHUB), "gho_" + _BODY[:36]), ("ghx_" + _BODY[:36], "ghp_" + _BODY[:35])),
    _token("SECRET_GITHUB", "GitHub fine-grained token", r"(?<![A-Za-z0-9_])github_pat_\w{82}(?!\w)", ("github_pat_",), rich(3),
           ("github_pat_" + _BODY[:82], "t=github_pat_" + _BODY[2:84]), ("github_pat_" + _BODY[:40], "github_pat_" + "_" * 82)),
    _token("SECRET_GITHUB", "GitHub app token", rf"(?<![A-Za-z0-9_])gh[su]_\d+_{_JWT}", ("ghs_", "ghu_"), _jwt,
           ("ghs_12345_" + _HEADER + "." + "eyJpYXQiOjE3NDU1" + "." + _BODY[:20], "ghu_1_" + _HEADER + "." + "eyJpYXQiOjE3NDU1" + "."),
           ("ghs_12345_" + _HEADER, "ghs_x_" + _HEADER + "." + "eyJpYXQiOjE3NDU1" + ".")),
    _token("SECRET_GITLAB", "GitLab token", rf"{_ALONE}glpat-[\w\-]{{20}}{_NOT_MORE}", ("glpat-",), rich(3),
           ("glpat-" + _BODY[:20], "x glpat-" + _BODY[3:23]), ("glpat-" + _BODY[:10], "glpat-" + "a" * 20)),
    _token("SECRET_NPM", "npm token", rf"{_ALONE}npm_[A-Za-z0-9]{{36}}{_NOT_MORE}", ("npm_",), rich(2),
           ("npm_" + _BODY[:36], "//registry/:_authToken=npm_" + _BODY[1:37]), ("npm_" + _BODY[:30], "npm_config_registry")),
    _token("SECRET_PYPI", "PyPI token", rf"{_ALONE}pypi-AgEI[\w\-]{{50,1000}}{_NOT_MORE}", ("pypi-agei",), rich(3),
           ("pypi-AgEI" + _BODY[:70], "p: pypi-AgEI" + _BODY[:90]), ("pypi-AgEI" + _BODY[:20], "pypi-" + _BODY[:70])),
    _token("SECRET_HF", "Hugging Face token", rf"{_ALONE}hf_[A-Za-z]{{34}}{_NOT_MORE}", ("hf_",), rich(2, poor=LIKELY),
           ("hf_" + "aBcDeFgHiJkLmNoPqRsTuVwXyZaBcDeFgH", "t hf_" + "x" * 34), ("hf_abc", "hf_" + _BODY[:34])),
    _token("SECRET_DATABRICKS", "Databricks token", r"(?<![A-Za-z0-9])dapi[a-fA-F0-9]{32}(?:-\d)?(?![A-Za-z0-9\-])", ("dapi",), rich(3),
           ("dapi" + "1234567890ABCDEF" * 2, "dapi" + "0123456789abcdef" * 2 + "-3"), ("dapi1234", "mydapi" + "1234567890abcdef" * 2)),
    _token("SECRET_VAULT", "HashiCorp Vault token", r"(?<![A-Za-z0-9_\-])hv[sbr]\.[\w\-]{90,300}(?![\w\-])", ("hvs.", "hvb.", "hvr."), rich(3),
           ("hvs." + _BODY[:95], "hvb." + _BODY[:140]), ("hvs.example", "xhvs." + _BODY[:95])),
    _token(
        "SECRET_SLACK", "Slack token or webhook",
        r"(?<![A-Za-z0-9])(?:xox[bp]-\d{10,13}-\d{10,13}[\w\-]*|xoxb-\d{8,14}-[A-Za-z0-9]{18,26}|xapp-\d-[A-Z0-9]+-\d+-[a-z0-9]+|xoxe(?:\.xox[bp])?-\d-[A-Za-z0-9]{146,166})"
        r"|https://hooks\.slack\.com/(?:services|workflows|triggers)/[\w+/]{43,56}",
        ("xox", "xapp-", "hooks.slack.com"), _any,
        ("xoxb-" + "123456789012-123456789012-" + _BODY[:24], "https://hooks.slack.com/" + "services/" + _BODY[:44]),
        ("xoxb-12-34", "xapp-x", "https://hooks.slack.com/" + "services/T1"),
    ),
    _token("SECRET_STRIPE", "Stripe key", r"(?<![A-Za-z0-9])(?:sk|rk)_(?:live|test|prod)_[A-Za-z0-9]{24,99}(?![A-Za-z0-9])", ("k_live_", "k_test_", "k_prod_"), _any,
           ("sk_" + "live_" + _BODY[:24], "rk_" + "test_" + _BODY[:40]), ("sk_" + "live_short", "pk_" + "live_" + _BODY[:24])),
    _token("SECRET_STRIPE", "Stripe webhook secret", rf"{_ALONE}whsec_[A-Za-z0-9+/=]{{24,99}}{_NOT_MORE}", ("whsec_",), rich(3),
           ("whsec_" + _BODY[:32], "s=whsec_" + _BODY[2:40]), ("whsec_" + _BODY[:10], "whsec_" + "a" * 30)),
    _token("SECRET_JWT", "JSON web token", rf"{_ALONE}{_JWT}", (".ey",), _jwt,
           (_HEADER + "." + "eyJzdWIiOiIxMjM0" + "." + _BODY[:43], "t " + _HEADER + "." + "eyJzdWIiOiIxMjM0" + "."),
           ("eyAAAAAAAAAAAA." + "eyJzdWIiOiIxMjM0" + ".", _HEADER + ".x.y")),
    _token("SECRET_PRIVATE_KEY", "private key", r"-----BEGIN[ A-Z0-9_\-]{0,100}PRIVATE KEY(?: BLOCK)?-----", ("-----begin",), _private_key,
           ("-----BEGIN RSA " + "PRIVATE KEY-----\nMIIE", "-----BEGIN " + "PRIVATE KEY-----\n" + _BODY + "\n-----END " + "PRIVATE KEY-----"),
           ("-----BEGIN PUBLIC KEY-----\nMIIE", "-----BEGIN " + "PRIVATE KEY-----\n...\n-----END " + "PRIVATE KEY-----")),
    _token("SECRET_URL_CREDENTIALS", "password in an address",
           r"(?i:(?<![a-z0-9+.\-])[a-z][a-z0-9+.\-]{1,20}|https?|ftps?)://[^\s/:@\"']{1,64}:(?!\*|<|\$|\{)[^\s/@\"']{3,128}@[\w.\-]+", ("://",), _url,
           ("postgres://app:hun" + "ter22@db.example/x", "https://u:s3cr" + "et1@api.acme.io"),
           ("https://u:${PW}@api.acme.io", "https://example.com/a@b", "https://username:pass" + "word@example.com/api")),
    _token("SECRET_BEARER", "bearer or basic credential", r"(?i)\b(?:bearer|basic)\s{1,8}[A-Za-z0-9\-._~+/]{16,}={0,2}", ("bearer", "basic"), _bearer,
           ("Authorization: Bearer " + _BODY[:30], "basic dXNlcjpw" + "YXNzd29yZA=="), ("basic internationalization", "bearer of bad news")),
)  # fmt: skip
