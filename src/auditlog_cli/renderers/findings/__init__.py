"""Findings become text. One file = one format; the file's name is the format's name.

`text`, `json` and `jsonl` say all there is to say of a validation. `github`, `sarif` and `junit` are made
from suites (`finding.Suite`), for any judge: `render(suites) -> str`.
"""
