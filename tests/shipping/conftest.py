"""A receiver for each test."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.otlpreceiver import Receiver, serving


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with serving() as found:
        yield found
