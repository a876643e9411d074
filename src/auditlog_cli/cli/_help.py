"""Generated from the Typer definition by `make docs` (cli/generate.py). Do not edit."""

PAGES: dict[str, tuple[str, str, str, tuple[tuple[str, tuple[tuple[str, str], ...]], ...], str]] = {
    "tail": (
        "Show the last actions of a log.",
        "auditlog tail [OPTION]... [PATH]...",
        "",
        (
            (
                "Arguments",
                (
                    (
                        "[PATH]...",
                        "Logs: files, folders, globs, - for standard input; .gz and .zst too. Without any: "
                        "$AUDITLOG_LOG, else what is piped in, else ./audit.jsonl.",
                    ),
                ),
            ),
            ("How they are shown", (("--color auto|always|never", "Colour in text output; auto heeds NO_COLOR."),)),
        ),
        "auditlog tail audit.jsonl",
    )
}
