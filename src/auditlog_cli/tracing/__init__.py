"""Traces as trees: pure functions over records. `facts` → `grouping` → `forest` (`guessing`) → `timing`.

Nothing here recurses over the tree: a trace may be 100,000 levels deep.
"""
