"""Make a load by chance: many small jobs and few huge ones, a daily cycle, limits that are asked too long."""

from array import array
from dataclasses import dataclass

from fabrica.planning.trace import Trace

DAY_SECONDS = 86_400


@dataclass(frozen=True, slots=True)
class Load:
    """What the jobs look like. The shape is chosen, not fitted to one cluster; see docs/explanation/twin.md.

    `offered`: the share of the capacity that the work would fill if it arrived evenly.
    `size_doublings`: jobs ask for 1, 2, 4 … up to two to this power units; each size is `size_share` as frequent as
    the one before it.
    `runtime_spread`: of the natural logarithm of run times.
    `limit_factor_max`: users ask for 1 to so many times what they need, rounded up to quarters of an hour.
    `daily_swing`: how far the arrivals of the busiest hour are above the mean, in 0..1.
    """

    jobs: int
    capacity: int
    offered: float = 0.9
    size_doublings: int = 11
    size_share: float = 0.648
    runtime_median_seconds: int = 1800
    runtime_spread: float = 1.5
    runtime_max_seconds: int = 5 * DAY_SECONDS
    limit_factor_max: float = 5.0
    daily_swing: float = 0.6


def make_load(load: Load, seed: int) -> Trace:
    """Return a load made by chance; the same seed gives the same trace. Needs NumPy.

    With the sizes as they are by default, a job asks for 25.8 units on average and for 2,048 at most.
    """
    import numpy

    draw = numpy.random.default_rng(seed)
    shares = load.size_share ** numpy.arange(load.size_doublings + 1)
    units = 1 << draw.choice(load.size_doublings + 1, load.jobs, p=shares / shares.sum())
    runtime = draw.lognormal(numpy.log(load.runtime_median_seconds), load.runtime_spread, load.jobs)
    runtime = runtime.clip(1, load.runtime_max_seconds).astype(numpy.int64)
    asked = runtime * draw.uniform(1, load.limit_factor_max, load.jobs)
    limit = numpy.minimum(numpy.ceil(asked / 900) * 900, load.runtime_max_seconds).astype(numpy.int64)
    span = float((units * runtime).sum()) / (load.capacity * load.offered)
    # Arrivals come evenly in a time that runs faster by day: turn it back into seconds by its own curve.
    clock = numpy.linspace(0, span, max(1000, int(span / 600)))
    turns = 2 * numpy.pi * clock / DAY_SECONDS
    passed = clock - load.daily_swing * DAY_SECONDS / (2 * numpy.pi) * numpy.sin(turns)
    arrivals = numpy.interp(numpy.sort(draw.uniform(0, passed[-1], load.jobs)), passed, clock)
    return Trace(
        ids=range(1, load.jobs + 1),
        submit_seconds=array("q", (arrivals - arrivals[0]).astype(numpy.int64).tobytes()),
        runtime_seconds=array("q", runtime.tobytes()),
        units=array("q", units.astype(numpy.int64).tobytes()),
        limit_seconds=array("q", limit.tobytes()),
        notices=("This load was made by chance; it is no real cluster's.",),
    )
