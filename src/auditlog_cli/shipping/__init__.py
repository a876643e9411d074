"""Records on their way to a receiver over the network.

`receiver` (OTLP/HTTP, again after a failure), `headers` (what lets us in), `cursors` (how far a log was sent, on the
disk), `trails` (where in a log that is), `shipper` (all of it together).
"""
