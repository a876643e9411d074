"""Five agents handle two refunds, and every step of theirs is in the audit log.

    python examples/refund_agents.py [LOG]                   LOG: demo/audit.jsonl, unless given

    planner ─┬─ researcher               looks the order up; the carrier's service is down
             ├─ payments ─── reviewer    looks for fraud, then a person says yes or no to the refund
             └─ mailer                   may send mail, but may not read invoices

Customers, orders and answers are made up; no model is asked and nothing leaves this machine.
"""

import sys
from datetime import UTC, datetime, timedelta

from auditlog_cli import AuditLog, ScopeDenied, Session

log = AuditLog(sys.argv[1] if len(sys.argv) > 1 else "demo/audit.jsonl", source={"component": "refunds"})

ORDERS = {
    1042: {"item": "tea pot", "paid": 39.5, "mail": "alice@example.org"},
    2077: {"item": "espresso machine", "paid": 1490.0, "mail": "dave@example.org"},
}


# --- Tools: plain functions. A call is in the log before it runs, and its outcome after.


@log.tool(requires="orders:read", effect="read")
def lookup_order(order_id: int) -> dict[str, object]:
    """Find an order."""
    return ORDERS[order_id]


@log.tool(requires="parcels:read", effect="read")
def track_parcel(order_id: int) -> str:
    """Ask the carrier where the parcel is."""
    raise ConnectionError("the carrier's service does not answer")


@log.tool(requires="orders:read", effect="read")
def score_fraud(order_id: int) -> float:
    """Tell how odd an order looks, from 0 to 1."""
    return 0.04 if order_id == 1042 else 0.71


@log.tool(requires="refunds:write", effect="pay")
def issue_refund(order_id: int, amount: float) -> str:
    """Give money back."""
    return f"refund_{order_id}"


@log.tool(requires="mail:send", effect="send")
def send_mail(to: str, text: str) -> str:
    """Send a mail."""
    return "queued"


@log.tool(requires="invoices:read", effect="read")
def fetch_invoice(order_id: int) -> bytes:
    """Fetch the invoice, to attach it to a mail."""
    return b"%PDF"


def ask_model(s: Session, prompt: str, answer: str) -> str:
    """Ask the language model, which is a script here."""
    with s.measured_llm(model="demo-model-1", provider="nobody", prompt=prompt) as call:
        return call.response(answer, usage={"input_tokens": len(prompt) // 4, "output_tokens": len(answer) // 4})


# --- Agents: each acts under its own name, with no more scopes than it needs.


def member(name: str) -> dict[str, str]:
    """Say which agent it is, exactly."""
    return {"id": name, "version": "1.2", "model": "demo-model-1", "owner": "shop-team"}


def research(s: Session, order_id: int) -> float:
    """Find out what was paid."""
    with s.agent(member("researcher"), scopes=["orders:read", "parcels:read"]):
        order = lookup_order(order_id)
        try:
            track_parcel(order_id)
        except ConnectionError:
            pass  # recorded as an error; the refund does not depend on it
        return float(str(order["paid"]))


def review(s: Session, order_id: int) -> str:
    """Say whether an order looks like fraud."""
    with s.agent(member("reviewer"), scopes=["orders:read"]) as reviewer:
        outcome = "suspicious" if score_fraud(order_id) > 0.5 else "plausible"
        reviewer.event("decision", decision={"outcome": outcome})
        return outcome


def pay(s: Session, order_id: int, amount: float) -> bool:
    """Give the money back, if a person agrees."""
    with s.agent(member("payments"), scopes=["orders:read", "refunds:write"]) as payments:
        looks = review(payments, order_id)
        question = payments.ask_approval(
            "issue_refund", {"order_id": order_id, "amount": amount}, reason=f"refund, order looks {looks}", via="chat"
        )
        if looks == "suspicious":  # here Bob would look at the question and answer it
            question.denied(by="bob@example.org", reason="call the customer first")
            return False
        question.granted(by="bob@example.org")
        issue_refund(order_id, amount)  # carries Bob's yes; with another amount it would not run
        return True


def tell(s: Session, order_id: int, text: str) -> None:
    """Write to the customer."""
    with s.agent(member("mailer"), scopes=["mail:send"]) as mailer:
        try:
            fetch_invoice(order_id)
        except ScopeDenied:
            pass  # it may not; that it tried is on record, and the mail goes without
        body = ask_model(mailer, f"Write a friendly mail: {text}", f"Hello! {text} Your tea shop.")
        send_mail(str(ORDERS[order_id]["mail"]), body)


def handle(customer: str, order_id: int, wish: str) -> None:
    """Do what a customer asks for: one session."""
    scopes = ["orders:read", "parcels:read", "refunds:write", "mail:send"]
    until = datetime.now(UTC) + timedelta(hours=1)
    with log.session(
        user=customer, agent=member("planner"), scopes=scopes, expires_at=until, enforce=True,
        session_id=f"refund-{order_id}",
    ) as s:  # fmt: skip
        s.user_message(wish)
        ask_model(s, wish, "1. research  2. pay  3. tell")
        amount = research(s, order_id)
        text = f"We have sent you {amount:.2f} EUR." if pay(s, order_id, amount) else "We will call you tomorrow."
        tell(s, order_id, text)
        s.final_answer(text)
    print(f"{customer}: {text}")


with log:
    handle("dave@example.org", 2077, "Refund order 2077, and hurry.")
    handle("alice@example.org", 1042, "My tea pot arrived in pieces. Please refund order 1042.")
