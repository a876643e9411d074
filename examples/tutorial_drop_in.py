"""In place of the tutorials' `audit(event_type, payload)`: the same lines, sealed, and never lost in silence.

python examples/tutorial_drop_in.py [LOG]
"""

import sys

from auditlog_cli import audit_to

audit = audit_to(sys.argv[1] if len(sys.argv) > 1 else "demo/tutorial.jsonl")


def get_account_balance(account_id: str) -> float:
    """Look a balance up."""
    audit("tool_call", {"tool": "get_account_balance", "account_id": account_id})
    return 1250.0


with audit, audit.request(session_id="chat-1", user_id="alice", agent="support-bot"):  # in every payload below
    audit("user_prompt", {"prompt": "How much is on my account?"})
    balance = get_account_balance("12345")
    audit("llm_response", {"response": f"You have {balance:.2f} EUR."})
