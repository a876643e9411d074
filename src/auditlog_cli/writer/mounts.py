"""On which file systems `flock` and `O_APPEND` cannot be relied on across hosts (integrity.md, 6.1)."""

from __future__ import annotations

import os
import re

_SHARED = frozenset(("nfs", "nfs4", "cifs", "smb", "smb2", "smb3", "smbfs", "afs", "ceph", "glusterfs", "lustre"))
_TABLE = "/proc/self/mountinfo"
_OCTAL = re.compile(r"\\([0-7]{3})")  # how the table writes blanks and the like


def shared_filesystem(path: str, table: str = _TABLE) -> str | None:
    """Return the type of the network or FUSE file system that `path` lies on, or None.

    Args:
        path: A file that may not exist yet.
        table: The mount table (proc(5), mountinfo). Where there is none, nothing is known.
    """
    try:
        with open(table, encoding="utf-8", errors="surrogateescape") as file:
            lines = file.read().splitlines()
    except OSError:
        return None
    place = os.path.realpath(os.path.dirname(path) or ".")
    best, kind = "", ""
    for line in lines:
        front, _, back = line.partition(" - ")
        columns, types = front.split(" "), back.split(" ")
        if len(columns) < 5 or not types[0]:
            continue
        mount = _OCTAL.sub(lambda found: chr(int(found[1], 8)), columns[4])
        inside = place == mount or place.startswith(mount.rstrip("/") + "/")
        if inside and len(mount) >= len(best):
            best, kind = mount, types[0]
    return kind if kind in _SHARED or kind.startswith("fuse") else None
