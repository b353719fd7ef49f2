"""Propose facts for a description in free words: a plain look for words, no model; a person confirms each one."""

import re
from collections.abc import Iterator
from functools import cache

from fabrica.aiact import library
from fabrica.aiact.intake.wording import choices, said
from fabrica.wire.intake import Proposal

LONGEST_TEXT = 20_000
_SAY_NOTHING = frozenset({"none", "no", "other", "text_only", "private", "EU"})
_WORD = re.compile(r"[^\W_]+(?:-[^\W_]+)*")
_ENDINGS = ("ings", "ing", "ers", "er", "ed", "es", "s")


def proposals(text: str) -> tuple[Proposal, ...]:
    """Return the values that the words of a text suggest, in the order of the vocabulary.

    Only the first 20,000 characters are read. Words that deny something are not understood, which is why a person
    confirms.
    """
    stems = tuple(_stem(word) for word in _WORD.findall(text[:LONGEST_TEXT].lower()))
    found = []
    for fact, value, words, phrases in _suggesting():
        because = tuple(phrase for phrase, parts in phrases if _within(parts, stems))
        if because:
            found.append(Proposal(fact=fact, value=value, words=words, because=because))
    return tuple(found)


def value_of(proposal: Proposal) -> str | bool:
    """Return the value that a confirmed proposal gives its fact; of a list, the one entry."""
    return True if library.vocabulary()[proposal.fact].type == "bool" else proposal.value


@cache
def _suggesting() -> tuple[tuple[str, str, str, tuple[tuple[str, tuple[str, ...]], ...]], ...]:
    """Return each value that can be proposed with its words, and the phrases that suggest it as stems."""
    return tuple(_rows())


def _rows() -> Iterator[tuple[str, str, str, tuple[tuple[str, tuple[str, ...]], ...]]]:
    for fact in library.vocabulary():
        if fact == "as_of":
            continue
        spoken = said().get(fact, {})
        for choice in choices(fact):
            value = "true" if choice.value is True else str(choice.value)
            own = () if isinstance(choice.value, bool) or value in _SAY_NOTHING else (value.replace("_", " "),)
            phrases = tuple(dict.fromkeys((*own, *spoken.get(value, ()))))
            if phrases:
                yield fact, value, choice.words, tuple((one, _stems(one)) for one in phrases)


def _stems(phrase: str) -> tuple[str, ...]:
    return tuple(_stem(word) for word in _WORD.findall(phrase.lower()))


def _stem(word: str) -> str:
    for ending in _ENDINGS:
        if word.endswith(ending) and len(word) - len(ending) >= 4:
            return word.removesuffix(ending)
    return word.removesuffix("s") if len(word) > 3 else word


def _within(parts: tuple[str, ...], stems: tuple[str, ...]) -> bool:
    """Say whether the parts of a phrase stand in the text one after another."""
    length = len(parts)
    return any(stems[place : place + length] == parts for place in range(len(stems) - length + 1))
