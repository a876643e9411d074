"""The writer that fails loudly: append, lock, recovery, rotation, durability (integrity.md, section 6)."""
