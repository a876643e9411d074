"""Hooks of coding agents: every act is recorded before it happens, or it does not happen.

`install` puts the hook into the settings of Claude Code, `claude-code` is what Claude Code then calls.
"""
