"""Runs of agents, written down by hand: fixed ids, fixed times."""

from __future__ import annotations

from typing import Any

from tests.logs import agentaudit, tutorial

NOON = "2026-06-01T12:00:"


def at(seconds: float) -> str:
    """A time of the first of June, so many seconds after noon."""
    whole, micros = divmod(round(seconds * 1_000_000), 1_000_000)
    return f"2026-06-01T{12 + whole // 3600:02d}:{whole // 60 % 60:02d}:{whole % 60:02d}.{micros:06d}Z"


def event(
    seconds: float | None,
    type_: str = "tool_invocation",
    *,
    span: str | None = None,
    parent: str | None = None,
    agent: str = "planner",
    chain: tuple[str, ...] | None = None,
    trace: str | None = "trace_refund",
    session: str | None = "sess_refund",
    user: str = "alice@example.org",
    **members: Any,
) -> dict[str, Any]:
    """A record of our shape. `members`: those of `action`, but for the blocks that have names of their own."""
    made: dict[str, Any] = {} if seconds is None else {"timestamp": at(seconds)}
    ids = {"session_id": session, "trace_id": trace, "span_id": span, "parent_span_id": parent}
    made |= {name: value for name, value in ids.items() if value is not None}
    made |= {"user": {"id": user}, "agent": {"id": f"agent_{agent}", "name": agent}}
    made["authorization"] = {"scopes": ["orders:read", "refunds:write"], "session_type": "autonomous"}
    blocks = ("approval", "policy", "prompt", "response", "usage", "message", "metadata", "authorization")
    made["action"] = {"type": type_} | {name: value for name, value in members.items() if name not in blocks}
    actors = chain or ("alice", "planner")
    roles = ["initiator", *["delegate"] * (len(actors) - 2), "executor"]
    made["delegation_chain"] = [{"actor": a, "role": r} for a, r in zip(actors, roles, strict=True)]
    return made | {name: value for name, value in members.items() if name in blocks}


def pair(
    start: float, end: float, tool: str, arguments: dict[str, Any], *, status: str = "success", span: str,
    ended: dict[str, Any] | None = None, **more: Any,
) -> list[dict[str, Any]]:  # fmt: skip
    """A tool call: its start and its end. `ended`: members of the end only."""
    both = {"tool": tool, "arguments": arguments, "span": span} | more
    return [
        event(start, phase="start", result_status="pending", **both),
        event(
            end, phase="end", result_status=status, latency_ms=round((end - start) * 1000, 3), **both, **(ended or {})
        ),
    ]


def life(start: float, end: float | None, span: str, **more: Any) -> list[dict[str, Any]]:
    """An agent that starts, and ends."""
    records = [event(start, "lifecycle", phase="start", result_status="success", span=span, **more)]
    if end is not None:
        records.append(event(end, "lifecycle", phase="end", result_status="success", span=span, **more))
    return records


