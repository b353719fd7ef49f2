"""Conditions of rules: small trees over facts and findings that are read on the scale of `truth`.

A node answers how firmly it stands and which missing facts could still change that; and, where it stands, which facts
it used. Sets of facts, and what facts say, are bits of whole numbers, so that plain facts that come together are asked
in one look: a classification asks some hundreds of nodes.
"""

import operator
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import reduce
from typing import Any, Protocol

from fabrica.aiact.truth import NO, OPEN, STANDS, YES

Answer = tuple[int, int]
"""How firmly it stands, and the bits of the missing facts that could change it; none when it is final."""

NEVER: Answer = (NO, 0)
ALWAYS: Answer = (YES, 0)


@dataclass(slots=True)
class State:
    """One classification under way: the given facts, and what the rules have found so far.

    `unknown` holds the bits of the facts that are missing, `said` what the others say as `Propositions` has it; `told`
    has each as it is told to people and written as JSON.
    """

    facts: Mapping[str, Any]
    unknown: int
    said: int
    told: Mapping[str, Any] = field(default_factory=dict)
    answers: dict[str, Answer] = field(default_factory=dict)
    used: dict[str, int] = field(default_factory=dict)

    def truth(self, finding: str) -> int:
        """Return how firmly a finding stands."""
        return self.answers[finding][0]


class Condition(Protocol):
    """A node. `about`: the bits of every fact it can depend on, through findings too; `bars`: what makes it a NO."""

    about: int
    bars: int

    def ask(self, state: State) -> Answer: ...

    def used(self, state: State) -> int: ...


class _Leaf:
    """A question about facts alone."""

    __slots__ = ("about", "bars")
    about: int
    bars: int

    def used(self, state: State) -> int:
        return self.about & ~state.unknown


class Says(_Leaf):
    """A fact says what is wanted. `favour`: any of these bits is a yes; `bars`: any of these a no."""

    __slots__ = ("favour",)

    def __init__(self, about: int, favour: int, against: int) -> None:
        self.about, self.favour, self.bars = about, favour, against

    def ask(self, state: State) -> Answer:
        if missing := self.about & state.unknown:
            return OPEN, missing
        return ALWAYS if state.said & self.favour else NEVER


class FactMissing(_Leaf):
    """The fact was left out. The law itself sometimes has a rule for that, such as an unknown original compute."""

    __slots__ = ()

    def __init__(self, bit: int) -> None:
        self.about, self.bars = bit, 0

    def ask(self, state: State) -> Answer:
        return (STANDS, self.about) if self.about & state.unknown else NEVER


class Compared(_Leaf):
    """A number or day, or a sum or ratio of two numbers, is above or below a limit or another fact."""

    __slots__ = ("holds", "keys")

    def __init__(self, keys: Sequence[str], about: int, holds: Callable[..., bool]) -> None:
        self.keys, self.about, self.holds, self.bars = tuple(keys), about, holds, 0

    def ask(self, state: State) -> Answer:
        if missing := self.about & state.unknown:
            return OPEN, missing
        return ALWAYS if self.holds(*[state.facts[key] for key in self.keys]) else NEVER


class Found:
    """A finding of earlier rules."""

    __slots__ = ("about", "bars", "name")

    def __init__(self, name: str, about: int, bars: int) -> None:
        self.name, self.about, self.bars = name, about, bars

    def ask(self, state: State) -> Answer:
        return state.answers[self.name]

    def used(self, state: State) -> int:
        return state.used.get(self.name, 0)


class Unless:
    """The exception: stands as firmly as what it wraps does not."""

    __slots__ = ("about", "bars", "exception")

    def __init__(self, exception: Condition) -> None:
        self.exception, self.about = exception, exception.about
        self.bars = _favour(exception)

    def ask(self, state: State) -> Answer:
        truth, missing = self.exception.ask(state)
        return YES - truth, missing

    def used(self, state: State) -> int:
        return self.about & ~state.unknown


