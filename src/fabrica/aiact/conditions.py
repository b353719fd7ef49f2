"""Conditions of rules: small trees over facts and findings that are read on the scale of `truth`.

A node answers how firmly it stands and which missing facts could still change that; and, where it stands, which facts
it used. Everything that is known so far is one whole number, as `Propositions` has it, so that plain facts and findings
that come together are asked in one look: a classification asks some hundreds of nodes.
"""

import operator
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import reduce
from typing import Any, Protocol

from fabrica.aiact.propositions import Marks
from fabrica.aiact.truth import NO, OPEN, STANDS, YES

Answer = tuple[int, int]
"""How firmly it stands, and the bits of the missing facts that could change it; none when it is final."""

NEVER: Answer = (NO, 0)
ALWAYS: Answer = (YES, 0)


@dataclass(slots=True)
class State:
    """One classification under way: the given facts, and what the rules have found so far.

    `said` is what the facts and the findings say as bits of `Propositions`; its lowest are the facts that are missing.
    `told` has each fact as it is told to people and written as JSON.
    """

    facts: Mapping[str, Any]
    said: int
    told: Mapping[str, Any] = field(default_factory=dict)
    answers: dict[str, Answer] = field(default_factory=dict)
    used: dict[str, int] = field(default_factory=dict)

    def truth(self, finding: str) -> int:
        """Return how firmly a finding stands."""
        return self.answers[finding][0]


class Condition(Protocol):
    """A node. `about`: the bits of every fact it can depend on, through findings too.

    `marks`: for each truth, bits of which any is enough to say that the node is as true. One of a node that is `plain`
    is always there, so that it need not be asked.
    """

    about: int
    marks: Marks
    plain: bool

    def ask(self, state: State) -> Answer: ...

    def used(self, state: State) -> int: ...


class _Leaf:
    """A question about facts alone."""

    __slots__ = ("about", "marks")
    about: int
    marks: Marks
    plain = False

    def used(self, state: State) -> int:
        return _given(self.about, state)


class Says(_Leaf):
    """A fact says what is wanted. Any bit of `favour` is a yes, any of `against` a no."""

    __slots__ = ()
    plain = True

    def __init__(self, about: int, favour: int, against: int) -> None:
        self.about, self.marks = about, (against, about, 0, favour)

    def ask(self, state: State) -> Answer:
        if missing := self.about & state.said:
            return OPEN, missing
        return ALWAYS if state.said & self.marks[YES] else NEVER


class FactMissing(_Leaf):
    """The fact was left out. The law itself sometimes has a rule for that, such as an unknown original compute."""

    __slots__ = ()

    def __init__(self, bit: int) -> None:
        self.about, self.marks = bit, (0, 0, bit, 0)

    def ask(self, state: State) -> Answer:
        return (STANDS, self.about) if self.about & state.said else NEVER


class Compared(_Leaf):
    """A number or day, or a sum or ratio of two numbers, is above or below a limit or another fact."""

    __slots__ = ("holds", "keys")

    def __init__(self, keys: Sequence[str], about: int, holds: Callable[..., bool]) -> None:
        self.keys, self.about, self.holds, self.marks = tuple(keys), about, holds, (0, about, 0, 0)

    def ask(self, state: State) -> Answer:
        if missing := self.about & state.said:
            return OPEN, missing
        return ALWAYS if self.holds(*[state.facts[key] for key in self.keys]) else NEVER


class Found:
    """A finding of earlier rules."""

    __slots__ = ("about", "marks", "name")
    plain = True

    def __init__(self, name: str, about: int, marks: Marks) -> None:
        self.name, self.about, self.marks = name, about, marks

    def ask(self, state: State) -> Answer:
        return state.answers[self.name]

    def used(self, state: State) -> int:
        return state.used[self.name]


class Unless:
    """The exception: stands as firmly as what it wraps does not."""

    __slots__ = ("about", "exception", "marks", "plain")

    def __init__(self, exception: Condition) -> None:
        self.exception, self.about, self.plain = exception, exception.about, exception.plain
        no, open_, stands, yes = exception.marks
        self.marks = yes, stands, open_, no

    def ask(self, state: State) -> Answer:
        truth, missing = self.exception.ask(state)
        return YES - truth, missing

    def used(self, state: State) -> int:
        return _given(self.about, state)


