"""Tokens have full entropy, and only their fingerprint is kept."""

from fabrica.server.core.tokens import PREFIX, fingerprint, new_token


def test_two_tokens_differ_and_can_be_found_by_leak_scanners() -> None:
    first, second = new_token(), new_token()
    assert first != second
    assert first.startswith(PREFIX)
    assert len(first) - len(PREFIX) >= 43  # 256 bits in base 64


def test_a_fingerprint_does_not_hold_its_token() -> None:
    token = new_token()
    assert fingerprint(token) == fingerprint(token)
    assert token.removeprefix(PREFIX) not in fingerprint(token)
