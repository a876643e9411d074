"""Bytes in: which files a log consists of, and their lines. Opened through one door, so that other
storage can come in there."""
