"""The blocks that a record can carry beside the six questions (record.md, optional evidence)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypedDict

from auditlog_cli.capture import given as checks
from auditlog_cli.errors import UsageError

Block = Mapping[str, Any]


class Evidence(TypedDict, total=False):
    """Evidence blocks by name. Their members: compliance.md, 2.1."""

    data: Block
    decision: Block
    incident: Block
    consent: Block
    review: Block
    change: Block
    memory: Block
    message: Block
    disclosure: Block
    biometric: Block
    retention: Block
    policy: Block
    metadata: Block


class Blocks(Evidence, total=False):
    """All blocks that `Session.event` takes."""

    approval: Block
    prompt: Block
    response: Block
    usage: Block


NAMES = frozenset(Evidence.__annotations__)
ALL = frozenset(Blocks.__annotations__)


def blocks(
    given: Evidence | Blocks, names: frozenset[str] = NAMES, *, of: Callable[..., object] | None = None
) -> dict[str, Any]:
    """Return the blocks, those that are None left out.

    Args:
        given: By name.
        names: Which there may be.
        of: What was called with them: its other arguments may have been meant.

    Raises:
        UsageError: If a name is none of these: a misspelt argument is not to become a member of the log. Or if a
            block is no dictionary.
    """
    for name in given:
        if name not in names:
            meant = checks.similar(name, {*names, *(_arguments(of) if of else ())})
            raise UsageError(f"{name}: no such argument", help=f"{meant}members of your own go into metadata={{…}}")
    return {name: checks.block(name, value) for name, value in given.items() if value is not None}


def _arguments(function: Callable[..., object]) -> list[str]:
    from inspect import signature  # for a mistake only

    return list(signature(function).parameters)
