"""Words of a question: those that say nothing, and those that mean the same as others in the law's data."""

from collections.abc import Mapping
from functools import cache
from pathlib import Path

from fabrica.aiact import library
from fabrica.aiact.schema import Part

FILE = Path(__file__).parent / "words.yaml"


class _Words(Part):
    says_nothing: str
    means_also: Mapping[str, tuple[str, ...]]


@cache
def says_nothing() -> frozenset[str]:
    """Return the words in any question, and in so many passages that they tell none apart."""
    return frozenset(_read().says_nothing.split())


def means_also(word: str) -> tuple[str, ...]:
    """Return words and phrases of the law's data that mean what a word of a question means."""
    return _read().means_also.get(word, ())


@cache
def _read() -> _Words:
    return library.read(_Words, FILE)
