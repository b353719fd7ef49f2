"""Codes that let somebody in once: read aloud and typed by people, found by their first part, proven by the rest."""

import hashlib
import hmac
import secrets
from dataclasses import dataclass

_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"  # Crockford's base 32: no I, L, O, U to misread
_MISREAD = str.maketrans({"O": "0", "I": "1", "L": "1"})
_SELECTOR = 8
_LENGTH = 25
_GROUP = 5


@dataclass(frozen=True, slots=True)
class Code:
    """A code: `selector` finds its invitation; only the SHA-256 of `secret` (85 random bits) is stored."""

    selector: str
    secret: str

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.secret.encode()).hexdigest()

    def opens(self, sha256: str) -> bool:
        """Return whether this is the code whose stored fingerprint is given, in a time that tells nothing of it."""
        return hmac.compare_digest(self.sha256, sha256)

    @property
    def shown(self) -> str:
        """The code as people write it, in groups of five."""
        whole = self.selector + self.secret
        return "-".join(whole[start : start + _GROUP] for start in range(0, _LENGTH, _GROUP))


def new_code() -> Code:
    """Draw a code."""
    return _split("".join(secrets.choice(_ALPHABET) for _ in range(_LENGTH)))


def read_code(text: str) -> Code | None:
    """Return the code that somebody typed, with hyphens, spaces, small letters or O for 0; None: it is no code."""
    plain = "".join(text.upper().replace("-", " ").split()).translate(_MISREAD)
    if len(plain) != _LENGTH or not set(plain) <= set(_ALPHABET):
        return None
    return _split(plain)


def _split(plain: str) -> Code:
    return Code(plain[:_SELECTOR], plain[_SELECTOR:])
