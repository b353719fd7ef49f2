"""Fair share: what each account used, decayed, and the lines of those that wait in the order in which they are asked.

All accounts decay alike, so their order changes only when one is charged. Usage is kept as it would count at a common
later instant: nothing is ever multiplied because time passes, and only the lines of the charged account move.
"""

import math
from typing import Any, NamedTuple

import numpy

from fabrica.planning.engine.compiling import compiled, compiled_apart, compiled_within
from fabrica.planning.engine.plain_shares import HALVINGS_MAX, STEPS, step_powers
from fabrica.planning.engine.site_rules import NEVER
from fabrica.planning.engine.table import NOBODY

ACCOUNT = numpy.dtype([("usage", "f8"), ("share", "f8")], align=True)
LINE = numpy.dtype(
    [
        ("account", "i8"),
        ("level", "i8"),
        ("age", "i8"),
        ("weight", "f8"),  # of what its account used, by its age
        ("root", "i8"),  # of its tree, or NOBODY; what the next three say then means nothing
        ("first", "i8"),  # its job with the lowest number
        ("least_units", "i8"),  # that any of its jobs asks for
        ("least_planned", "i8"),
        ("changed_from", "i8"),  # the lowest number that came or left since somebody reset it to NEVER
        ("place", "i8"),
        ("is_due", "i8"),
    ],
    align=True,
)


class Shares(NamedTuple):
    """Invariant: `order` begins with the lines that wait, the first to be asked first, but for those due to be moved.

    A line is the jobs of one account on one level and of one age. Without fair share all accounts of a level are one
    line.
    `accounts`: records, shape (accounts,). `lines`: records, shape (levels x ages x accounts,).
    `order`, `due`: shape (lines,). `counts`: shape (3,), the lines in order, those due, and the halvings already taken
    out of all usage. `powers`: shape (STEPS,), 2 to the power step / STEPS. `half_life_seconds`: 0 for never.
    """

    accounts: Any
    lines: Any
    order: Any
    due: Any
    counts: Any
    powers: Any
    half_life_seconds: int
    is_fair: bool
    ages: int


IN_ORDER, DUE, HALVINGS = range(3)


def no_usage(accounts: int, levels: int, half_life_seconds: int, is_fair: bool, age_steps: int = 0) -> Shares:
    """Return accounts that used nothing, with equal shares, and nobody in the lines."""
    table = numpy.zeros(accounts, ACCOUNT)
    table["share"] = 1.0
    per_age, ages = (accounts, age_steps + 1) if is_fair else (1, 1)
    lines, number = numpy.zeros(levels * ages * per_age, LINE), numpy.arange(levels * ages * per_age)
    lines["account"], lines["age"] = number % per_age, number // per_age % ages
    lines["level"], lines["weight"] = number // per_age // ages, 0.5 ** lines["age"]
    lines["root"], lines["place"], lines["changed_from"] = NOBODY, NOBODY, NEVER
    return Shares(
        accounts=table,
        lines=lines,
        order=numpy.zeros(len(lines), numpy.int32),
        due=numpy.zeros(len(lines), numpy.int32),
        counts=numpy.zeros(3, numpy.int64),
        powers=numpy.array(step_powers()),
        half_life_seconds=half_life_seconds,
        is_fair=is_fair,
        ages=ages,
    )


@compiled
def line_of(shares: Shares, account: int, level: int, age: int) -> int:
    """Return the line in which the jobs of an account wait."""
    if shares.is_fair:
        return int((level * shares.ages + age) * len(shares.accounts) + account)
    return level


@compiled
def charge(shares: Shares, account: int, device_seconds: int, at: int) -> None:
    """Add to what an account used, as of an instant; a negative number takes back. Its lines are due to be moved."""
    if not shares.is_fair:
        return
    weight = _weight(shares, at)  # first, for it may scale what was used so far
    shares.accounts[account].usage += device_seconds * weight
    for line in range(account, len(shares.lines), len(shares.accounts)):
        if shares.lines[line].root != NOBODY:
            is_due(shares, line)


