"""The made-up load has the shape it promises."""

import pytest

from fabrica.planning.workload import DAY_SECONDS, Load, make_load

pytest.importorskip("numpy")


def test_the_same_seed_gives_the_same_load() -> None:
    load = Load(500, 1000)
    assert make_load(load, 1) == make_load(load, 1)
    assert make_load(load, 1).submit_seconds != make_load(load, 2).submit_seconds


def test_the_load_fills_the_share_of_the_cluster_that_was_asked() -> None:
    load = Load(20_000, 10_000)
    trace = make_load(load, 3)
    work = sum(units * seconds for units, seconds in zip(trace.units, trace.runtime_seconds, strict=True))
    assert work / (load.capacity * trace.submit_seconds[-1]) == pytest.approx(load.offered, rel=0.01)


def test_sizes_are_powers_of_two_and_limits_cover_run_times() -> None:
    trace = make_load(Load(20_000, 10_000), 4)
    assert all(units & (units - 1) == 0 for units in trace.units)
    assert sum(trace.units) / len(trace) == pytest.approx(25.8, rel=0.1)
    assert all(limit >= seconds for limit, seconds in zip(trace.limit_seconds, trace.runtime_seconds, strict=True))


def test_more_jobs_arrive_by_day_than_by_night() -> None:
    trace = make_load(Load(20_000, 10_000), 5)
    hours = [submit % DAY_SECONDS // 3600 for submit in trace.submit_seconds if submit < 4 * DAY_SECONDS]
    middle = sum(6 <= hour < 18 for hour in hours)
    assert middle > 1.5 * (len(hours) - middle)
