"""Withholding: values of a sealed log go, its hashes and signatures stay (integrity.md, 2.4 to 2.7)."""
