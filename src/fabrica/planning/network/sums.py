"""The sums of a year of the network, as arrays that add up over its parts."""

from typing import Any, NamedTuple

import numpy

from fabrica.planning.network.codes import CAUSES, STEPS


class Tally(NamedTuple):
    """Sums over the days that count, of jobs that arrived in them. P partitions, C job classes.

    `jobs`, `wait_seconds`: shape (P, C, days), by the day of arrival. `steps`: shape (P, C, STEPS), waits in steps of a
    quarter of a doubling. `longest`: shape (P, C). `causes`, `cause_seconds`: shape (P, C, CAUSES), jobs and the waits.
    `work`: shape (P, C), device-seconds of these jobs. `stopped`, `preempted`, `given_up`: shape (P, C), how often
    these jobs were stopped by a node that failed, how often they made room, and how many were stopped too often.
    `lost`: shape (P, C), device-seconds that this took. `never`, `refused`: shape (C, 2), jobs that nobody could take,
    those whose account's grant had run out, and their device-seconds. `busy`, `active`, `repair`: shape (P, hours),
    device-seconds in use in that hour, the same times activity, and those of nodes in repair.
    """

    jobs: Any
    wait_seconds: Any
    steps: Any
    longest: Any
    causes: Any
    cause_seconds: Any
    work: Any
    stopped: Any
    preempted: Any
    given_up: Any
    lost: Any
    never: Any
    refused: Any
    busy: Any
    active: Any
    repair: Any


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
        stopped=whole(*by_class),
        preempted=whole(*by_class),
        given_up=whole(*by_class),
        lost=whole(*by_class),
        never=whole(classes, 2),
        refused=whole(classes, 2),
        busy=whole(partitions, days * 24),
        active=numpy.zeros((partitions, days * 24)),
        repair=whole(partitions, days * 24),
    )


def steps_of(seconds: Any) -> Any:
    """Return the step of each wait: 0 for none, then four to each doubling."""
    steps = 1 + (4.0 * numpy.log2(numpy.maximum(seconds, 1))).astype(numpy.int64)
    return numpy.where(seconds > 0, numpy.minimum(steps, STEPS - 1), 0)
