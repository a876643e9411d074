"""The policy file of a site: draft it, check it, read it.

A policy says what is true of a site (what its tools do, who is allowed what) and which packs judge which agents.
Keys and their meaning: docs/packs.md.
"""
