"""Requests that come twice (frameworks.md, 11.2, 6).

With `Idempotency-Key`, the second is answered as the first, and nothing is written. What is known of the first stands
in the log, with its records, so that a restart forgets nothing: the SHA-256 of the key, and a digest of the body. That
digest is keyed with the client's key: a bare one would tell somebody who guesses what was withheld.

Without the header, identical requests within a minute are kept, each later one with the record that it repeats.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterable
from typing import Any, NamedTuple

from auditlog_cli import times
from auditlog_cli.serving.refusals import Refused, invalid

DAY = 24 * 60 * times.MINUTE
_LONGEST_KEY = 255
_REPEATS = times.MINUTE


class Request(NamedTuple):
    """What tells whether two requests are one.

    Attributes:
        key: SHA-256 of the client's Idempotency-Key with the API key's name and the route, hex; empty without one.
        body: Digest of the body, hex.
    """

    key: str
    body: str


def identify(given: str | None, caller: str, route: str, body: bytes) -> Request:
    """Return what tells whether a request came before.

    Args:
        given: The header `Idempotency-Key`, or None.
        caller: The name of the API key: two callers never share an answer.
        route: Method and path.
        body: As it came.

    Raises:
        Refused: 400 for a key that is empty or too long.
    """
    if given is None:
        return Request("", hashlib.sha256(b"\0".join((caller.encode(), route.encode(), body))).hexdigest())
    if not given.strip() or len(given) > _LONGEST_KEY:
        raise invalid(f"Idempotency-Key must have 1 to {_LONGEST_KEY} characters")
    secret = given.encode("utf-8", "surrogateescape")
    key = hashlib.sha256(b"\0".join((caller.encode(), route.encode(), secret))).hexdigest()
    return Request(key, hmac.new(secret, body, "sha256").hexdigest())


class Remembered:
    """The requests of the last 24 hours that had a key. Used by one thread.

    Memory: about 300 bytes each; answers are made from the log again.
    """

    def __init__(self) -> None:
        self._done: dict[str, tuple[str, int]] = {}
        self._running: dict[str, str] = {}
        self._recent: dict[str, tuple[int, list[str]]] = {}

    def learn(self, records: Iterable[dict[str, Any]], now: int) -> None:
        """Take up what a log says of requests, its newest records first; stop at those older than a day."""
        seen: dict[str, int] = {}
        found: list[tuple[str, str, int]] = []
        for record in records:
            ingest = record["provenance"]["ingest"]
            key, body, received = ingest.get("idempotency"), ingest.get("body"), times.parse(ingest.get("received"))
            if not isinstance(key, str) or not isinstance(body, str) or received is None:
                continue
            if received < now - DAY:
                break
            seen[key] = seen.get(key, 0) + 1
            if seen[key] == parts(ingest):  # a batch that a crash cut short was never acknowledged
                found.append((key, body, received))
        for key, body, received in reversed(found):
            self._done[key] = body, received

    def begin(self, request: Request, now: int) -> bool:
        """Take up a request with a key; tell whether it was carried out before.

        Raises:
            Refused: 422 if the key came with another body; 409 while the first is still running.
        """
        self._forget(now)
        done = self._done.get(request.key)
        before = done[0] if done else self._running.get(request.key)
        if before is not None and before != request.body:
            raise Refused(422, "idempotency_mismatch", "this Idempotency-Key came with another body")
        if done:
            return True
        if before is not None:
            raise Refused(409, "idempotency_running", "the first request with this Idempotency-Key is still running")
        self._running[request.key] = request.body
        return False

    def end(self, request: Request, now: int, *, written: bool) -> None:
        """A request with a key that `begin` took up has ended: written, or as if it had never come."""
        self._running.pop(request.key, None)
        if written:
            self._done[request.key] = request.body, now

    def repeated(self, request: Request, now: int) -> list[str]:
        """Return the ids of the records of the first identical request within a minute, or none."""
        while self._recent:
            first = next(iter(self._recent))
            if self._recent[first][0] >= now - _REPEATS:
                break
            del self._recent[first]
        found = self._recent.get(request.body)
        return found[1] if found else []

    def note(self, request: Request, ids: list[str], now: int) -> None:
        """Records were written for a request without a key."""
        self._recent.setdefault(request.body, (now, ids))

    def _forget(self, now: int) -> None:
        while self._done:
            first = next(iter(self._done))
            if self._done[first][1] >= now - DAY:
                break
            del self._done[first]


def parts(ingest: dict[str, Any]) -> int:
    """Return how many records the request had whose `provenance.ingest` this is."""
    part = ingest.get("part")
    return part[1] if isinstance(part, list) and len(part) == 2 and isinstance(part[1], int) else 1
