"""`auditlog alerts ack`: the short word for `auditlog alerts acknowledge`."""

from auditlog_cli.cli.commands.alerts.acknowledge import acknowledge

ack = acknowledge
