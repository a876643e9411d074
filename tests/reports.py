"""One report that never changes, for golden files, and one full of hostile text."""

from __future__ import annotations

from auditlog_cli import times
from auditlog_cli.errors import InputError
from auditlog_cli.finding import Finding, Policy, Rule, Where, fingerprint
from auditlog_cli.report import Baseline, Lines, PackNote, Report, RuleResult, Source, Waiver
from auditlog_cli.verdict import Problem, Verdict

HOSTILE = '"<&]]>%\r\n\x1b[31m\u202e,:::\x00\ufffe\udcff|`@a #1 http://x.example ü東'
_AS_OF = "2026-11-21T12:00:00Z"
_GDPR = PackNote(
    "gdpr", "0.1.0", "Regulation (EU) 2016/679 (GDPR) and the UK GDPR", "review", "2026-11-21", "ab" * 32,
    not_checkable=("Whether a legal basis, a compatibility test or a balancing of interests is right.",
                   "Whether human review of a decision was meaningful."),
    sources=(("Regulation (EU) 2016/679", "http://data.europa.eu/eli/reg/2016/679/oj"),),
)  # fmt: skip
_BASELINE = PackNote("baseline", "0.1.0", "The six questions, authority, time, integrity", "review", "2026-11-21", "cd" * 32)  # fmt: skip
_POLICY = Policy("billing", "3", "ef" * 32)


def moment(text: str) -> int:
    """An RFC 3339 time in microseconds."""
    found = times.parse(text)
    assert found is not None
    return found


def rule(name: str, title: str, pack: PackNote, severity: str, kind: str, **more: object) -> Rule:
    """A rule of a pack."""
    return Rule(name, title, severity=severity, kind=kind, pack=pack.name, version=pack.version, **more)  # type: ignore[arg-type]


CHAIN = rule(
    "BASE-INT-01", "The log was changed after it was written", _BASELINE, "critical", "violation", waivable=False,
    clauses=("record.md, sealed logs",), why="What was changed proves nothing.",
    fix="Compare the log with a copy and find out who could write to it.",
)  # fmt: skip
SCOPES = rule(
    "BASE-AUTH-01", "A tool ran outside of the scopes that were granted", _BASELINE, "high", "violation",
    why="The agent did what nobody allowed it to do.", fix="Grant the scope, or stop the call.",
    clauses=("record.md, the six questions",),
)  # fmt: skip
BASIS = rule(
    "GDPR-5-1-A-01", "Personal data processed with no legal basis recorded", _GDPR, "medium", "gap", confidence="medium",
    clauses=("GDPR Art. 5(1)(a)", "GDPR Art. 6(1)"),
    demands={"GDPR Art. 5(1)(a)": "Processing is lawful, fair and transparent.",
             "GDPR Art. 6(1)": "At least one legal basis applies."},
    why="Without the basis on record lawfulness cannot be shown later (Art. 5(2)).",
    fix="Set data.basis (6(1)(a) to (f)) on the call, or give the tool a default basis in the policy file.",
)  # fmt: skip
NUMBER = rule(
    "GDPR-5-1-C-01", "Identity or payment number stored in clear in the log", _GDPR, "high", "violation",
    clauses=("GDPR Art. 5(1)(c)", "GDPR Art. 25(2)"),
    demands={"GDPR Art. 5(1)(c)": "Only data needed for the purpose."},
    why="An audit log needs to show that a number was used, not the number.",
    fix="Replace the value with a keyed hash or token before logging (arguments_sha256, last four digits).",
    false_positives=("Order numbers that happen to pass a checksum.",),
)  # fmt: skip
CONTACT = rule(
    "GDPR-5-1-C-02", "Contact data stored in clear in arguments or results", _GDPR, "low", "indicator",
    confidence="medium", clauses=("GDPR Art. 5(1)(c)",), fix="Log a subject reference and redact the text.",
    why="Free-text arguments and results copy personal data into a store with a long life.",
)  # fmt: skip
BULK = rule("LIB-BEH-02", "Failures, then success", _GDPR, "medium", "indicator", clauses=("GDPR Art. 32",),
            why="Somebody may have tried until it worked.", fix="Look at what was tried.")  # fmt: skip
MACHINE = rule("GDPR-22-01", "A decision by machine alone", _GDPR, "high", "violation", clauses=("GDPR Art. 22",))
UK = rule("GDPR-UK-22-01", "A significant decision without safeguards", _GDPR, "high", "gap", clauses=("UK GDPR Art. 22C",))  # fmt: skip
ERASED = rule("GDPR-17-01", "An erased person came back", _GDPR, "high", "violation", clauses=("GDPR Art. 17",))
LATE = rule("GDPR-12-01", "Erasure not answered in a month", _GDPR, "high", "violation", clauses=("GDPR Art. 12(3)",))


def where(line: int, pointer: str = "", **more: object) -> Where:
    """A place in the log of the fixed report."""
    return Where(
        "logs/audit.jsonl", line, line * 400, pointer=pointer, member=pointer.strip("/").replace("/", "."), seq=line - 1,
        record_id=f"rec_{line:02}", timestamp=f"2026-11-20T09:{line:02}:00Z", session_id="s1", trace_id="t1",
        agent="agent:billing", user="user:u-17", **more,
    )  # type: ignore[arg-type] # fmt: skip


def found(asked: Rule, place: Where, message: str = "", *, applicability: str = "declared", policy: Policy | None = None,
          entity: str = "", group: tuple[str, ...] = (), related: tuple[Where, ...] = ()) -> Finding:  # fmt: skip
    """A finding whose fingerprint is that of its fact."""
    anchors = [each.record_id for each in (place, *related)]
    name = fingerprint(asked.logic, anchors, place.pointer, group=group, entity=entity)
    return Finding(asked, message or asked.title, place, name, applicability=applicability, policy=policy, entity=entity,
                   group=group, related=related)  # fmt: skip


