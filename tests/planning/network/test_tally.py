"""The sums of a year count every job and every device-second once."""

from typing import Any

import pytest

numpy = pytest.importorskip("numpy")
pytest.importorskip("numba")

from fabrica.planning.network.setting import Setting  # noqa: E402 (the module needs NumPy)
from fabrica.planning.network.tally import tally  # noqa: E402 (the module needs NumPy)
from fabrica.planning.network.year import simulate  # noqa: E402
from fabrica.planning.workload_classes import DAY, HOUR  # noqa: E402
from tests.planning.network.builders import ANY, make_partition, some_jobs  # noqa: E402

PLACES = (make_partition("a", 16), make_partition("b", 8, gco2e_per_kwh=300.0))
JOBS = some_jobs(300, 1, span=3 * DAY, units_max=8)


def _ran() -> tuple[Any, Any]:
    ran = simulate(PLACES, ANY, JOBS, Setting(days=3))
    return ran, tally(ran, JOBS.job_class, 3, 0, [0.5])


def test_every_job_is_counted_once_with_its_wait() -> None:
    ran, sums = _ran()
    assert sums.jobs.sum() == sums.steps.sum() == sums.causes.sum() == 300
    assert sums.wait_seconds.sum() == sums.cause_seconds.sum() == (ran.start - ran.submit).sum()
    assert sums.longest.max() == (ran.start - ran.submit).max()


def test_the_use_of_each_hour_is_that_of_every_second() -> None:
    ran, sums = _ran()
    for row in range(2):
        seconds = numpy.zeros(3 * DAY + 1, numpy.int64)
        for job in numpy.flatnonzero(ran.partition == row):
            first, last = ran.start[job], min(ran.start[job] + ran.runtime[job], 3 * DAY)
            if first < last:
                seconds[first:last] += ran.units[job]
        assert sums.busy[row].tolist() == seconds[: 3 * DAY].reshape(-1, HOUR).sum(axis=1).tolist()
        assert sums.active[row].sum() == pytest.approx(sums.busy[row].sum() / 2)


def test_days_of_the_warm_up_do_not_count() -> None:
    ran = simulate(PLACES, ANY, JOBS, Setting(days=2, warm_up_days=1))
    sums = tally(ran, JOBS.job_class, 2, 1, [0.5])
    assert sums.jobs.sum() == (ran.submit >= DAY).sum()
