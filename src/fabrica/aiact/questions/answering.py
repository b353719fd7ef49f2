"""Answer a question by the passages that hold its words; say so when no passage holds enough of them."""

import math
import re
import sqlite3
from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import date
from functools import lru_cache

from fabrica.aiact import library
from fabrica.aiact.classify import classify
from fabrica.aiact.explain import told_unsettled, touching
from fabrica.aiact.questions.passages import answer_passage, law_passages, passages_of
from fabrica.aiact.questions.words import means_also, says_nothing, with_one_word_each
from fabrica.wire.questions import (
    LONGEST_QUESTION,
    FoundAnswer,
    OfficialText,
    Passage,
    PublishedAnswer,
    QuestionRefused,
    RankedPassage,
)

ENOUGH = 0.5
"""The share of a question's words, each weighed by how rare it is, that one passage must hold to count as an answer."""

_WORDS_TOGETHER, _ENOUGH_TOGETHER = 3, 0.8
"""So many words of a question stand in one passage seldom by chance: for them this much of the share will do."""

_MOST_WORDS = 40
_SHOWN = 5
_DRAFTS = "oq-2"  # the final guidelines on high risk are not there yet
# A trap that fits nearly as well stands first, since others go wrong there; one that shares a word or two stands last.
_TRAP_FIRST, _TRAP_LAST, _WORDS_OF_A_TRAP = 0.05, -0.05, 3
_WORD = re.compile(r"10\^\d+|[^\W_]+", re.UNICODE)
_NOT_FOUND = (
    "The sources hold no answer to this. Nothing was guessed. Ask a person who knows the law, or import the official "
    "text with 'fabrica aiact import' and ask again."
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
    words = _words(question)
    index = _index(tuple(imported), tuple(published))
    fitting = index.rank(words, enough)[:most]
    return FoundAnswer(
        question=question,
        found=bool(fitting),
        words=_FOUND if fitting else _NOT_FOUND,
        passages=tuple(fitting),
        searched=len(index.passages),
        imported=tuple(text.title for text in imported),
        unsettled=told_unsettled({question for one in fitting for question in _touching(one)}),
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


def _words(question: str) -> tuple[str, ...]:
    if len(question) > LONGEST_QUESTION:
        raise QuestionRefused(
            f"The question has over {LONGEST_QUESTION:,} characters.", remedy="Ask one thing at once."
        )
    words = _WORD.findall(with_one_word_each(question.lower()))
    found = dict.fromkeys(word for word in words if word not in says_nothing())
    if not found:
        raise QuestionRefused("The question holds no word to look for.", remedy="Name the thing you ask about.")
    return tuple(found)[:_MOST_WORDS]


class Index:
    """Passages in a full-text index in memory."""

    def __init__(self, passages: Iterable[Passage]) -> None:
        self.passages = tuple(passages)
        self._texts = sqlite3.connect(":memory:", check_same_thread=False)
        self._texts.execute("CREATE VIRTUAL TABLE texts USING fts5(words, tokenize = 'porter unicode61')")
        rows = ((number, _searched(one)) for number, one in enumerate(self.passages, start=1))
        self._texts.executemany("INSERT INTO texts (rowid, words) VALUES (?, ?)", rows)

    def rank(self, words: Sequence[str], enough: float) -> list[RankedPassage]:
        """Return the passages that hold enough of the words' weight, the one that holds most first."""
        held = {word: self._holding(word) for word in words}
        weights = {word: math.log(1 + len(self.passages) / (1 + len(rows))) for word, rows in held.items()}
        whole = sum(weights.values())
        covered: dict[int, float] = {}
        counted: Counter[int] = Counter()
        for word, rows in held.items():
            counted.update(rows)
            for row in rows:
                covered[row] = covered.get(row, 0.0) + weights[word]
        ranked = []
        for row, weight in covered.items():
            passage = self.passages[row - 1]
            coverage = min(1.0, round(weight / whole, 4)) if whole else 0.0
            if coverage >= enough * (_ENOUGH_TOGETHER if counted[row] >= _WORDS_TOGETHER else 1):
                ranked.append((_place(passage, coverage, counted[row], words), passage, coverage))
        ranked.sort(key=lambda one: one[0])
        return [RankedPassage(**passage.model_dump(), coverage=coverage) for _, passage, coverage in ranked]

    def _holding(self, word: str) -> set[int]:
        """Return the rows that hold a word or one that means the same."""
        terms = (word, *means_also(word))
        wanted = " OR ".join(_quoted(term) for term in terms)
        return {row for (row,) in self._texts.execute("SELECT rowid FROM texts WHERE texts MATCH ?", (wanted,))}


def _place(passage: Passage, coverage: float, counted: int, words: Sequence[str]) -> tuple[float, int, int, str]:
    """Return what orders passages: how well they fit, then how much their title does, then the shorter text."""
    if passage.kind == "trap":
        coverage += _TRAP_FIRST if counted >= _WORDS_OF_A_TRAP else _TRAP_LAST
    title = passage.title.lower()
    named = sum(any(term.lower() in title for term in (word, *means_also(word))) for word in words)
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
