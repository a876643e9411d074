"""Which values of a record can be withheld later (integrity.md, 2.4).

A policy is a tree over the places of a record. *Open* places are entered, *plain* ones are left alone,
and every other value is one redactable span: unknown means redactable.
"""

from __future__ import annotations

import re
from typing import Any, Final

MAX_MEMBERS = 64
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]{0,63}\Z")

PLAIN: Final = "plain"
Node = dict[str, Any]
"""Member name → PLAIN or a Node (an open place). `*` stands for every name, `[]` for each element of a
list. A member that is not named is redactable."""

DEFAULT = "default/1"

_DEFAULT_PLAIN = {
    "": "timestamp record_id session_id trace_id span_id parent_span_id seq prev",
    "source": "component",
    "user": "type auth_method",
    "agent": "id name version model provider auth_method",
    "authorization": "scopes session_type approved_at expires_at grant_id",
    "authorization.emergency": "active ticket",
    "action": "type tool call_id result_status latency_ms effect phase sandboxed tool_sha256",
    "action.arguments": "",
    "action.result": "",
    "delegation_chain.[]": "role type scopes delegated_at expires_at",
    "approval": "id status requested_at decided_at tool",
    "policy": "id version decision rules",
    "usage": "input_tokens output_tokens cost_usd",
    "prompt": "system_sha256",
    "response": "",
    "data": "",
    "decision": "",
    "incident": "",
    "consent": "",
    "review": "",
    "change": "",
    "memory": "",
    "message": "",
    "disclosure": "",
    "biometric": "",
    "retention": "",
    "provenance": "",
    # "every member of provenance.import and provenance.ingest but a file path or a peer address"
    "provenance.import": "*",
    "provenance.ingest": "*",
}
_DEFAULT_REDACTABLE = ("/provenance/import/file", "/provenance/ingest/peer")

OWN_REDACTABLE: Final = ("torn", "subject")
"""What can be withheld from the log's own records: torn bytes (2.4, last row), and whom a hold is about
(docs/decisions/0040)."""
OWN: Final[Node] = {
    "timestamp": PLAIN,
    "record_id": PLAIN,
    "auditlog": {"*": PLAIN, **dict.fromkeys(OWN_REDACTABLE)},
}
"""The log's own records: everything else is plain, nested objects too."""

DIGESTS = {
    "action.arguments_sha256": "action.arguments",
    "approval.arguments_sha256": "action.arguments",
    "prompt.sha256": "prompt.text",
    "response.sha256": "response.text",
}
"""Where a digest stands → of what: whoever can guess a withheld value can check the guess against it."""


def names_allow_opening(members: dict[str, object]) -> bool:
    """Tell whether an object may be an open place: names cannot be withheld, so each must look like one."""
    if len(members) > MAX_MEMBERS:
        return False
    known = _known_names
    for name in members:
        if name not in known:
            if not _NAME.match(name):
                return False
            if len(known) < 4096:  # a memory of good names, bounded: names come from callers
                known.add(name)
    return True


_known_names: set[str] = set()


def default_tree() -> Node:
    """Return the tree of `default/1`."""
    root: Node = {}
    for place, plain in _DEFAULT_PLAIN.items():
        node = root
        for step in place.split(".") if place else ():
            node = node.setdefault(step, {})
        for name in plain.split():
            node[name] = PLAIN
    for pointer in _DEFAULT_REDACTABLE:
        _set(root, pointer, None)
    return root


def tree(policy: object) -> Node:
    """Return the tree that a genesis record's `policy` names.

    Args:
        policy:
            `"default/1"`, or `{"base": "default/1", "plain": […], "open": […], "redactable": […]}` with
            JSON pointers in which `*` is any element or member. Redactable beats plain beats open.

    Raises:
        ValueError: If it is neither.
    """
    if policy == DEFAULT:
        return default_tree()
    if not isinstance(policy, dict) or policy.get("base") != DEFAULT:
        raise ValueError('a policy is "default/1" or an object with "base": "default/1"')
    unknown = set(policy) - {"base", "plain", "open", "redactable"}
    if unknown:
        raise ValueError(f"a policy has no {sorted(unknown)[0]!r}; it has base, plain, open, redactable")
    root = default_tree()
    for kind, rule in (("open", {}), ("plain", PLAIN), ("redactable", None)):
        for pointer in policy.get(kind, ()):
            if not isinstance(pointer, str) or not pointer.startswith("/") or pointer == "/":
                raise ValueError(f"{kind}: a JSON pointer such as /metadata/ticket is needed")
            _set(root, pointer, rule)
    return root


def _set(root: Node, pointer: str, rule: object) -> None:
    steps = [step.replace("~1", "/").replace("~0", "~") for step in pointer[1:].split("/")]
    if "delegation_chain" in steps[:1] and len(steps) > 1 and (steps[1] == "*" or steps[1].isdigit()):
        steps[1] = "[]"
    node = root
    for step in steps[:-1]:
        below = node.get(step)
        if not isinstance(below, dict):
            below = node[step] = {}
        node = below
    last = steps[-1]
    node[last] = dict(node[last]) if rule == {} and isinstance(node.get(last), dict) else rule


def rule_for(node: Node, name: str) -> object:
    """Return PLAIN, a Node, or None (redactable) for the member `name` of the open place `node`."""
    return node[name] if name in node else node.get("*")
