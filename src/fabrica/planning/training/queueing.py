"""How long a training would wait in a queue: the twin replays the site's jobs with the training among them."""

from array import array
from bisect import bisect_right
from collections.abc import Callable
from dataclasses import dataclass

from fabrica.planning.replay import Cluster, Estimates, Policy, replay
from fabrica.planning.trace import Trace

PROBES = 12
LIMIT_SECONDS = 31 * 86_400  # a run lasts no longer; a longer training goes on from its checkpoint


@dataclass(frozen=True, slots=True)
class QueueWait:
    """Seconds until the first run starts, over moments spread evenly over the trace: least, median and most."""

    trace_name: str
    capacity: int
    moments: int
    least_seconds: int
    median_seconds: int
    most_seconds: int


def queue_wait(
    trace: Trace,
    name: str,
    capacity: int,
    units: int,
    runtime_seconds: float,
    progress: Callable[[int], None] | None = None,
) -> QueueWait:
    """Return how long a run of so many units would wait, replayed once for each moment, under EASY backfilling.

    The last quarter of the trace is left out, for there jobs that would come later are missing. Jobs plan with their
    limits where the trace has any. `progress` is told each moment that is done.

    Raises:
        JobsTooLarge: the training, or a job of the trace, asks for more than the capacity.
    """
    first = trace.submit_seconds[0] if len(trace) else 0
    length = (trace.submit_seconds[-1] - first) * 3 // 4 if len(trace) else 0
    estimates = Estimates.LIMIT if any(limit > 0 for limit in trace.limit_seconds) else Estimates.EXACT
    runtime = int(min(max(runtime_seconds, 1), LIMIT_SECONDS))
    waits = []
    for moment in range(PROBES):
        at = first + length * moment // (PROBES - 1)
        place = bisect_right(trace.submit_seconds, at)
        done = replay(_among(trace, place, at, units, runtime), Cluster(capacity), Policy.EASY, estimates)
        waits.append(done.start_seconds[place] - at)
        if progress is not None:
            progress(moment + 1)
    waits.sort()
    return QueueWait(name, capacity, PROBES, waits[0], waits[PROBES // 2], waits[-1])


def _among(trace: Trace, place: int, at: int, units: int, runtime: int) -> Trace:
    """Return the trace with one more job at a place."""

    def inserted(column: "array[int]", value: int) -> "array[int]":
        return column[:place] + array("q", [value]) + column[place:]

    return Trace(
        [*trace.ids[:place], "the training", *trace.ids[place:]],
        inserted(trace.submit_seconds, at),
        inserted(trace.runtime_seconds, runtime),
        inserted(trace.units, units),
        inserted(trace.limit_seconds, runtime),
    )
