"""The local server (`auditlog serve`): other programs log over HTTP, in AgentAudit's words, OTLP or LangSmith's.

What comes in is judged (`bodies`, `agentaudit`, `otlp`, `langsmith`), becomes records (`translating`), is held against
what came before (`idempotency`) and written (`ledger`); only then is it answered. frameworks.md, section 11.
"""
