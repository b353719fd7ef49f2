"""One replication of one part of the network: its jobs through the broker and the sites, counted."""

from collections.abc import Sequence
from typing import Any

import numpy

from fabrica.planning.network.asks import Ask
from fabrica.planning.network.demand import Jobs
from fabrica.planning.network.partitions import Partition
from fabrica.planning.network.ran import Ran
from fabrica.planning.network.setting import Setting
from fabrica.planning.network.sums import Tally
from fabrica.planning.network.tally import tally
from fabrica.planning.replay import has_numba


def run_part(
    partitions: Sequence[Partition],
    asks: Sequence[Ask],
    jobs: Jobs,
    setting: Setting,
    activities: Sequence[float],
    progress: Any = None,
) -> Tally:
    """Run the jobs and count what happened in the days after the warm-up.

    `progress`: shape (1,), how many jobs have arrived so far. `activities`: of each job class, for the power it draws.
    """
    ran = simulate(partitions, asks, jobs, setting, progress)
    return tally(ran, jobs.job_class, setting.days, setting.warm_up_days, activities)


def simulate(
    partitions: Sequence[Partition], asks: Sequence[Ask], jobs: Jobs, setting: Setting, progress: Any = None
) -> Ran:
    """Return every job as it ran, and where the broker sent it; compiled where Numba is installed, else plain."""
    said = numpy.zeros(1, numpy.int64) if progress is None else progress
    if has_numba():
        from fabrica.planning.network.compiled_year import compiled_year

        return compiled_year(partitions, asks, jobs, setting, said)
    from fabrica.planning.network.plain_year import plain_year

    return plain_year(partitions, asks, jobs, setting, said)
