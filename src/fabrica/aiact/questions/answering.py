"""Answer a question by the passages that hold its words; say so when no passage holds enough of them."""

import math
import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from functools import lru_cache

from fabrica.aiact import library
from fabrica.aiact.classify import classify
from fabrica.aiact.explain import told_unsettled, touching
from fabrica.aiact.questions.amounts import states_amount
from fabrica.aiact.questions.asked import Asked, asked
from fabrica.aiact.questions.passages import answer_passage, law_passages, passages_of
from fabrica.aiact.questions.words import means_also
from fabrica.wire.questions import (
    FoundAnswer,
    OfficialText,
    Passage,
    PublishedAnswer,
    RankedPassage,
)

ENOUGH = 0.5
"""The share of a question's words, each weighed by how rare it is, that one passage must hold to count as an answer."""

_WORDS_TOGETHER, _ENOUGH_TOGETHER = 3, 0.8
"""So many words of a question stand in one passage seldom by chance: for them this much of the share will do."""

_WORDS_WITH_ANOTHER_LAW = 2
"""So many words beside the name of another law a passage must hold: else the question is about that law alone."""

_IN_PASSING = 3
"""A lone word in fewer passages than this is only mentioned there; the sources are about something else."""

_SHOWN = 5
_DRAFTS = "oq-2"  # the final guidelines on high risk are not there yet
# A trap that fits nearly as well stands first, since others go wrong there; one that shares a word or two stands last.
_TRAP_FIRST, _TRAP_LAST, _WORDS_OF_A_TRAP = 0.05, -0.05, 3
_NOT_FOUND = (
    "The sources hold no answer to this. Nothing was guessed. Whether a system of yours is covered, banned or "
    "high-risk, 'fabrica aiact intake' finds out. Else ask a person who knows the law, or import the official text "
    "with 'fabrica aiact import' and ask again."
)
_FOUND = "These passages speak to the question, best first. The Official Journal prevails."


def ask(
    question: str,
    as_of: date,
    imported: Sequence[OfficialText] = (),
    *,
    published: Sequence[PublishedAnswer] = (),
    most: int = _SHOWN,
    enough: float = ENOUGH,
) -> FoundAnswer:
    """Return the passages that answer a question, best first; none when no passage holds enough of its words.

    `published`: answers of advisers, which are searched as well; `enough`: less than `ENOUGH` for a reader who judges.

    Raises:
        QuestionRefused: too long, or without a word to look for.
    """
    index = _index(tuple(imported), tuple(published))
    fitting = index.rank(asked(question), enough)[:most]
    return FoundAnswer(
        question=question,
        found=bool(fitting),
        words=_FOUND if fitting else _NOT_FOUND,
        passages=tuple(fitting),
        searched=len(index.passages),
        imported=tuple(text.title for text in imported),
        unsettled=told_unsettled(frozenset(question for one in fitting for question in _touching(one))),
        law=classify({}, as_of).law,
    )


def _touching(passage: Passage) -> frozenset[str]:
    """Return the open questions that touch a passage: by its duty, or because it is one, or a draft."""
    name = passage.id.split("/")[-1]
    if passage.kind == "open_question":
        return frozenset({name})
    if passage.kind == "law" and name in library.obligations():
        return touching(name)
    return frozenset({_DRAFTS}) if passage.confidence == "draft" else frozenset()


