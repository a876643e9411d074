"""Records as they are printed by `tail` and `filter`. One file = one format, its name is its name.

A format module has

    HINT    one line about it
    START   bytes before the first record
    END     bytes after the last one
    item    (Record | BadLine, Style, first: bool) -> bytes; empty for what it does not show
"""