def five_agents() -> list[dict[str, Any]]:
    """alice asks planner for a refund. planner delegates to researcher and to refunder, refunder to payer, and
    payer to auditor. A scope is missing, a person approves, a bank does not answer."""
    planner = ("alice", "planner")
    researcher = (*planner, "researcher")
    refunder = (*planner, "refunder")
    payer = (*refunder, "payer")
    auditor = (*payer, "auditor")
    allow = {"policy": {"id": "auditlog.scopes", "decision": "allow", "rules": ["requires:orders:read"]}}
    deny = {"policy": {"id": "auditlog.scopes", "decision": "deny", "rules": ["requires:accounts:close"]}}
    asked = {"id": "ap-1", "status": "pending", "requested_at": at(9.0), "tool": "issue_refund"}
    granted = asked | {"status": "approved", "decided_at": at(47.5), "decided_by": "bob@example.org"}
    model = {"agent": "planner", "usage": {"input_tokens": 812, "output_tokens": 96}}
    refund = {"order_id": 42, "amount": 129.9, "currency": "EUR"}
    under = {"agent": "refunder", "chain": refunder, "parent": "s-refunder"}
    records = [
        *life(0, 61.4, "s-root"),
        event(0.1, "message", span="s-ask", parent="s-root", result_status="success",
              prompt={"text": "Please refund order 42"}, message={"direction": "received", "from": "alice"}),
        event(1.9, "llm_call", span="s-think", parent="s-root", result_status="success", latency_ms=1700, **model),
        *pair(2.0, 6.2, "ask_researcher", {"question": "was order 42 delivered?"}, span="s-c1", parent="s-root",
              call_id="call_1"),
        *life(2.1, 6.1, "s-researcher", agent="researcher", chain=researcher, parent="s-c1"),
        *pair(2.3, 2.518, "lookup_order", {"order_id": 42}, span="s-lookup", agent="researcher", chain=researcher,
              parent="s-researcher", ended=allow),
        *pair(2.6, 6.0, "search_mail", {"query": "order 42 délivrée"}, status="error", span="s-mail",
              agent="researcher", chain=researcher, parent="s-researcher",
              ended={"error": {"type": "TimeoutError", "message": "no answer from the mail server"}}),
        *pair(7.0, 60.9, "ask_refunder", refund, span="s-c2", parent="s-root", call_id="call_2"),
        *life(7.1, 60.8, "s-refunder", agent="refunder", chain=refunder, parent="s-c2"),
        *pair(7.2, 7.203, "close_account", {"user": "alice"}, status="denied", span="s-close", **under, ended=deny),
        event(9.0, "approval", span="s-ap", result_status="pending", approval=asked, **under),
        event(47.5, "approval", span="s-ap", result_status="success", approval=granted, **under),
        *pair(47.6, 60.7, "issue_refund", refund, span="s-pay", ended={"approval": granted}, **under),
        *life(47.7, 60.6, "s-payer", agent="payer", chain=payer, parent="s-pay"),
        *pair(47.8, 50.0, "transfer", {"iban": {"_redacted": "0" * 64}, "amount": 129.9}, span="s-transfer",
              agent="payer", chain=payer, parent="s-payer", ended={"sandboxed": False}),
        *pair(50.1, 60.5, "ask_auditor", {"of": "transfer"}, span="s-c3", agent="payer", chain=payer,
              parent="s-payer"),
        *life(50.2, 60.4, "s-auditor", agent="auditor", chain=auditor, parent="s-c3"),
        event(60.3, "llm_call", span="s-review", parent="s-auditor", agent="auditor", chain=auditor,
              result_status="success", latency_ms=9800),
        event(61.3, "message", span="s-answer", parent="s-root", result_status="success",
              response={"text": "Your refund is on its way."}, message={"direction": "sent", "to": "alice"}),
    ]  # fmt: skip
    return sorted(records, key=lambda record: record["timestamp"])