class Every:
    """Every part, as firmly as the weakest. Only the parts that are not settled still matter.

    The parts that are plain facts, or exceptions of such, are asked in one look: `_bars` holds every no of theirs. What
    is not known of them leaves this open where it is needed, and standing where it would be an exception.
    """

    __slots__ = ("_asks", "_bars", "_findings", "_needed", "_others", "_plain", "about", "bars", "parts")

    def __init__(self, parts: Sequence[Condition]) -> None:
        self.parts = tuple(_unfolded(parts))
        self.about, self.bars = _about(self.parts), 0
        self._bars = self._plain = self._needed = 0
        others: list[Condition] = []
        for part in self.parts:
            self.bars |= part.bars
            if isinstance(part, Says) or (isinstance(part, Unless) and part.bars):
                self._bars |= part.bars
                self._plain |= part.about
                self._needed |= part.about if isinstance(part, Says) else 0
            else:
                others.append(part)
        self._others = tuple(others)
        self._findings, self._asks = _findings_and_asks(others)

    def ask(self, state: State) -> Answer:
        return NEVER if state.said & self._bars else self.ask_unbarred(state)

    def ask_unbarred(self, state: State) -> Answer:
        """Answer for facts of which none is a no of a plain part."""
        weakest: int = YES
        lacking, answers = 0, state.answers
        for finding in self._findings:
            truth, missing = answers[finding]
            if truth == NO:
                return NEVER
            if truth < weakest:
                weakest = truth
            lacking |= missing
        for ask in self._asks:
            truth, missing = ask(state)
            if truth == NO:
                return NEVER
            if truth < weakest:
                weakest = truth
            lacking |= missing
        if missing := self._plain & state.unknown:
            lacking |= missing
            if missing & self._needed:
                weakest = OPEN
            elif weakest == YES:
                weakest = STANDS
        return weakest, lacking

    def used(self, state: State) -> int:
        bits = self._plain & ~state.unknown
        for part in self._others:
            bits |= part.used(state)
        return bits


class Either:
    """At least one part, as firmly as the strongest. Only the parts that are not settled still matter.

    `favour`: any of these bits is a yes of a plain part.
    """

    __slots__ = ("_asks", "_findings", "_plain", "about", "bars", "favour", "parts")

    def __init__(self, parts: Sequence[Condition]) -> None:
        self.parts, self.about, self.bars = tuple(parts), _about(parts), -1
        self._plain = self.favour = 0
        others: list[Condition] = []
        for part in parts:
            self.bars &= part.bars
            if isinstance(part, Says):
                self._plain |= part.about
                self.favour |= part.favour
            else:
                others.append(part)
        self._findings, self._asks = _findings_and_asks(others)

    def ask(self, state: State) -> Answer:
        if state.said & self.favour:
            return ALWAYS
        lacking, answers = self._plain & state.unknown, state.answers
        strongest: int = OPEN if lacking else NO
        for finding in self._findings:
            truth, missing = answers[finding]
            if truth == YES:
                return ALWAYS
            if truth > strongest:
                strongest = truth
            lacking |= missing
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


def unbarred(condition: Condition) -> Callable[[State], Answer]:
    """Return what asks a condition whose `bars` have been looked at already."""
    return condition.ask_unbarred if isinstance(condition, Every) else condition.ask


def needs(condition: Condition) -> int:
    """Return the bits of facts without which a condition cannot be shown; an exception needs none."""
    if isinstance(condition, Says | Compared):
        return condition.about
    if isinstance(condition, Every):
        return reduce(operator.or_, map(needs, condition.parts), 0)
    if isinstance(condition, Either):
        return reduce(operator.and_, map(needs, condition.parts))
    return 0


def _favour(condition: Condition) -> int:
    """Return the bits of which any makes a condition of plain facts a yes; none for a condition of other things."""
    plain = condition.parts if isinstance(condition, Either) else (condition,)
    bits = 0
    for part in plain:
        if not isinstance(part, Says):
            return 0
        bits |= part.favour
    return bits


def _findings_and_asks(parts: Sequence[Condition]) -> tuple[tuple[str, ...], tuple[Callable[[State], Answer], ...]]:
    """Return the names of the parts that are findings, which are looked up, and what asks the others."""
    names = tuple(part.name for part in parts if isinstance(part, Found))
    return names, tuple(part.ask for part in parts if not isinstance(part, Found))


def _unfolded(parts: Sequence[Condition]) -> Iterator[Condition]:
    """Yield the parts; those of a part that is an `Every` in its place."""
    for part in parts:
        if isinstance(part, Every):
            yield from part.parts
        else:
            yield part


def _about(parts: Sequence[Condition]) -> int:
    bits = 0
    for part in parts:
        bits |= part.about
    return bits
