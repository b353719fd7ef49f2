"""What jobs that went round Fabrica are charged: what is new, once, and never more than is free."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fabrica.server.core.actors import SYSTEM, Actor
from fabrica.server.core.models import Fact
from fabrica.server.ledger import outside, queries, service
from fabrica.server.ledger.outside import Outside
from fabrica.server.ledger.rules import Terms
from fabrica.values.ids import AgentId, AllocationId, ProjectId
from fabrica.wire import ledger as wire
from fabrica.wire.ledger import AccountKind
from fabrica.wire.problems import NotAllowed
from tests.server.ledger.builders import (
    END,
    OPERATOR,
    PERSON,
    SITE,
    START,
    h100,
    held_by_site,
    make_book,
    make_reservation,
)

STARTED = datetime(2026, 6, 1, 12, tzinfo=UTC)


def told(milliseconds: int, **fields: Any) -> wire.OutsideStart:
    values = {
        "cluster": "alpha",
        "job": "7",
        "started_at": STARTED,
        "resource_class": "gpu.h100",
        "devices": 2,
        "device_milliseconds": milliseconds,
        "slurm_account": "proj_a",
        "site_user": "ada",
    }
    return wire.OutsideStart.model_validate(values | fields)


def charge(project: ProjectId, *allocations: AllocationId, start: wire.OutsideStart, by: Actor = SYSTEM) -> Any:
    return service.charge_outside(by, project=project, site=SITE, start=start, allocations=allocations)


# The rule ----------------------------------------------------------------------------------------------------------


def terms(resource_class: str = "gpu.h100") -> Terms:
    return Terms(AllocationId.new(), resource_class, START, END)


@given(
    reports=st.lists(st.integers(0, 500), max_size=12),
    free=st.lists(st.integers(0, 300), max_size=3),
    refills=st.lists(st.integers(0, 50), max_size=12),
)
def test_reports_in_any_order_charge_each_millisecond_once_and_never_more_than_is_free(
    reports: list[int], free: list[int], refills: list[int]
) -> None:
    known, left, posted = Outside(), list(free), 0
    for number, report in enumerate(reports):
        before = known
        known, postings = outside.charge(known, h100(report), [(terms(), one) for one in left])
        assert known.used == max(before.used, report)
        moved = 0
        for place, posting in postings:
            assert 0 < posting.milliseconds <= left[place]
            left[place] -= posting.milliseconds
            moved += posting.milliseconds
        posted += moved
        assert known.charged == posted
        assert moved == min(known.used - before.used, moved + sum(left))  # all that was free, if it was needed
        assert outside.charge(known, h100(report), [(terms(), 10**9)]) == (known, [])  # told again: nothing
        if left and number < len(refills):
            left[0] += refills[number]
    assert known.beyond == known.used - known.charged >= 0


def test_an_allocation_of_another_class_is_not_charged() -> None:
    with pytest.raises(wire.UnitMismatch):
        outside.charge(Outside(), h100(5), [(terms("cpu.core"), 100)])


# The verb ----------------------------------------------------------------------------------------------------------


@pytest.mark.django_db
def test_a_use_told_three_times_is_charged_once() -> None:
    project = ProjectId.new()
    book = make_book(1000, project)
    for _ in range(3):
        use = charge(project, book, start=told(300))
    assert (use.used_milliseconds, use.charged_milliseconds, use.beyond_milliseconds) == (300, 300, 0)
    found = queries.balance(book)
    assert (found.available_milliseconds, found.consumed_milliseconds) == (700, 300)
    assert held_by_site(AccountKind.DELIVERED) == 300
    assert [one.id for one in queries.outside_uses(project=project)] == [use.id]
    assert [one.id for one in queries.outside_uses(site=SITE)] == [use.id]
    assert queries.check_books() == []
    assert Fact.objects.filter(kind="ledger.outside_charged", subject=book).count() == 1
    words = queries.statement(project).rows[0].words
    assert words.endswith(f"used at {SITE} outside Fabrica")


@pytest.mark.django_db
def test_a_job_that_runs_on_is_charged_what_is_new_and_an_older_report_changes_nothing() -> None:
    project = ProjectId.new()
    book = make_book(1000, project)
    charge(project, book, start=told(100))
    charge(project, book, start=told(250, ended_at=STARTED + timedelta(hours=1)))
    use = charge(project, book, start=told(100, devices=9))
    assert (use.used_milliseconds, use.charged_milliseconds, use.devices) == (250, 250, 2)
    assert use.ended_at is not None
    assert queries.check_books() == []


@pytest.mark.django_db
def test_what_no_allocation_has_free_is_noted_as_beyond_and_stays_so() -> None:
    project = ProjectId.new()
    first, second = make_book(100, project), make_book(50, project)
    held = make_reservation(first, 40)
    use = charge(project, first, second, start=told(500))
    assert (use.charged_milliseconds, use.beyond_milliseconds) == (110, 390)
    service.release(SYSTEM, attempt=held.attempt)
    assert charge(project, first, second, start=told(500)) == use
    assert queries.balance(first).available_milliseconds == 40
    assert queries.check_books() == []


@pytest.mark.django_db
def test_a_project_without_allocation_is_noted_and_charged_nothing() -> None:
    use = charge(ProjectId.new(), start=told(500))
    assert (use.charged_milliseconds, use.beyond_milliseconds) == (0, 500)
    assert queries.check_books() == []


@pytest.mark.django_db
def test_each_start_of_a_job_and_each_element_of_an_array_is_its_own() -> None:
    project = ProjectId.new()
    book = make_book(1000, project)
    later = STARTED + timedelta(minutes=5)
    starts = [told(10), told(10, started_at=later), told(10, job="7_3"), told(10, cluster="beta")]
    for start in starts:
        charge(project, book, start=start)
    assert queries.balance(book).consumed_milliseconds == 40


@pytest.mark.django_db
def test_one_start_belongs_to_one_project() -> None:
    project = ProjectId.new()
    book = make_book(1000, project)
    charge(project, book, start=told(10))
    with pytest.raises(wire.OutsideUseConflict):
        charge(ProjectId.new(), start=told(20))
    assert queries.balance(book).consumed_milliseconds == 10


@pytest.mark.django_db
def test_only_the_service_itself_charges() -> None:
    agent = Actor("agent", agent=AgentId.new(), site=SITE)
    for by in (PERSON, OPERATOR, agent):
        with pytest.raises(NotAllowed):
            charge(ProjectId.new(), start=told(10), by=by)


@pytest.mark.django_db
def test_a_charge_outside_is_not_corrected_like_a_run_s() -> None:
    project = ProjectId.new()
    book = make_book(1000, project)
    charge(project, book, start=told(10))
    transfer = queries.statement(project).rows[0].transfer.id
    with pytest.raises(wire.CorrectionRefused):
        service.correct(
            SYSTEM, transfer=transfer, right=h100(1), proposer="usr_a", approver="usr_b", reason="Not theirs."
        )