def fixed(**changed: object) -> Report:
    """The report that never changes."""
    verdict = Verdict("logs/audit.jsonl")
    verdict.origin, verdict.records, verdict.head = "acme/billing", 40, "12" * 32
    verdict.findings = [Problem("chain", "a record does not follow from the one before it", seq=30)]
    verdict.not_checked = ["signatures: no key was given"]
    iban = where(12, "/action/arguments/iban", column=120, end_column=149, start=0, end=27, owner="team-payments")
    waived = found(CONTACT, where(14, "/action/arguments/to"), entity="EMAIL_ADDRESS", policy=_POLICY)
    waived.state, waived.waiver = "waived", {"id": "W-2026-014", "status": "accepted", "expires": "2027-01-31T00:00:00.000000Z"}  # fmt: skip
    known = found(BASIS, where(5, "/data/basis"), policy=_POLICY)
    known.state = "known"
    findings = [
        found(NUMBER, iban, "an IBAN stands in clear in the arguments of crm.read", entity="IBAN_CODE", policy=_POLICY),
        found(
            NUMBER,
            where(13, "/action/result"),
            "a card number stands in clear in the result",
            entity="CREDIT_CARD",
            policy=_POLICY,
        ),
        found(
            SCOPES,
            where(20, "/authorization/scopes", column=30, end_column=44),
            "mail.send ran without the scope mail:send",
        ),
        *(found(BASIS, where(line, "/data/basis"), policy=_POLICY) for line in range(21, 34)),
        found(BULK, where(9, "/action/result_status"), group=("s1",), related=(where(3), where(7)), policy=_POLICY),
        found(MACHINE, where(35, "/decision/effect"), applicability="not_yet_binding", policy=_POLICY),
        found(CHAIN, where(31), "a record does not follow from the one before it"),
        found(CONTACT, where(15, "/action/result"), entity="PHONE_NUMBER", policy=_POLICY),
        waived,
        known,
    ]
    rules = [
        RuleResult(CHAIN, "passed", in_scope=40, scope="log", applicability="declared"),
        RuleResult(SCOPES, "passed", in_scope=38, applicability="declared"),
        *(RuleResult(each, "passed", policy=_POLICY, in_scope=count, withheld=held, applicability="declared")
          for each, count, held in ((BASIS, 22, 2), (NUMBER, 38, 0), (CONTACT, 38, 0), (BULK, 3, 0), (MACHINE, 1, 0))),
        RuleResult(ERASED, "not_tested", "no record matched: erased", policy=_POLICY, applicability="not_declared"),
        RuleResult(LATE, "passed", policy=_POLICY, in_scope=2, open=1, scope="log", applicability="not_declared"),
        RuleResult(UK, "not_applicable", "profile: jurisdiction is eu", policy=_POLICY),
    ]  # fmt: skip
    report = Report(
        moment(_AS_OF),
        packs=[_BASELINE, _GDPR],
        policies=[_POLICY],
        policy_file=("auditlog.policy.yaml", "98" * 32),
        inputs=[Source("logs/audit.jsonl", 17_204, "76" * 32, "54" * 32, "12" * 32)],
        lines=Lines(44, 38, 5, 1, 0),
        verdicts=[verdict],
        rules=rules,
        findings=findings,
        waivers_file="auditlog-waivers.yaml",
        waivers=[Waiver("W-2026-014", "accepted", "compensating_control", "Needed for delivery disputes; see PRIV-881.",
                        "dpo@acme.example", moment("2026-10-01T00:00:00Z"), moment("2027-01-31T00:00:00Z"),
                        rule="GDPR-5-1-C-02", ticket="PRIV-881", line=4, applied=1)],
        baseline=Baseline("audit.baseline.json", moment("2026-11-01T08:00:00Z"), frozenset({known.fingerprint})),
    )  # fmt: skip
    for name, value in changed.items():
        setattr(report, name, value)
    report.settle()
    return report


def hostile(text: str = HOSTILE, many: int = 1) -> Report:
    """A report in which every text that could come from a log, a pack or a policy is `text`."""
    pack = PackNote(text, text, text, "review", text, text, text, (text,), ((text, text),))
    policy = Policy(text, text, text)
    asked = Rule("X-1", text, pack=pack.name, version=text, why=text, fix=text, clauses=(text,), demands={text: text},
                 false_positives=(text,))  # fmt: skip
    place = Where(text, 3, 17, column=2, end_column=4, pointer=f"/{text}", member=text, record_id=text, timestamp=text,
                  session_id=text, trace_id=text, agent=text, owner=text, user=text)  # fmt: skip
    verdict = Verdict(text)
    verdict.origin, verdict.not_checked = text, [text]
    verdict.findings = [Problem("chain", text)]
    findings = [
        Finding(asked, text, place, fingerprint("X-1", [str(number)]), policy=policy, applicability="declared", entity=text,
                group=(text,), related=(place,))
        for number in range(many)
    ]  # fmt: skip
    report = Report(
        0, packs=[pack], policies=[policy], policy_file=(text, text), inputs=[Source(text, 1, text, text, text)],
        verdicts=[verdict], rules=[RuleResult(asked, "not_tested", text, policy=policy)], findings=findings,
        waivers_file=text, waivers=[Waiver(text, text, text, text, text, 0, 1, rule=text, ticket=text)],
        baseline=Baseline(text, 0, frozenset()), unread=[InputError(text)], gaps=[text], warnings=[text], require_tested=(text,),
    )  # fmt: skip
    report.settle()
    return report
