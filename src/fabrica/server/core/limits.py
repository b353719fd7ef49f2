"""Limits on how often something may be tried, counted by each process for itself."""

from django.core.cache import cache

from fabrica.wire.problems import TooManyTries


def count_try(what: str, *, tries_max: int, seconds: int) -> None:
    """Count one try of something; the count begins anew `seconds` after the first.

    Raises:
        TooManyTries: it was tried too often.
    """
    key = f"tries:{what}"
    cache.add(key, 0, seconds)
    try:
        tries = cache.incr(key)
    except ValueError:  # the count ended between the two lines
        return
    if tries > tries_max:
        raise TooManyTries(
            f"This was tried more than {tries_max} times within {seconds} s.",
            remedy="Wait some minutes, then try again.",
            retry_after_seconds=seconds,
        )
