"""The placement decision as one pure function on arrays, the same for the live broker and the twin.

Plain Python loops over numbers: lists or NumPy arrays in, buffers filled, the chosen row out. Nothing is allocated per
call. `compiled()` gives the same function compiled by Numba, with the same answer to the last bit.
"""

import functools
import math
from collections.abc import Callable
from typing import Any, NamedTuple

from fabrica.placement import columns as c

# A list of floats or a NumPy row; a list of such rows or a NumPy table. Numba needs them untyped here.
Vector = Any
Table = Any


class Answer(NamedTuple):
    """The buffers `choose` fills, one row per candidate; terms in the order of `columns`.

    `refused`: shape (candidates,), bit k set when filter k refuses; 0 means able.
    `able`: shape (candidates,), the able rows in order, then -1.
    `scores`: shape (candidates,), the weighted sum of the values; infinite for a refused candidate.
    The rest is written only for able candidates:
    `missing`: shape (candidates,), bit t set when an input of term t is unknown.
    `figures`: shape (candidates, 5), each term in its own unit; with an input missing, what is known of it.
    `values`: shape (candidates, 5), each term in 0..1, lower is better.
    """

    refused: Vector
    able: Vector
    missing: Vector
    figures: Table
    values: Table
    scores: Vector


def answer_lists(candidates: int) -> Answer:
    """Return buffers of plain lists, for the plain kernel."""
    return Answer(
        refused=[0] * candidates,
        able=[-1] * candidates,
        missing=[0] * candidates,
        figures=[[0.0] * c.TERMS for _ in range(candidates)],
        values=[[0.0] * c.TERMS for _ in range(candidates)],
        scores=[math.inf] * candidates,
    )


def answer_arrays(candidates: int) -> Answer:
    """Return NumPy buffers, for the compiled kernel."""
    import numpy

    return Answer(
        refused=numpy.zeros(candidates, numpy.int64),
        able=numpy.full(candidates, -1),
        missing=numpy.zeros(candidates, numpy.int64),
        figures=numpy.zeros((candidates, c.TERMS)),
        values=numpy.zeros((candidates, c.TERMS)),
        scores=numpy.full(candidates, math.inf),
    )


@functools.cache
def compiled() -> Callable[[Vector, Vector, Vector, Answer], int]:
    """Return `choose` compiled by Numba for float64 tables, or `choose` itself where Numba is not installed.

    The first call in a process compiles, which takes seconds.
    """
    try:
        from numba import njit
        from numba.extending import register_jitable
    except ImportError:
        return choose
    for helper in (_refusals, _figures, _values, _lowest, weigh):
        register_jitable(helper)
    # Not cached on disk: Numba's cache would miss a change of the numbers in `columns`, and answer by the old ones.
    return njit(fastmath=False)(choose)


def choose(facts: Table, needs: Vector, policy: Vector, answer: Answer) -> int:
    """Filter and score every candidate, fill `answer`, and return the chosen row, or -1 when nobody is able.

    `facts`: shape (candidates, 36), `needs`: shape (12,), `policy`: shape (8,), all float64, numbered by `columns`.
    """
    count = 0
    for row in range(len(facts)):
        fact = facts[row]
        refused = _refusals(fact, needs, policy)
        answer.refused[row] = refused
        answer.able[row] = -1
        answer.scores[row] = math.inf
        if not refused:
            answer.missing[row] = _figures(fact, needs, policy, answer.figures[row])
            answer.able[count] = row
            count += 1
    return weigh(facts, policy, answer)


def weigh(facts: Table, policy: Vector, answer: Answer) -> int:
    """Score the able candidates by their figures, write values and scores, and return the chosen row, or -1.

    The part of `choose` that other weights change.
    """
    for row in answer.able:
        if row < 0:
            break
        answer.scores[row] = 0.0
    for term in range(c.TERMS):
        _values(term, policy[term], answer)
    return _lowest(facts, answer)


