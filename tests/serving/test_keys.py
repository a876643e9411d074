"""API keys (frameworks.md, 11.2, 2)."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest

from auditlog_cli.errors import DefinitionError, UsageError
from auditlog_cli.serving import keys


def test_only_the_hash_is_kept(tmp_path: Path) -> None:
    """256 random bits, told once; name, SHA-256 and time in a file of mode 0600."""
    path = tmp_path / "deep" / "log.keys"
    key = keys.make(str(path), "billing")
    text = path.read_text()
    assert key not in text
    stored = json.loads(text)
    assert (stored["name"], stored["sha256"]) == ("billing", hashlib.sha256(key.encode()).hexdigest())
    assert path.stat().st_mode & 0o777 == 0o600
    assert len(key) >= 43
    assert keys.make(str(path), "other") != key
    known = keys.load(str(path))
    assert known
    assert (known.name_of(key), known.name_of(key + "x"), known.name_of("")) == ("billing", None, None)
    assert known.name_of("\udcff") is None


def test_no_file_is_no_key(tmp_path: Path) -> None:
    """The server then asks for none."""
    assert not keys.load(str(tmp_path / "none"))


def test_whose_keys_are_gone_lets_nobody_in(tmp_path: Path) -> None:
    """The name is mistyped, or the last key was revoked: that is no wish to do without."""
    missing, emptied = tmp_path / "missing", tmp_path / "emptied"
    emptied.touch(mode=0o600)
    for path, named in ((missing, True), (emptied, True), (emptied, False)):
        with pytest.raises(DefinitionError, match="holds no key"):
            keys.load(str(path), named=named)


def test_a_name_is_given_once(tmp_path: Path) -> None:
    """It stands in records: two keys of one name could not be told apart."""
    path = str(tmp_path / "keys")
    keys.make(path, "a")
    with pytest.raises(UsageError, match="has a key of this name"):
        keys.make(path, "a")


@pytest.mark.parametrize("name", ["", "  ", "a\nb", "\x1b[31m", "x" * 101])
def test_names_are_printable(tmp_path: Path, name: str) -> None:
    """They are shown and recorded."""
    with pytest.raises(UsageError, match="--new-key"):
        keys.make(str(tmp_path / "keys"), name)


def test_a_file_that_others_read_is_refused(tmp_path: Path) -> None:
    """As OpenSSH does."""
    path = tmp_path / "keys"
    keys.make(str(path), "a")
    path.chmod(0o640)
    with pytest.raises(DefinitionError, match="others may read") as caught:
        keys.load(str(path))
    assert "chmod 600" in caught.value.help


@pytest.mark.parametrize("line", [b"x", b"{}", b'{"name":1,"sha256":"a","created":"b"}', b'{"name":"a","sha256":"","created":"b"}'])  # fmt: skip
def test_what_is_no_key_file_is_refused(tmp_path: Path, line: bytes) -> None:
    """A damaged file must not open the server to everybody, nor lock everybody out in silence."""
    path = tmp_path / "keys"
    path.write_bytes(b"\n" + line + b"\n")
    path.chmod(0o600)
    with pytest.raises(DefinitionError, match="keys:2: not a key"):
        keys.load(str(path))
