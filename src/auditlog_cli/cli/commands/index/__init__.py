"""The index beside a log: where the records of a session, a user, … stand.

Commands that read a large log make it and keep it up; nothing else needs it, and it may be deleted at any time
(docs/index.md).
"""