def _refusals(fact: Vector, needs: Vector, policy: Vector) -> int:
    """Return the filters that refuse one candidate as bits.

    A capacity the site has not stated (NaN) refuses nothing: every comparison below is false for NaN. The site may
    still decline. What guards people's rights and money (agent, country, allocation) must be known, and so must what
    an older agent would do wrong (an interactive run).
    """
    bits: int = 0
    if fact[c.SITE_ALLOWED] == 0.0:
        bits |= 1 << c.OTHER_SITE
    age = fact[c.AGENT_AGE_SECONDS]
    if age != age:
        bits |= 1 << c.NO_AGENT
    if age > policy[c.POLICY_FRESH_SECONDS]:
        bits |= 1 << c.STALE
    if fact[c.DRAINING] != 0.0:
        bits |= 1 << c.IS_DRAINING
    if fact[c.SIMULATED] > needs[c.NEEDS_ACCEPT_SIMULATED]:
        bits |= 1 << c.IS_SIMULATED
    if fact[c.DECLINED] != 0.0:
        bits |= 1 << c.ALREADY_DECLINED
    if fact[c.SITE_ACCOUNT] == 0.0:
        bits |= 1 << c.NO_SITE_ACCOUNT
    if fact[c.OWN_SITE] == 0.0:
        bits |= 1 << c.SITE_OF_ANOTHER
    if fact[c.RESOURCE_CLASS] != needs[c.NEEDS_RESOURCE_CLASS]:
        bits |= 1 << c.OTHER_RESOURCE_CLASS
    stack = fact[c.SOFTWARE_STACK]
    if stack < needs[c.NEEDS_SOFTWARE_STACK] or stack > needs[c.NEEDS_SOFTWARE_STACK]:
        bits |= 1 << c.OTHER_SOFTWARE_STACK
    if fact[c.CONTAINERS] < needs[c.NEEDS_CONTAINERS]:
        bits |= 1 << c.NO_CONTAINERS
    if needs[c.NEEDS_INTERACTIVE] != 0.0 and fact[c.INTERACTIVE] != 1.0:  # also true for NaN: not told
        bits |= 1 << c.NOT_INTERACTIVE
    if fact[c.COUNTRY_ALLOWED] == 0.0:
        bits |= 1 << c.OTHER_COUNTRY
    nodes, per_node = needs[c.NEEDS_NODES], needs[c.NEEDS_DEVICES_PER_NODE]
    if fact[c.NODES] < nodes:
        bits |= 1 << c.TOO_FEW_NODES
    if fact[c.NODES_PER_RUN_MAX] < nodes:
        bits |= 1 << c.TOO_MANY_NODES_FOR_ONE_RUN
    if fact[c.DEVICES_PER_NODE] < per_node or fact[c.DEVICES_TOTAL] < nodes * per_node:
        bits |= 1 << c.TOO_FEW_DEVICES
    if fact[c.MEMORY_BYTES_PER_NODE] < needs[c.NEEDS_MEMORY_BYTES_PER_NODE]:
        bits |= 1 << c.TOO_LITTLE_MEMORY
    if fact[c.DISK_FREE_BYTES] < needs[c.NEEDS_DISK_BYTES]:
        bits |= 1 << c.TOO_LITTLE_DISK
    limit = needs[c.NEEDS_TIME_LIMIT_SECONDS]
    if fact[c.TIME_LIMIT_SECONDS_MAX] < limit:
        bits |= 1 << c.TOO_LITTLE_TIME
    if fact[c.MAINTENANCE_STARTS_IN_SECONDS] < limit:
        bits |= 1 << c.MAINTENANCE
    if (
        not fact[c.ALLOCATION_FREE_MILLISECONDS] >= fact[c.RESERVE_MILLISECONDS]  # also true for NaN: no allocation
        or fact[c.ALLOCATION_STARTS_IN_SECONDS] > 0.0
        or fact[c.ALLOCATION_ENDS_IN_SECONDS] < limit
    ):
        bits |= 1 << c.ALLOCATION
    return bits


