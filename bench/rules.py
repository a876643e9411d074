"""Rules: the engine beside bindings of CEL, and generated code beside the interpreter.

    rules         the record rules of `baseline` that CEL can say (no scopes, no detectors), the same in CEL; all are
                  given the decoded record, and must find the same number of records for each rule
    interpreter   the slow twin of the generated code
    check         decode + detectors + all rules of gdpr and baseline, correlations and checks included, beside `jq .`

Written down is processor time: the machine that measures is shared. Each round measures everything once, in turn.
Called with `--peer`, this file is what runs in the environment of a peer.
"""

from __future__ import annotations

import gc
import json
import subprocess
import sys
import time
from collections import Counter

from measure import data, functions, head, once
from peers import interpreter, program
from tables import Absent, Bench, NotRun, Runs, Table, shown

NOTHING = "['', 'unknown', 'n/a', 'none', 'null', '-']"
ACTS = "has(r.action.type) && r.action.type in ['tool_invocation', 'tool_call', 'tool_use', 'decision']"
TOOL = "has(r.action.type) && r.action.type in ['tool_invocation', 'tool_call', 'tool_use']"
LIFE = "(has(r.action.type) && r.action.type == 'lifecycle')"
DONE = "has(r.action.result_status) && r.action.result_status in"


def _none(block: str, name: str) -> str:
    value = f"r.{block}.{name}"
    return f"(!has(r.{block}) || !has({value}) || {value} == null || {value} in {NOTHING})"


CEL = {
    "BASE-ID-01": f"!{LIFE} && {_none('user', 'id')}",
    "BASE-ID-02": "has(r.user.id) && r.user.id in ['admin', 'administrator', 'root', 'shared', 'guest', 'anonymous', "
    "'test', 'default', 'user', 'system', 'service', 'api', 'bot'] || has(r.user.id) && "
    "(r.user.id.startsWith('shared-') || r.user.id.startsWith('team-') || r.user.id.startsWith('generic'))",
    "BASE-ID-03": f"!{LIFE} && ({_none('agent', 'id')} || {_none('agent', 'version')} || r.agent.id == r.user.id || "
    f"(has(r.action.type) && r.action.type in ['llm_call', 'decision', 'content_generation'] && {_none('agent', 'model')}))",
    "BASE-AUTH-01": f"{ACTS} && ({_none('authorization', 'session_type')} || !has(r.authorization.scopes) || "
    "!(r.authorization.session_type in ['human_approved', 'autonomous']))",
    "BASE-AUTH-03": f"{DONE} ['success', 'error', 'partial'] && has(r.authorization.expires_at) && "
    "timestamp(r.authorization.expires_at) < timestamp(r.timestamp)",
    "BASE-AUTH-04": "has(r.authorization.session_type) && r.authorization.session_type == 'human_approved' && "
    f"({_none('authorization', 'approved_by')} || {_none('authorization', 'approved_at')})",
    "BASE-AUTH-05": f"{DONE} ['success', 'partial'] && has(r.authorization.approved_at) && "
    "r.authorization.approved_at != null && timestamp(r.authorization.approved_at) > timestamp(r.timestamp)",
    "BASE-AUTH-09": "has(r.authorization.scopes) && r.authorization.scopes.exists(s, s == '*' || s == '**' || s == '*:*' || "
    "s.matches('(?i)^(admin|root|superuser|owner|all|full_access)(:[*][*]?)?$') || s.matches('(?i)^[*]:(admin|write|delete)$'))",
    "BASE-AUTH-11": f"has(r.policy) && has(r.policy.decision) && r.policy.decision in ['deny', 'denied', 'block'] && "
    f"{DONE} ['success', 'partial']",
    "BASE-ACT-01": f"!{LIFE} && ({_none('action', 'type')} || (!({DONE} ['success', 'error', 'denied', 'blocked', 'partial', "
    "'timeout', 'pending', 'unknown']) && !(has(r.action.phase) && r.action.phase == 'start')) || "
    f"({TOOL} && ({_none('action', 'tool')} || (!has(r.action.arguments) && {_none('action', 'arguments_sha256')}))))",
    "BASE-DEL-03": f"{ACTS} && (!has(r.delegation_chain) || size(r.delegation_chain) == 0)",
    "LIB-LOG-01": f"{_none('agent', 'id')} || {_none('agent', 'version')} || {_none('action', 'type')} || "
    "!has(r.timestamp) || !has(r.session_id) || r.session_id == ''",
}  # fmt: skip
"""Rules of the shipped packs, said in CEL as a site would say them."""


# ruff: noqa: E501
# --- in the environment of the peers: no import of ours -----------------------------------------------------------


def peer(name: str) -> None:
    """Read records from standard input, write how many each rule finds, and the seconds."""
    records = [json.loads(line) for line in sys.stdin]
    find = {"rust": _rust, "python": _python}[name](json.loads(sys.argv[3]))
    begin = time.process_time()
    counts: Counter[str] = Counter()
    for record in records:
        find(record, counts)
    sys.stdout.write(json.dumps({"seconds": time.process_time() - begin, "counts": counts}))


def _rust(rules):
    import cel

    programs = [(name, cel.compile(text)) for name, text in rules.items()]

    def find(record, counts):
        for name, each in programs:
            if each.execute({"r": record}):
                counts[name] += 1

    return find


def _python(rules):
    import celpy

    environment = celpy.Environment()
    programs = [(name, environment.program(environment.compile(text))) for name, text in rules.items()]

    def find(record, counts):
        given = {"r": celpy.json_to_cel(record)}
        for name, each in programs:
            if each.evaluate(given):
                counts[name] += 1

    return find


