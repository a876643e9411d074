"""What finds personal data and secrets: the entities, one in detail, and what a text would give."""