def _figures(fact: Vector, needs: Vector, policy: Vector, figures: Vector) -> int:
    """Write each term of one candidate in its own unit and return the terms with an unknown input as bits.

    Seconds to the result; grams of CO2 equivalent; seconds until the allocation ends; two shares in 0..1. With an
    input missing, the figure is what is known of it: a lower bound. Where enough devices are free beyond those that
    others wait for, the run is taken to start at once, and else to be among those that waited long: the median of a
    site is that of its many small runs, most of which never wait.
    """
    missing: int = 0
    devices = needs[c.NEEDS_NODES] * needs[c.NEEDS_DEVICES_PER_NODE]
    seconds = needs[c.NEEDS_EXPECTED_SECONDS]
    if seconds != seconds:
        seconds = needs[c.NEEDS_TIME_LIMIT_SECONDS]

    time = 0.0
    wait, late = fact[c.WAIT_Q50_SECONDS], fact[c.WAIT_Q90_SECONDS]
    wait_known = wait == wait and fact[c.WAIT_SAMPLES] >= policy[c.POLICY_WAIT_SAMPLES_MIN]
    at_once = fact[c.DEVICES_SPARE] >= devices  # false where it is unknown
    if wait_known and not at_once:
        time = late if late > wait else wait  # the former is false where it is unknown
    speed = fact[c.RELATIVE_SPEED]
    if speed > 0.0:
        time += seconds / speed
    data = needs[c.NEEDS_DATA_BYTES]
    here = fact[c.DATA_HERE_BYTES]
    moved = 0.0
    if here < data:  # false where either is unknown
        moved = data - here
    link = fact[c.LINK_BYTES_PER_SECOND]
    if link > 0.0:
        time += moved / link
    staging_known = data != data or data == 0.0 or (here == here and (moved == 0.0 or link > 0.0))
    if not ((wait_known or at_once) and speed > 0.0 and staging_known):
        missing |= 1 << c.TIME_TO_RESULT
    figures[c.TIME_TO_RESULT] = time

    pue = fact[c.PUE]
    if pue != pue:
        pue = policy[c.POLICY_PUE_ASSUMED]
    grams = fact[c.DEVICE_WATTS] * devices * pue * seconds / 3.6e6 * fact[c.GCO2E_PER_KWH]
    if grams != grams:
        missing |= 1 << c.CARBON
        grams = 0.0
    figures[c.CARBON] = grams

    ends = fact[c.ALLOCATION_ENDS_IN_SECONDS]
    figures[c.BALANCE] = ends if ends == ends else math.inf  # a share that never expires is spent last

    failure = fact[c.FAILURE_SHARE]
    spread = 0.0
    if wait_known and late > wait:
        spread = late - wait
    if not (failure == failure and (at_once or (wait_known and late == late))):
        missing |= 1 << c.RISK
    if failure != failure:
        failure = 0.0
    figures[c.RISK] = 1.0 - (1.0 - failure) * (seconds / (seconds + spread))

    if not (data == 0.0 or (data == data and here == here)):
        missing |= 1 << c.MOVEMENT
    figures[c.MOVEMENT] = moved / data if data > 0.0 else 0.0
    return missing


def _values(term: int, weight: float, answer: Answer) -> None:
    """Turn one term's figures into values in 0..1 among the able candidates, and add them to the scores.

    A figure becomes the part of it above the best known: 0 is the best, 0.5 twice the best, near 1 many times it, so
    one extreme site does not blur the others. A share stands as it is. With an input missing the worst known figure
    stands in, and never less than what is known; where nobody knows, all count 1.
    """
    _, able, missing, figures, values, scores = answer
    bit = 1 << term
    best, worst = math.inf, -1.0
    for row in able:
        if row < 0:
            break
        if missing[row] & bit == 0:
            figure = figures[row][term]
            if figure < best:
                best = figure
            if figure > worst:
                worst = figure
    for row in able:
        if row < 0:
            break
        figure = figures[row][term]
        if missing[row] & bit and figure < worst:
            figure = worst
        if worst < 0.0:
            value = 1.0
        elif term == c.RISK or term == c.MOVEMENT:
            value = figure
        elif figure <= best:
            value = 0.0
        else:
            value = 1.0 - best / figure
        values[row][term] = value
        scores[row] += weight * value


def _lowest(facts: Table, answer: Answer) -> int:
    """Return the able row of the lowest score, equal scores broken by the TIE column, or -1."""
    scores = answer.scores
    chosen = -1
    for row in answer.able:
        if row < 0:
            break
        tied = scores[row] == scores[chosen] and facts[row][c.TIE] < facts[chosen][c.TIE]
        if chosen < 0 or scores[row] < scores[chosen] or tied:
            chosen = row
    return chosen
