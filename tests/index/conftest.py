"""Small parts: whatever holds for files of gigabytes then shows in those of kilobytes."""

from __future__ import annotations

import pytest

from auditlog_cli.index import building, making, parts, query, readying


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Parts of at most 7 lines and about 2,000 bytes, blocks of 3 lines, subtrees of 2 leaves."""
    monkeypatch.setattr(building, "STRETCH", 2000)
    monkeypatch.setattr(building, "_SMALL", 500)
    monkeypatch.setattr(building, "_TICK_NS", 0)
    monkeypatch.setattr(making, "_STEP", 300)
    monkeypatch.setattr(parts, "MOST_LINES", 7)
    monkeypatch.setattr(parts, "BLOCK", 3)
    monkeypatch.setattr(parts, "LEAVES", 2)


@pytest.fixture
def eager(small: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """And whoever reads makes an index, whatever the size of the log."""
    monkeypatch.setattr(query, "WORTH", 1)
    monkeypatch.setattr(readying, "WORTH", 1)
    monkeypatch.setattr(readying, "BEHIND", 1)
