"""Records on their way to a receiver over the network.

`receiver` (OTLP/HTTP, again after a failure), `headers` (what lets us in), `cursors` (how far a log was sent, on the
disk), `trails` (where in a log that is), `freight` (log records, spans or messages),
`waiting` (traces that have not ended), `shipper` (all of it together).
"""
