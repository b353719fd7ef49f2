"""The smallest change that would have chosen another candidate.

A change makes one input of one candidate, or one weight of the policy, another value; all else stays. Its size is
relative: |new - old| divided by the larger of the two, so 0.5 halves or doubles, and 1 is the most. Where two
candidates would tie follows from the score's formula; the kernel itself then confirms the change. Looked at are the
ten next best candidates, each made better in one input, and the winner made worse until it meets the next best.
"""

import math
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

from fabrica.placement import columns as c
from fabrica.placement.encode import Encoded, encode_candidates, encode_policy
from fabrica.placement.inputs import Input, inputs
from fabrica.placement.kernel import Answer, answer_lists, choose, weigh
from fabrica.placement.snapshot import Snapshot, place
from fabrica.placement.terms import TERM_CODES

_RIVALS_MAX = 10  # the next best by score; who stands further behind needs a larger change, with rare exceptions
_TRIED_MAX = 12  # changes given to the kernel, the smallest first; nearly always the first is confirmed


@dataclass(frozen=True, slots=True)
class Change:
    """One change of a snapshot: new values of candidate `row`, or of the policy's weights where `row` is None.

    `chosen`: the row that wins then. `words`: the condition, "If ...", without the consequence.
    """

    row: int | None
    term: int
    becomes: dict[str, Any]
    chosen: int
    words: str


def apply(snapshot: Snapshot, change: Change) -> Snapshot:
    """Return the snapshot with the change made."""
    if change.row is None:
        weights = replace(snapshot.policy.weights, **change.becomes)
        return replace(snapshot, policy=replace(snapshot.policy, weights=weights))
    candidates = list(snapshot.candidates)
    candidates[change.row] = replace(candidates[change.row], **change.becomes)
    return replace(snapshot, candidates=tuple(candidates))


def smallest_change(snapshot: Snapshot, encoded: Encoded, answer: Answer, winner: int) -> Change | None:
    """Return the smallest change that flips the decision; None when no single change of a known input does.

    `answer`: as the kernel filled it for `encoded`. `winner`: the chosen row.
    """
    able = [row for row, bits in enumerate(answer.refused) if bits == 0]
    rivals = sorted((row for row in able if row != winner), key=answer.scores.__getitem__)[:_RIVALS_MAX]
    if not rivals:
        return None
    options = [*_weight_options(encoded, answer, winner, rivals)]
    for term in range(c.TERMS):
        if encoded.policy[term] > 0.0:
            options += _input_options(snapshot, encoded, answer, able, winner, rivals, term)
    # Of equal sizes, a rival made better says more than the winner made worse.
    options.sort(key=lambda option: (round(option.size, 9), option.row == winner, option.row, option.term))
    for option in options[:_TRIED_MAX]:
        if option.input is None:
            change = _confirm_weight(snapshot, encoded, answer, winner, option)
        else:
            change = _confirm_input(snapshot, encoded, able, winner, option, option.input)
        if change:
            return change
    return None


class _Option(NamedTuple):
    """A change where two candidates tie: its size, the changed row (-1: a weight), the term, old and tying value."""

    size: float
    row: int
    term: int
    old: float
    tying: float
    input: Input | None


def _size(old: float, new: float) -> float:
    larger = max(abs(old), abs(new))
    return abs(new - old) / larger if larger else 0.0


def _weight_options(encoded: Encoded, answer: Answer, winner: int, rivals: list[int]) -> list[_Option]:
    """Return, per term, the nearest weights above and below at which a rival ties."""
    options = []
    best = answer.scores[winner]
    ours = answer.values[winner]
    for term in range(c.TERMS):
        weight = encoded.policy[term]
        up, down = math.inf, -math.inf
        for rival in rivals:
            edge = ours[term] - answer.values[rival][term]
            if edge == 0.0:
                continue
            step = (answer.scores[rival] - best) / edge
            if edge > 0.0:
                up = min(up, step)
            else:
                down = max(down, step)
        options += [
            _Option(_size(weight, weight + step), -1, term, weight, weight + step, None)
            for step in (up, down)
            if math.isfinite(step) and weight + step > 0.0
        ]
    return options


