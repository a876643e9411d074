"""The way of a request that writes: read, judged, held against what came before, written, and only then answered."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from contextlib import nullcontext
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

from anyio import CapacityLimiter, to_thread
from starlette.requests import ClientDisconnect, Request

from auditlog_cli.serving import bodies, idempotency
from auditlog_cli.serving.idempotency import Remembered
from auditlog_cli.serving.ledger import Ledger, stamped
from auditlog_cli.serving.queries import Queries
from auditlog_cli.serving.refusals import Refused

if TYPE_CHECKING:
    from starlette.responses import Response

Content = dict[str, Any]
Made = Callable[[str, bytes], list[Content]]
Answer = Callable[[str, list[Content]], "Response"]
Result = TypeVar("Result")

_PATIENCE_S = 60.0
_WRITERS, _READERS = 32, 4


class Intake:
    """Takes requests that write. Its methods run in the event loop, what blocks in threads.

    Args:
        ledger: Writes.
        queries: Finds what an earlier request wrote.
        limit: How many bytes a body may have, unpacked too.
    """

    def __init__(self, ledger: Ledger, queries: Queries, limit: int) -> None:
        self.limit = limit
        self._ledger = ledger
        self._queries = queries
        self.remembered = Remembered()
        self._running: dict[str, asyncio.Event] = {}
        self._writers, self._readers = CapacityLimiter(_WRITERS), CapacityLimiter(_READERS)

    async def reading(self, work: Callable[[], Result]) -> Result:
        """Return what a query gives. Long ones do not keep records from being written: they have threads of their own.

        A query that fails for the log's sake raises InputError.
        """
        return await to_thread.run_sync(work, limiter=self._readers)

    async def writing(self, work: Callable[[], Result]) -> Result:
        """Return what a function gives that judges or writes."""
        return await to_thread.run_sync(work, limiter=self._writers)

    async def take(
        self,
        request: Request,
        format: str,  # noqa: A002
        kinds: tuple[str, ...],
        made: Made,
        answer: Answer,
        *,
        alone: asyncio.Lock | None = None,
    ) -> Response:
        """Carry out a request that writes.

        Args:
            request: The request.
            format: What it speaks, for `provenance.ingest.format`.
            kinds: The media types that the route takes.
            made: Makes its records out of the media type and the body; raises Refused.
            answer: Makes the answer out of the media type and the records.
            alone: Held from the making of the records until they are written.

        Raises:
            Refused: Nothing was written.
        """
        kind = bodies.kind(request.headers.get("content-type", ""), kinds)
        data = await self.body(request)
        caller = request.state.caller
        route = f"{request.method} {request.url.path}"
        known = idempotency.identify(request.headers.get("idempotency-key"), caller, route, data)
        ingest: Content = {"format": format} | ({"key": caller} if caller else {})
        make = partial(made, kind, data)
        async with alone or nullcontext():
            if known.key:
                records = await self._once(known, make, ingest)
            else:
                records = await self._every_time(known, make, ingest)
        return answer(kind, records)

    async def _once(
        self, known: idempotency.Request, make: Callable[[], list[Content]], ingest: Content
    ) -> list[Content]:
        if self.remembered.begin(known, _now()):
            await self.writing(self._ledger.confirm)
            found = await self.reading(partial(self._queries.answered, known.key))
            if not found:
                raise Refused(409, "idempotency_lost", "the records of the first request are not in the log any more")
            return found
        written = False
        try:
            ingest |= {"idempotency": known.key, "body": known.body}
            records = await self.writing(make)
            stamped(records, ingest)
            if records:
                await self.writing(partial(self._ledger.write, records))
                written = True
            return records
        finally:
            self.remembered.end(known, _now(), written=written)

    async def _every_time(
        self, known: idempotency.Request, make: Callable[[], list[Content]], ingest: Content
    ) -> list[Content]:
        while known.body in self._running:  # a retry that overtakes: it must know what became of the first
            await self._running[known.body].wait()
        ended = self._running[known.body] = asyncio.Event()
        try:
            records = await self.writing(make)
            ids = stamped(records, ingest)
            earlier = self.remembered.repeated(known, _now())
            for record, first in zip(records, earlier, strict=False):
                record["provenance"]["ingest"]["duplicate_of"] = first
            if records:
                await self.writing(partial(self._ledger.write, records))
                self.remembered.note(known, ids, _now())
            return records
        finally:
            del self._running[known.body]
            ended.set()

    async def body(self, request: Request) -> bytes:
        """Return the body of a request, unpacked.

        Raises:
            Refused: 408, 413, 415 or 400, if it does not come, or not as it should.
        """
        packed = await self._body(request)
        encoding = request.headers.get("content-encoding", "")
        return await self.writing(partial(bodies.unpacked, packed, encoding, self.limit))

    async def _body(self, request: Request) -> bytes:
        length = request.headers.get("content-length", "0")
        if not length.isascii() or not length.isdigit() or len(length) > 15 or int(length) > self.limit:
            raise bodies.too_large(self.limit)
        pieces: list[bytes] = []
        room = self.limit
        try:
            async with asyncio.timeout(_PATIENCE_S):
                async for piece in request.stream():
                    room -= len(piece)
                    if room < 0:
                        raise bodies.too_large(self.limit)
                    pieces.append(piece)
        except TimeoutError:
            raise Refused(408, "timeout", "the body did not come", {"Connection": "close"}) from None
        except ClientDisconnect:
            raise Refused(400, "disconnected", "the body did not come whole") from None
        return b"".join(pieces)


def _now() -> int:
    return int(time.time() * 1_000_000)
