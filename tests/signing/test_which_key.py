"""Which of the files of a key is meant, for who took the other one."""

from __future__ import annotations

from pathlib import Path

import pytest

from auditlog_cli.errors import DefinitionError
from auditlog_cli.signing import signers


@pytest.mark.parametrize("name", ["private", "empty"])
def test_what_holds_no_public_key_is_told_what_would(tmp_path: Path, name: str) -> None:
    """A private key is named as such: the wrong one of two files is the usual mistake."""
    kind = "OPENSSH PRIVATE" + " KEY"
    path = tmp_path / name
    path.write_text(f"-----BEGIN {kind}-----\n" if name == "private" else "# nothing\n")
    with pytest.raises(DefinitionError) as wrong:
        signers.load(str(path))
    assert wrong.value.help.startswith(f"most likely it is in {path}.pub" if name == "private" else "expected: ORIGIN ")
