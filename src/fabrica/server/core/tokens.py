"""Bearer tokens: drawn with full entropy, shown once, kept as a fingerprint."""

import hashlib
import secrets

PREFIX = "fbr_"
"""Lets leak scanners find a token in the wild."""


def new_token() -> str:
    """Draw a token of 256 random bits."""
    return PREFIX + secrets.token_urlsafe(32)


def fingerprint(token: str) -> str:
    """Return what is stored of a token: its SHA-256. A token has full entropy, so no salt is needed."""
    return hashlib.sha256(token.encode()).hexdigest()
