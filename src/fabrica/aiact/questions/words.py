"""Words of a question: those that are one thing, say nothing, or mean the same as others in the law's data."""

import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from fabrica.aiact import library
from fabrica.aiact.schema import Part

FILE = Path(__file__).parent / "words.yaml"


class _Words(Part):
    one_thing: Mapping[str, str]
    says_nothing: str
    says_little: str
    other_laws: str
    no_superlatives: str
    means_also: Mapping[str, tuple[str, ...]]


def with_one_word_each(question: str) -> str:
    """Return a question in which several words that are one thing are one word, as in "general-purpose"."""
    for pattern, word in _one_thing():
        question = pattern.sub(word, question)
    return question


@cache
def _one_thing() -> tuple[tuple[re.Pattern[str], str], ...]:
    several = _read().one_thing.items()
    return tuple((re.compile(rf"\b{phrase.replace(' ', '[ -]')}s?\b"), word) for phrase, word in several)


@cache
def says_nothing() -> frozenset[str]:
    """Return the words in any question, and in so many passages that they tell none apart."""
    return frozenset(_read().says_nothing.split()) | says_little()


@cache
def says_little() -> frozenset[str]:
    """Return words that say nothing beside others, and yet are what a question is about when it has hardly any."""
    return frozenset(_read().says_little.split())


@cache
def laws() -> frozenset[str]:
    """Return short names of laws that are not the AI Act."""
    return frozenset(_read().other_laws.split())


@cache
def no_superlatives() -> frozenset[str]:
    """Return words that end as "cheapest" does and compare nothing."""
    return frozenset(_read().no_superlatives.split())


def means_also(word: str) -> tuple[str, ...]:
    """Return words and phrases of the law's data that mean what a word of a question means."""
    return _read().means_also.get(word, ())


@cache
def _read() -> _Words:
    return library.read(_Words, FILE)