class _Parts:
    """Parts of which the plain ones are asked in one look.

    Any bit of `_open` or `_stands` says that a plain part is so. `_facts` and `_findings` are what the plain parts ask;
    `_asks` asks the other parts.
    """

    __slots__ = ("_asks", "_facts", "_findings", "_open", "_others", "_stands", "about", "marks", "parts")
    marks: Marks
    plain = False

    def __init__(self, parts: Iterable[Condition]) -> None:
        self.parts = tuple(parts)
        self.about = _any_of(part.about for part in self.parts)
        plain = [part for part in self.parts if part.plain]
        self._open = _any_of(part.marks[OPEN] for part in plain)
        self._stands = _any_of(part.marks[STANDS] for part in plain)
        self._facts = _any_of(part.about for part in plain if _finding(part) is None)
        self._findings = tuple(name for part in plain if (name := _finding(part)))
        self._others = tuple(part for part in self.parts if not part.plain)
        self._asks = tuple(part.ask for part in self._others)


class Every(_Parts):
    """Every part, as firmly as the weakest. Only the parts that are not settled still matter."""

    __slots__ = ("_known", "_needed")

    def __init__(self, parts: Iterable[Condition]) -> None:
        super().__init__(_unfolded(parts))
        self.marks = _any_of(part.marks[NO] for part in self.parts), 0, 0, 0
        self._known = _any_of(part.about for part in self.parts if part.plain and not isinstance(part, Found))
        self._needed = tuple(part.name for part in self.parts if isinstance(part, Found))

    def ask(self, state: State) -> Answer:
        return NEVER if state.said & self.marks[NO] else self.ask_unbarred(state)

    def ask_unbarred(self, state: State) -> Answer:
        """Answer where nothing says that a part is a no: it is a yes where nothing is lacking."""
        said = state.said
        weakest: int = OPEN if said & self._open else STANDS
        lacking = said & self._facts
        for finding in self._findings:
            lacking |= state.answers[finding][1]
        for ask in self._asks:
            truth, missing = ask(state)
            if truth == NO:
                return NEVER
            if truth == OPEN:
                weakest = OPEN
            lacking |= missing
        return (weakest, lacking) if lacking else ALWAYS

    def used(self, state: State) -> int:
        bits = _given(self._known, state)
        for finding in self._needed:
            bits |= state.used[finding]
        for part in self._others:
            bits |= part.used(state)
        return bits


class Either(_Parts):
    """At least one part, as firmly as the strongest. Only the parts that are not settled still matter."""

    __slots__ = ()

    def __init__(self, parts: Iterable[Condition]) -> None:
        super().__init__(parts)
        no = reduce(operator.and_, [part.marks[NO] for part in self.parts])
        self.marks = no, 0, 0, _any_of(part.marks[YES] for part in self.parts)

    def ask(self, state: State) -> Answer:
        said = state.said
        if said & self.marks[YES]:
            return ALWAYS
        strongest: int = STANDS if said & self._stands else OPEN
        lacking = said & self._facts
        for finding in self._findings:
            lacking |= state.answers[finding][1]
        for ask in self._asks:
            truth, missing = ask(state)
            if truth == YES:
                return ALWAYS
            if truth == STANDS:
                strongest = STANDS
            lacking |= missing
        return (strongest, lacking) if lacking else NEVER

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
    return (one[0] if one[0] > other[0] else other[0]), one[1] | other[1]


def unbarred(condition: Condition) -> Callable[[State], Answer]:
    """Return what asks a condition of which nothing says that it is a no."""
    return condition.ask_unbarred if isinstance(condition, Every) else condition.ask


def needs(condition: Condition) -> int:
    """Return the bits of facts without which a condition cannot be shown; an exception needs none."""
    if isinstance(condition, Says | Compared):
        return condition.about
    if isinstance(condition, Every):
        return _any_of(map(needs, condition.parts))
    if isinstance(condition, Either):
        return reduce(operator.and_, map(needs, condition.parts))
    return 0


def _unfolded(parts: Iterable[Condition]) -> Iterator[Condition]:
    """Yield the parts, those of an `Every` in its place; and for "not one of these" that each is not so."""
    for part in parts:
        if isinstance(part, Every):
            yield from part.parts
        elif isinstance(part, Unless) and isinstance(part.exception, Either):
            yield from map(Unless, part.exception.parts)
        else:
            yield part


def _finding(part: Condition) -> str | None:
    """Return the name of the finding that a plain part asks, none where it asks a fact."""
    while isinstance(part, Unless):
        part = part.exception
    return part.name if isinstance(part, Found) else None


def _given(facts: int, state: State) -> int:
    """Return those of some facts that are not missing."""
    return facts ^ (facts & state.said)


def _any_of(bits: Iterable[int]) -> int:
    return reduce(operator.or_, bits, 0)
