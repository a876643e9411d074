"""What stands in the place of a value."""

from __future__ import annotations

from pathlib import Path

import pytest

from auditlog_cli.errors import DefinitionError, UsageError
from auditlog_cli.redaction import masks
from auditlog_cli.redaction.masks import Masks

KEY = b"k" * 16


def test_the_pseudonym_is_the_keyed_hash_of_kind_and_value() -> None:
    """compliance.md, 12: the first 8 hex digits of HMAC-SHA-256(key, entity, 0x00, normalised value)."""
    import hashlib
    import hmac

    said = hmac.new(KEY, b"EMAIL_ADDRESS\x00ann@example.org", hashlib.sha256).hexdigest()[:8]
    assert Masks(key=KEY).cover("EMAIL_ADDRESS", "Ann@Example.org") == f"<EMAIL_ADDRESS:{said}>"


@pytest.mark.parametrize(
    ("entity", "one", "other"),
    [
        ("EMAIL_ADDRESS", "ANN@example.org", "ann@example.org"),
        ("CREDIT_CARD", "4111 1111 1111 1111", "4111-1111-1111-1111"),
        ("PHONE_NUMBER", "+49 (30) 901820", "+4930901820"),
    ],
)
def test_equal_values_keep_equal_pseudonyms_however_they_are_spelled(entity: str, one: str, other: str) -> None:
    key = Masks(key=KEY)
    assert key.cover(entity, one) == key.cover(entity, other)
    assert key.cover(entity, one) != key.cover("OTHER", one)
    assert key.cover(entity, one) != Masks(key=b"j" * 16).cover(entity, one)


def test_four_of_a_short_value_would_be_too_much_of_it() -> None:
    last = Masks({"BANK_ACCOUNT_NUMBER": "last4"})
    assert last.cover("BANK_ACCOUNT_NUMBER", "1234-5678-901") == "<BANK_ACCOUNT_NUMBER>"
    assert last.cover("BANK_ACCOUNT_NUMBER", "1234-5678-9012") == "<BANK_ACCOUNT_NUMBER:9012>"


def test_what_is_removed_leaves_nothing() -> None:
    assert Masks({"EMAIL_ADDRESS": "remove"}).cover("EMAIL_ADDRESS", "ann@example.org") == ""


def test_a_place_has_the_last_word() -> None:
    mixed = Masks({"user.email": "mask", "EMAIL_ADDRESS": "pseudonym"}, KEY)
    assert mixed.cover("REDACTED", "ann@example.org", "user.email") == "<REDACTED>"
    assert mixed.cover("REDACTED", "ann@example.org", "user.name").startswith("<REDACTED:")


@pytest.mark.parametrize("wrong", [{"ways": {"X": "burn"}}, {"ways": {"X": "pseudonym"}}, {"key": b"short"}])
def test_what_cannot_be_done_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(UsageError):
        Masks(**wrong)  # type: ignore[arg-type]


def test_a_mask_is_known_from_a_value() -> None:
    assert masks.is_mask("<EMAIL_ADDRESS>") and masks.is_mask("<X:1111>")
    assert not masks.is_mask("<b>") and not masks.is_mask("<X:1111> and more")


def test_the_key_is_a_line_of_a_file(tmp_path: Path) -> None:
    file = tmp_path / "key"
    file.write_bytes(b"0123456789abcdef\n")
    assert masks.load_key(str(file)) == b"0123456789abcdef"
    for wrong in (b"", b"short\n", b"x" * 5000):
        file.write_bytes(wrong)
        with pytest.raises(DefinitionError, match="16 to 4096"):
            masks.load_key(str(file))
    with pytest.raises(DefinitionError, match="a folder, not a file"):
        masks.load_key(str(tmp_path))
