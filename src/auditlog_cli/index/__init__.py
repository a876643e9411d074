"""The index beside a log, `PATH.index`: where the records of a session, a user, … stand, so that a query need not scan.

Built and extended by readers only, disposable, never trusted (integrity.md, 7; docs/index.md). From below: `query`
(what is asked), `pages` (bytes with sums), `keys` (by what a record is found), `parts` (a stretch of lines, and by
what they are found), `layout` (the file), `opening` (segments and index as they lie there), `packing` and `making`
(lines become parts), `building` (the file is written), `comparing` (and compared), `readying` (all is
opened), `searching` (a query is answered), `numbering` (a sealed record is found by its number), `counting`.
"""
