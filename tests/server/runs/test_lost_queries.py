"""What declaring an attempt lost would do is told before, and is what it does."""

import pytest

from fabrica.server.core.actors import SYSTEM
from fabrica.server.ledger import queries as ledger
from fabrica.server.runs import lost_queries, queries, service
from fabrica.values.ids import AllocationId
from fabrica.wire.problems import NotAllowed, NotFound
from fabrica.wire.runs import RunEnded
from tests.builders import (
    make_agent,
    make_allocation,
    make_event,
    make_operator,
    make_placed_run,
    make_project,
    make_spec,
    make_usage,
    make_user,
)

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(("attempts_max", "follows"), [(1, "failed"), (2, "submitted")])
def test_what_is_told_is_what_happens(attempts_max: int, follows: str) -> None:
    lead, operator = make_user(), make_operator()
    project = make_project(lead)
    allocation: AllocationId = make_allocation(project)
    agent = make_agent()
    run, attempt = make_placed_run(lead, project, make_spec(attempts_max=attempts_max))
    service.record(agent, events=[make_event(attempt, "running", usage=make_usage(7))])
    before = ledger.balance(allocation).available_milliseconds
    told = lost_queries.loss(operator, run)
    assert (told.attempt, told.site, told.run_state) == (attempt, agent.site, follows)
    service.declare_lost(operator, attempt=told.attempt)
    assert ledger.balance(allocation).available_milliseconds == before + told.returned_milliseconds
    assert queries.run(operator, run).state == follows
    with pytest.raises(RunEnded):
        lost_queries.loss(operator, run)


def test_a_run_that_was_to_be_cancelled_is_told_to_be_cancelled() -> None:
    lead = make_user()
    project = make_project(lead)
    make_allocation(project)
    agent = make_agent()
    run, attempt = make_placed_run(lead, project)
    service.record(agent, events=[make_event(attempt, "accepted")])
    service.cancel(lead, run=run)
    told = lost_queries.loss(SYSTEM, run)
    assert told.run_state == "cancelled"
    assert any("as was asked" in consequence for consequence in told.consequences)


def test_only_an_operator_is_told_and_an_attempt_of_another_run_is_not_found() -> None:
    lead = make_user()
    project = make_project(lead)
    make_allocation(project)
    make_agent()
    run, _ = make_placed_run(lead, project)
    _, other = make_placed_run(lead, project)
    with pytest.raises(NotAllowed):
        lost_queries.loss(lead, run)
    with pytest.raises(NotFound):
        lost_queries.loss(make_user(), run)
    with pytest.raises(NotFound):
        lost_queries.attempt_of(SYSTEM, run, other)
