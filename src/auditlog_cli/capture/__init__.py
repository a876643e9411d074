"""The API an application uses: sessions, tools, agents, approvals (frameworks.md, sections 2, 5 and 6)."""
