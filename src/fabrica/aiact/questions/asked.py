"""A question as it is asked: the words that tell, and another law that it names."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from fabrica.aiact.questions.words import laws, no_superlatives, says_little, says_nothing, with_one_word_each
from fabrica.wire.questions import LONGEST_QUESTION, QuestionRefused

_MOST_WORDS = 40
_WORD = re.compile(r"10\^\d+|[^\W_]+", re.UNICODE)
_NAMED = re.compile(r"((?:[\w\u2019'-]+ ){1,4})(?:Acts?|Bill|Convention|[Rr]egulation|[Dd]irective)\b")
_OWN = frozenset({"ai", "artificial", "intelligence", "eu", "european", "union", "omnibus"})
_OWN_NUMBER = "2024/1689"
_POSSESSIVE = re.compile(r"[\u2019']s\b")
_AMOUNT = re.compile(r"\bhow (?:many|much)\b")
_HOW_TO = re.compile(r"\bhow (?:to|(?:do|does|can|could|may|must|should|would) (?:i|we|you|one|somebody)) (\w+)")
_SUPERLATIVE = re.compile(r"[a-z]{3,}est")


@dataclass(frozen=True, slots=True)
class Asked:
    """`words` tell; `other_law` are those of them that name a law which is not the AI Act, when it alone is named.

    `in_passing`: beside one telling word the question holds words that hardly tell, as in "Who pays for a visa?".
    `how_to`: how one makes or gets the one thing that is named, as in "How do I write a CV?".
    `amount`: a number is asked for, as in "How many". `superlatives`: words such as "cheapest".
    """

    words: tuple[str, ...]
    other_law: tuple[str, ...]
    in_passing: bool
    how_to: bool
    amount: bool
    superlatives: tuple[str, ...]

    @property
    def rest(self) -> tuple[str, ...]:
        return tuple(word for word in self.words if word not in self.other_law)


def asked(question: str) -> Asked:
    """Return what a question asks.

    Raises:
        QuestionRefused: too long, or without a word to look for.
    """
    if len(question) > LONGEST_QUESTION:
        raise QuestionRefused(
            f"The question has over {LONGEST_QUESTION:,} characters.", remedy="Ask one thing at once."
        )
    plain = with_one_word_each(question.lower())
    said = _WORD.findall(plain)
    telling = tuple(dict.fromkeys(word for word in said if word not in says_nothing()))[:_MOST_WORDS]
    if not telling:
        raise QuestionRefused("The question holds no word to look for.", remedy="Name the thing you ask about.")
    named = _other_law(question)
    return Asked(
        words=tuple(dict.fromkeys((*telling, *named))),
        other_law=named,
        in_passing=len(telling) == 1 and any(word in says_little() for word in said),
        how_to=len(telling) == 1 and any(verb in says_nothing() for verb in _HOW_TO.findall(plain)),
        amount=_AMOUNT.search(plain) is not None,
        superlatives=tuple(word for word in telling if _SUPERLATIVE.fullmatch(word) and word not in no_superlatives()),
    )


def _other_law(question: str) -> tuple[str, ...]:
    """Return the words that name another law; none where the AI Act is named too: how both go together is asked."""
    names = [name for found in _NAMED.finditer(question) if (name := _name(found[1].split()))]
    if _OWN_NUMBER in question or any(_OWN.issuperset(name) for name in names):
        return ()
    names += [(word,) for word in _WORD.findall(question.lower()) if word in laws()]
    return tuple(dict.fromkeys(word for name in names for word in name))


def _name(before: Sequence[str]) -> tuple[str, ...]:
    """Return the words right before "Act" that are part of its name: those after the last one that says nothing."""
    name: list[str] = []
    for word in reversed([_POSSESSIVE.sub("", one.lower()) for one in before]):
        if word in says_nothing() - says_little() - _OWN:
            break
        name.insert(0, word)
    return tuple(name)
