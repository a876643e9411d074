"""docs/serve.md: its example is taken, its routes are there."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest

pytest.importorskip("starlette", reason="the extra serve is not installed")

from tests.serving.conftest import Served
from tests.serving.conftest import serve as serve
from tests.serving.conftest import served as served

PAGE = (Path(__file__).parents[2] / "docs" / "serve.md").read_text()


def test_the_example_is_taken(served: Served) -> None:
    """The body that the page shows becomes the record that it describes."""
    body = re.search(r"-d '(\{.*\})'", PAGE)
    assert body
    assert served.post(json.loads(body[1])).status_code == 201
    record = served.records()[0]
    assert (record["user"], record["agent"]) == ({"id": "ann"}, {"id": "planner"})
    assert record["action"]["tool"] == "lookup"


def test_the_routes_are_there(served: Served) -> None:
    """Each GET that the page names answers something else than "there is nothing here"."""
    for path in ("audit-logs", "agents", "packs", "health"):
        assert path in PAGE
        assert served.get(f"/api/v1/{path}").status_code == 200


def test_the_options_are_there(cli: Callable[..., object]) -> None:
    """Each option of `serve` that the page names is one."""
    text = cli("serve", "--help").out  # type: ignore[attr-defined]
    for option in set(re.findall(r"--(?:new-key|keys|host|allow-remote|max-body|alerts)\b", PAGE)):
        assert option in text
