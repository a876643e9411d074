"""Generated from the Typer definition by `make docs` (cli/generate.py). Do not edit."""

COMMANDS: dict[str, tuple[dict[str, tuple[str, str, object]], tuple[tuple[str, bool, bool], ...]]] = {
    "tail": ({"--color": ("color", "choice", ("auto", "always", "never"))}, (("paths", True, False),))
}
