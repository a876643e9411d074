"""LangSmith's wire: `GET /info` and `POST /runs/batch`, which its client uses where multipart is not offered.

A run comes twice: posted when it begins, patched when it ends. Each becomes a record with a phase, and both have the
span of the run. A patch does not say what the run was; that is remembered from its post, as long as the server runs.
"""

from __future__ import annotations

from collections import OrderedDict
from threading import Lock
from typing import Any

from auditlog_cli._version import __version__
from auditlog_cli.importers._drafts import moment
from auditlog_cli.serving import bodies, translating
from auditlog_cli.serving.refusals import invalid

Content = dict[str, Any]
_REMEMBERED = 10_000
_NAMED = ("name", "run_type", "start_time", "trace_id", "parent_run_id", "dotted_order", "session_name")


def info(limit: int) -> Content:
    """Return what the client asks before it sends: plain JSON, so many bytes."""
    return {
        "version": __version__,
        "batch_ingest_config": {
            "use_multipart_endpoint": False, "scale_up_qsize_trigger": 1000, "scale_up_nthreads_limit": 4,
            "scale_down_nempty_trigger": 4, "size_limit": 100, "size_limit_bytes": limit,
        },
    }  # fmt: skip


class Runs:
    """The runs that began and have not ended. Threads may share it."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._open: OrderedDict[str, Content] = OrderedDict()

    def records(self, data: bytes) -> list[Content]:
        """Return the records of a batch.

        Raises:
            Refused: 400 if it is none.
        """
        batch = bodies.json(data)
        if not isinstance(batch, dict):
            raise invalid("a batch must be an object with post and patch")
        for which in ("post", "patch"):
            runs = batch.get(which)
            if not isinstance(runs, list | None):
                raise invalid(f"{which} must be a list of runs")
            for index, run in enumerate(runs or []):
                if not isinstance(run, dict) or not isinstance(run.get("id"), str) or not run["id"]:
                    raise invalid(f"{which} {index}: a run is an object with an id")
        if "post" not in batch and "patch" not in batch:
            raise invalid("a batch has post or patch")
        posts = {run["id"]: run for run in batch.get("post") or []}
        apart: dict[str, Content] = {}
        for patch in batch.get("patch") or []:
            said = {name: value for name, value in patch.items() if value is not None}
            held = posts if patch["id"] in posts else apart
            held[patch["id"]] = (held.get(patch["id"]) or self._begun(patch["id"])) | said
        made: list[Content] = []
        for runs in (posts, apart):
            if runs:
                made += translating.records("langsmith", {"post": list(runs.values())}, data)
        for record in made:
            native = record["provenance"]["import"]["id"]
            _give_phase(record, posts.get(native) or apart[native], apart=native in apart)
        for run in posts.values():
            self._remember(run)
        return made

    def _begun(self, run_id: str) -> Content:
        with self._lock:
            return self._open.get(run_id, {})

    def _remember(self, run: Content) -> None:
        with self._lock:
            self._open.pop(run["id"], None)
            if not run.get("end_time"):
                self._open[run["id"]] = {name: run[name] for name in _NAMED if run.get(name) is not None}
            while len(self._open) > _REMEMBERED:
                self._open.popitem(last=False)


def _give_phase(record: Content, run: Content, *, apart: bool) -> None:
    """A run that has not ended is pending; one that ends apart from its post is the end of the same span."""
    ended = moment(run.get("end_time"), 0)
    if ended is None:
        record["action"] |= {"phase": "start", "result_status": "pending"}
    elif apart:
        record["action"]["phase"] = "end"
        record["timestamp"] = ended
