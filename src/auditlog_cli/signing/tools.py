"""`ssh-keygen`, for what the package `cryptography` is not there for, or cannot do: agents, FIDO keys, other kinds."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile

PROGRAM = "ssh-keygen"
_LONGEST_S = 120  # a person may have to touch a key


def is_there() -> bool:
    """Tell whether `ssh-keygen` can be run."""
    return shutil.which(PROGRAM) is not None


def run(words: list[str], message: bytes, files: dict[str, bytes]) -> subprocess.CompletedProcess[bytes]:
    """Run `ssh-keygen` with `message` as its input.

    Args:
        words: The arguments; one that is a name of `files` stands for the path of that file.
        files: What lies in a folder of our own while it runs.

    Raises:
        OSError: If it is not there, or does not answer.
    """
    with tempfile.TemporaryDirectory(prefix="auditlog-") as folder:
        paths = {}
        for name, data in files.items():
            paths[name] = os.path.join(folder, name)
            with open(paths[name], "wb") as file:
                file.write(data)
        try:
            return subprocess.run(  # noqa: S603 - no shell; words of ours, and paths
                [PROGRAM, *(paths.get(word, word) for word in words)],
                input=message, capture_output=True, timeout=_LONGEST_S, check=False,
            )  # fmt: skip
        except subprocess.TimeoutExpired as error:
            raise OSError(f"{PROGRAM} did not answer") from error
