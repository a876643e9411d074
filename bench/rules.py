"""Rules: the engine beside bindings of CEL, and the whole of `check` beside `jq .`, in one run.

    python bench/rules.py [--quick]

    rules       the record rules of `baseline` that CEL can say (no scopes, no detectors), the same in CEL; both are
                given the decoded record, and must find the same number of records for each rule
    twins       generated code beside the interpreter
    check       decode + detectors + all rules of gdpr and baseline, correlations and checks included, beside `jq .`

Peers are installed into an environment of their own below AUDITLOG_BENCH and run as processes. Written down are
ratios: the machine that measures is shared, and its seconds drift. Each round measures everything once, in turn.
"""

from __future__ import annotations

import gc
import json
import resource
import shutil
import statistics
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

from measure import WORK

PEERS = ("common-expression-language==0.10.0", "cel-python==0.5.0")

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
        for name, program in programs:
            if program.execute({"r": record}):
                counts[name] += 1

    return find


def _python(rules):
    import celpy

    environment = celpy.Environment()
    programs = [(name, environment.program(environment.compile(text))) for name, text in rules.items()]

    def find(record, counts):
        given = {"r": celpy.json_to_cel(record)}
        for name, program in programs:
            if program.evaluate(given):
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


def environment_of_peers() -> Path:
    """Return the interpreter of the peers, installed once."""
    place = WORK / "rules-peers"
    python = place / "bin" / "python"
    if not python.exists():
        subprocess.run([sys.executable, "-m", "venv", str(place)], check=True)
        subprocess.run([str(python), "-m", "pip", "install", "--quiet", *PEERS], check=True)
    return python


def run_peer(python: Path, name: str, lines: list[bytes]) -> tuple[float, dict[str, int]]:
    """Return the seconds and counts of a peer over some lines."""
    words = [str(python), __file__, "--peer", name, json.dumps(CEL)]
    done = subprocess.run(words, input=b"\n".join(lines), stdout=subprocess.PIPE, check=True)
    said = json.loads(done.stdout)
    return said["seconds"], said["counts"]


def timed(function) -> float:
    """Seconds of one core that a function takes: other processes may want the cores, too."""
    begin = time.process_time()
    function()
    return time.process_time() - begin


def main() -> None:
    quick = "--quick" in sys.argv
    data = WORK / "rules.jsonl"
    if not data.exists():
        generator = Path(__file__).parents[2] / "shared" / "bench" / "gen.py"
        WORK.mkdir(parents=True, exist_ok=True)
        subprocess.run([sys.executable, str(generator), str(data), "20000"], check=True, stdout=subprocess.DEVNULL)
    lines = data.read_bytes().splitlines()[: 4000 if quick else 20000]
    part = WORK / "rules-part.jsonl"
    part.write_bytes(b"\n".join(lines) + b"\n")
    python, mine, jq = environment_of_peers(), ours(lines), shutil.which("jq")
    rust_lines, slow_lines = lines[: len(lines) // 10], lines[: 40 if quick else 200]
    names = ("rules", "interpreter", "decode", "detectors", "check", "cel (Rust)", "cel-python", "jq .")
    micros: dict[str, list[float]] = {name: [] for name in names}
    for _ in range(2 if quick else 5):
        for name in ("rules", "interpreter", "decode", "detectors", "check"):
            seconds = timed(mine[name])
            micros[name].append(seconds / (mine["few"] if name == "interpreter" else len(lines)) * 1e6)
        for name, given, kind in (("cel (Rust)", rust_lines, "rust"), ("cel-python", slow_lines, "python")):
            seconds, found = run_peer(python, kind, given)
            micros[name].append(seconds / len(given) * 1e6)
            same = dict(ours(given)["rules"]())
            if same != found:
                raise SystemExit(f"{name} finds something else: {found} instead of {same}")
        if jq:
            before = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime
            subprocess.run([jq, ".", str(part)], stdout=subprocess.DEVNULL, check=True)
            micros["jq ."].append((resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime - before) / len(lines) * 1e6)
    median = {name: statistics.median(each) for name, each in micros.items() if each}
    for name, each in median.items():
        print(f"{name:14} {each:10.2f} µs a record")
    print(
        f"rules: {median['cel (Rust)'] / median['rules']:.0f}x the Rust CEL, {median['cel-python'] / median['rules']:.0f}x cel-python"
    )
    print(f"generated: {median['interpreter'] / median['rules']:.0f}x the interpreter")
    if "jq ." in median:
        print(f"check, decode included, one core: {median['jq .'] / median['check']:.1f}x jq .")


if __name__ == "__main__":
    if sys.argv[1:2] == ["--peer"]:
        peer(sys.argv[2])
    else:
        main()
