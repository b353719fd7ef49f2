"""The compiled loops with the arrays they work on."""

from collections.abc import Callable
from typing import Any

import numpy

from fabrica.planning.engine.cluster import empty_cluster, no_holds
from fabrica.planning.engine.conservative import Conservative, conservative
from fabrica.planning.engine.easy import Easy, easy
from fabrica.planning.engine.ends import no_ends
from fabrica.planning.engine.fifo import fifo
from fabrica.planning.engine.jobs import Jobs
from fabrica.planning.engine.queue import empty_tree
from fabrica.planning.engine.running import nothing_running
from fabrica.planning.engine.timeline import empty_timeline


def loop(jobs: Jobs, policy: str, capacity: int, node_devices: int) -> tuple[Callable[[], None], Any]:
    """Return what fills `jobs.start`, and the counter of jobs that have arrived, of shape (1,), to watch meanwhile.

    The columns of `jobs` are buffers of 64-bit integers; they are used in place.
    """
    columns = Jobs(*(numpy.frombuffer(column, numpy.int64) for column in jobs))
    count = len(columns.submit)
    progress = numpy.zeros(1, numpy.int64)
    running_max = min(count, capacity)  # each job holds a unit at least
    cluster, ends = (
        empty_cluster(capacity, node_devices, no_holds(count if node_devices else 0), tells_apart=False),
        no_ends(running_max),
    )
    if policy == "fifo":
        return lambda: fifo(columns, cluster, ends, progress), progress
    if policy == "conservative":
        timeline = empty_timeline(capacity, count)
        plan = Conservative(cluster, ends, empty_tree(count), timeline, numpy.zeros(count, numpy.int64))
        return lambda: conservative(columns, plan, progress), progress
    reservation = numpy.zeros(3, numpy.int64)
    state = Easy(cluster, ends, empty_tree(count), empty_tree(count), nothing_running(running_max), reservation)
    return lambda: easy(columns, state, progress), progress


def compile_loop(policy: str) -> None:
    """Compile a loop, or read it from disk, by running one job; the next call only runs."""
    one = [numpy.ones(1, numpy.int64) for _ in Jobs._fields]
    loop(Jobs(*one), policy, 1, 0)[0]()