class Index:
    """Passages in a full-text index in memory."""

    def __init__(self, passages: Iterable[Passage]) -> None:
        self.passages = tuple(passages)
        self._texts = sqlite3.connect(":memory:", check_same_thread=False)
        self._texts.execute("CREATE VIRTUAL TABLE texts USING fts5(words, tokenize = 'porter unicode61')")
        rows = ((number, _searched(one)) for number, one in enumerate(self.passages, start=1))
        self._texts.executemany("INSERT INTO texts (rowid, words) VALUES (?, ?)", rows)

    def rank(self, asked: Asked, enough: float) -> list[RankedPassage]:
        """Return the passages that hold enough of the question's weight, the one that holds most first."""
        held = {word: self._holding(word, alone=asked.how_to) for word in asked.words}
        if asked.in_passing and len(held[asked.words[0]]) < _IN_PASSING:
            return []
        weights = {word: math.log(1 + len(self.passages) / (1 + len(rows))) for word, rows in held.items()}
        ranked = []
        for row in set().union(*held.values()):
            passage = self.passages[row - 1]
            words = [word for word, rows in held.items() if row in rows]
            coverage = _share(words, asked.words, weights)
            sparing = _ENOUGH_TOGETHER if len(words) >= _WORDS_TOGETHER else 1
            if coverage >= enough * sparing and _speaks_to(passage, words, asked, weights, enough):
                ranked.append((_place(passage, coverage, len(words), asked), passage, coverage))
        ranked.sort(key=lambda one: one[0])
        return [RankedPassage(**passage.model_dump(), coverage=coverage) for _, passage, coverage in ranked]

    def _holding(self, word: str, *, alone: bool) -> set[int]:
        """Return the rows that hold a word, or one that means the same unless the word `alone` counts."""
        terms = (word,) if alone else (word, *means_also(word))
        wanted = " OR ".join(_quoted(term) for term in terms)
        return {row for (row,) in self._texts.execute("SELECT rowid FROM texts WHERE texts MATCH ?", (wanted,))}


def _share(words: Iterable[str], of: Sequence[str], weights: Mapping[str, float]) -> float:
    """Return the share of words in the weight of all."""
    whole = sum(weights[word] for word in of)
    return min(1.0, round(sum(weights[word] for word in words) / whole, 4)) if whole else 0.0


def _speaks_to(
    passage: Passage, words: Sequence[str], asked: Asked, weights: Mapping[str, float], enough: float
) -> bool:
    """Say whether a passage with these words can answer what is asked.

    It states an amount where one is asked for, compares where the question does, and says what to do where that is
    asked; where another law is named, it is of that law or of both.
    """
    if asked.amount and not states_amount(passage.text):
        return False
    if asked.how_to and not _says_what_to_do(passage, asked.words[0]):
        return False
    if not set(asked.superlatives) <= set(words):
        return False
    if not asked.other_law:
        return True
    beside = [word for word in words if word in asked.rest]
    of_that_law = passage.kind == "official" and all(word in passage.citation.lower() for word in asked.other_law)
    return (
        set(asked.other_law) <= set(words)
        and len(beside) >= (1 if of_that_law else _WORDS_WITH_ANOTHER_LAW)
        and _share(beside, asked.rest, weights) >= enough
    )


def _says_what_to_do(passage: Passage, with_it: str) -> bool:
    """Say whether a passage is a duty with a thing; traps, imported texts and advisers speak in whole answers."""
    if passage.kind not in ("law", "open_question"):
        return True
    return passage.id.split("/")[-1] in library.obligations() and with_it in passage.title.lower()


def _place(passage: Passage, coverage: float, counted: int, asked: Asked) -> tuple[float, int, int, str]:
    """Return what orders passages: how well they fit, then how much their title does, then the shorter text."""
    if passage.kind == "trap":
        coverage += _TRAP_FIRST if counted >= _WORDS_OF_A_TRAP else _TRAP_LAST
    title = passage.title.lower()
    named = sum(any(term.lower() in title for term in (word, *means_also(word))) for word in asked.words)
    return -coverage, -named, len(passage.text), passage.id


def _searched(passage: Passage) -> str:
    return " ".join((passage.title, passage.text, passage.wrong or "", passage.citation)).replace("10^", "10power")


def _quoted(term: str) -> str:
    """Return a term as a phrase, in which no sign means anything to the index."""
    return '"' + term.replace("10^", "10power").replace('"', '""') + '"'


@lru_cache(maxsize=4)
def _index(imported: tuple[OfficialText, ...], published: tuple[PublishedAnswer, ...]) -> Index:
    texts = (one for text in imported for one in passages_of(text))
    return Index([*law_passages(), *texts, *(answer_passage(one) for one in published)])
