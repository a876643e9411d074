"""Logs judged by rules: what the engine says becomes findings, waivers and baseline are applied, a report is made."""
