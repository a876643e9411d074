"""Packs of rules: list them, read them, write your own.

A pack is one file of rules for one law or standard. Those that are shipped are in review: no lawyer has read
them. How to write your own: docs/packs.md.
"""
