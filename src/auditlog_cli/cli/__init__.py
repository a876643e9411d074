"""The command line. Typer defines it (`commands/`, `options.py`); a thin front door runs it (`front.py`)."""
