"""What is handed to somebody who has neither the log nor this tool: records, proofs, and how to check them."""
