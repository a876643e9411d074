"""How long a regular expression takes on texts made to stall it (compliance.md, 6.9).

The texts come from the expression itself: beginnings of what it matches, its literals and members of its
classes, again and again, 100 KB of each, with an end that does not match. A search that never ends cannot be stopped
from outside, so it runs in a process of its own under a timer of processor time.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterable, Iterator
from time import process_time
from typing import Any, Final

SIZE: Final = 100_000
SECONDS: Final = 1.0
"""Of processor time for one text."""
BUDGET: Final = 60.0
"""Seconds of processor time for all expressions of a pack together: a pack of strangers may hold thousands."""
_MOST_PARTS: Final = 16


def slow(expressions: Iterable[str]) -> tuple[list[str], list[str]]:
    """Return (those that take longer than SECONDS on one of their texts, those that were not tried for want of time).

    Those that do not compile are left out.
    """
    wanted = list(dict.fromkeys(expressions))
    if not wanted:
        return [], []
    code = "import sys; from auditlog_cli.rules import slowness; sys.stdout.write(slowness.child(sys.stdin.read()))"
    # The child imports what this process imports, from where this process has it.
    done = subprocess.run(  # noqa: S603 - this interpreter, with words of our own
        [sys.executable, "-c", f"import sys; sys.path[:] = {sys.path!r}; {code}"],
        input=json.dumps(wanted), capture_output=True, text=True, check=True,
    )  # fmt: skip
    found, untried = json.loads(done.stdout)
    return found, untried


def child(asked: str) -> str:
    """Do the searches (in the child process); the answer is the JSON of what `slow` returns."""
    found, untried = [], []
    for each in json.loads(asked):
        if process_time() > BUDGET:
            untried.append(each)
        elif _is_slow(each):
            found.append(each)
    return json.dumps([found, untried])


class _Late(Exception):
    pass


def _is_slow(expression: str) -> bool:
    import re
    import signal

    def late(*_: object) -> None:
        raise _Late

    try:
        search = re.compile(expression, re.ASCII).search
    except (re.error, RecursionError, OverflowError):
        return False
    signal.signal(signal.SIGVTALRM, late)  # the searcher of CPython looks for signals as it goes
    try:
        for text in texts(expression):
            signal.setitimer(signal.ITIMER_VIRTUAL, SECONDS)
            search(text)
            signal.setitimer(signal.ITIMER_VIRTUAL, 0)
    except _Late:
        return True
    return False


def texts(expression: str) -> Iterator[str]:
    """Yield texts of SIZE characters that `expression` has trouble with, if it can have trouble at all."""
    import re._parser as parser  # type: ignore[import-not-found]

    parts = [part for part in _of(parser.parse(expression)) if part]
    before = ""
    for number, part in enumerate(parts[:_MOST_PARTS]):
        before += part
        # A beginning of a match again and again: every one of them is followed up in vain.
        for again in (before, f"{before} "):
            yield (again * (SIZE // len(again) + 1))[:SIZE] + "\x00"
        # The same beginning once; then one part again and again keeps a repetition busy.
        for other in dict.fromkeys(parts[max(0, number - 2) : number + 3]):
            yield before + (other * (SIZE // len(other) + 1))[: SIZE - len(before)] + "\x00"
    for part in dict.fromkeys(parts):
        yield (part * (SIZE // len(part) + 1))[:SIZE] + "\x00"


def _of(tree: Any) -> Iterator[str]:
    """Runs of literals, and one member of each class, in the order of the expression; of alternatives the first."""
    run = ""
    for operator, argument in tree:
        name = str(operator)
        if name == "LITERAL":
            run += chr(argument)
            continue
        yield run
        run = ""
        if name in ("MAX_REPEAT", "MIN_REPEAT", "POSSESSIVE_REPEAT"):
            yield from _of(argument[2])
        elif name == "SUBPATTERN":
            yield from _of(argument[-1])
        elif name == "ATOMIC_GROUP":
            yield from _of(argument)
        elif name in ("ASSERT", "ASSERT_NOT"):
            yield from _of(argument[1])
        elif name == "BRANCH":
            yield from _of(argument[1][0])
        else:
            yield _member(name, argument)
    yield run


def _member(name: str, argument: Any) -> str:
    if name in ("ANY", "NOT_LITERAL", "CATEGORY"):
        return {"CATEGORY_SPACE": " ", "CATEGORY_DIGIT": "0", "CATEGORY_NOT_WORD": "-"}.get(str(argument), "a")
    if name == "IN":
        for operator, inner in argument:
            if str(operator) == "LITERAL":
                return chr(inner)
            if str(operator) == "RANGE":
                return chr(inner[0])
            if str(operator) == "CATEGORY":
                return _member("CATEGORY", inner)
        return "a"
    return ""
