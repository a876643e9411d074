"""A record that has every member the schema knows, and values to put in their places."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from auditlog_cli.validator import schemas

_DEFS: Any = schemas.load("record")["$defs"]
HASH = "0123456789abcdef" * 4
HOLE = {"_redacted": HASH}
_SAMPLES: dict[str, Any] = {
    "text": "u-1", "envelope-id": "s-1", "word": "tool_invocation", "texts": ["a", "b"], "yes-or-no": True,
    "time": "2026-06-01T14:23:11Z", "amount": 1.5, "count": 3, "sha256": HASH, "leaf": HASH, "seq": 7,
    "salts": [["A" * 22, 12, 3]], "block": {"free": [1, None, {"x": "y"}]},
}  # fmt: skip


def _sample(node: Any) -> Any:
    if "properties" in node:
        return {name: _sample(each) for name, each in node["properties"].items()}
    words = node.get("then", {}).get("enum")
    if words:
        return words[0]
    if node.get("title") == "a list of {actor, role}":
        return [_sample(node["items"]), _sample(node["items"])]
    if "items" in node and node.get("$ref") == "#/$defs/texts":
        return [node["items"]["then"]["enum"][0]]
    name = node.get("$ref", "").removeprefix("#/$defs/")
    return _SAMPLES.get(name, {"any": "thing"})


def _everything() -> dict[str, Any]:
    made: dict[str, Any] = _sample(_DEFS["action-record"])
    made["user"]["id"], made["agent"]["id"] = "u-1", "a-1"
    made["authorization"]["session_type"] = "human_approved"
    made["delegation_chain"][0]["actor"], made["delegation_chain"][1]["actor"] = "u-1", "a-1"
    return made


EVERYTHING = _everything()
"""It is valid, and answers the six questions."""


def ways(value: Any, at: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    """Every way to a value in a value."""
    found = [at] if at else []
    if isinstance(value, dict):
        found += [way for name, inner in value.items() for way in ways(inner, (*at, name))]
    elif isinstance(value, list):
        found += [way for place, inner in enumerate(value) for way in ways(inner, (*at, place))]
    return found


_scalars = (
    st.none() | st.booleans() | st.integers(-(10**20), 10**20) | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=8) | st.sampled_from(["", "human", "success", "autonomous", "human_approved", HASH, "2026-06-01T14:23:11Z", "tool_call"])
    | st.sampled_from([HOLE, {"_redacted": "x"}, {"not_json": "float", "text": "NaN"}, {"sha256": HASH, "bytes": 3}])
)  # fmt: skip
json_values = st.recursive(
    _scalars,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["id", "type", "actor", "role", "scopes", "_redacted", "x"]), inner, max_size=3
        )
    ),
    max_leaves=6,
)
