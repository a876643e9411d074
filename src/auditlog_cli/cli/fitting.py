"""Which options say something beside which others, and to which format. One that would do nothing is refused."""

from __future__ import annotations

from auditlog_cli.errors import UsageError

_OTLP = ("otlp-logs", "otlp-spans")
_TLS = (*_OTLP, "syslog", "cef")
_FORMATS = {
    "--key": ("aat",),
    "--trust-level": ("aat",),
    "--ocsf-version": ("ocsf",),
    "--bulk": ("ecs",),
    "--enterprise-number": ("syslog",),
    "--checkpoint": ("tlog-tiles",),
    "--content": _OTLP,  # log records have it anyway
    "--protobuf": _OTLP,
    "--batch": _OTLP,
}
_SENT = {
    "--ca": _TLS,
    "--cert": _TLS,
    "--cert-key": _TLS,
    "--header": _OTLP,
    "--gzip": _OTLP,
    "--retries": _OTLP,
    "--insecure": _OTLP,
}
"""With `--endpoint` only."""


def goes_with(partner: str, there: object, given: dict[str, bool], help: str) -> None:  # noqa: A002 - the word shown
    """Refuse an option that would do nothing, because the one that it belongs to was not given.

    Args:
        partner: The one that it belongs to, as it is written.
        there: Whether that was given.
        given: By its name, whether an option was given.
        help: How it is written with both.

    Raises:
        UsageError: Naming the first.
    """
    for option, is_given in given.items():
        if is_given and not there:
            raise UsageError(f"{option} goes with {partner}", help=help)


def counted(fail_on: str, indicators: bool) -> None:
    """Refuse to let indicators count for an exit code that nothing counts for.

    Raises:
        UsageError: If that is asked for.
    """
    given = {"--fail-on-indicators": indicators}
    goes_with("--fail-on SEVERITY", fail_on != "never", given, "--fail-on high --fail-on-indicators")


def stands_alone(what: str, there: object, given: dict[str, bool], help: str) -> None:  # noqa: A002 - the word shown
    """Refuse an option that would do nothing, because another one was given.

    Args:
        what: The other one, and why: a sentence that can be followed by a colon.
        there: Whether that was given.
        given: By its name, whether an option was given.
        help: What to do instead.

    Raises:
        UsageError: Naming the first.
    """
    for option, is_given in given.items():
        if is_given and there:
            raise UsageError(f"{what}: {option} would do nothing", help=help)


def heeded(to: str, sent: bool, given: dict[str, bool]) -> None:
    """See to it that every option that was given says something to the format.

    Args:
        to: The format.
        sent: Whether it goes to a receiver.
        given: By its name, whether an option was given.

    Raises:
        UsageError: If one would do nothing.
    """
    for option, is_given in given.items():
        formats = _FORMATS.get(option) or _SENT[option]
        if is_given and (to not in formats or (option in _SENT and not sent)):
            where = " with --endpoint" if option in _SENT else ""
            raise UsageError(
                f"{option}: is for --to {' and '.join(formats)}{where}", help=f"leave {option} out, or export to those"
            )
