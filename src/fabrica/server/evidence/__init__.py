"""Sealed records of what happened, chained by hash."""
