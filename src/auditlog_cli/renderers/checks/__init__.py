"""What `check` says becomes text. One file = one format.

Those of other tools (`github`, `jsonl`, `junit`, `sarif`) are made by `renderers/findings` out of `suites.suites`.
"""
