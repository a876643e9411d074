"""An index beside the log that it was made from: does it say what one made now would say?"""

from __future__ import annotations

import os

from auditlog_cli.index import layout, pages
from auditlog_cli.index.making import make
from auditlog_cli.index.opening import source_of


def same(taken: list[tuple[str, int, int]], index: layout.Index) -> bool:
    """Tell whether all parts that a query would use say what they would say if they were made now.

    Raises:
        OSError: If the log cannot be read.
    """
    for path, fd, size in taken:
        source = source_of(path, fd, size)
        known = index.segments.get(layout.inode_of(os.fstat(fd)))
        if source is None or known is None or not known.stands_for(path, os.fstat(fd), packed=source.packed):
            continue
        for part in known.parts:
            again = [made for _, made in make(source.pread, part.start, part.end)]
            stored = pages.Pages(
                part.source, part.first, part.pages, layout.part_seed(known.inode, part.start, part.end)
            )
            data = again[0].packed() if len(again) == 1 else b""
            try:
                if not data or part.pages != pages.pages_for(len(data)) or stored.read(len(data), 0) != data:
                    return False
            except pages.Damaged:
                return False
    return True
