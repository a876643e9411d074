"""Traces in one format per file: `lines(trace, rows, …)` or `text(…)`, as `cli/commands/trace.py` calls them."""
