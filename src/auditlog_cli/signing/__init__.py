"""Private keys that sign, public keys that are trusted, and the check whether a signature holds."""