@compiled
def _weight(shares: Shares, at: int) -> float:
    """Return how much a device-second of that instant weighs, counted from the common instant."""
    half_life = shares.half_life_seconds
    if half_life == 0:
        return 1.0
    halvings = at // half_life - shares.counts[HALVINGS]
    if halvings > HALVINGS_MAX:
        for number in range(len(shares.accounts)):
            shares.accounts[number].usage = math.ldexp(shares.accounts[number].usage, -halvings)
        for place in range(shares.counts[IN_ORDER]):  # what was used so long ago may count the same now: nothing
            is_due(shares, shares.order[place])
        shares.counts[HALVINGS] += halvings
        halvings = 0
    return math.ldexp(shares.powers[at % half_life * STEPS // half_life], halvings)


@compiled
def is_due(shares: Shares, line: int) -> None:
    """Remember that a line has to be put into its place."""
    if shares.lines[line].is_due == 0:
        shares.lines[line].is_due = 1
        shares.due[shares.counts[DUE]] = line
        shares.counts[DUE] += 1


@compiled
def put_in_order(shares: Shares) -> None:
    """Put every line that is due into its place; one in which nobody waits leaves."""
    if shares.counts[DUE]:
        _put_all_in_order(shares)


@compiled_apart
def _put_all_in_order(shares: Shares) -> None:
    lines, order = shares.lines, shares.order
    if _are_due_together(shares):
        _take_out_due(shares)
    for number in range(shares.counts[DUE]):
        _move(shares, lines, order, shares.due[number])
    shares.counts[DUE] = 0


@compiled_within
def _are_due_together(shares: Shares) -> bool:
    """Return whether two lines of one level are due: a line can be moved only past lines that are in order."""
    for number in range(1, shares.counts[DUE]):
        for other in range(number):
            if shares.lines[shares.due[number]].level == shares.lines[shares.due[other]].level:
                return True
    return False


@compiled_within
def _take_out_due(shares: Shares) -> None:
    kept = 0
    for place in range(shares.counts[IN_ORDER]):
        line = shares.order[place]
        if shares.lines[line].is_due:
            shares.lines[line].place = NOBODY
        else:
            shares.order[kept], shares.lines[line].place = line, kept
            kept += 1
    shares.counts[IN_ORDER] = kept


@compiled
def _move(shares: Shares, lines: Any, order: Any, line: int) -> None:
    lines[line].is_due = 0
    place, last = lines[line].place, shares.counts[IN_ORDER]
    if place == NOBODY:
        if lines[line].root == NOBODY:
            return
        place = last
        last += 1
    elif lines[line].root == NOBODY:
        for later in range(place + 1, last):
            order[later - 1] = order[later]
            lines[order[later]].place = later - 1
        lines[line].place = NOBODY
        shares.counts[IN_ORDER] = last - 1
        return
    shares.counts[IN_ORDER] = last
    while place > 0 and _goes_before(shares, line, order[place - 1]):
        order[place] = order[place - 1]
        lines[order[place]].place = place
        place -= 1
    while place + 1 < last and _goes_before(shares, order[place + 1], line):
        order[place] = order[place + 1]
        lines[order[place]].place = place
        place += 1
    order[place], lines[line].place = line, place


@compiled
def _goes_before(shares: Shares, line: int, other: int) -> bool:
    """Return whether a line is asked before another: a higher level, then less used for its share, then by account."""
    one, two = shares.lines[line], shares.lines[other]
    if one.level != two.level:
        return bool(one.level > two.level)
    if not shares.is_fair:
        return False
    first, second = shares.accounts[one.account], shares.accounts[two.account]
    used, used_by_other = first.usage / first.share * one.weight, second.usage / second.share * two.weight
    if used != used_by_other:
        return bool(used < used_by_other)
    return bool(one.account < two.account or (one.account == two.account and one.age > two.age))
