"""A call of the system that fails once, at any place of what is tested."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from itertools import count
from typing import Any

import pytest


@contextmanager
def refused(monkeypatch: pytest.MonkeyPatch, name: str, number: int) -> Iterator[list[int]]:
    """Let one call of a function fail, as a disk does; yield a list that is empty until that call has come.

    Args:
        monkeypatch: Puts the function back.
        name: The function, with its module: `os.rename`.
        number: How many calls succeed before.
    """
    module, _, function = name.rpartition(".")
    real = getattr(import_module(module), function)
    calls = count()
    failed: list[int] = []

    def refuse(*args: Any, **named: Any) -> Any:
        if next(calls) == number:
            failed.append(number)
            raise OSError(5, "Input/output error")
        return real(*args, **named)

    with monkeypatch.context() as patch:
        patch.setattr(name, refuse)
        yield failed
