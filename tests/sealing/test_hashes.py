"""SHA-256 by StringZilla is SHA-256."""

from __future__ import annotations

import hashlib
import os

from auditlog_cli.sealing import hashes


def test_every_length_up_to_several_blocks_agrees_with_hashlib() -> None:
    """Lengths 0 to 300, and around larger powers of two: padding has its corners at 55, 56, 63, 64, …"""
    for length in [*range(301), 1023, 1024, 1025, 4095, 4096, 65535, 1 << 20]:
        data = os.urandom(length)
        assert hashes.sha256(data) == hashlib.sha256(data).digest(), length


def test_known_answers() -> None:
    """FIPS 180-2, appendix B, and RFC 6962, 2.1: the leaf of an empty entry."""
    assert hashes.sha256(b"abc").hex() == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    assert hashes.leaf(b"") == "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d"


def test_a_commitment_is_the_hash_of_salt_and_value() -> None:
    """integrity.md, 2.3, with the first value of the worked example."""
    commit = hashes.commit(b"A" * 22, b'"u-42"')
    assert commit == b"2b00d203e83d3ca98acdc04bff9c1b2f790b2e578bddf2c31bef5aef01447587"
