"""Time stamps of checkpoints: somebody else's word that these bytes existed by then (RFC 3161; integrity.md, 5.4).

The package `rfc3161-client` makes and checks them; where it is not installed, `openssl ts` does.
"""

from __future__ import annotations

import os
import re
import subprocess
import tempfile
import time
from calendar import timegm
from typing import NamedTuple

from auditlog_cli.errors import DefinitionError, InputError, remedy

TYPE_CHECKING = False
if TYPE_CHECKING:
    from rfc3161_client import TimeStampResponse

_LARGEST = 1 << 20
_LONGEST_S = 30
_TIME = re.compile(r"^Time stamp: (\w{3} +\d+ \d\d:\d\d:\d\d)(?:\.\d+)? (\d{4}) GMT$", re.MULTILINE)


class Stamp(NamedTuple):
    """What a time stamp comes to.

    Attributes:
        at: Seconds since the epoch at which the bytes existed at the latest; 0 if it does not hold.
        trouble: Why it does not hold, in words; or empty.
    """

    at: int
    trouble: str = ""


def request(data: bytes) -> bytes:
    """Return what is sent to a time-stamping authority: the SHA-256 of `data`, and never the data.

    Raises:
        InputError: If neither rfc3161-client nor openssl is there.
    """
    try:
        from rfc3161_client import HashAlgorithm, TimestampRequestBuilder
    except ImportError:
        made = _openssl(["-query", "-data", "<data>", "-sha256", "-cert"], {"<data>": data})
        if made.returncode:
            raise InputError(
                "openssl ts cannot make a request", help="pip install 'auditlog-cli[stamps]' needs no openssl"
            ) from None
        return made.stdout
    return TimestampRequestBuilder().data(data).hash_algorithm(HashAlgorithm.SHA256).build().as_bytes()


def ask(url: str, data: bytes) -> bytes:
    """Ask the authority at `url` for a time stamp of `data`; return its answer, unchecked.

    Raises:
        InputError: If it does not answer.
    """
    from urllib.error import URLError
    from urllib.request import Request, urlopen

    if not url.startswith(("https://", "http://")):
        raise InputError(f"{url}: is no http address", help="such as https://tsa.example.org/")
    asked = Request(url, request(data), {"Content-Type": "application/timestamp-query"})  # noqa: S310 - looked at above
    try:
        with urlopen(asked, timeout=_LONGEST_S) as answer:  # noqa: S310
            found: bytes = answer.read(_LARGEST)
    except (URLError, OSError, ValueError) as error:
        raise InputError(
            f"{url}: gives no time stamp ({getattr(error, 'reason', error)})",
            help="is the address that of a time stamping authority (RFC 3161)? try again later, or ask another",
        ) from error
    return found


def check(data: bytes, answer: bytes, authority: str) -> Stamp:
    """Tell when `data` existed at the latest, as the authority says.

    Args:
        data: What was stamped.
        answer: The authority's answer, as it was received (`.tsr`).
        authority: A file with the certificates that are trusted, in PEM.

    Raises:
        DefinitionError: If there are no certificates in that file.
        InputError: If neither rfc3161-client nor openssl is there.
    """
    certificates = _certificates(authority)
    try:
        from rfc3161_client import decode_timestamp_response
    except ImportError:
        return _by_openssl(data, answer, certificates)
    try:
        response = decode_timestamp_response(answer)
    except ValueError:
        return Stamp(0, "it is no time stamp")
    return _by_library(data, response, certificates, authority)


def _by_library(data: bytes, response: TimeStampResponse, certificates: bytes, authority: str) -> Stamp:
    from cryptography.x509 import load_pem_x509_certificates
    from rfc3161_client import VerificationError, VerifierBuilder

    builder = VerifierBuilder()
    try:
        for certificate in load_pem_x509_certificates(certificates):
            builder = builder.add_root_certificate(certificate)
    except ValueError as error:
        raise DefinitionError(
            f"{authority}: a certificate in it cannot be read", help="openssl x509 -in FILE -text shows what is wrong"
        ) from error
    try:
        builder.build().verify_message(response, data)
        return Stamp(int(response.tst_info.gen_time.timestamp()))
    except (VerificationError, ValueError):
        return Stamp(0, "it is not one of these bytes by an authority that is trusted")


def _by_openssl(data: bytes, answer: bytes, certificates: bytes) -> Stamp:
    shown = _openssl(["-reply", "-in", "<answer>", "-text"], {"<answer>": answer})
    found = _TIME.search(shown.stdout.decode("utf-8", "replace"))
    if shown.returncode or not found:
        return Stamp(0, "it is no time stamp")
    try:
        at = timegm(time.strptime(f"{found[1]} {found[2]}", "%b %d %H:%M:%S %Y"))
    except ValueError:
        return Stamp(0, "it is no time stamp")
    files = {"<data>": data, "<answer>": answer, "<trusted>": certificates}
    # The certificates must have been valid then, not now.
    done = _openssl(
        ["-verify", "-data", "<data>", "-in", "<answer>", "-CAfile", "<trusted>", "-attime", str(at)], files
    )
    return Stamp(0, "it is not one of these bytes by an authority that is trusted") if done.returncode else Stamp(at)


def _certificates(path: str) -> bytes:
    try:
        with open(path, "rb") as file:
            found = file.read(_LARGEST)
    except OSError as error:
        raise DefinitionError(
            f"{path}: no certificates can be read there ({error.strerror})", help=remedy(error)
        ) from error
    if b"-----BEGIN CERTIFICATE-----" not in found:
        raise DefinitionError(
            f"{path}: no certificate in it (PEM is expected)",
            help="the authority publishes its root certificate; openssl x509 -inform der -in FILE turns one into PEM",
        )
    return found


def _openssl(words: list[str], files: dict[str, bytes]) -> subprocess.CompletedProcess[bytes]:
    with tempfile.TemporaryDirectory(prefix="auditlog-") as folder:
        paths = {}
        for name, data in files.items():
            paths[name] = os.path.join(folder, name.strip("<>"))
            with open(paths[name], "wb") as file:
                file.write(data)
        try:
            return subprocess.run(  # noqa: S603 - no shell; words of ours, and paths
                ["openssl", "ts", *(paths.get(word, word) for word in words)],  # noqa: S607
                capture_output=True, timeout=_LONGEST_S, check=False, stdin=subprocess.DEVNULL,
                env={**os.environ, "LC_ALL": "C"},
            )  # fmt: skip
        except (OSError, subprocess.TimeoutExpired) as error:
            raise InputError(
                "time stamps: neither the package rfc3161-client nor openssl is here",
                help="pip install 'auditlog-cli[stamps]'",
            ) from error
