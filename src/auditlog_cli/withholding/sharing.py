"""A redacted copy for somebody else, with a manifest that says what was withheld (integrity.md, 2.7, "Sharing is
not erasing"). The log itself, and its salts, stay as they are.
"""

from __future__ import annotations

import hashlib
import os

import orjson

from auditlog_cli import segments
from auditlog_cli.errors import AuditWriteError, InputError, UsageError
from auditlog_cli.salting import settling
from auditlog_cli.salting.files import Snapshot
from auditlog_cli.sealing.line import Unsealed, unseal
from auditlog_cli.sinks import FileOutput
from auditlog_cli.withholding import reading, replacing
from auditlog_cli.withholding import salted as salted_lines
from auditlog_cli.withholding.declaring import Key
from auditlog_cli.withholding.planned import Plan

FORMAT = "auditlog-export/1"
NAMESPACE = "auditlog-export"


def manifest_name(copy: str) -> str:
    """Return the path of the manifest of a copy; its signature lies beside it, with `.sig` behind the name.

    >>> manifest_name("out/share.jsonl")
    'out/share.manifest.json'
    """
    return f"{copy.removesuffix('.jsonl')}.manifest.json"


def share(plan: Plan, copy: str, key: Key | None) -> str:
    """Write the log without what the plan names to `copy`, all segments in one file; return the manifest's path.

    Copy, manifest and signature appear whole or not at all, the copy last.

    Args:
        plan: From `planning.plan`.
        copy: Where to. Nothing that is there already is overwritten.
        key: What signs the manifest; None for an unsigned one.

    Raises:
        UsageError: If the copy would pass for a segment of a log.
        AuditWriteError: If something is in the way, or cannot be written.
        InputError: If the log cannot be read.
    """
    if segments.active_of(copy) is not None:
        raise UsageError(f"{copy}: named like a segment of a log", help="choose another name, such as shared.jsonl")
    manifest = manifest_name(copy)
    signature = [f"{manifest}.sig"] if key is not None else []
    names = [manifest, *signature, *(_companions(plan, copy)), copy]
    for name in names:
        if os.path.lexists(name):
            raise AuditWriteError(f"{name}: is there already; nothing was written", help="choose another name")
    outputs: list[FileOutput] = []
    try:
        outputs += (FileOutput(name) for name in names)
        beside = dict(zip(names, outputs, strict=True))
        text = _manifest(plan, (_copy_foreign if plan.salted else _copy)(plan, copy, beside))
        outputs[0].write(text)
        if key is not None:
            outputs[1].write(key.sshsig(NAMESPACE, text).encode())
        for output in outputs:
            output.commit()
    except BaseException:
        for output in outputs:
            output.discard()
        raise
    return manifest


def _companions(plan: Plan, copy: str) -> list[str]:
    """The files without which the copy of a log that others write cannot be verified."""
    if not plan.salted:
        return []
    earlier = [segments.redactions_name(copy)] if os.path.lexists(segments.redactions_name(plan.path)) else []
    return [segments.salts_name(copy), segments.checkpoint_name(copy), *earlier]


def _copy(plan: Plan, copy: str, outputs: dict[str, FileOutput]) -> str:
    """Write the copy of a sealed log; return its sum."""
    whole = hashlib.sha256()
    with reading.snapshot(plan.path) as files:
        for file in files:
            data = replacing.withheld(_up_to(plan.size, file.lines()), plan.targets, plan.processes)
            whole.update(data)
            outputs[copy].write(data)
            outputs[copy].flush()
    return whole.hexdigest()


def _copy_foreign(plan: Plan, copy: str, outputs: dict[str, FileOutput]) -> str:
    """Write the copy of a log that others write, and what lies beside it; return the sum of the copy."""
    whole = hashlib.sha256()
    with Snapshot(plan.path) as files:
        state = settling.whole(files)
        if (state.note.size, state.head) != (plan.size, plan.head):
            raise InputError(f"{plan.path}: was sealed anew meanwhile; nothing was written", help="do it once more")
        for raw, text, _ in salted_lines.withheld(files, plan.targets, new=state.new):
            line = raw + b"\n"
            whole.update(line)
            outputs[copy].write(line)
            outputs[segments.salts_name(copy)].write(text + b"\n")
        outputs[segments.checkpoint_name(copy)].write(files.checkpoint or b"")
        if segments.redactions_name(copy) in outputs:
            outputs[segments.redactions_name(copy)].write(files.declarations)
    return whole.hexdigest()


def _up_to(size: int, data: bytes) -> bytes:
    """Return the lines before record `size`: what was written since the plan was made was not looked at."""
    wanted = b',"seq":%d,"prev":"' % size
    place = data.find(wanted)
    while place >= 0:
        start = data.rfind(b"\n", 0, place) + 1
        try:
            if unseal(data[start : data.index(b"\n", place)]).seq == size:
                return data[:start]
        except Unsealed:
            pass
        place = data.find(wanted, place + 1)
    return data


def _manifest(plan: Plan, total: str) -> bytes:
    told = {
        "format": FORMAT,
        "origin": plan.origin,
        "size": plan.size,
        "head": plan.head,
        "withheld": [target._asdict() for target in plan.targets],
        "sha256": total,
    }
    return orjson.dumps(told) + b"\n"
