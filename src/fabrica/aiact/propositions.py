"""What facts and findings say, as one whole number: a bit for each thing that a condition asks of them.

The lowest bits say which facts are missing. A fact with one value says that it has this value. A list says of each set
that some condition asks for whether it has one of it. A finding says how firmly it stands. So whether many facts and
findings together rule something out is one look.
"""

from collections.abc import Mapping
from typing import Any

from fabrica.aiact.schema import Fact

Marks = tuple[int, int, int, int]
"""Bits for each truth, by its number: NO, OPEN, STANDS, YES."""


class Propositions:
    """The bits that were allotted so far; a condition that is parsed later may add some.

    `missing`: the bit of each fact, which says that it is missing.
    """

    def __init__(self, vocabulary: Mapping[str, Fact]) -> None:
        self._next = 0
        self.missing = {key: self._allot() for key in vocabulary}
        self._of_value: dict[str, dict[Any, int]] = {}
        self._of_set: dict[str, dict[frozenset[str], int]] = {}
        self._of_member: dict[str, dict[str, int]] = {}
        self._all_sets: dict[str, int] = {}
        for key, fact in vocabulary.items():
            if fact.type == "list":
                self._of_set[key], self._of_member[key], self._all_sets[key] = {}, dict.fromkeys(fact.values, 0), 0
            elif fact.type in ("bool", "enum"):
                self._of_value[key] = {value: self._allot() for value in fact.values or (True, False)}

    def _allot(self, bits: int = 1) -> int:
        bit = 1 << self._next
        self._next += bits
        return bit

    def finding(self) -> Marks:
        """Return bits for a further finding."""
        return self._allot(), self._allot(), self._allot(), self._allot()

    def of(self, key: str, wanted: frozenset[Any]) -> tuple[int, int]:
        """Return the bits that say a fact has one of the wanted values, and those that say it has none."""
        if key in self._of_value:
            values = self._of_value[key]
            return _together(values, wanted), _together(values, values.keys() - wanted)
        sets = self._of_set[key]
        if wanted not in sets:
            sets[wanted] = self._allot(2)
            self._all_sets[key] |= sets[wanted]
            for one in wanted:
                self._of_member[key][one] |= sets[wanted]
        return sets[wanted], sets[wanted] << 1

    def said(self, key: str, value: Any) -> int:
        """Return the bits that a given fact sets."""
        if key in self._of_value:
            return self._of_value[key][value]
        if key not in self._of_member:
            return 0  # a number or a day is compared, not looked up
        members, met = self._of_member[key], 0
        for one in value:
            met |= members[one]
        return met | (self._all_sets[key] & ~met) << 1


def _together(bits: Mapping[Any, int], values: Any) -> int:
    together = 0
    for value in values:
        together |= bits[value]
    return together
