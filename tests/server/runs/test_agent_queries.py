"""What a site is told of a run, and what it may read."""

import pytest

from fabrica.server.core import clock
from fabrica.server.core.actors import SYSTEM, Actor
from fabrica.server.runs import agent_queries, service, uploads
from fabrica.server.runs.models import Run
from fabrica.values.ids import SiteId
from fabrica.values.states import AttemptState, EndReason, RunState
from fabrica.wire.agents import AttemptSeen
from fabrica.wire.runs import Artifact
from tests.builders import (
    make_agent,
    make_allocation,
    make_event,
    make_operator,
    make_placed_run,
    make_project,
    make_site,
    make_spec,
)

pytestmark = pytest.mark.django_db
SAVED = Artifact(path="saved/state.bin", sha256="ab" * 32, bytes=7, kind="checkpoint")


def test_an_attempt_after_a_preempted_one_goes_on_from_its_checkpoint(lead: Actor) -> None:
    agent = make_agent()
    project = make_project(lead)
    make_allocation(project)
    run, attempt = make_placed_run(lead, project, make_spec(checkpoint="saved"))
    assert agent_queries.leases(agent, clock.now(), 10)[0].continues_from == ()
    uploads.note(agent, hashes=[SAVED.sha256])
    service.record(agent, events=[make_event(attempt, "artifacts", artifacts=(SAVED,))])
    service.record(agent, events=[make_event(attempt, "ended", reason=EndReason.PREEMPTED)])
    assert Run.objects.get(pk=run).state == RunState.SUBMITTED
    assert service.place(SYSTEM, run=run)
    (order,) = agent_queries.leases(agent, clock.now(), 10)
    assert (order.number, order.checkpoint, order.continues_from) == (2, "saved", (SAVED,))


def test_only_a_site_that_has_an_attempt_of_the_run_reads_its_checkpoint(lead: Actor) -> None:
    agent = make_agent()
    project = make_project(lead)
    make_allocation(project)
    _, attempt = make_placed_run(lead, project, make_spec(checkpoint="saved"))
    uploads.note(agent, hashes=[SAVED.sha256])
    service.record(agent, events=[make_event(attempt, "artifacts", artifacts=(SAVED,))])
    stranger = make_agent(make_site("elsewhere"))
    assert agent_queries.may_read_bundle(agent, SAVED.sha256)
    assert not agent_queries.may_read_bundle(stranger, SAVED.sha256)
    assert SiteId("elsewhere") == stranger.site


def test_an_order_is_offered_again_until_the_agent_s_digest_names_it(lead: Actor) -> None:
    agent = make_agent()
    project = make_project(lead)
    make_allocation(project)
    first, second = (make_placed_run(lead, project)[1] for _ in range(2))
    for _ in range(2):  # the answer was lost: the same orders come again
        assert [order.attempt for order in agent_queries.leases(agent, clock.now(), 10)] == [first, second]
    known = (AttemptSeen(attempt=first, fence=1, state=AttemptState.ACCEPTED),)
    assert [order.attempt for order in agent_queries.leases(agent, clock.now(), 1, known)] == [second]
    assert agent_queries.leases(agent, clock.now(), 0) == ()


def test_an_agent_hears_what_to_stop_whether_the_run_was_cancelled_or_the_attempt_ended_here(lead: Actor) -> None:
    agent = make_agent()
    project = make_project(lead)
    make_allocation(project)
    (cancelled, running), (_, lost), (_, goes_on) = (make_placed_run(lead, project) for _ in range(3))
    service.record(agent, events=[make_event(one, "running") for one in (running, lost, goes_on)])
    service.cancel(lead, run=cancelled)
    service.declare_lost(make_operator(), attempt=lost)
    held = tuple(AttemptSeen(attempt=one, fence=1, state=AttemptState.RUNNING) for one in (running, lost, goes_on))
    stops = {stop.attempt: stop.reason for stop in agent_queries.cancels(agent, held)}
    assert stops == {running: EndReason.CANCELLED_BY_USER, lost: EndReason.SITE_LOST}
    assert agent_queries.cancels(make_agent(make_site("elsewhere")), held) == ()
