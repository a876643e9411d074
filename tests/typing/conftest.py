"""`api.py` is read by mypy and never run: it would write logs."""

collect_ignore = ["api.py"]