def broken() -> list[dict[str, Any]]:
    """Everything that can be wrong with the ids and the times of a run, each once."""
    done = {"result_status": "success"}

    def call(seconds: float | None, tool: str, **more: Any) -> dict[str, Any]:
        return event(seconds, tool=tool, trace="trace_broken", session="sess_broken", **(done | more))

    return [
        *life(0, 20, "b-root", trace="trace_broken", session="sess_broken"),
        call(1, "fine", span="b-fine", parent="b-root", arguments={"n": 1}, latency_ms=400),
        call(2, "orphan", span="b-orphan", parent="b-gone"),
        call(2.5, "orphan_too", span="b-orphan2", parent="b-gone"),
        call(3, "own_parent", span="b-self", parent="b-self"),
        call(4, "ring_one", span="b-c1", parent="b-c3"),
        call(4.1, "ring_two", span="b-c2", parent="b-c1"),
        call(4.2, "ring_three", span="b-c3", parent="b-c2"),
        call(5, "twice", span="b-twice", parent="b-root", arguments={"n": 1}),
        call(5.1, "twice", span="b-twice", parent="b-root", arguments={"n": 2}),
        call(6, "same", span="b-same", parent="b-root"),
        call(6, "same", span="b-same", parent="b-root"),
        call(7, "never_ends", span="b-open", parent="b-root", phase="start", result_status="pending"),
        call(8, "never_began", span="b-end", parent="b-root", phase="end"),
        call(-3, "too_early", span="b-early", parent="b-root"),
        call(25, "too_late", span="b-late", parent="b-root"),
        call(9, "back", span="b-back", parent="b-root", phase="start", result_status="pending"),
        call(8.5, "back", span="b-back", parent="b-root", phase="end"),
        call(None, "timeless", span="b-timeless", parent="b-root"),
        event(10, "approval", span="b-ask", parent="b-root", trace="trace_broken", session="sess_broken",
              result_status="pending", approval={"id": "ap-9", "status": "pending", "tool": "wire"}),
        event(11, "approval", span="b-no", parent="b-root", trace="trace_broken", session="sess_broken",
              result_status="denied", approval={"id": "ap-8", "status": "denied", "tool": "delete_all",
              "decided_at": at(11), "decided_by": "bob@example.org"}),
        call(12, "swapped", span="b-swap", parent="b-root", phase="start", result_status="pending", arguments={"to": "ann"}),
        call(13, "swapped", span="b-swap", parent="b-root", phase="end", arguments={"to": "eve"}, latency_ms=1000),
    ]  # fmt: skip


def hostile() -> list[dict[str, Any]]:
    """Texts that would like to clear the screen, turn the line round, or break the table."""
    ids = {"trace": "trace_\x1b[2J\u202eevil", "session": "sess\r\n\x07"}
    rlo, wide, hebrew = "\u202ereversed", "東京タワーのチケットを二枚予約してください", "שלום עולם"
    return [
        *life(0, 9, "h-root", agent="plan\x1b[31mner", **ids),
        event(1, tool="rm -rf\n/", arguments={rlo: "\x9b2J", "a\u2028b": "x\u200by"}, span="h-1", parent="h-root",
              result_status="error", error={"type": "E\x1b]0;t\x07", "message": "no\nline\rend"}, **ids),
        event(2, tool=wide, arguments={"場所": wide}, span="h-2", parent="h-root", result_status="success", **ids),
        event(3, tool=hebrew, arguments={"שם": hebrew * 4}, span="h-3", parent="h-root", result_status="su\x1bccess", **ids),
        event(4, "approval", span="h-4", parent="\x1b[1;1Hgone", result_status="denied", **ids,
              approval={"id": "x", "status": "denied", "tool": "pay\u2066", "decided_by": "bob\x1b[0m", "decided_at": "2026-06-01T1\x1b:00:00Z"}),
        event(5, "llm_call", span="h-5", parent="h-root", result_status="success", latency_ms=1e13, **ids,
              usage={"input_tokens": "\x1b[5m", "output_tokens": 10**40}),
        event(6, "e\u0301motion 😀👨‍👩‍👧", span="h-6", parent="h-root", result_status="success", **ids),
    ]  # fmt: skip


def deep(levels: int) -> list[dict[str, Any]]:
    """One call in another, and so on."""
    return [
        event(n / 1000, tool=f"level_{n % 7}", result_status="success", span=f"d-{n}",
              parent=f"d-{n - 1}" if n else None, trace="trace_deep")
        for n in range(levels)
    ]  # fmt: skip


def wide(calls: int) -> list[dict[str, Any]]:
    """One agent that makes the same call again and again; every seventieth fails."""
    made = life(0, calls + 1, "w-root", trace="trace_wide")
    for n in range(calls):
        status = "error" if n % 70 == 69 else "success"
        made.append(event(n + 0.5, tool="fetch", arguments={"page": n}, result_status=status, latency_ms=100,
                          span=f"w-{n}", parent="w-root", trace="trace_wide"))  # fmt: skip
    return made


