"""The made-up work has the published shapes, and the same names give the same jobs."""

import pytest

numpy = pytest.importorskip("numpy")

from fabrica.planning.workload_classes import CLASSES, DAY, EXPERIMENTS, PRETRAINING, TESTS  # noqa: E402 (needs NumPy)
from fabrica.planning.workload_year import (  # noqa: E402
    Stream,
    draw_jobs,
    mean_device_seconds,
    mean_runtime_seconds,
    sizes_of,
)

SPAN = 28 * DAY


def test_the_same_stream_gives_the_same_jobs_and_another_name_others() -> None:
    one, same, other = (draw_jobs(TESTS, 500, SPAN, 8, Stream(1, 0, name)) for name in ("a", "a", "b"))
    assert all((left == right).all() for left, right in zip(one, same, strict=True))
    assert (one.submit != other.submit).any()


def test_more_jobs_begin_with_the_same_ones() -> None:
    few, many = (draw_jobs(PRETRAINING, count, SPAN, 4096, Stream(1, 0, "a")) for count in (100, 300))
    assert (few.runtime == many.runtime[:100]).all()
    assert (few.units == many.units[:100]).all()


@pytest.mark.parametrize("job_class", CLASSES, ids=lambda one: one.name)
def test_drawn_jobs_take_what_their_class_takes_on_average(job_class) -> None:  # type: ignore[no-untyped-def]
    drawn = draw_jobs(job_class, 200_000, SPAN, 4096, Stream(2, 0, "a"))
    assert drawn.runtime.mean() == pytest.approx(mean_runtime_seconds(job_class), rel=0.03)
    found = (drawn.runtime.astype(float) * drawn.units).mean()
    assert found == pytest.approx(mean_device_seconds(job_class, 4096), rel=0.06)
    assert (drawn.limit >= drawn.runtime).all()


def test_half_of_the_tests_run_as_long_as_half_of_the_published_jobs() -> None:
    assert numpy.median(draw_jobs(TESTS, 50_000, SPAN, 8, Stream(3, 0, "a")).runtime) == pytest.approx(122, rel=0.05)


def test_jobs_are_cut_to_what_there_is() -> None:
    sizes, shares = sizes_of(EXPERIMENTS, 5)
    assert sizes.max() == 5
    assert shares.sum() == pytest.approx(1)


def test_users_work_by_day_and_less_on_weekends() -> None:
    submit = draw_jobs(TESTS, 100_000, SPAN, 8, Stream(4, 0, "a")).submit
    by_hour = numpy.bincount(submit // 3600 % 24)
    by_day = numpy.bincount(submit // DAY % 7)
    assert by_hour[14] > 2 * by_hour[3]
    assert by_day[5:].max() < 0.7 * by_day[:5].min()
    assert submit.min() >= 0
    assert submit.max() < SPAN
