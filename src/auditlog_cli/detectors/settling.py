"""Of several findings in one text those that are told."""

from __future__ import annotations

Found = tuple[str, int, int, int]  # entity, start, end, confidence


def settled(found: list[Found], least: int) -> list[Found]:
    """Leave out what lies inside something longer that is as sure, and generic secrets where a special one is.

    In order of their beginnings, the longer first, so that what encloses something has been seen before it: one pass,
    for a hostile text may hold a hundred thousand of them.
    """
    found = sorted(
        {each for each in found if each[3] >= least}, key=lambda each: (each[1], -each[2], -each[3], each[0])
    )
    kept: list[Found] = []
    reach = [-1, -1, -1]  # how far something as sure as this has reached
    at = 0
    while at < len(found):
        _, start, end, _ = found[at]
        same = [each for each in found[at : at + 50] if each[1] == start and each[2] == end]
        at += len(same)
        free = [each for each in same if max(reach[each[3] :]) < end]
        kept += [each for each in free if not any(_covers(other, each) for other in same)]
        for each in same:
            reach[each[3]] = max(reach[each[3]], end)
    return kept


def _covers(other: Found, each: Found) -> bool:
    """Of two findings about the same characters: the same entity, surer; or a special secret and a generic one."""
    if other[0] == each[0]:
        return other[3] > each[3]
    return each[0] == "SECRET_GENERIC" and other[0].startswith("SECRET_")
