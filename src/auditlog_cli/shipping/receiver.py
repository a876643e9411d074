"""OTLP over HTTP: one request is sent until it was taken, all of it, or it is clear that it will not be.

Source: OTLP specification 1.x, "OTLP/HTTP Response" (full and partial success, retryable codes, throttling).
"""

from __future__ import annotations

import gzip
import http.client
import itertools
import random
import ssl
import time
from collections.abc import Callable
from email.utils import parsedate_to_datetime
from typing import Any, NamedTuple

import orjson

from auditlog_cli import credentials, posting
from auditlog_cli._version import __version__
from auditlog_cli.credentials import OF_THE_SYSTEM, Credentials
from auditlog_cli.errors import AuditWriteError, UsageError
from auditlog_cli.exporters import _otlp
from auditlog_cli.shipping import headers as secrets

_AGAIN = (429, 502, 503, 504)
_FIRST_S, _LONGEST_S = 0.5, 30.0
_PATIENCE_S = 600.0
"""A receiver that asks for a longer pause is not waited for."""
_REACH = "is the receiver running, and is --endpoint right?"
_ANSWER = 1 << 20
_SAID = 300  # characters of what the receiver says that are repeated
_HELP = {
    400: "the receiver does not understand the request: is it one for OTLP?",
    401: f"say who you are: --header or {secrets.VARIABLE}",
    403: f"say who you are: --header or {secrets.VARIABLE}",
    404: "look at the path of --endpoint",
    413: "send less at a time: --batch",
    415: "the receiver may want the other encoding: --protobuf",
}


class Manner(NamedTuple):
    """How requests are sent.

    Attributes:
        protobuf: What the requests are in; else JSON.
        gzip: Compress them.
        headers: Of the user's own.
        retries: So many times more after a failure that may pass.
        patient: A receiver that cannot be reached, or breaks off, may come back: try again then, too. A request may
            then arrive twice.
        timeout_s: How long to wait for an answer.
        shown: For `https://`: whom to trust, and who we are.
    """

    protobuf: bool = False
    gzip: bool = False
    headers: dict[str, str] = {}  # noqa: RUF012 - nobody writes to it
    retries: int = 5
    patient: bool = False
    timeout_s: float = 30.0
    shown: Credentials = OF_THE_SYSTEM


class _Passing(Exception):
    """A failure that may pass.

    Attributes:
        pause: Seconds that the receiver asks for, or None.
        help: What the user can do, or empty.
    """

    def __init__(self, why: str, pause: float | None = None, help: str = "") -> None:  # noqa: A002
        super().__init__(why)
        self.pause = pause
        self.help = help


