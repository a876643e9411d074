"""Alerts: findings that have a state, kept in an append-only log of ordinary records (compliance.md, 9.2 and 9.3).

`states` reads what became of each; `keeping` writes it; `messages` is what others are told; `webhooks` and `mail` tell
them; `dispatch` does that beside the work, again if it fails, and after a restart.
"""
