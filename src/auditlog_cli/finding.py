"""What a judge found: the rule, where it was broken, and how to mend it. The noun of `validate` and `check`.

An exception means "could not do the job"; a finding means "did the job, and this is what it found". Plain
classes with slots, as the other nouns (docs/architecture.md, "The start path").
"""

from __future__ import annotations

SEVERITIES = ("critical", "high", "medium", "low", "info")
"""From the gravest down."""
KINDS = ("violation", "gap", "indicator")
"""Something is wrong; something is not said; something to look at."""
CONFIDENCES = ("high", "medium", "low")
"""How often a finding of a rule is right."""
APPLICABILITIES = ("declared", "not_declared", "not_yet_binding")
"""The profile says that the duty applies; does not say; the day from which it binds is not reached (3.3)."""
_LONGEST_ID = 128


class Rule:
    """What is asked of a record or a log, in words.

    Attributes:
        id: Stable for ever, never reused: `RECORD-USER-1`.
        title: What is wrong if it is broken, in one short sentence without a full stop.
        severity: One of SEVERITIES.
        kind: One of KINDS.
        question: Which of the six questions it belongs to, or empty.
        why: Why it matters, one or two sentences.
        fix: What to do, one or two sentences.
        clauses: What it rests on: `record.md, the six questions`, `GDPR Art. 5(1)(c)`.
        confidence: One of CONFIDENCES: how often a finding is right.
        logic: Id of the rule whose logic it uses; its own if it has one.
        bases: Ids of the rules that it extends, the nearest first.
        pack: What it belongs to: `record` for `validate`, else the pack.
        version: Of the pack.
        demands: What each clause asks, in words of the pack; empty where nobody wrote them.
        false_positives: When a finding may be none.
        waivable: Whether a waiver may cover its findings.
    """

    __slots__ = (
        "bases", "clauses", "confidence", "demands", "false_positives", "fix", "id", "kind", "logic", "pack",
        "question", "severity", "title", "version", "waivable", "why",
    )  # fmt: skip

    def __init__(
        self,
        id: str,  # noqa: A002 - the word of the format
        title: str,
        *,
        severity: str = "high",
        kind: str = "violation",
        question: str = "",
        why: str = "",
        fix: str = "",
        clauses: tuple[str, ...] = (),
        confidence: str = "high",
        logic: str = "",
        bases: tuple[str, ...] = (),
        pack: str = "record",
        version: str = "1",
        demands: dict[str, str] | None = None,
        false_positives: tuple[str, ...] = (),
        waivable: bool = True,
    ) -> None:
        self.id = id
        self.title = title
        self.severity = severity
        self.kind = kind
        self.question = question
        self.why = why
        self.fix = fix
        self.clauses = clauses
        self.confidence = confidence
        self.logic = logic or id
        self.bases = bases
        self.pack = pack
        self.version = version
        self.demands = demands or {}
        self.false_positives = false_positives
        self.waivable = waivable

    def __repr__(self) -> str:
        return f"Rule({self.id})"


class Where:
    """A place in a log.

    Attributes:
        path: The file as the user named it; `-` for standard input.
        line: Counted from 1; 0 where it is not known.
        byte: Bytes from the start of the (decompressed) file to the line, or to the trouble in a bad line.
        column: Characters from the start of the line, counted from 1, to the value meant; 0 if not known.
        end_column: The first column behind it; 0 if not known.
        pointer: JSON pointer (RFC 6901) of the value in the record; empty for the record as a whole.
        member: The same as a dotted path, as rules write it; or empty.
        start, end: Characters from the start of the value's text to what was detected in it; or None.
        seq: Its place in a sealed log, or None.
        record_id: Its id, or empty.
        timestamp: When it happened, as the record says; or empty.
        session_id: Its session, or empty.
        trace_id: Its trace, or empty.
        agent: Id of the agent, or empty.
        owner: Who answers for that agent by the register of the policy, or empty.
        user: Id of the user, or empty.
    """

    __slots__ = (
        "agent", "byte", "column", "end", "end_column", "line", "member", "owner", "path", "pointer", "record_id",
        "seq", "session_id", "start", "timestamp", "trace_id", "user",
    )  # fmt: skip

    def __init__(
        self,
        path: str,
        line: int = 0,
        byte: int = 0,
        *,
        column: int = 0,
        end_column: int = 0,
        pointer: str = "",
        member: str = "",
        start: int | None = None,
        end: int | None = None,
        seq: int | None = None,
        record_id: str = "",
        timestamp: str = "",
        session_id: str = "",
        trace_id: str = "",
        agent: str = "",
        owner: str = "",
        user: str = "",
    ) -> None:
        self.path = path
        self.line = line
        self.byte = byte
        self.column = column
        self.end_column = end_column
        self.pointer = pointer
        self.member = member
        self.start = start
        self.end = end
        self.seq = seq
        self.record_id = record_id
        self.timestamp = timestamp
        self.session_id = session_id
        self.trace_id = trace_id
        self.agent = agent
        self.owner = owner
        self.user = user

    def __repr__(self) -> str:
        return f"Where({self})"

    def __str__(self) -> str:
        return f"{self.path}:{self.line}" if self.line else f"{self.path}@{self.byte}"


class Policy:
    """A named, versioned bundle of rules (compliance.md, 5); the hash shows a change without a new version."""

    __slots__ = ("name", "sha256", "version")

    def __init__(self, name: str, version: str, sha256: str) -> None:
        self.name = name
        self.version = version
        self.sha256 = sha256

    def __repr__(self) -> str:
        return f"Policy({self.name} {self.version})"


