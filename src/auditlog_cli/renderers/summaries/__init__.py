"""Summaries of a period become text. One file = one format; all are made from the object `auditlog.summary/1`."""
