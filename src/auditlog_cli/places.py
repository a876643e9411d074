"""Where a value stands in the text of a line."""

from __future__ import annotations


def span(text: str, at: tuple[str | int, ...]) -> tuple[int, int]:
    """Return where the value on the way `at` begins and ends; if it is not there, the last that is.

    Args:
        text: One JSON object.
        at: Member names and places in lists.

    Returns:
        Characters from the start of the text, the end not included.

    >>> line = '{"user": {"id": "u"}, "n": [1, 22]}'
    >>> line[slice(*span(line, ("user", "id")))], line[slice(*span(line, ("n", 1)))]
    ('"u"', '22')
    >>> line[slice(*span(line, ("user", "email")))]
    '{"id": "u"}'
    """
    from json import JSONDecoder

    decoder = JSONDecoder(parse_int=str)  # `int` refuses thousands of digits; what a number is does not matter here
    start = _past_blanks(text, 0)
    end = decoder.raw_decode(text, start)[1]
    for step in at:
        found = _below(text, start, step, decoder.raw_decode)
        if found is None:
            break
        start, end = found
    return start, end


def _below(text: str, start: int, step: str | int, scan: object) -> tuple[int, int] | None:
    """The span of one member or element of the value at `start`."""
    kind = "[" if isinstance(step, int) else "{"
    if text[start] != kind:
        return None
    place = _past_blanks(text, start + 1)
    count = 0
    while text[place] not in "]}":
        name: object = count
        if kind == "{":
            name, place = scan(text, place)  # type: ignore[operator]
            place = _past_blanks(text, _past_blanks(text, place) + 1)
        _, end = scan(text, place)  # type: ignore[operator]
        if name == step:
            return place, end
        place = _past_blanks(text, end)
        if text[place] == ",":
            place = _past_blanks(text, place + 1)
        count += 1
    return None


def _past_blanks(text: str, place: int) -> int:
    while text[place] in " \t\r\n":
        place += 1
    return place
