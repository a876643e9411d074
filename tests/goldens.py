"""Golden files: exit code, standard output and standard error of a command line, as the user sees them.

`UPDATE_GOLDEN=1 make test` rewrites them; the difference is read like any other.
"""

from __future__ import annotations

import os
from pathlib import Path

from tests.conftest import Result

FOLDER = Path(__file__).parent / "golden"


def check(name: str, result: Result, *, scrub: dict[str, str] | None = None) -> None:
    """Compare a result with `golden/<name>.txt`.

    Args:
        scrub: Texts that differ from run to run → what stands in the file instead.
    """
    told = f"exit code: {result.code}\n--- stdout\n{result.out}--- stderr\n{result.err}"
    for text, placeholder in (scrub or {}).items():
        told = told.replace(text, placeholder)
    path = FOLDER / f"{name}.txt"
    if os.environ.get("UPDATE_GOLDEN"):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(told.encode())
    assert path.exists(), f"{path} is missing: UPDATE_GOLDEN=1 writes it"
    assert told == path.read_bytes().decode()
