"""Conditions of rules: small trees over facts and findings that are read on the scale of `truth`.

A node answers how firmly it stands and which missing facts could still change that; and, where it stands, which facts
it used. Sets of facts are bits of one whole number, one bit a key of the vocabulary, and settled answers are constants:
a classification asks some hundreds of nodes.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from fabrica.aiact.truth import NO, OPEN, STANDS, YES

Answer = tuple[int, int]
"""How firmly it stands, and the bits of the missing facts that could change it; none when it is final."""

NEVER: Answer = (NO, 0)
ALWAYS: Answer = (YES, 0)


@dataclass(slots=True)
class State:
    """One classification under way: the given facts, and what the rules have found so far.

    `known` holds the bits of the given facts; `told` has each as it is told to people and written as JSON.
    """

    facts: Mapping[str, Any]
    known: int
    told: Mapping[str, Any] = field(default_factory=dict)
    answers: dict[str, Answer] = field(default_factory=dict)
    used: dict[str, int] = field(default_factory=dict)

    def truth(self, finding: str) -> int:
        """Return how firmly a finding stands."""
        return self.answers[finding][0]


class Condition(Protocol):
    """A node. `about` holds the bits of every fact it can depend on, through findings too."""

    about: int

    def ask(self, state: State) -> Answer: ...

    def used(self, state: State) -> int: ...


class _Leaf:
    """A question about facts alone."""

    __slots__ = ("about",)
    about: int

    def used(self, state: State) -> int:
        return self.about & state.known


class FactIs(_Leaf):
    """A fact has one of the wanted values. `denied`: it has another."""

    __slots__ = ("_answers", "_otherwise", "denied", "key", "wanted")

    def __init__(self, key: str, bit: int, wanted: frozenset[Any], *, denied: bool = False) -> None:
        self.key, self.about, self.wanted, self.denied = key, bit, wanted, denied
        met, self._otherwise = (NEVER, ALWAYS) if denied else (ALWAYS, NEVER)
        self._answers: dict[Any, Answer] = {None: (OPEN, bit), **dict.fromkeys(wanted, met)}

    def ask(self, state: State) -> Answer:
        return self._answers.get(state.facts.get(self.key), self._otherwise)


class FactHas(_Leaf):
    """A fact that is a list has at least one of the wanted values. `denied`: it has none."""

    __slots__ = ("_met", "_open", "_unmet", "denied", "key", "wanted")

    def __init__(self, key: str, bit: int, wanted: frozenset[Any], *, denied: bool = False) -> None:
        self.key, self.about, self.wanted, self.denied = key, bit, wanted, denied
        self._open = (OPEN, bit)
        self._met, self._unmet = (NEVER, ALWAYS) if denied else (ALWAYS, NEVER)

    def ask(self, state: State) -> Answer:
        value = state.facts.get(self.key)
        if value is None:
            return self._open
        return self._unmet if self.wanted.isdisjoint(value) else self._met


class FactMissing(_Leaf):
    """The fact was left out. The law itself sometimes has a rule for that, such as an unknown original compute."""

    __slots__ = ("_stands", "key")

    def __init__(self, key: str, bit: int) -> None:
        self.key, self.about = key, bit
        self._stands = (STANDS, bit)

    def ask(self, state: State) -> Answer:
        return self._stands if self.key not in state.facts else NEVER


class Compared(_Leaf):
    """A number or day, or a sum or ratio of two numbers, is above or below a limit or another fact."""

    __slots__ = ("holds", "keys")

    def __init__(self, keys: Sequence[str], about: int, holds: Callable[..., bool]) -> None:
        self.keys, self.about, self.holds = tuple(keys), about, holds

    def ask(self, state: State) -> Answer:
        if missing := self.about & ~state.known:
            return OPEN, missing
        return ALWAYS if self.holds(*(state.facts[key] for key in self.keys)) else NEVER


class Found:
    """A finding of earlier rules."""

    __slots__ = ("about", "name")

    def __init__(self, name: str, about: int) -> None:
        self.name, self.about = name, about

    def ask(self, state: State) -> Answer:
        return state.answers[self.name]

    def used(self, state: State) -> int:
        return state.used[self.name]


class Unless:
    """The exception: stands as firmly as what it wraps does not."""

    __slots__ = ("about", "exception")

    def __init__(self, exception: Condition) -> None:
        self.exception, self.about = exception, exception.about

    def ask(self, state: State) -> Answer:
        truth, missing = self.exception.ask(state)
        return YES - truth, missing

    def used(self, state: State) -> int:
        return self.about & state.known


class Every:
    """Every part, as firmly as the weakest. Only the parts that are not settled still matter."""

    __slots__ = ("_asks", "about", "parts")

    def __init__(self, parts: Sequence[Condition]) -> None:
        self.parts, self.about = tuple(parts), _together(parts)
        self._asks = tuple(part.ask for part in parts)

    def ask(self, state: State) -> Answer:
        weakest: int = YES
        lacking = 0
        for ask in self._asks:
            truth, missing = ask(state)
            if truth == NO:
                return NEVER
            if truth < weakest:
                weakest = truth
            lacking |= missing
        return weakest, lacking

    def used(self, state: State) -> int:
        bits = 0
        for part in self.parts:
            bits |= part.used(state)
        return bits


class Either:
    """At least one part, as firmly as the strongest. Only the parts that are not settled still matter."""

    __slots__ = ("_asks", "about", "parts")

    def __init__(self, parts: Sequence[Condition]) -> None:
        self.parts, self.about = tuple(parts), _together(parts)
        self._asks = tuple(part.ask for part in parts)

    def ask(self, state: State) -> Answer:
        strongest: int = NO
        lacking = 0
        for ask in self._asks:
            truth, missing = ask(state)
            if truth == YES:
                return ALWAYS
            if truth > strongest:
                strongest = truth
            lacking |= missing
        return strongest, lacking

    def used(self, state: State) -> int:
        bits = 0
        for part in self.parts:
            if part.ask(state)[0] >= STANDS:
                bits |= part.used(state)
        return bits


def either(one: Answer, other: Answer) -> Answer:
    """Return the answer of two rules that give the same finding: the stronger, and what both still lack."""
    if one[0] == YES or other[0] == YES:
        return ALWAYS
    return max(one[0], other[0]), one[1] | other[1]


def _together(parts: Sequence[Condition]) -> int:
    bits = 0
    for part in parts:
        bits |= part.about
    return bits
