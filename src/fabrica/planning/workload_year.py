"""Draw the jobs of one class over a span of time: sittings of users by day and week, sizes, run times, limits.

Each column has a stream of chance of its own, named by seed, replication, class and column. So a scenario that changes
one of them draws the others as before, and a pair of scenarios is compared on the same jobs.
"""

import math
import zlib
from typing import Any, NamedTuple

import numpy

from fabrica.planning.workload_classes import DAY, HOUR, JobClass

BUSIEST_HOUR = 15
DAILY_SWING, WEEKEND_SHARE = 0.6, 0.45
"""How far the busiest hour of a weekday is above its mean, and how busy a day of the weekend is beside a weekday.
Assumed; the published traces agree on the cycles and differ in how strong they are."""
THINKING_SECONDS = 240.0
"""Between two jobs of one sitting, on average. Assumed."""
LIMIT_STEP_SECONDS = 900


class Stream(NamedTuple):
    """Where chance comes from: the same names give the same numbers, in whatever order they are asked for."""

    seed: int
    replication: int
    name: str

    def draw(self, column: str) -> numpy.random.Generator:
        """Return the source of one column."""
        key = (self.replication, zlib.crc32(self.name.encode()), zlib.crc32(column.encode()))
        return numpy.random.Generator(numpy.random.Philox(numpy.random.SeedSequence(self.seed, spawn_key=key)))


class Drawn(NamedTuple):
    """Jobs in no order. Each array: shape (jobs,); times in seconds."""

    submit: Any
    runtime: Any
    limit: Any
    units: Any


def draw_jobs(job_class: JobClass, jobs: int, span_seconds: int, units_max: int, stream: Stream) -> Drawn:
    """Return so many jobs that arrive within the span. `units_max`: larger ones are cut to it."""
    sizes, shares = sizes_of(job_class, units_max)
    units = sizes[numpy.searchsorted(numpy.cumsum(shares)[:-1], stream.draw("units").random(jobs), side="right")]
    drawn = stream.draw("runtime").standard_normal(jobs)
    runtime = numpy.exp(drawn * job_class.spread + math.log(job_class.median_seconds))
    runtime = runtime.clip(1, job_class.longest_seconds).astype(numpy.int32)
    asked = runtime * (1 + stream.draw("limit").random(jobs) * (job_class.limit_factor_max - 1))
    limit = (numpy.ceil(asked / LIMIT_STEP_SECONDS) * LIMIT_STEP_SECONDS).astype(numpy.int32)
    return Drawn(_arrivals(job_class, jobs, span_seconds, stream), runtime, limit, units)


def draw_accounts(job_class: JobClass, jobs: int, shares: Any, stream: Stream) -> Any:
    """Return the account of each job that `draw_jobs` makes of the stream; the jobs of one sitting are of one."""
    sitting = _sittings(job_class, jobs, stream)
    drawn = stream.draw("account").random(int(sitting[-1]) + 1)
    return numpy.searchsorted(numpy.cumsum(shares)[:-1], drawn, side="right")[sitting].astype(numpy.int32)


def sizes_of(job_class: JobClass, units_max: int) -> tuple[Any, Any]:
    """Return the sizes of a class, cut to `units_max`, and how frequent each is."""
    doublings = round(math.log2(job_class.largest / job_class.smallest))
    sizes = job_class.smallest << numpy.arange(doublings + 1, dtype=numpy.int64)
    shares = job_class.size_share ** numpy.arange(doublings + 1)
    return numpy.minimum(sizes, units_max), shares / shares.sum()


def mean_device_seconds(job_class: JobClass, units_max: int) -> float:
    """Return what a job of a class takes on average, on the reference device."""
    sizes, shares = sizes_of(job_class, units_max)
    return float((sizes * shares).sum()) * mean_runtime_seconds(job_class)


def mean_runtime_seconds(job_class: JobClass) -> float:
    """Return the mean of a log-normal run time that is cut at the longest.

    Source: the partial expectation of the log-normal distribution.
    """
    middle, spread = math.log(job_class.median_seconds), job_class.spread
    cut = (math.log(job_class.longest_seconds) - middle) / spread
    below = math.exp(middle + spread**2 / 2) * _normal(cut - spread)
    return below + job_class.longest_seconds * (1 - _normal(cut))


def _normal(value: float) -> float:
    return 0.5 * (1 + math.erf(value / math.sqrt(2)))


def _arrivals(job_class: JobClass, jobs: int, span_seconds: int, stream: Stream) -> Any:
    """Return when jobs arrive: sittings follow day and week, and the jobs of one come a while after each other."""
    sitting = _sittings(job_class, jobs, stream)
    passed = numpy.cumsum(stream.draw("thinking").exponential(THINKING_SECONDS, jobs))
    first = passed[numpy.diff(sitting, prepend=-1) > 0]
    begins = _by_clock(stream.draw("arrival").random(len(first)), span_seconds, job_class.cycle)
    submit = begins[sitting] + passed - first[sitting]
    return numpy.minimum(submit, span_seconds - 1).astype(numpy.int64)


def _sittings(job_class: JobClass, jobs: int, stream: Stream) -> Any:
    """Return the number of the sitting that each job is of."""
    opens = stream.draw("sitting").random(jobs) < 1 / job_class.session_jobs
    opens[:1] = True
    return numpy.cumsum(opens) - 1


def _by_clock(shares: Any, span_seconds: int, cycle: float) -> Any:
    """Return the times by which these shares of all arrivals have come. Second 0 is a Monday at midnight."""
    edges = numpy.arange(0, span_seconds + HOUR, HOUR, dtype=numpy.float64).clip(max=span_seconds)
    hours = edges[:-1] / HOUR
    daily = 1 + cycle * DAILY_SWING * numpy.cos(2 * numpy.pi * (hours % 24 + 0.5 - BUSIEST_HOUR) / 24)
    is_weekend = hours // (DAY // HOUR) % 7 >= 5
    rate = daily * numpy.where(is_weekend, 1 - cycle * (1 - WEEKEND_SHARE), 1.0) * numpy.diff(edges)
    passed = numpy.concatenate(([0.0], numpy.cumsum(rate)))
    return numpy.interp(shares * passed[-1], passed, edges)
