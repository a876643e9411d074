"""The six questions (record.md), each answered, not answered, or withheld.

A value that was withheld counts as present but unknown, and so does one that stands in a file of its own
or that JSON cannot hold. That the agent is not the user cannot be told where the user is withheld; the
question who the agent is then counts as answered, for its answer is there.
"""

from __future__ import annotations

from auditlog_cli.fields import MISSING
from auditlog_cli.validator.faults import Problem, dotted
from auditlog_cli.validator.rules import QUESTIONS

USER, AGENT, AUTHORIZATION, ACTION, DELEGATION, APPROVAL = (1 << place for place in range(len(QUESTIONS)))
ALL = (1 << len(QUESTIONS)) - 1
_At = tuple[str | int, ...]
_TOOL_TYPES = frozenset(("tool_invocation", "tool_call", "tool_use"))
_NOT_JSON, _BLOB = frozenset(("not_json", "text")), frozenset(("sha256", "bytes"))
_PREFIXES = ("user:", "agent:", "service:", "system:")


class Answers:
    """What a record says about the six questions.

    Attributes:
        answered: The questions that are answered, one bit each.
        withheld: Those that would be answered, had nothing been withheld.
        problems: Why the others are not answered; one cause once, even if two questions hang on it.
    """

    __slots__ = ("answered", "problems", "withheld")

    def __init__(self) -> None:
        self.answered = 0
        self.withheld = 0
        self.problems: list[Problem] = []


class _Held:
    """Stands for a value that is there, but not to be read."""

    __slots__ = ()


_HELD = _Held()


def ask(content: dict[str, object]) -> Answers:
    """Return what a record under the names of `auditlog.record/1` answers."""
    answers = Answers()
    user = _user(content, answers)
    agent = _agent(content, answers, user)
    _authorization(content, answers)
    _action(content, answers)
    _delegation(content, answers, user, agent)
    return answers


def _given(block: object, name: str) -> object:
    """The text of a member, _HELD, or MISSING where there is none or another type (which the schema reports)."""
    if block is _HELD:
        return _HELD
    if not isinstance(block, dict):
        return MISSING
    value = block.get(name, MISSING)
    if isinstance(value, str) and value:
        return value
    return _HELD if _stands_in(value) else MISSING


def _stands_in(value: object) -> bool:
    """Whether something stands there in the place of the value (record schema, `stand-in`)."""
    if not isinstance(value, dict):
        return False
    return "_redacted" in value or (len(value) == 2 and value.keys() in (_NOT_JSON, _BLOB))


def _block(content: dict[str, object], name: str) -> object:
    value = content.get(name, MISSING)
    return _HELD if _is_hole(value) else value


def _is_hole(value: object) -> bool:
    """Whether an object with members of its own was withheld: nothing else stands in the place of one."""
    return isinstance(value, dict) and "_redacted" in value


def _lacks(answers: Answers, rule: str, words: str, block: object, path: _At, more: str = "") -> None:
    """Add the problem that a text is not there, and say how: missing, empty, null."""
    value = block.get(path[-1], MISSING) if isinstance(block, dict) else MISSING
    answers.problems.append(Problem(rule, path, f"{words} ({dotted(path)} {_how(value)}{more})"))


def _how(value: object) -> str:
    if value is None:
        return "is null"
    return "is empty" if value in ("", []) else "is missing"


def _user(content: dict[str, object], answers: Answers) -> object:
    block = _block(content, "user")
    found = _given(block, "id")
    if found is MISSING:
        _lacks(answers, "RECORD-USER-1", "nobody is named as the user", block, ("user", "id"))
    elif found is _HELD:
        answers.withheld |= USER
    else:
        answers.answered |= USER
    return found


def _agent(content: dict[str, object], answers: Answers, user: object) -> object:
    block = _block(content, "agent")
    found = _given(block, "id")
    if found is MISSING:
        _lacks(answers, "RECORD-AGENT-1", "no agent is named", block, ("agent", "id"))
    elif found is _HELD:
        answers.withheld |= AGENT
    elif found == user:
        message = "the agent is the user itself (agent.id equals user.id)"
        answers.problems.append(Problem("RECORD-AGENT-2", ("agent", "id"), message))
    else:
        answers.answered |= AGENT
    return found


def _authorization(content: dict[str, object], answers: Answers) -> None:
    block = _block(content, "authorization")
    if block is _HELD:
        answers.withheld |= AUTHORIZATION | APPROVAL
        return
    if not isinstance(block, dict):
        message = f"no scopes are stated and no approval (authorization {_how(block)})"
        answers.problems.append(Problem("RECORD-AUTHORIZATION-1", ("authorization",), message))
        return
    scopes = block.get("scopes", MISSING)
    kind = _given(block, "session_type")
    if scopes is MISSING or scopes is None:
        more = '; an empty list says "nothing"'
        path = ("authorization", "scopes")
        _lacks(answers, "RECORD-AUTHORIZATION-1", "no scopes are stated", block, path, more)
    elif _stands_in(scopes) or (isinstance(scopes, list) and kind is _HELD):
        answers.withheld |= AUTHORIZATION if kind is not MISSING else 0
    elif isinstance(scopes, list) and kind is not MISSING:
        answers.answered |= AUTHORIZATION
    if kind is MISSING:
        # One cause, two questions: what kind of session it was, and so whether a human approved.
        path = ("authorization", "session_type")
        words = "it is not said what kind of session it was, nor whether a human approved"
        _lacks(answers, "RECORD-AUTHORIZATION-2", words, block, path)
    elif kind is _HELD:
        answers.withheld |= APPROVAL
    else:
        _approval(block, str(kind), answers)


