"""Read a condition as people write it: `emotion_input is biometric and emotion_area is (work, education)`.

    condition := both { "or" both }
    both      := single { "and" single }
    single    := "(" condition ")" | "missing" key | [ "not" ] test
    test      := name | key "is" values | key "has" values | amount ( ">" | ">=" | "<" | "<=" ) limit
    values    := value | "(" value { "," value } ")"
    amount    := key [ ( "+" | "/" ) key ]

A bare name is a yes-or-no fact or a finding of an earlier rule. `is` asks a fact with one value, `has` one with a list.
A limit is a named number or day of the law, or another fact.
"""

import operator
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from fabrica.aiact.conditions import Compared, Condition, Either, Every, FactMissing, Found, Says, Unless
from fabrica.aiact.figures import settled
from fabrica.aiact.propositions import Propositions
from fabrica.aiact.schema import Fact

_WORD = re.compile(r"[<>]=?|[(),+/]|[\w.-]+")
_WORDS_OF_THE_LANGUAGE = frozenset({"and", "or", "not", "is", "has", "missing"})
_COMPARISONS: Mapping[str, Callable[[Any, Any], bool]] = {
    ">": operator.gt,
    ">=": operator.ge,
    "<": operator.lt,
    "<=": operator.le,
}
_SUMS: Mapping[str, Callable[[Any, Any], Any]] = {"+": operator.add, "/": operator.truediv}
_KINDS: Mapping[str, str] = {"is": "enum", "has": "list"}


class ConditionMalformed(ValueError):
    """A condition cannot be read; the message says where and what would be right."""


@dataclass(frozen=True, slots=True)
class Names:
    """What a condition may speak of. `findings` are those of earlier rules."""

    vocabulary: Mapping[str, Fact]
    propositions: Propositions
    findings: Mapping[str, Found]
    limits: Mapping[str, float | date]


def parse(text: str, names: Names) -> Condition:
    """Return the condition as a tree.

    Raises:
        ConditionMalformed: not of the grammar, or a name, value or limit that is not known.
    """
    reader = _Reader(text, names)
    condition = reader.condition()
    if reader.next_word():
        raise reader.mistake(f"nothing more is expected at {reader.next_word()!r}")
    return condition


def words(text: str) -> list[str]:
    """Return the words and signs of a condition."""
    return _WORD.findall(text)


class _Reader:
    def __init__(self, text: str, names: Names) -> None:
        self.text, self.names, self.at = text, names, 0
        self.words = words(text)
        if "".join(self.words) != re.sub(r"\s", "", text):
            raise self.mistake("a sign that no condition has")

    def mistake(self, problem: str) -> ConditionMalformed:
        return ConditionMalformed(f"{self.text!r}: {problem}")

    def next_word(self) -> str:
        return self.words[self.at] if self.at < len(self.words) else ""

    def take(self, *wanted: str) -> str:
        """Return the next word and go past it; with `wanted`, only one of these will do."""
        word = self.next_word()
        if not word or (wanted and word not in wanted):
            raise self.mistake(f"write {' or '.join(wanted) or 'a name'} after word {self.at}")
        self.at += 1
        return word

    def condition(self) -> Condition:
        parts = [self.both()]
        while self.next_word() == "or":
            self.take("or")
            parts.append(self.both())
        return parts[0] if len(parts) == 1 else Either(parts)

    def both(self) -> Condition:
        parts = [self.single()]
        while self.next_word() == "and":
            self.take("and")
            parts.append(self.single())
        return parts[0] if len(parts) == 1 else Every(parts)

    def single(self) -> Condition:
        if self.next_word() == "(":
            self.take("(")
            inner = self.condition()
            self.take(")")
            return inner
        if self.next_word() == "missing":
            self.take("missing")
            key = self.key()
            return FactMissing(self.names.propositions.missing[key])
        denied = self.next_word() == "not"
        if denied:
            self.take("not")
        return self.test(denied=denied)

    def test(self, *, denied: bool) -> Condition:
        word = self.next_word()
        if word in self.names.findings:
            self.take()
            found = self.names.findings[word]
            return Unless(found) if denied else found
        key = self.key()
        follows = self.next_word()
        if follows in _KINDS:
            self.take()
            return self.says(key, self.values(key, _KINDS[follows]), denied=denied)
        if follows in _COMPARISONS or follows in _SUMS:
            if denied:
                raise self.mistake("write the other comparison instead of 'not'")
            return self.comparison(key)
        if self.names.vocabulary[key].type != "bool":
            raise self.mistake(f"say what {key!r} is or has")
        return self.says(key, frozenset({True}), denied=denied)

    def says(self, key: str, wanted: frozenset[Any], *, denied: bool) -> Says:
        met, unmet = self.names.propositions.of(key, wanted)
        about = self.names.propositions.missing[key]
        return Says(about, unmet, met) if denied else Says(about, met, unmet)

    def key(self) -> str:
        word = self.take()
        if word not in self.names.vocabulary or word in _WORDS_OF_THE_LANGUAGE:
            raise self.mistake(f"{word!r} is no fact of the vocabulary and no finding of an earlier rule")
        return word

    def values(self, key: str, kind: str) -> frozenset[str]:
        fact = self.names.vocabulary[key]
        if fact.type != kind:
            raise self.mistake(f"{key!r} is a fact of type {fact.type}")
        if self.next_word() == "(":
            self.take("(")
            values = [self.take()]
            while self.take(",", ")") == ",":
                values.append(self.take())
        else:
            values = [self.take()]
        unknown = [value for value in values if value not in fact.values]
        if unknown:
            raise self.mistake(f"{unknown[0]!r} is no value of {key!r}")
        return frozenset(values)

    def comparison(self, key: str) -> Condition:
        keys, amount = [key], None
        if self.next_word() in _SUMS:
            amount = _SUMS[self.take()]
            keys.append(self.key())
        compare = _COMPARISONS[self.take(*_COMPARISONS)]
        limit = self.take()
        if limit in self.names.vocabulary:
            keys.append(limit)
        elif limit not in self.names.limits:
            raise self.mistake(f"{limit!r} is no limit of the law and no fact")
        about = sum(self.names.propositions.missing[name] for name in set(keys))
        return Compared(keys, about, _comparison(compare, amount, self.names.limits.get(limit)))


def _comparison(compare: Callable[[Any, Any], bool], amount: Callable[[Any, Any], Any] | None, limit: Any) -> Any:
    """Return the comparison as a function of the facts in their order."""
    if amount is None:
        return compare if limit is None else lambda value: compare(value, limit)
    if limit is None:
        return lambda one, other, bound: compare(settled(amount(one, other), bound), bound)
    return lambda one, other: compare(settled(amount(one, other), limit), limit)