def _input_options(
    snapshot: Snapshot, encoded: Encoded, answer: Answer, able: list[int], winner: int, rivals: list[int], term: int
) -> list[_Option]:
    """Return the changes of one term's input at which a rival made better, or the winner made worse, ties."""
    field, source = _Field(encoded, answer, able, term), inputs(term)
    pairs = [(rival, winner) for rival in rivals] + [(winner, rivals[0])]  # made worse, the winner meets the next best
    options = []
    for row, other in pairs:
        old = source.read(snapshot.needs, snapshot.candidates[row])
        if old is None or answer.missing[row] >> term & 1:
            continue
        figure = field.tying_figure(row, other)
        now = answer.figures[row][term]
        if figure is None or (figure > now) != (row == winner):
            continue
        tying = source.solve(snapshot.needs, snapshot.candidates[row], now, figure)
        if tying is not None and math.isfinite(tying):
            options.append(_Option(_size(old, tying), row, term, old, tying, source))
    return options


class _Field:
    """One term among the able candidates, to find where two of them tie."""

    def __init__(self, encoded: Encoded, answer: Answer, able: list[int], term: int) -> None:
        self._answer = answer
        self._term = term
        self._weight: float = encoded.policy[term]
        self._known = sorted([(answer.figures[row][term], row) for row in able if not answer.missing[row] >> term & 1])

    def tying_figure(self, row: int, other: int) -> float | None:
        """Return the figure of `row` in this term at which it scores as `other` does; None when there is none."""
        lead = (self._rest(other) - self._rest(row)) / self._weight
        if self._term in (c.RISK, c.MOVEMENT):  # a share is its own value
            share: float = self._answer.values[other][self._term] + lead
            return share if 0.0 <= share <= 1.0 else None
        if len(self._known) < 2:
            return None  # the others count as the worst known, which is this one: they move with it
        best = self._known[1][0] if self._known[0][1] == row else self._known[0][0]  # of all but `row`
        theirs = self._answer.figures[other][self._term]
        if self._answer.missing[other] >> self._term & 1:
            theirs = max(theirs, self._known[-1][0])
        # Above `best`, row's value is 1 - best / figure and the other's does not move.
        value = lead + (1.0 - best / theirs if theirs > best else 0.0)
        if 0.0 <= value < 1.0:
            above: float = best / (1.0 - value)
            return above
        # Below it, row's value is 0 and the other's is 1 - figure / theirs.
        below: float = theirs * (1.0 + lead)
        return below if 0.0 < below <= best else None

    def _rest(self, row: int) -> float:
        """Return the score of a row without this term."""
        rest: float = self._answer.scores[row] - self._weight * self._answer.values[row][self._term]
        return rest


def _confirm_weight(
    snapshot: Snapshot, encoded: Encoded, answer: Answer, winner: int, option: _Option
) -> Change | None:
    """Return the change of a weight just beyond the tie, when the kernel then chooses another candidate."""
    new = _beyond(option.tying, 0.001, option.tying > option.old)
    if new < 0.0:
        return None
    becomes: dict[str, Any] = {TERM_CODES[option.term]: new}
    policy = encode_policy(replace(snapshot.policy, weights=replace(snapshot.policy.weights, **becomes)))
    chosen = weigh(encoded.facts, policy, answer._replace(scores=[*answer.scores]))  # what it values stays as it is
    if chosen == winner:
        return None
    words = f"If {_WEIGHT_WORDS[option.term]} counted {new:g} instead of {option.old:g}"
    return Change(None, option.term, becomes, chosen, words)


_WEIGHT_WORDS = ("the time to the result", "carbon", "the balance of the allocations", "risk", "data movement")


def _confirm_input(
    snapshot: Snapshot, encoded: Encoded, able: list[int], winner: int, option: _Option, source: Input
) -> Change | None:
    """Return the change of an input just beyond the tie, when the kernel then chooses another of the able rows."""
    new = _beyond(option.tying, source.step(option.tying), option.tying > option.old)
    if not source.allows(snapshot.needs, new):
        return None
    candidate = snapshot.candidates[option.row]
    becomes = source.write(candidate, new)
    (changed,) = encode_candidates(snapshot.needs, [replace(candidate, **becomes)])
    facts = [changed if row == option.row else encoded.facts[row] for row in able]
    again = choose(facts, encoded.needs, encoded.policy, answer_lists(len(able)))
    if again < 0 or able[again] == winner:
        return None
    words = source.tell(place(candidate), option.old, new)
    return Change(option.row, option.term, becomes, able[again], words)


def _beyond(value: float, step: float, up: bool) -> float:
    """Return the first whole step beyond a value, so that a tie is broken and people read a plain number."""
    steps = math.floor(value / step + 1e-6) + 1 if up else math.ceil(value / step - 1e-6) - 1
    return round(steps * step, 9)
