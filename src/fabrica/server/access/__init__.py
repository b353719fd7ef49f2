"""Allocations now; calls, applications, reviews and awards join here."""
