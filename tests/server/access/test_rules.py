"""The dates of an allocation, and which one a run draws on."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fabrica.server.access import rules
from fabrica.values.ids import AllocationId, ProjectId, SiteId
from fabrica.values.quantities import CPU_CORE
from fabrica.wire.access import Allocation, AllocationDatesWrong

NOW = datetime(2026, 3, 1, tzinfo=UTC)
DAY = timedelta(days=1)
HERE, ELSEWHERE = SiteId("here"), SiteId("elsewhere")


def allocation(
    free: int = 100, site: SiteId | None = None, starts_at: datetime = NOW - DAY, ends_at: datetime = NOW + DAY
) -> Allocation:
    return Allocation(
        id=AllocationId.new(),
        project=ProjectId.new(),
        resource_class=CPU_CORE,
        granted_milliseconds=1000,
        free_milliseconds=free,
        reserved_milliseconds=0,
        consumed_milliseconds=1000 - free,
        expired_milliseconds=0,
        site=site,
        starts_at=starts_at,
        ends_at=ends_at,
    )


@pytest.mark.parametrize(("starts_at", "ends_at"), [(NOW, NOW), (NOW, NOW - DAY), (NOW - 2 * DAY, NOW)])
def test_dates_that_cannot_be_used_are_refused(starts_at: datetime, ends_at: datetime) -> None:
    with pytest.raises(AllocationDatesWrong):
        rules.check_dates(starts_at, ends_at, NOW)


def test_dates_to_come_are_accepted() -> None:
    rules.check_dates(NOW + DAY, NOW + 2 * DAY, NOW)


def test_of_those_that_cover_the_run_the_first_to_end_is_drawn_on() -> None:
    late, early = allocation(ends_at=NOW + 3 * DAY), allocation(ends_at=NOW + 2 * DAY)
    small = allocation(free=1, ends_at=NOW + DAY)
    assert rules.draw_on([late, small, early], HERE, 50, NOW) == early


def test_when_none_covers_the_run_the_one_with_most_free_is_named() -> None:
    most = allocation(free=40)
    assert rules.draw_on([allocation(free=30), most], HERE, 50, NOW) == most


@pytest.mark.parametrize(
    "useless",
    [allocation(site=ELSEWHERE), allocation(ends_at=NOW), allocation(starts_at=NOW + DAY, ends_at=NOW + 2 * DAY)],
    ids=["another site's", "ended", "not started"],
)
def test_an_allocation_that_cannot_be_used_there_now_is_passed_over(useless: Allocation) -> None:
    assert rules.draw_on([useless], HERE, 50, NOW) is None
    assert rules.draw_on([useless, usable := allocation(free=1)], HERE, 50, NOW) == usable


@given(
    frees=st.lists(st.integers(min_value=0, max_value=100), max_size=6), asked=st.integers(min_value=1, max_value=120)
)
def test_an_allocation_that_covers_the_run_is_found_whenever_there_is_one(frees: list[int], asked: int) -> None:
    drawn = rules.draw_on([allocation(free=free) for free in frees], HERE, asked, NOW)
    assert (drawn is None) == (not frees)
    if drawn is not None:
        assert (drawn.free_milliseconds >= asked) == (max(frees) >= asked)


def test_the_allocation_that_starts_next_is_told_with_its_day() -> None:
    later = allocation(starts_at=NOW + 2 * DAY, ends_at=NOW + 9 * DAY)
    soon = allocation(starts_at=NOW + DAY, ends_at=NOW + 9 * DAY, site=HERE)
    over = allocation(starts_at=NOW - 2 * DAY, ends_at=NOW - DAY)
    assert rules.next_to_start([over, later, soon], HERE, NOW) == soon
    assert rules.next_to_start([over, later, soon], ELSEWHERE, NOW) == later
    assert rules.next_to_start([over, allocation()], HERE, NOW) is None
    assert "starts on 2026-03-02 at 00:00 UTC" in str(rules.start_words([over, later, soon], NOW))
    assert rules.start_words([later, allocation()], NOW) is None
    assert rules.start_words([over], NOW) is None
