"""What the commands about packs and policies share: which policy, which pack, and which now."""

from __future__ import annotations

import os
from collections.abc import Sequence

from auditlog_cli import times
from auditlog_cli.errors import UsageError
from auditlog_cli.rules import binding, compiled, loading
from auditlog_cli.rules import policy as policies
from auditlog_cli.rules.lint import Remark
from auditlog_cli.rules.pack import Pack
from auditlog_cli.rules.sitefacts import Policy


def policy(path: str | None) -> Policy:
    """Return the policy at `path`, else the one of the working directory.

    Raises:
        UsageError: If there is none.
    """
    found = policies.find(path)
    if not found.path:
        raise UsageError("there is no policy here", help="auditlog policy init LOG -o auditlog.policy.yaml drafts one")
    return found


def moment(text: str | None) -> int:
    """Return the "now" of a run in microseconds since the epoch: the given time, else the clock.

    Raises:
        UsageError: If it is no time.
    """
    given = times.now() if text is None else text
    found = times.moment(given)
    if found is None:
        raise UsageError(f"--as-of {given}: not a time", help="for example 2026-11-21 or 2026-11-21T00:00:00Z")
    return found


def pack(name: str) -> Pack:
    """Return a pack with its cases: a shipped one by its name, or the one in a file.

    Raises:
        InputError, DefinitionError: See `loading.load_file`; or there is no shipped pack of that name.
    """
    if binding.is_path(name):
        return loading.load_file(name)
    compiled.shipped([name])  # says which there are
    return loading.load_shipped(name)


def own_packs(found: Policy) -> list[str]:
    """Return the files of the packs of one's own that a policy names."""
    folder = os.path.dirname(found.path)
    named = [each for bundle in found.policies for each in bundle.packs if binding.is_path(each)]
    return [os.path.join(folder, each) for each in dict.fromkeys(named)]


def outside(path: str, remarks: Sequence[Remark]) -> list[Remark]:
    """Return an error for each case that cannot be run, and for each hit outside the subject of its rule.

    The latter would be found, yet not judged.

    Args:
        path: The file of a pack.
        remarks: What `lint` says about it; a pack with errors is not run.
    """
    if any(each.is_error for each in remarks):
        return []
    from auditlog_cli.judgement import casework
    from auditlog_cli.judgement.scanning import scanner_for

    found = casework.run_cases([loading.load_file(path)], scanner_for)
    refused = [Remark(path, each.case.rule.line, "", True, each.message) for each in found if each.refused]
    cases = [each.case for each in found if each.outside]
    return refused + [
        Remark(path, each.rule.line, each.rule.id, True, f"hit {each.number} lies outside the subject")
        for each in cases
    ]
