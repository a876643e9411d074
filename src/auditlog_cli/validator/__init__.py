"""What a record must be: its types and formats by JSON Schema, the six questions in words.

    schemas     the published schemas, found in the package or in the checkout
    compiled    the fast engine (jsonschema-rs): a verdict, and what is wrong where
    reference   the slow one (jsonschema): the same, by the implementation that others compare with
    structure   what both say, turned into words
    questions   the six questions
    rules       every rule that can be broken, by id
    record      one record judged by all of these

No module here reads a log or writes a line.
"""
