"""auditlog: audit logs for AI agents.

Every public name is loaded when it is first asked for: `import auditlog_cli` alone costs nothing.
"""

import os

if os.name != "posix":  # locks (flock), descriptors that are not inherited, folders that are synced
    raise ImportError("auditlog_cli runs on Linux and macOS; on Windows, install it in WSL")
del os

# A new public name is one line in `_WHERE`, one in `__all__`, one import below; a test holds them together.
_WHERE = {
    "Ambiguous": "tracing.search",
    "Approval": "capture.approval",
    "ApprovalMismatch": "errors",
    "AsyncAuditLog": "capture.aio",
    "Audit": "capture.tutorial",
    "AuditHandler": "logging_handler",
    "AuditLog": "capture.log",
    "AuditProcessor": "structlog_processor",
    "AuditWriteError": "errors",
    "AuditlogError": "errors",
    "BadLine": "record",
    "DefinitionError": "errors",
    "Denied": "errors",
    "DurabilityError": "errors",
    "Finding": "finding",
    "InputError": "errors",
    "Line": "record",
    "LockTimeout": "errors",
    "NoSession": "errors",
    "Receipt": "writer.receipt",
    "Record": "record",
    "Redaction": "redaction.writing",
    "Report": "report",
    "ScopeDenied": "errors",
    "Session": "capture.session",
    "TamperError": "errors",
    "ToolCall": "capture.toolcall",
    "Trace": "tracing.trees",
    "UsageError": "errors",
    "Verdict": "verdict",
    "__version__": "_version",
    "audit_to": "capture.tutorial",
    "check": "judgement.api",
    "current_session": "capture.context",
    "read": "queries",
    "redact": "withholding.api",
    "select": "queries",
    "stats": "queries",
    "trace": "queries",
    "traces": "queries",
    "validate": "validation",
    "verify": "verification",
}

__all__ = [
    "Ambiguous",
    "Approval",
    "ApprovalMismatch",
    "AsyncAuditLog",
    "Audit",
    "AuditHandler",
    "AuditLog",
    "AuditProcessor",
    "AuditWriteError",
    "AuditlogError",
    "BadLine",
    "DefinitionError",
    "Denied",
    "DurabilityError",
    "Finding",
    "InputError",
    "Line",
    "LockTimeout",
    "NoSession",
    "Receipt",
    "Record",
    "Redaction",
    "Report",
    "ScopeDenied",
    "Session",
    "TamperError",
    "ToolCall",
    "Trace",
    "UsageError",
    "Verdict",
    "__version__",
    "audit_to",
    "check",
    "current_session",
    "read",
    "redact",
    "select",
    "stats",
    "trace",
    "traces",
    "validate",
    "verify",
]

TYPE_CHECKING = False
if TYPE_CHECKING:
    from auditlog_cli._version import __version__
    from auditlog_cli.capture.aio import AsyncAuditLog
    from auditlog_cli.capture.approval import Approval
    from auditlog_cli.capture.context import current_session
    from auditlog_cli.capture.log import AuditLog
    from auditlog_cli.capture.session import Session
    from auditlog_cli.capture.toolcall import ToolCall
    from auditlog_cli.capture.tutorial import Audit, audit_to
    from auditlog_cli.errors import (
        ApprovalMismatch,
        AuditlogError,
        AuditWriteError,
        DefinitionError,
        Denied,
        DurabilityError,
        InputError,
        LockTimeout,
        NoSession,
        ScopeDenied,
        TamperError,
        UsageError,
    )
    from auditlog_cli.finding import Finding
    from auditlog_cli.judgement.api import check
    from auditlog_cli.logging_handler import AuditHandler
    from auditlog_cli.queries import read, select, stats, trace, traces
    from auditlog_cli.record import BadLine, Line, Record
    from auditlog_cli.redaction.writing import Redaction
    from auditlog_cli.report import Report
    from auditlog_cli.structlog_processor import AuditProcessor
    from auditlog_cli.tracing.search import Ambiguous
    from auditlog_cli.tracing.trees import Trace
    from auditlog_cli.validation import validate
    from auditlog_cli.verdict import Verdict
    from auditlog_cli.verification import verify
    from auditlog_cli.withholding.api import redact
    from auditlog_cli.writer.receipt import Receipt


def __getattr__(name: str) -> object:
    module = _WHERE.get(name)
    if module is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value: object = getattr(__import__(f"{__name__}.{module}", fromlist=(name,)), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