# --- ours ---------------------------------------------------------------------------------------------------------


def ours(lines: list[bytes]) -> dict[str, object]:
    """Return the functions that are measured, each over all lines."""
    import orjson

    from auditlog_cli.detectors import Scanner
    from auditlog_cli.judgement import casework
    from auditlog_cli.rules import loading
    from auditlog_cli.rules.binding import Bound
    from auditlog_cli.rules.engine import Engine
    from auditlog_cli.rules.facts import Place
    from auditlog_cli.rules.generating import generate
    from auditlog_cli.rules.interpreting import interpret
    from auditlog_cli.rules.planning import plan
    from auditlog_cli.rules.reading import Reading
    from auditlog_cli.rules.site import Site

    now = 1_795_219_200_000_000
    policy = casework.site_of({})
    site, scanner = Site(policy), Scanner()

    def bound(rule):
        given = {name: each.default for name, each in rule.parameters.items()}
        return Bound(rule, given, None, ("*",), rule.severity, "declared", "active", "")

    packs = [rule for name in ("baseline", "gdpr") for rule in loading.load_shipped(name).rules]
    some = plan([bound(rule) for rule in packs if rule.id in CEL], now)
    everything = [bound(rule) for rule in packs if rule.in_pack]
    records = [orjson.loads(line) for line in lines]
    few = records[: max(1, len(records) // 20)]
    gc.collect()
    gc.freeze()  # what lies here for the sake of the measurement is no work of the collector

    def rules():
        judge, counts = generate(some.program, site, None), Counter()
        for record in records:
            for number in judge(record)[0].hits:
                counts[some.heard[number][0][0].rule.id] += 1
        return counts

    def interpreter():
        for record in few:
            interpret(some.program, Reading(record, site, None))

    def check():
        engine = Engine(everything, policy, as_of=now, scanner=scanner)
        found = 0
        for number, line in enumerate(lines, start=1):
            record = orjson.loads(line)
            found += len(engine.record(record, Place("log", number, timestamp=record["timestamp"], anchor=str(number))))
        return found + len(engine.finish())

    return {
        "rules": rules, "interpreter": interpreter, "few": len(few), "check": check,
        "decode": lambda: [orjson.loads(line) for line in lines], "detectors": lambda: [scanner.scan(r) for r in records],
    }  # fmt: skip


def run_peer(python: str, name: str, lines: list[bytes]) -> tuple[float, dict[str, int]] | Absent:
    """Return the seconds and counts of a peer over some lines, or why there are none."""
    words = [python, __file__, "--peer", name, json.dumps(CEL)]
    done = subprocess.run(words, input=b"\n".join(lines), capture_output=True)
    if done.returncode:
        return Absent(done.stderr.decode(errors="replace").strip().rpartition("\n")[2][:120])
    said = json.loads(done.stdout)
    return said["seconds"], said["counts"]


def tables(quick: bool) -> list[Table]:
    """Measure, and return the tables."""
    records, rounds = (4_000, 1) if quick else (20_000, 5)
    log = head(records, data(100_000))
    lines = log.read_bytes().splitlines()
    mine = ours(lines)
    names = {
        "auditlog: rules": ("rules", records), "auditlog: interpreter": ("interpreter", mine["few"]),
        "auditlog: check": ("check", records), "auditlog: detectors alone": ("detectors", records),
        "orjson.loads alone": ("decode", records),
    }  # fmt: skip
    peers = {"cel (Rust)": ("rust", lines[: records // 10]), "cel-python": ("python", lines[: 40 if quick else 200])}
    jq = program("jq")
    runs = Runs([*names, *peers, "jq ."], rounds)
    for _ in range(rounds):
        for name, (key, count) in names.items():
            taken = functions({name: mine[key]}, 1, counts={name: count})
            runs.add(name, cpu=(taken.median(name, "cpu") or 0) * 1e6)
        for name, (kind, given) in peers.items():
            python = interpreter(name)
            told = python if isinstance(python, Absent) else run_peer(python, kind, given)
            if isinstance(told, Absent):
                runs.absent(name, told.why)
                continue
            same = dict(ours(given)["rules"]())
            if same != told[1]:
                raise NotRun(f"{name} finds something else: {told[1]} instead of {same}")
            runs.add(name, cpu=told[0] / len(given) * 1e6)
        if isinstance(jq, Absent):
            runs.absent("jq .", jq.why)
        else:
            runs.add("jq .", cpu=once([jq, ".", str(log)])["cpu"] / records * 1e6)

    def cells(row: str) -> list[str]:
        return [
            shown(runs.median(row, "cpu"), ",.2f"),
            shown(runs.ratio(row, "auditlog: rules", "cpu"), ",.1f", "x"),
            shown(runs.ratio(row, "auditlog: check", "cpu"), ",.1f", "x"),
        ]

    columns = ("µs a record, processor", "of auditlog: rules", "of auditlog: check")
    note = f"{len(CEL)} rules for `rules`, the interpreter and CEL; all of gdpr and baseline for `check`; rounds: {rounds}."
    gc.unfreeze()
    return [Table(f"Rules over {records:,} records", columns, runs, cells, (note,))]


BENCHES = (
    Bench("rules", "rules beside CEL, and check beside jq", ("cel (Rust)", "cel-python", "jq", "orjson"), tables),
)


if __name__ == "__main__" and sys.argv[1:2] == ["--peer"]:
    peer(sys.argv[2])
