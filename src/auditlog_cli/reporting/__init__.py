"""A compliance summary of a period, for auditors, data protection officers, management (compliance.md, 10)."""
