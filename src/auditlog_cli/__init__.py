"""auditlog: audit logs for AI agents."""
