"""The Model Context Protocol as it is seen from between client and server (frameworks.md, 7.3).

`wire` knows lines and messages of JSON-RPC, `calls` what one call of a tool is (also where an approval makes two
requests of it), `conversation` what passes in both directions. No processes, no files: `auditlog mcp-proxy`
(cli/proxying.py) moves the lines, adapters/mcp.py uses `calls` inside a server or a client.
"""
