"""The one place of the version number (read by hatchling, `--version` and the records' provenance)."""

__version__ = "0.1.0"
