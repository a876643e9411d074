"""The examples of docs/frameworks.md, run with the real framework: blocks that begin with ```python FRAMEWORK."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

PAGE = Path(__file__).parents[2] / "docs" / "frameworks.md"


def run(framework: str, names: dict[str, Any]) -> int:
    """Run the blocks of a framework, one after the other, in one namespace; return how many there are.

    Args:
        framework: The word after `python` in the fence.
        names: What the page takes for granted.
    """
    text = PAGE.read_text()
    blocks = list(re.finditer(rf"^```python {framework}\n(.*?)^```$", text, re.MULTILINE | re.DOTALL))
    for block in blocks:
        before = "\n" * text.count("\n", 0, block.start(1))  # a traceback points into the page
        exec(compile(before + block[1], str(PAGE), "exec"), names)
    return len(blocks)
