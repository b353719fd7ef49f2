"""What a job is planned with."""

from fabrica.planning.engine.compiling import compiled
from fabrica.planning.engine.jobs import Jobs


@compiled
def planned_end(jobs: Jobs, job: int, start: int) -> int:
    """Return when a job that starts is expected to end.

    It is planned with its limit, with its run time where that is longer (an over-run), and with a second at least.
    """
    return int(start + max(jobs.limit[job], jobs.runtime[job], 1))
