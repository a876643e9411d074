"""A fresh log for each test, and its records back."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from auditlog_cli.testing import Recording, recording


@pytest.fixture
def audit(tmp_path: Path) -> Iterator[Recording]:
    """A log in a folder of its own."""
    with recording(tmp_path) as made:
        yield made
