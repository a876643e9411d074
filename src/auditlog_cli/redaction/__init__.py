"""Masking of records that no seal protects: what detectors find, and what fields are named (compliance.md, 12).

`masks` says what stands in the place of a value, `splicing` finds the value in the bytes of a line, `settings` is what
was asked for, `redactor` puts the three together. No I/O but for the profile file. Sealed logs go the way of
`withholding/`.
"""
