"""Plain data as YAML that `rules.yamlfile` reads back as the same data."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any, Final

_PLAIN = re.compile(r"[A-Za-z@][A-Za-z0-9_.@|/-]*(?: [A-Za-z0-9_.(][A-Za-z0-9_.()/-]*)*\Z", re.ASCII)
_TAKEN: Final = {"null", "true", "false", "yes", "no", "on", "off", "y", "n"}
"""Words that some reader of YAML takes for something else, ours or another."""
_HIDDEN = re.compile("[\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2066-\u2069\ufeff\ufffe\uffff]")
_WIDTH: Final = 118


def text(value: str) -> str:
    """Return a text as one YAML scalar, in quotes unless it is plain words."""
    if _PLAIN.match(value) and value.lower() not in _TAKEN and value[0] != "@":
        return value
    quoted = json.dumps(value, ensure_ascii=False)
    return _HIDDEN.sub(lambda found: f"\\u{ord(found.group()):04x}", quoted)


def flow(value: object) -> str:
    """Return any plain data on one line."""
    if isinstance(value, str):
        return text(value)
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{text(key)}: {flow(inner)}" for key, inner in value.items()) + "}"
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(flow(inner) for inner in value) + "]"
    said = json.dumps(value)
    # What is read back as a float has a point (rules.yamlfile).
    return said.replace("e", ".0e") if isinstance(value, float) and "." not in said else said


def block(data: Mapping[str, Any], indent: str = "") -> list[str]:
    """Return a mapping as lines: what fits on one line stays there, the rest is spread out."""
    lines: list[str] = []
    for key, value in data.items():
        line = f"{indent}{text(key)}: {flow(value)}"
        if len(line) <= _WIDTH or not isinstance(value, (Mapping, list, tuple)) or not value:
            lines.append(line)
        elif isinstance(value, Mapping):
            lines += [f"{indent}{text(key)}:", *block(value, indent + "  ")]
        else:
            lines += [f"{indent}{text(key)}:", *(f"{indent}  - {flow(each)}" for each in value)]
    return lines


def item(data: Mapping[str, Any], indent: str = "") -> list[str]:
    """Return a mapping as an element of a list."""
    first, *rest = block(data, indent + "  ")
    return [f"{indent}- {first.strip()}", *rest]
