"""How a record of ours is laid out in its line: what of it need not be looked at."""

from __future__ import annotations

import re

# Possessive: nothing here can match in two ways, and nothing is tried twice (bench/redact.py).
_TEXT = rb'"[^"\\]*+"'
_FLAT = rb"(?>" + _TEXT + rb"|null|true|false|-?[0-9.eE+\-]++|\[[^\[\]{}\\]*+\])"
HEAD = re.compile(
    rb'\{"timestamp":' + _TEXT + rb'(?>,"(?>record_id|session_id|trace_id|span_id|parent_span_id|seq)":' + _FLAT
    + rb'|,"(?>user|agent|authorization|approval|policy)":\{[^{}\\]*+\})*+'
    rb',"action":\{(?>"(?>type|tool|phase|call_id|effect|resource|result_status|latency_ms)":' + _FLAT + rb",)*+"
)  # fmt: skip
"""What stands in front of the scanned members, if the line is laid out as ours are."""
TAIL = re.compile(
    rb'(?>,"delegation_chain":\[(?>\{[^{}\[\]\\]*+\},?)*+\])?+(?>,"(?>record_id|seq|prev)":' + _FLAT
    + rb')*+(?>,"_salts":\[[^{}\\]*+(?<=\]))?+\}\Z'
)  # fmt: skip
"""What stands behind them."""
