"""What `--policy` means on the command line: a file, or a bundle of the policy file that lies here."""

from __future__ import annotations

import os
from difflib import get_close_matches

from auditlog_cli.errors import DefinitionError, UsageError
from auditlog_cli.rules import policy


def meant(given: str | None, bundle: str | None) -> tuple[str | None, str | None]:
    """Return the policy file, and the bundle of it that alone is to judge; None where none is named.

    A file of that name wins. Only the command line asks here: what a library call means does not depend on the
    working directory.

    Args:
        given: The value of `--policy`.
        bundle: The value of `--only-policy`.

    Raises:
        DefinitionError: If `given` is neither a file nor a bundle, or the policy file that lies here is wrong.
        UsageError: If the two name different bundles, or two policy files lie here.
    """
    if given is None or _is_file(given):
        return given, bundle
    here = policy.find(None)
    names = [each.name for each in here.policies]
    if given in names:
        if bundle not in (None, given):
            raise UsageError(
                f"--policy {given} and --only-policy {bundle} name two bundles", help="leave one of them out"
            )
        return here.path, given
    place = f"{here.path} has no policy" if here.path else f"no {policy.NAMES[0]} lies here that could have a policy"
    close = get_close_matches(given, names, 1)
    known = f"its policies are {', '.join(names)}" if names else "a policy file, or the name of a policy in one"
    raise DefinitionError(
        f"--policy {given}: there is no such file, and {place} of that name",
        help=f"did you mean {close[0]}?" if close else known,
    )


def _is_file(given: str) -> bool:
    """Also where nobody lets us see whether it is there: who opens it says so."""
    try:
        os.lstat(given)
    except PermissionError:
        return True
    except (OSError, ValueError):
        return False
    return True
