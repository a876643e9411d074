"""Logs that others write, with salts beside them, so that their values can be withheld later (integrity.md, 2.8)."""
