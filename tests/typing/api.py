"""Never run: mypy reads it, so that public types are tested as users write them."""