class Receiver:
    """Where requests go.

    Args:
        url: The endpoint; one without a path gets the signal's usual one (`/v1/logs`).
        signal: What is sent.
        manner: How.
        say: Is told, in one line each, what happens meanwhile.
        sleep: Waits so many seconds.
        plain: `http://` to other machines, too.

    Raises:
        UsageError: If the address is none, or nothing here writes protobuf.
        DefinitionError: If a file for TLS cannot be used.
    """

    def __init__(
        self,
        url: str,
        signal: _otlp.Signal,
        manner: Manner,
        say: Callable[[str], None],
        *,
        sleep: Callable[[float], None] = time.sleep,
        plain: bool = False,
    ) -> None:
        try:
            to = posting.address(url, plain=plain)
        except ValueError as error:
            raise UsageError(f"--endpoint: {error}", help="--insecure allows http:// to other machines") from None
        manner.shown.refuse_unfit(secure=to.secure, scheme="https://")
        self._to = to._replace(path=signal.path) if to.path == "/" else to
        self._signal = signal
        self._manner = manner
        self._say = say
        self._sleep = sleep
        self._answer = _otlp.message(signal, "Response") if manner.protobuf else None
        self._headers = {
            **manner.headers,
            "content-type": "application/x-protobuf" if manner.protobuf else "application/json",
            "user-agent": f"auditlog/{__version__}",
        }
        if manner.gzip:
            self._headers["content-encoding"] = "gzip"
        self.name = str(self._to)

    def send(self, request: bytes) -> None:
        """Send one request; return once the receiver said that it took all of it.

        Raises:
            AuditWriteError: If it did not.
        """
        data = gzip.compress(request, mtime=0) if self._manner.gzip else request
        for attempt in itertools.count():
            try:
                self._once(data)
                return
            except _Passing as failure:
                if attempt >= self._manner.retries:
                    tried = f", tried {attempt + 1} times" if attempt else ""
                    raise self._failed(f"{failure}{tried}", failure.help) from None
                pause = pause_after(attempt) if failure.pause is None else failure.pause
                if pause > _PATIENCE_S:
                    raise self._failed(f"{failure}; it asks to wait {pause:.0f} s", "try again then") from None
                self._say(f"{self.name}: {failure}; trying again in {pause:.1f} s")
                self._sleep(pause)

    def _once(self, data: bytes) -> None:
        manner = self._manner
        try:
            reply = posting.post(
                self._to, data, self._headers, timeout_s=manner.timeout_s, most=_ANSWER, shown=manner.shown
            )
        except (OSError, http.client.HTTPException) as error:
            why = _reason(error, manner.timeout_s)
            if credentials.is_refusal(error):
                raise self._failed(why, credentials.REFUSED) from None
            if manner.patient and not isinstance(error, ssl.SSLCertVerificationError):
                raise _Passing(why, help=_REACH) from None
            raise self._failed(f"{why}; whether it took the last request is not known", _REACH) from None
        self.judge(reply)

    def judge(self, reply: posting.Reply) -> None:
        """Return if the receiver took everything.

        Raises:
            AuditWriteError: If it did not, or nobody knows.
            _Passing: If it may take it later.
        """
        if reply.status in _AGAIN:
            pause = _asked(reply.headers.get("retry-after"))
            raise _Passing(
                f"answers {reply.status}{self._words(reply)}", pause, "try again later, or with more --retries"
            )
        if reply.status != 200:
            raise self._failed(f"answers {reply.status}{self._words(reply)}", _HELP.get(reply.status, ""))
        self._look_into(reply.body)

    def _look_into(self, body: bytes) -> None:
        """Look whether a good answer says that something was not taken after all."""
        if not body:
            return  # the empty message of protobuf; some say nothing in JSON either
        try:
            rejected, words = self._partial(body)
        except Exception:
            raise self._failed(
                "answers 200, but not in the encoding of the request: what it took is not known",
                "is it a receiver for OTLP?",
            ) from None
        said = f": {self._clean(words)}" if words else ""
        if rejected:
            what = "record" if self._signal is _otlp.LOGS else "span"
            raise self._failed(
                f"rejected {rejected} {what}{'s' * (rejected != 1)}{said}", "the receiver's own log may say why"
            )
        if said:
            self._say(f"{self.name}: took everything, and says{said}")

    def _partial(self, body: bytes) -> tuple[int, str]:
        """How many were rejected, and what the receiver says of it. Raises whatever, if it is no answer."""
        if self._answer is not None:
            partial = self._answer.FromString(body).partial_success
            return int(getattr(partial, _snake(self._signal.rejected))), str(partial.error_message)
        answer = orjson.loads(body)
        found = _member(answer, "partialSuccess") or {}
        rejected, words = _member(found, self._signal.rejected), _member(found, "errorMessage")
        return int(rejected or 0), str(words or "")

    def _words(self, reply: posting.Reply) -> str:
        """What a refusal says: the `message` of its Status."""
        try:
            if self._answer is not None:
                # google.rpc.Status has its message where a partial success has its own: text, field 2.
                partial = type(self._answer().partial_success)
                words = str(partial.FromString(reply.body).error_message)
            else:
                words = str(orjson.loads(reply.body)["message"])
        except Exception:
            return ""
        return f": {self._clean(words)}" if words else ""

    def _clean(self, words: str) -> str:
        found = " ".join(secrets.without(words, self._manner.headers).split())
        return found if len(found) <= _SAID else f"{found[:_SAID]}…"

    def _failed(self, why: str, help: str = "") -> AuditWriteError:  # noqa: A002
        return AuditWriteError(f"{self.name}: {why}", help=help)


def pause_after(attempt: int) -> float:
    """Return the seconds to wait: doubled each time, and spread, so that not all come back at one moment."""
    longest = min(_LONGEST_S, _FIRST_S * 2.0**attempt)
    return longest * random.uniform(0.5, 1.0)  # noqa: S311 - nothing secret


def _asked(after: str | None) -> float | None:
    """Seconds that `Retry-After` asks for (RFC 9110, 10.2.3), or None."""
    if after is None:
        return None
    if after.strip().isdecimal() and after.isascii():
        return float(after.strip()[:9])
    try:
        return max(0.0, parsedate_to_datetime(after).timestamp() - time.time())
    except (ValueError, OverflowError):
        return None


def _reason(error: Exception, timeout_s: float) -> str:
    if isinstance(error, TimeoutError):
        return f"gives no answer within {timeout_s:g} s"
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"its certificate is not trusted ({error.verify_message})"
    if isinstance(error, OSError) and credentials.is_refusal(error):
        return f"refuses us ({credentials.reason(error)})"
    if isinstance(error, ConnectionRefusedError):
        return "cannot be reached (connection refused)"
    words = error.strerror if isinstance(error, OSError) and error.strerror else type(error).__name__
    return f"cannot be reached, or broke off ({words})"


def _member(found: Any, name: str) -> Any:
    """A member in camelCase or snake_case."""
    return found[name] if name in found else found.get(_snake(name))


def _snake(name: str) -> str:
    return "".join(f"_{char.lower()}" if char.isupper() else char for char in name)
