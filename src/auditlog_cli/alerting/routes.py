"""Whom to tell: what options and policy name (compliance.md, 9.3). Secrets come from the environment or from files."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import Any

from auditlog_cli.alerting.dispatch import Route
from auditlog_cli.alerting.mail import Mail
from auditlog_cli.alerting.webhooks import Webhook
from auditlog_cli.errors import DefinitionError, UsageError
from auditlog_cli.rules.sitefacts import Policy
from auditlog_cli.sources.opening import read_small

SECRET = "AUDITLOG_WEBHOOK_SECRET"  # noqa: S105 - the name of a variable
SERVER, SENDER = "AUDITLOG_SMTP", "AUDITLOG_SMTP_FROM"
USER, PASSWORD = "AUDITLOG_SMTP_USER", "AUDITLOG_SMTP_PASSWORD"
_LARGEST = 64 * 1024

Environ = Mapping[str, str]


def routes(
    policy: Policy, *, webhooks: Sequence[str] = (), emails: Sequence[str] = (), environ: Environ = os.environ
) -> list[Route]:
    """Return whom to tell.

    Args:
        policy: The policy file, with its `notify`.
        webhooks: Addresses beside those of the policy; $AUDITLOG_WEBHOOK_SECRET signs.
        emails: Addresses beside those of the policy; $AUDITLOG_SMTP is the server, else the first one of the policy.
        environ: The environment.

    Raises:
        UsageError: If something that the options need is not in the environment.
        DefinitionError: If an address, a server or a secret is none, or a secret is missing.
        InputError: If the file of a secret cannot be read.
    """
    folder = os.path.dirname(policy.path)
    made = [_route(given, number, folder, environ) for number, given in enumerate(policy.notify, start=1)]
    for url in webhooks:
        if not environ.get(SECRET, "").strip():
            raise UsageError(
                f"--webhook: ${SECRET} is not set",
                help="echo whsec_$(head -c 24 /dev/urandom | base64) makes one; two of them while it is changed",
            )
        made.append(Route(Webhook(url, environ[SECRET].split())))
    if emails:
        made.append(Route(_mail(emails, policy, folder, environ)))
    return made


def _mail(to: Sequence[str], policy: Policy, folder: str, environ: Environ) -> Mail:
    server, sender = environ.get(SERVER, ""), environ.get(SENDER, "")
    if server:
        if not sender:
            raise UsageError(f"--email: ${SENDER} is not set", help="the address that the letters come from")
        return Mail(server, sender, to, environ.get(USER, ""), environ.get(PASSWORD, ""))
    for number, given in enumerate(policy.notify, start=1):
        if "smtp" in given:
            return _server(given, to, number, folder, environ)
    raise UsageError(
        f"--email: which server? ${SERVER} is not set", help="smtps://smtp.example.com, or notify of the policy"
    )


def _route(given: Mapping[str, Any], number: int, folder: str, environ: Environ) -> Route:
    if "webhook" in given:
        secrets = _secret(given, "secret", number, folder, environ).split()
        channel: Webhook | Mail = Webhook(given["webhook"], secrets)
    else:
        channel = _server(given, given.get("to", ()), number, folder, environ)
    kinds = given.get("kinds") or Route._field_defaults["kinds"]
    return Route(channel, given.get("min_severity", "info"), tuple(kinds), tuple(given.get("packs", ())))


def _server(given: Mapping[str, Any], to: Sequence[str], number: int, folder: str, environ: Environ) -> Mail:
    user = _secret(given, "user", number, folder, environ)
    password = _secret(given, "password", number, folder, environ)
    mail = Mail(given["smtp"], given.get("from", ""), to, user, password)
    if given.get("starttls") is False and not mail.private:
        raise DefinitionError(
            f"notify, entry {number}: letters go over TLS: starttls cannot be false for this server",
            help="leave starttls out; only a server on this machine may go without",
        )
    return mail


def _secret(given: Mapping[str, Any], what: str, number: int, folder: str, environ: Environ) -> str:
    """The value of the variable or file that an entry names; empty where it names none."""
    variable, file = given.get(f"{what}_env"), given.get(f"{what}_file")
    if variable and file:
        raise DefinitionError(
            f"notify, entry {number}: {what}_env or {what}_file, not both", help="leave one of them out"
        )
    if variable:
        value = environ.get(variable, "").strip()
        if not value:
            raise DefinitionError(f"notify, entry {number}: ${variable} is not set", help="set it where the check runs")
        return value
    if file:
        value = read_small(os.path.join(folder, file), _LARGEST).decode("utf-8", "replace").strip()
        if not value:
            raise DefinitionError(f"notify, entry {number}: {file} is empty", help="write the secret into it, one line")
        return value
    return ""
