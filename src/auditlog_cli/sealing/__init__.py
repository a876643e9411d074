"""The sealed log `auditlog/1`: bytes, hashes, proofs. No I/O: what writes and what checks meet here."""
