"""A run that comes after others waits for them, follows their success, and ends with their failure."""

import pytest

from fabrica.server.core.actors import SYSTEM, Actor
from fabrica.server.runs import service
from fabrica.server.runs.models import Run
from fabrica.values.ids import ProjectId, RunId
from fabrica.values.states import EndReason, RunState
from fabrica.wire.runs import DependencyUnknown
from tests.builders import (
    make_allocation,
    make_event,
    make_placed_run,
    make_project,
    make_run,
    make_spec,
    make_user,
)

pytestmark = pytest.mark.django_db


def state_of(run: RunId) -> tuple[str, str]:
    row = Run.objects.get(pk=run)
    return row.state, row.reason


def test_a_run_waits_for_those_before_it_and_goes_once_they_have_succeeded(
    lead: Actor, project: ProjectId, agent: Actor
) -> None:
    first, attempt = make_placed_run(lead, project)
    second = make_run(lead, project, make_spec(after=(first,)))
    service.place(SYSTEM, run=second)
    assert state_of(second) == (RunState.HELD, "waits_for_runs")
    assert str(first) in Run.objects.get(pk=second).words
    service.record(agent, events=[make_event(attempt, "ended", reason=EndReason.COMPLETED, exit_code=0)])
    assert Run.objects.get(pk=second).try_after is None
    assert service.place(SYSTEM, run=second)
    assert state_of(second)[0] == RunState.PLACED


def test_a_run_after_one_that_failed_ends_unstarted_and_uncharged(
    lead: Actor, project: ProjectId, agent: Actor
) -> None:
    first, attempt = make_placed_run(lead, project)
    second = make_run(lead, project, make_spec(after=(first,)))
    third = make_run(lead, project, make_spec(after=(second,)))
    service.record(agent, events=[make_event(attempt, "ended", reason=EndReason.EXIT_NONZERO, exit_code=3)])
    for run in (second, third):
        assert service.place(SYSTEM, run=run)
        assert state_of(run) == (RunState.CANCELLED, EndReason.DEPENDENCY_FAILED)
        assert not Run.objects.get(pk=run).attempts.exists()
    assert f"{first} has failed" in Run.objects.get(pk=second).words


def test_a_run_that_is_not_there_or_not_the_actor_s_cannot_be_waited_for(
    lead: Actor, project: ProjectId, agent: Actor
) -> None:
    stranger = make_user("Sam Stranger")
    theirs = make_project(stranger)
    make_allocation(theirs)
    secret = make_run(stranger, theirs)
    for run in (secret, RunId.new()):
        with pytest.raises(DependencyUnknown) as refused:
            make_run(lead, project, make_spec(after=(run,)))
        assert refused.value.facts["run"] == run
    assert Run.objects.count() == 1
