"""Tables of any columns: they keep to the terminal's width, and nothing of a value is lost."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditlog_cli.renderers import grid, safe
from auditlog_cli.renderers.text import Style

HEADS = ["tool", "calls", "note"]
ROWS = [["refund", "12", "approved by user_bob after a call with the customer, who had waited"], ["read", "3", "x"]]
RIGHT = [False, True, False]


def drawn(columns: int, heads: list[str] = HEADS, rows: list[list[str]] = ROWS, right: list[bool] = RIGHT) -> list[str]:
    return list(grid.lines(heads, rows, right, Style(columns=columns)))


def test_without_a_terminal_a_row_is_a_line() -> None:
    assert drawn(0) == [
        "tool    calls  note",
        "------  -----  -------------------------------------------------------------------",
        "refund     12  approved by user_bob after a call with the customer, who had waited",
        "read        3  x",
    ]


def test_on_a_terminal_long_cells_are_folded_and_numbers_are_not() -> None:
    assert drawn(50) == [
        "tool    calls  note",
        "------  -----  -----------------------------------",
        "refund     12  approved by user_bob after a call",
        "               with the customer, who had waited",
        "read        3  x",
    ]


def test_what_would_take_many_lines_is_a_list_for_each_row() -> None:
    assert drawn(26) == [
        "tool   refund",
        "calls  12",
        "note   approved by",
        "       user_bob after a",
        "       call with the",
        "       customer, who had",
        "       waited",
        "",
        "tool   read",
        "calls  3",
        "note   x",
    ]


def test_letters_from_right_to_left_stay_closed_off_in_every_piece() -> None:
    pieces = grid.folded(safe.one_line("שלום עולם " * 5), 12)
    assert len(pieces) > 3
    assert all(each.startswith(safe.ISOLATE) and each.endswith(safe.POP) and safe.width(each) <= 12 for each in pieces)


def test_an_empty_answer_has_its_heads() -> None:
    assert drawn(40, rows=[]) == ["tool  calls  note", "----  -----  ----"]


TEXTS = st.text(st.characters(codec="utf-8"), max_size=60) | st.text("ab \u0301東🙂ש", max_size=200)


@given(
    columns=st.integers(10, 90), size=st.integers(1, 5), data=st.data()
)  # fmt: skip
def test_no_line_is_wider_than_the_terminal_and_no_letter_is_lost(columns: int, size: int, data: st.DataObject) -> None:
    heads = data.draw(st.lists(st.text("abc", min_size=1, max_size=8), min_size=size, max_size=size))
    rows = data.draw(st.lists(st.lists(TEXTS, min_size=size, max_size=size), max_size=4))
    out = drawn(columns, heads, rows, [False] * size)
    assert all(safe.width(line) <= columns for line in out)

    def letters(texts: list[str]) -> list[str]:
        return sorted(char for text in texts for char in text if char not in f" -{safe.ISOLATE}{safe.POP}")

    told = letters(out)
    for char in letters([safe.one_line(cell) for row in rows for cell in row]):
        told.remove(char)


@pytest.mark.parametrize("columns", [1, 2, 7])
@given(text=TEXTS)
def test_pieces_put_together_are_the_text(columns: int, text: str) -> None:
    text = safe.one_line(text)
    pieces = grid.folded(text, columns)
    strip = str.maketrans("", "", f" {safe.ISOLATE}{safe.POP}")
    assert "".join(pieces).translate(strip) == text.translate(strip)
    assert all(safe.width(each) <= max(columns, 2) for each in pieces)
