"""The sums of a year of the network, as arrays that add up over its parts."""

from typing import Any, NamedTuple

import numpy

STEPS = 112
"""Waits are counted in steps: none, then four to each doubling of seconds."""
CAUSES = 6


class Tally(NamedTuple):
    """Sums over the days that count, of jobs that arrived in them. P partitions, C job classes.

    `jobs`, `wait_seconds`: shape (P, C, days), by the day of arrival. `steps`: shape (P, C, STEPS), waits in steps of a
    quarter of a doubling. `longest`: shape (P, C). `causes`, `cause_seconds`: shape (P, C, CAUSES), jobs and the waits.
    `work`: shape (P, C), device-seconds of these jobs. `never`: shape (C, 2), jobs that nobody could take, and their
    device-seconds. `busy`, `active`: shape (P, hours), device-seconds in that hour, and the same times activity.
    """

    jobs: Any
    wait_seconds: Any
    steps: Any
    longest: Any
    causes: Any
    cause_seconds: Any
    work: Any
    never: Any
    busy: Any
    active: Any


def empty_tally(partitions: int, classes: int, days: int) -> Tally:
    """Return sums of nothing."""
    by_class = (partitions, classes)

    def whole(*shape: int) -> Any:
        return numpy.zeros(shape, numpy.int64)

    return Tally(
        jobs=whole(*by_class, days),
        wait_seconds=whole(*by_class, days),
        steps=whole(*by_class, STEPS),
        longest=whole(*by_class),
        causes=whole(*by_class, CAUSES),
        cause_seconds=whole(*by_class, CAUSES),
        work=whole(*by_class),
        never=whole(classes, 2),
        busy=whole(partitions, days * 24),
        active=numpy.zeros((partitions, days * 24)),
    )
