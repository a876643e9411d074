"""Where the state of a log is kept out of its writers' reach: a Git repository, a time stamp (integrity.md, 5.4)."""
