"""Random names: the right form, and never twice."""

from __future__ import annotations

import base64
import os
import re
import uuid

from auditlog_cli.writer import ids


def test_salts_are_base64url_of_sixteen_bytes() -> None:
    """22 characters, canonical: decoding and encoding again gives the same."""
    salts = ids.salts(3000)
    assert len(set(salts)) == 3000
    for salt in salts:
        raw = base64.urlsafe_b64decode(salt + b"==")
        assert len(raw) == 16
        assert base64.urlsafe_b64encode(raw)[:22] == salt
    assert ids.salts(0) == []


def test_salts_made_in_bulk_are_what_base64_makes_one_by_one(monkeypatch: object) -> None:
    """The slow twin: the same random bytes, encoded one by one."""
    raw = os.urandom(16 * 100)
    real, os.urandom = os.urandom, lambda _: raw
    try:
        made = ids._make_salts(100)
    finally:
        os.urandom = real
    assert made == [base64.urlsafe_b64encode(raw[at : at + 16])[:22] for at in range(0, 1600, 16)]


def test_record_ids_are_uuids_of_version_four() -> None:
    """RFC 9562: version 4, variant 10."""
    made = [ids.record_id() for _ in range(1000)]
    assert len(set(made)) == 1000
    for text in made:
        parsed = uuid.UUID(text)
        assert str(parsed) == text
        assert parsed.version == 4
        assert parsed.variant == uuid.RFC_4122


def test_trace_and_span_ids() -> None:
    """W3C Trace Context."""
    assert re.fullmatch("[0-9a-f]{32}", ids.trace_id())
    assert re.fullmatch("[0-9a-f]{16}", ids.span_id())


def test_a_child_does_not_use_its_parents_salts() -> None:
    """After a fork both would otherwise take the same ones from their stock."""
    ids.salts(1)
    ids.record_id()
    read, write = os.pipe()
    pid = os.fork()
    if pid == 0:
        try:
            os.write(write, b"".join(ids.salts(50)) + ids.record_id().encode())
        finally:
            os._exit(0)
    os.waitpid(pid, 0)
    theirs = os.read(read, 4096)
    os.close(read)
    os.close(write)
    assert len(theirs) == 50 * 22 + 36
    assert not any(salt in theirs for salt in ids.salts(50))
    assert ids.record_id().encode() not in theirs
