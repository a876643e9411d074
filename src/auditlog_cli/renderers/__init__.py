"""What was found becomes text. One file = one output format, or one part that several of them share."""