def _approval(block: dict[str, object], kind: str, answers: Answers) -> None:
    if kind == "autonomous":
        answers.answered |= APPROVAL
        return
    if kind != "human_approved":
        message = (
            "it is not said whether a human approved (authorization.session_type is neither autonomous nor "
            "human_approved)"
        )
        answers.problems.append(Problem("RECORD-APPROVAL-1", ("authorization", "session_type"), message))
        return
    by, at = _given(block, "approved_by"), _given(block, "approved_at")
    if by is MISSING:
        path = ("authorization", "approved_by")
        _lacks(answers, "RECORD-APPROVAL-2", "approved by a human, but not by whom", block, path)
    if at is MISSING:
        path = ("authorization", "approved_at")
        _lacks(answers, "RECORD-APPROVAL-3", "approved by a human, but not when", block, path)
    if by is not MISSING and at is not MISSING:
        if by is _HELD or at is _HELD:
            answers.withheld |= APPROVAL
        else:
            answers.answered |= APPROVAL


def _action(content: dict[str, object], answers: Answers) -> None:
    block = _block(content, "action")
    if block is _HELD:
        answers.withheld |= ACTION
        return
    if not isinstance(block, dict):
        message = f"it is not said what was done (action {_how(block)})"
        answers.problems.append(Problem("RECORD-ACTION-1", ("action",), message))
        return
    word, status = _given(block, "type"), _given(block, "result_status")
    parts = [word, status]
    if word is MISSING:
        words = "it is not said what kind of action it was"
        _lacks(answers, "RECORD-ACTION-1", words, block, ("action", "type"))
    if status is MISSING:
        words = "it is not said how the action ended"
        _lacks(answers, "RECORD-ACTION-2", words, block, ("action", "result_status"))
    if word in _TOOL_TYPES:
        tool = _given(block, "tool")
        parts.append(tool)
        if tool is MISSING:
            _lacks(answers, "RECORD-ACTION-3", "the tool is not named", block, ("action", "tool"))
        arguments = block.get("arguments", MISSING)
        if arguments is MISSING or arguments is None:
            parts.append(MISSING)
            words = "the arguments of the call are not recorded"
            _lacks(answers, "RECORD-ACTION-4", words, block, ("action", "arguments"))
        elif _is_hole(arguments):
            parts.append(_HELD)
    if MISSING not in parts:
        if _HELD in parts:
            answers.withheld |= ACTION
        else:
            answers.answered |= ACTION


def _delegation(content: dict[str, object], answers: Answers, user: object, agent: object) -> None:
    chain = content.get("delegation_chain", MISSING)
    if _stands_in(chain):
        answers.withheld |= DELEGATION
        return
    if not isinstance(chain, list) or not chain:
        message = f"it is not said on whose behalf (delegation_chain {_how(chain)})"
        answers.problems.append(Problem("RECORD-DELEGATION-1", ("delegation_chain",), message))
        return
    actors = [_HELD if _is_hole(link) else _given(link, "actor") for link in chain]
    for place, actor in enumerate(actors):
        if actor is MISSING:
            words = "a link of the chain of delegation has no name"
            _lacks(answers, "RECORD-DELEGATION-4", words, chain[place], ("delegation_chain", place, "actor"))
    if MISSING in actors:
        return
    last = len(chain) - 1
    begins = _begins(chain[:last], actors, user)
    ends = _same(actors[last], agent)
    if last == 0 and _begins(chain, actors, user) and not ends:
        begins, ends = True, False  # the user alone: what lacks is the agent
    if begins is False and user is not MISSING:
        message = "the initiating user is not in the chain of delegation (no actor is user.id, none an initiator)"
        answers.problems.append(Problem("RECORD-DELEGATION-2", ("delegation_chain",), message))
    if ends is False:
        message = "the chain of delegation does not end in the acting agent (its last actor is not agent.id)"
        answers.problems.append(Problem("RECORD-DELEGATION-3", ("delegation_chain", last), message))
    if begins is False or ends is False or agent is MISSING:
        return
    if begins and ends:
        answers.answered |= DELEGATION
    else:
        answers.withheld |= DELEGATION


def _begins(links: list[object], actors: list[object], user: object) -> bool | None:
    """Whether one of the links is the initiating user; None if only what is withheld could tell."""
    unsure = False
    for link, actor in zip(links, actors, strict=False):
        if (isinstance(link, dict) and link.get("role") == "initiator") or _same(actor, user):
            return True
        unsure = unsure or actor is _HELD or user is _HELD
    return None if unsure else False


def _same(one: object, other: object) -> bool | None:
    """Whether two ids name the same; None if that cannot be told.

    One leading `user:`, `agent:`, `service:` or `system:` does not count (compliance.md, 2.3).
    """
    if isinstance(one, str) and isinstance(other, str):
        return one == other or _bare(one) == _bare(other)
    return None


def _bare(actor: str) -> str:
    for prefix in _PREFIXES:
        if actor.startswith(prefix):
            return actor.removeprefix(prefix)
    return actor


def agrees(content: dict[str, object]) -> bool:
    """Tell what the schema cannot: that the agent is not the user, and that the chain leads from one to the
    other. For records that fit the schema; False means only that `ask` has to look (bench/validate.py).
    """
    try:
        user, agent = content["user"]["id"], content["agent"]["id"]  # type: ignore[index]
        chain = content["delegation_chain"]
        return bool(user != agent and chain[0]["actor"] == user and chain[-1]["actor"] == agent and len(chain) > 1)  # type: ignore[index,arg-type]
    except (KeyError, TypeError, IndexError):
        return False
