"""Where a value stands in the text of a line."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from auditlog_cli.places import span

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=6),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=4), inner, max_size=4),
    max_leaves=12,
)


@given(st.dictionaries(st.text(max_size=4), VALUES, max_size=5), st.sampled_from([None, 1]), st.booleans())
def test_what_stands_there_is_the_value(content: dict[str, Any], indent: int | None, ascii_: bool) -> None:
    """In every spelling of the same object, for every way to a value in it."""
    text = " " + json.dumps(content, indent=indent, ensure_ascii=ascii_) + "\t"
    stack: list[tuple[tuple[str | int, ...], Any]] = [((), content)]
    while stack:
        at, value = stack.pop()
        start, end = span(text, at)
        assert json.loads(text[start:end]) == value
        assert text[start:end].strip() == text[start:end]
        assert span(text, (*at, "no such member", 0)) == (start, end) or "no such member" in str(value)
        inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
        stack += [((*at, step), each) for step, each in inner]