def tutorial_log() -> list[bytes]:
    """A log of the tutorial's shape: three agents, two requests, no span ids."""
    t = 1780324991.0
    return [
        tutorial("user_prompt", t, request_id="req-71", user_id="u-9", agent="orchestrator", prompt="What is my balance?"),
        tutorial("tool_call", t + 0.4, request_id="req-71", agent="orchestrator", tool="ask_accounts", question="balance"),
        tutorial("tool_call", t + 0.6, request_id="req-71", agent="accounts", tool="get_account_balance", account_id="12345"),
        tutorial("tool_result", t + 0.818, request_id="req-71", agent="accounts", tool="get_account_balance", result="1,204.50"),
        tutorial("tool_call", t + 0.9, request_id="req-72", agent="orchestrator", tool="search", query="fees"),
        tutorial("tool_result", t + 1.0, request_id="req-71", agent="orchestrator", tool="ask_accounts", result="1,204.50"),
        tutorial("handoff", t + 1.1, request_id="req-71", agent="orchestrator", to_agent="writer"),
        tutorial("tool_call", t + 1.2, request_id="req-71", agent="writer", tool="render", template="balance",
                 status="error", error="no such template"),
        tutorial("assistant_output", t + 1.4, request_id="req-71", agent="writer", response="Your balance is 1,204.50"),
    ]  # fmt: skip


def tutorial_log_without_ids() -> list[bytes]:
    """As the tutorial's function is first shown: a time, a word, a payload, and no id at all."""
    t = 1780324991.0
    return [
        tutorial("session_start", t, user_id="u-9", agent="support"),
        tutorial("tool_call", t + 0.2, tool="get_account_balance", account_id="12345"),
        tutorial("tool_result", t + 0.5, tool="get_account_balance", result="1,204.50"),
        tutorial("tool_call", t + 0.7, tool="send_mail", to="ann@example.org"),
        tutorial("tool_error", t + 1.7, tool="send_mail", error="no route"),
        tutorial("session_end", t + 2.0, user_id="u-9", agent="support"),
    ]  # fmt: skip


def agentaudit_log() -> list[bytes]:
    """What AgentAudit's clients write, with the ids that its server gives: an end names its start as the parent."""
    run = {"traceId": "run-17", "agentId": "crew-1"}

    def entry(id_: str, action: str, seconds: int, parent: str | None = None, **members: Any) -> bytes:
        stamp = {"createdAt": f"2026-06-01T12:00:{seconds:02d}.000Z", "complianceFlags": []}
        return agentaudit(action, id=id_, **run, parentSpanId=parent, **stamp, **members)

    return [
        entry("log_01", "crewai_crew_start", 0, metadata={"crew": "refunds"}),
        entry("log_02", "crewai_task_start", 1, "log_01", prompt="Refund order 42"),
        entry("log_03", "tool_start", 2, "log_02", prompt="{'order': 42}", metadata={"tool": "lookup_order"}),
        entry("log_04", "tool_end", 3, "log_03", response="delivered", metadata={"tool": "lookup_order"}),
        entry("log_05", "guardrail_check", 4, "log_02", prompt="card 4111…", response="BLOCKED", enforcementAction="block",
              metadata={"rule": "pii_detection", "latency_ms": 42}),
        entry("log_06", "tool_start", 5, "log_02", prompt="{}", metadata={"tool": "issue_refund"}),
        entry("log_07", "tool_error", 6, "log_06", response="bank is down", metadata={"tool": "issue_refund"}),
        entry("log_08", "crewai_task_end", 7, "log_02", response="failed"),
        entry("log_09", "crewai_crew_end", 8, "log_01", response="failed"),
    ]  # fmt: skip
