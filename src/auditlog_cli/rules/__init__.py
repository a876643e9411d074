"""Compliance rules: packs, policies, and which rules judge which agents (compliance.md, 3, 5 and 6)."""