class Finding:
    """A rule that was broken at one place.

    Attributes:
        rule: The rule.
        message: What is wrong here, one sentence that stands alone; never a value out of the log.
        where: The place.
        fix: What to do here; the rule's own advice unless there is better.
        fingerprint: The same for the same fact in a rotated, sorted or copied log: see `fingerprint`.
        policy: By whose order the rule was asked, or None.
        applicability: One of APPLICABILITIES, or empty where no law is asked.
        entity: What was detected there, by name: `IBAN_CODE`; or empty.
        group: The values by which records were put together.
        related: The other records of a finding about several, in time order.
        state: `new`, `known` (in the baseline) or `waived`.
        waiver: Id, status and expiry of the waiver that covers it, or None.
        counted: Whether it makes the exit code 1.
        others: The same fact under other rules, where findings were merged.
    """

    __slots__ = (
        "applicability", "counted", "entity", "fingerprint", "fix", "group", "message", "others", "policy", "related",
        "rule", "state", "waiver", "where",
    )  # fmt: skip

    def __init__(
        self,
        rule: Rule,
        message: str,
        where: Where,
        fingerprint: str,
        fix: str = "",
        *,
        policy: Policy | None = None,
        applicability: str = "",
        entity: str = "",
        group: tuple[str, ...] = (),
        related: tuple[Where, ...] = (),
    ) -> None:
        self.rule = rule
        self.message = message
        self.where = where
        self.fingerprint = fingerprint
        self.fix = fix or rule.fix
        self.policy = policy
        self.applicability = applicability
        self.entity = entity
        self.group = group
        self.related = related
        self.state = "new"
        self.waiver: dict[str, str] | None = None
        self.counted = True
        self.others: tuple[Finding, ...] = ()

    @property
    def told(self) -> str:
        """The message, and what was detected: for formats that have no place of their own for it."""
        return f"{self.message} ({self.entity})" if self.entity else self.message

    def __repr__(self) -> str:
        return f"Finding({self.rule.id}, {self.where})"


class Suite:
    """What was asked together and what came of it: the rules of one pack, or those of `validate`.

    Attributes:
        name: `record`, or the pack's name.
        version: Of the rules.
        title: In words.
        rules: All that were asked, in the order in which they are listed; no id twice.
        skipped: Ids of rules that were not asked, each with the reason.
        totals: How many findings of each rule, by id, explained or not; those settled do not count.
        findings: Those explained.
        verdict: One sentence.
        unread: What could not be looked at, one sentence each.
        settled: Findings that are waived or known.
        unfinished: Ids of rules that could not be fully evaluated, each with the reason.
        sha256: Of the pack's file, or empty.
        notes: What else a reader of the run should know: name → value that JSON can hold.
    """

    __slots__ = (
        "findings", "name", "notes", "rules", "settled", "sha256", "skipped", "title", "totals", "unfinished", "unread",
        "verdict", "version",
    )  # fmt: skip

    def __init__(
        self,
        name: str,
        version: str,
        title: str,
        rules: list[Rule],
        *,
        skipped: dict[str, str],
        totals: dict[str, int],
        findings: list[Finding],
        verdict: str,
        unread: list[str],
        settled: list[Finding] | None = None,
        unfinished: dict[str, str] | None = None,
        sha256: str = "",
        notes: dict[str, object] | None = None,
    ) -> None:
        self.name = name
        self.version = version
        self.title = title
        self.rules = rules
        self.skipped = skipped
        self.totals = totals
        self.findings = findings
        self.verdict = verdict
        self.unread = unread
        self.settled = settled or []
        self.unfinished = unfinished or {}
        self.sha256 = sha256
        self.notes = notes or {}


def level(severity: str) -> str:
    """Return the level that SARIF and GitHub know: `error`, `warning` or `note` (compliance.md, 8.1)."""
    return {"critical": "error", "high": "error", "medium": "warning"}.get(severity, "note")


def opaque(value: object) -> str:
    """Return an id that may be shown: one that could be no sentence and no address of a person; else an empty text."""
    if not isinstance(value, str) or len(value) > _LONGEST_ID or not value.isascii():
        return ""
    return value if value.encode().translate(None, b"-_.:").isalnum() else ""


def fingerprint(logic: str, anchors: list[str], pointer: str = "", *, group: tuple[str, ...] = (), entity: str = "") -> str:  # fmt: skip # noqa: E501
    """Return what names a fact whatever line it stands on.

    Args:
        logic: Id of the rule whose logic found it.
        anchors: One a record: its `record_id`, else its leaf hash, else the SHA-256 of the line's bytes.
        pointer: JSON pointer of the value.
        group: Values of the key by which records were put together.
        entity: What was detected there.

    Source: compliance.md, 7.4.

    >>> fingerprint("GDPR-5-1-C-01", ["rec_01"], "/action/arguments/iban", entity="IBAN_CODE")[:15]
    'sha256:d2deb664'
    """
    from hashlib import sha256
    from json.encoder import encode_basestring as quoted

    # What json.dumps writes without blanks for a list of these, in a third of the time (tests/test_finding.py).
    text = (
        f'["auditlog.fingerprint/1",{quoted(logic)},[{",".join(map(quoted, group))}],'
        f"[{','.join(map(quoted, sorted(anchors)))}],{quoted(pointer)},{quoted(entity)}]"
    )
    return "sha256:" + sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
