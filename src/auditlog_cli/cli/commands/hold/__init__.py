"""Legal holds: what `prune` and `redact` must leave as it is.

A hold is a record of the log itself: sealed with everything else, in force until a record releases it. A log that
others write has its holds beside it, in LOG.holds.
"""
