"""Alerts: what became of each finding, in a log of its own.

`auditlog check --alerts FILE` opens them, once each; people acknowledge and resolve them. The alerts log is an
append-only, sealed log like any other: it says who did what, when and why.
"""
