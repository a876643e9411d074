"""Every rule that `validate` can find broken, by id. An id is stable for ever and never reused."""

from __future__ import annotations

from auditlog_cli.finding import Rule

QUESTIONS = {
    "user": "Who is the user?",
    "agent": "Who is the agent?",
    "authorization": "What was it authorized to do?",
    "action": "What did it actually do?",
    "delegation": "On whose behalf?",
    "approval": "Was it human-approved?",
}
"""The six questions, in order, by the short name that rules and reports use."""

_LINE = ("record.md, strict reading",)
_MEMBERS = ("record.md, members",)
_ASKED = ("record.md, the six questions",)
_SEALED = ("integrity.md, 2.2",)
_AMBIGUOUS = "Two readers may disagree about what such a line says, so it proves nothing."


def _line(number: int, title: str, fix: str, why: str = _AMBIGUOUS) -> Rule:
    return Rule(f"RECORD-LINE-{number}", title, why=why, fix=fix, clauses=_LINE)


def _asked(question: str, number: int, title: str, fix: str, *, kind: str = "gap") -> Rule:
    return Rule(
        f"RECORD-{question.upper()}-{number}",
        title,
        kind=kind,
        question=question,
        why=f"Without it the record does not answer: {QUESTIONS[question]}",
        fix=fix,
        clauses=_ASKED,
    )


_ALL = (
    _line(1, "The line is not JSON", "Write one JSON object a line; `auditlog tail` shows the line as it stands."),
    _line(2, "The line is not clean UTF-8", "Write UTF-8 without a byte-order mark and without half characters."),
    _line(3, "A member occurs twice in one object", "Write each member once: which of the two counts, nobody knows."),
    _line(4, "The line is nested too deeply", "Nest at most 512 levels."),
    _line(5, "The line is too long", "Keep a line below 64 MiB; put large values into files and name their SHA-256."),
    _line(
        6,
        "The last line was not finished",
        "The writer was interrupted, or is writing now. Our writer repairs the end when it next opens the log.",
        why="What was being recorded is not fully there.",
    ),
    Rule(
        "RECORD-SHAPE-1",
        "The line has a shape that nobody here knows",
        why="It answers none of the six questions under a name that can be read.",
        fix="Say which shape it is with --from, or write auditlog.record/1 (`auditlog schema record`).",
        clauses=("record.md, shapes read without conversion",),
    ),
    Rule("RECORD-ENVELOPE-1", "It is not said when it happened", kind="gap", clauses=_MEMBERS,
         why="A record without a time cannot be put in order.", fix="Set timestamp to an RFC 3339 time with offset."),
    Rule("RECORD-ENVELOPE-2", "The session is not named", kind="gap", clauses=_MEMBERS,
         why="Approval and scopes hold for a session; without it nobody can tell for which records.",
         fix="Set session_id to an opaque id, the same for all records of a session."),
    Rule("RECORD-ENVELOPE-3", "The trace is not named", kind="gap", clauses=_MEMBERS,
         why="The steps of one task are found by their trace.",
         fix="Set trace_id to an opaque id, the same for all records of one task."),
    Rule("RECORD-TYPE-1", "A member has the wrong type", clauses=_MEMBERS,
         why="A reader that expects another type passes over the value, or breaks on it.",
         fix="Write the type that the schema asks for (`auditlog schema record`)."),
    Rule("RECORD-WORD-1", "A member holds a word that is none of those allowed", clauses=_MEMBERS,
         why="Searches and rules look for the allowed words and miss the others.", fix="Use one of the allowed words."),
    Rule("RECORD-TIME-1", "A time is not RFC 3339 with offset", clauses=_MEMBERS,
         why="A time without offset, or in another form, can be read in more than one way.",
         fix="Write times as 2026-06-01T14:23:11Z, or with an offset as +02:00."),
    Rule("RECORD-VALUE-1", "A member holds a value out of bounds", clauses=_MEMBERS,
         why="The value cannot be what the member stands for.", fix="Write what the schema asks for."),
    Rule("RECORD-SEAL-1", "A member of the sealed format is malformed", clauses=_SEALED,
         why="seq, prev, _salts, _leaf and _redacted belong to the format; malformed they make a seal unverifiable.",
         fix="Let the writer of auditlog write them; `auditlog verify` says whether the seal holds."),
    Rule("RECORD-SEAL-2", "A reserved name is used for something else", clauses=_SEALED,
         why="_salts, _redacted and _leaf mean something to whoever verifies the log.",
         fix="Give the member another name; our writer puts x_ in front."),
    Rule("RECORD-OWN-1", "A record of the log about itself is not as the format says", clauses=("integrity.md, 2.6",),
         why="The log's account of itself (segments, redactions, losses) cannot be relied on.",
         fix="Only the writer of auditlog writes these; find out what else wrote into the log."),
    Rule("RECORD-UNKNOWN-1", "A member is unknown", severity="medium", clauses=_MEMBERS,
         why="Perhaps a misspelt name: nobody will find its value under the right one.",
         fix="Correct the name, or move the member into metadata."),
    _asked("user", 1, "Nobody is named as the user", "Set user.id to the id of the person or service that asked."),
    _asked("agent", 1, "No agent is named", "Set agent.id to the id of the agent that acted."),
    _asked("agent", 2, "The agent is the user itself", "Give the agent an identity of its own.", kind="violation"),
    _asked("authorization", 1, "No scopes are stated",
           'Set authorization.scopes to what was granted; an empty list says "nothing".'),
    _asked("authorization", 2, "The kind of session is not stated",
           "Set authorization.session_type to autonomous or human_approved."),
    _asked("action", 1, "It is not said what kind of action it was", "Set action.type, such as tool_invocation."),
    _asked("action", 2, "It is not said how the action ended", "Set action.result_status, such as success."),
    _asked("action", 3, "The tool is not named", "Set action.tool to the name of the tool that was called."),
    _asked("action", 4, "The arguments of the call are not recorded",
           "Set action.arguments to what the tool was called with; {} if nothing."),
    _asked("delegation", 1, "No chain of delegation is recorded",
           "Set delegation_chain to the actors from the initiating user to the acting agent."),
    _asked("delegation", 2, "The initiating user is not in the chain of delegation",
           "Put the user who initiated it first, with the role initiator.", kind="violation"),
    _asked("delegation", 3, "The chain of delegation does not end in the acting agent",
           "Put the agent that acted last: its actor is agent.id.", kind="violation"),
    _asked("delegation", 4, "A link of the chain of delegation has no name", "Set actor in each element."),
    _asked("approval", 1, "It is not said whether a human approved",
           "Set authorization.session_type to autonomous, or to human_approved with approved_by and approved_at.",
           kind="violation"),
    _asked("approval", 2, "Approved by a human, but not by whom", "Set authorization.approved_by."),
    _asked("approval", 3, "Approved by a human, but not when", "Set authorization.approved_at."),
)  # fmt: skip

RULES = {rule.id: rule for rule in _ALL}
"""Every rule by its id, in the order in which reports list them."""

LINE_RULES = {
    "json": "RECORD-LINE-1",
    "encoding": "RECORD-LINE-2",
    "duplicate-member": "RECORD-LINE-3",
    "depth": "RECORD-LINE-4",
    "length": "RECORD-LINE-5",
    "torn-tail": "RECORD-LINE-6",
}
"""Which rule a bad line breaks, by the code of its `BadLine`."""
