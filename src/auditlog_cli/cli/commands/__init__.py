"""One file = one command; the file's name is the command's name (`_` becomes `-`).

A folder is a group: `packs/list.py` is `auditlog packs list`, and the docstring of the folder its help.

A command module has one public function of that name. Its signature is written for Typer with the
annotations of `options.py`, its docstring is its help (an `Examples:` block included), and it returns the
exit code. No command module imports Typer: annotations are only text until `app.py` resolves them, so that
the front door can call the function without paying for Typer.
"""
