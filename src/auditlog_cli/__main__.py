"""`python -m auditlog_cli` is `auditlog`."""

from auditlog_cli.cli.front import run

if __name__ == "__main__":
    run()
