"""The life of a run, each verb with an actor who may and one who may not."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from fabrica.server.core import clock
from fabrica.server.core.actors import SYSTEM, Actor
from fabrica.server.core.models import Fact
from fabrica.server.ledger import queries as ledger
from fabrica.server.people import service as people
from fabrica.server.people.models import User
from fabrica.server.runs import agent_queries, queries, service, uploads
from fabrica.server.runs.models import Artifact, Attempt, LogChunk, MetricPoint, Run
from fabrica.server.sites import service as sites
from fabrica.values.ids import AttemptId, ProjectId, RunId, SiteId
from fabrica.values.states import AttemptState, EndReason, RunState
from fabrica.wire.agents import WaitForecast
from fabrica.wire.ledger import AccountKind, InsufficientBalance, ReservationState
from fabrica.wire.placement import Unsatisfiable
from fabrica.wire.problems import NotAllowed
from fabrica.wire.runs import BundleMissing, MetricSeries, NoAllocation, Resources, RunEnded, Usage
from fabrica.wire.sites import SiteUnknown
from tests.builders import (
    make_agent,
    make_allocation,
    make_event,
    make_inventory,
    make_member,
    make_operator,
    make_placed_run,
    make_project,
    make_run,
    make_site,
    make_spec,
    make_sync,
    make_usage,
    make_user,
)
from tests.server.ledger.builders import held_by_site

pytestmark = pytest.mark.django_db
RESERVED = 100_000
GRANTED = 3_600_000


@pytest.fixture
def placed(lead: Actor, project: ProjectId, agent: Actor) -> tuple[RunId, AttemptId]:
    return make_placed_run(lead, project)


def later(monkeypatch: pytest.MonkeyPatch, **time: float) -> None:
    then = clock.now() + timedelta(**time)
    monkeypatch.setattr(clock, "now", lambda: then)


def state_of(run: RunId) -> tuple[str, str]:
    row = Run.objects.get(pk=run)
    return row.state, row.reason


def free(project: ProjectId) -> int:
    assert ledger.check_books() == []
    return ledger.balances(project)[0].available_milliseconds


def record(agent: Actor, attempt: AttemptId, *kinds: str, **fields: Any) -> None:
    for kind in kinds:
        service.record(agent, events=[make_event(attempt, kind, **fields)])


def finish(agent: Actor, attempt: AttemptId, reason: EndReason = EndReason.COMPLETED, **fields: Any) -> None:
    record(agent, attempt, "ended", reason=reason, **{"usage": make_usage(10), "exit_code": 0} | fields)


# submit -------------------------------------------------------------------------------------------------------------


def test_leads_and_members_submit_and_nobody_else(lead: Actor, project: ProjectId, agent: Actor) -> None:
    for by in (lead, make_member(project, "member")):
        assert state_of(make_run(by, project)) == ("submitted", "")
    for by in (make_member(project, "reader"), make_user(), make_operator()):
        with pytest.raises(NotAllowed):
            make_run(by, project)


def test_a_run_without_its_bundle_is_not_taken(lead: Actor, project: ProjectId, agent: Actor) -> None:
    with pytest.raises(BundleMissing):
        make_run(lead, project, make_spec(bundle_sha256="0" * 64))


def test_a_run_at_a_site_that_nobody_knows_is_not_taken_and_the_nearest_are_named(
    lead: Actor, project: ProjectId, agent: Actor
) -> None:
    spec = make_spec(sites=(SiteId("own-site"), SiteId("lumi-af")))
    for ask in (lambda: make_run(lead, project, spec), lambda: queries.dry_run(lead, project, spec)):
        with pytest.raises(SiteUnknown, match=r"'lumi-af' is none.*Did you mean lumi-aif"):
            ask()


def test_a_run_without_an_allocation_is_not_taken(lead: Actor, agent: Actor) -> None:
    with pytest.raises(NoAllocation):
        make_run(lead, make_project(lead))


def test_a_run_that_could_never_be_paid_is_refused_and_one_that_waits_is_held(lead: Actor, agent: Actor) -> None:
    project = make_project(lead)
    make_allocation(project, core_seconds=150)
    with pytest.raises(InsufficientBalance):
        make_run(lead, project, make_spec(resources=Resources(time_limit_seconds=151)))
    first, first_attempt = make_placed_run(lead, project)
    second = make_run(lead, project)
    service.place(SYSTEM, run=second)
    assert state_of(second) == ("held", "no_site_now")
    finish(agent, first_attempt)
    assert state_of(first)[0] == "succeeded"
    assert service.place(SYSTEM, run=second)
    assert state_of(second)[0] == "placed"


def test_a_run_that_no_site_could_take_is_refused_with_every_reason(
    lead: Actor, project: ProjectId, agent: Actor
) -> None:
    with pytest.raises(Unsatisfiable) as refused:
        make_run(lead, project, make_spec(resources=Resources(devices=17, time_limit_seconds=1)))
    own = next(one for one in refused.value.facts["candidates"] if one["site"] == "own-site")
    assert own["reasons"]
    assert not Run.objects.exists()


# place --------------------------------------------------------------------------------------------------------------


def test_a_placed_run_has_one_attempt_a_reservation_and_a_kept_decision(
    project: ProjectId, placed: tuple[RunId, AttemptId], lead: Actor
) -> None:
    run, attempt = placed
    seen = queries.run(lead, run)
    assert (seen.state, seen.site, seen.reserved_milliseconds) == (RunState.PLACED, "own-site", RESERVED)
    assert seen.placement is not None
    assert seen.placement.chosen == "own-site"
    assert free(project) == GRANTED - RESERVED
    reservation = ledger.reservation(attempt)
    assert reservation is not None
    assert reservation.state is ReservationState.OPEN


def test_placing_is_the_service_s_own(lead: Actor, project: ProjectId, agent: Actor) -> None:
    run = make_run(lead, project)
    for by in (lead, make_operator(), agent):
        with pytest.raises(NotAllowed):
            service.place(by, run=run)


def test_a_placed_run_is_not_placed_again(project: ProjectId, placed: tuple[RunId, AttemptId]) -> None:
    assert not service.place(SYSTEM, run=placed[0])
    assert Attempt.objects.count() == 1
    assert free(project) == GRANTED - RESERVED


def test_a_run_is_held_while_its_site_is_silent_and_placed_when_it_speaks(
    lead: Actor, project: ProjectId, agent: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = make_run(lead, project)
    later(monkeypatch, hours=1)
    assert service.place(SYSTEM, run=run)
    assert state_of(run)[0] == "held"
    assert not service.place(SYSTEM, run=run), "nothing new is no move"
    monkeypatch.undo()
    assert service.place(SYSTEM, run=run)
    assert state_of(run)[0] == "placed"


def test_when_the_reservation_fails_nothing_of_the_placement_stays(
    lead: Actor, project: ProjectId, agent: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = make_run(lead, project)
    before = Fact.objects.count()

    def crash(*_: Any, **__: Any) -> None:
        raise OSError("the server dies here")

    monkeypatch.setattr("fabrica.server.ledger.service.reserve", crash)
    with pytest.raises(OSError, match="dies"):
        service.place(SYSTEM, run=run)
    assert state_of(run) == ("submitted", "")
    assert (Attempt.objects.count(), Fact.objects.count()) == (0, before)


# cancel -------------------------------------------------------------------------------------------------------------


def test_members_and_operators_cancel_and_nobody_else(lead: Actor, project: ProjectId, agent: Actor) -> None:
    for by, reason in (
        (lead, "cancelled_by_user"),
        (make_member(project), "cancelled_by_user"),
        (make_operator(), "cancelled_by_operator"),
    ):
        run = make_run(lead, project)
        service.cancel(by, run=run)
        assert state_of(run) == ("cancelled", reason)
    run = make_run(lead, project)
    for by in (make_member(project, "reader"), make_user(), agent):
        with pytest.raises(NotAllowed):
            service.cancel(by, run=run)


def test_cancelling_an_offer_frees_its_reservation(
    lead: Actor, project: ProjectId, placed: tuple[RunId, AttemptId]
) -> None:
    service.cancel(lead, run=placed[0])
    assert state_of(placed[0])[0] == "cancelled"
    assert free(project) == GRANTED
    with pytest.raises(RunEnded):
        service.cancel(lead, run=placed[0])


def test_cancelling_a_running_run_tells_the_site_and_charges_what_was_used(
    lead: Actor, project: ProjectId, agent: Actor, placed: tuple[RunId, AttemptId]
) -> None:
    run, attempt = placed
    record(agent, attempt, "accepted", "running")
    service.cancel(lead, run=run)
    assert state_of(run)[0] == "running"
    assert [one.attempt for one in agent_queries.cancels(agent, ())] == [attempt]
    finish(agent, attempt, EndReason.CANCELLED_BY_USER)
    assert state_of(run) == ("cancelled", "cancelled_by_user")
    assert free(project) == GRANTED - 10_000
    assert agent_queries.cancels(agent, ()) == ()


def test_a_cancel_that_races_a_start_ends_the_run_once_and_stops_the_site(
    lead: Actor, project: ProjectId, agent: Actor, placed: tuple[RunId, AttemptId]
) -> None:
    """The site has taken the offer, and its word is on the way, when the user cancels."""
    from fabrica.wire.agents import AttemptSeen

    run, attempt = placed
    service.cancel(lead, run=run)
    record(agent, attempt, "accepted", "running")
    assert state_of(run)[0] == "cancelled"
    digest = (AttemptSeen(attempt=attempt, fence=1, state=AttemptState.RUNNING),)
    assert [one.attempt for one in agent_queries.cancels(agent, digest)] == [attempt]
    finish(agent, attempt, EndReason.CANCELLED_BY_USER)
    assert free(project) == GRANTED
    assert Fact.objects.filter(kind="runs.attempt_spoke_late").count() == 1
    ended = (AttemptSeen(attempt=attempt, fence=1, state=AttemptState.ENDED),)
    assert agent_queries.forgettable(agent, ended) == (attempt,)


# take back, declare lost --------------------------------------------------------------------------------------------


def test_an_offer_without_an_answer_is_taken_back_and_another_attempt_follows(
    lead: Actor, project: ProjectId, agent: Actor, placed: tuple[RunId, AttemptId], monkeypatch: pytest.MonkeyPatch
) -> None:
    run, attempt = placed
    assert not service.take_back(SYSTEM, attempt=attempt), "it may still be answered"
    later(monkeypatch, seconds=121)
    with pytest.raises(NotAllowed):
        service.take_back(make_operator(), attempt=attempt)
    assert service.take_back(SYSTEM, attempt=attempt)
    assert state_of(run) == ("submitted", "lease_expired")
    assert free(project) == GRANTED
    assert not service.take_back(SYSTEM, attempt=attempt)


def test_an_accepted_attempt_is_never_taken_back(
    agent: Actor, placed: tuple[RunId, AttemptId], monkeypatch: pytest.MonkeyPatch
) -> None:
    record(agent, placed[1], "accepted")
    later(monkeypatch, days=3)
    assert not service.take_back(SYSTEM, attempt=placed[1])
    assert state_of(placed[0])[0] == "staging"


def test_only_an_operator_declares_an_attempt_lost_and_what_it_says_later_is_kept_and_not_merged(
    lead: Actor, project: ProjectId, agent: Actor
) -> None:
    run, attempt = make_placed_run(lead, project, make_spec(attempts_max=1))
    record(agent, attempt, "accepted", "running")
    for by in (lead, agent):
        with pytest.raises(NotAllowed):
            service.declare_lost(by, attempt=attempt)
    service.declare_lost(make_operator(), attempt=attempt)
    assert state_of(run) == ("failed", "site_lost")
    finish(agent, attempt)
    assert state_of(run) == ("failed", "site_lost")
    assert free(project) == GRANTED
    assert Fact.objects.get(kind="runs.attempt_spoke_late").body["usage"]["elapsed_seconds"] == 10
    with pytest.raises(RunEnded):
        service.declare_lost(make_operator(), attempt=attempt)


# record -------------------------------------------------------------------------------------------------------------


def test_a_run_that_completes_is_charged_what_it_used(
    lead: Actor, project: ProjectId, agent: Actor, placed: tuple[RunId, AttemptId]
) -> None:
    run, attempt = placed
    record(agent, attempt, "accepted", "staging", "queued", "running")
    finish(agent, attempt, usage=make_usage(12.5))
    seen = queries.run(lead, run)
    assert (seen.state, seen.reason, seen.charged_milliseconds) == (RunState.SUCCEEDED, "completed", 12_500)
    assert seen.reserved_milliseconds == 0
    assert free(project) == GRANTED - 12_500
    settled = Fact.objects.get(kind="runs.settled")
    assert (settled.subject, settled.body["charged_milliseconds"]) == (run, 12_500)


def test_a_site_that_fails_is_not_paid_and_the_run_is_tried_again_a_few_times(
    lead: Actor, project: ProjectId, agent: Actor
) -> None:
    run = make_run(lead, project, make_spec(attempts_max=2))
    for number in (1, 2):
        Run.objects.update(try_after=None)
        assert service.place(SYSTEM, run=run)
        attempt = Attempt.objects.get(run=run, number=number)
        record(agent, attempt.pk, "accepted", "running", fence=number)
        finish(agent, attempt.pk, EndReason.NODE_FAILED, fence=number)
    assert state_of(run) == ("failed", "node_failed")
    assert free(project) == GRANTED
    assert held_by_site(AccountKind.WAIVED, make_site()) == 20_000


def test_a_site_that_declined_is_passed_over_for_a_while(
    lead: Actor, project: ProjectId, agent: Actor, placed: tuple[RunId, AttemptId]
) -> None:
    run, attempt = placed
    record(agent, attempt, "declined", words="No room.")
    assert state_of(run) == ("submitted", "site_declined")
    assert service.place(SYSTEM, run=run)
    assert state_of(run)[0] == "held"
    other = make_agent(make_site("other-site"))
    assert service.place(SYSTEM, run=run)
    assert Attempt.objects.get(run=run, number=2).site_id == other.site


def test_how_often_sites_fail_is_not_counted_anew_for_each_placement(
    django_assert_num_queries: Callable[[int], Any],
) -> None:
    counted = queries.history(None)
    with django_assert_num_queries(1):  # what waits of our own changes with each placement
        assert queries.history(None) == counted


def test_placement_is_told_of_the_devices_that_our_own_runs_wait_for(
    lead: Actor, project: ProjectId, agent: Actor
) -> None:
    spec = make_spec(resources=Resources(devices=2, tasks=3, time_limit_seconds=10))
    coming, queued, running = (make_placed_run(lead, project, spec)[1] for _ in range(3))
    record(agent, coming, "accepted", "staging")
    record(agent, queued, "accepted", "queued")
    record(agent, running, "accepted", "running")
    make_placed_run(lead, project)
    waiting = queries.history(None).ours[SiteId("own-site")]["cores"]
    assert (waiting.coming, waiting.queued) == (7, 6)


def test_no_person_and_no_other_site_records(lead: Actor, placed: tuple[RunId, AttemptId]) -> None:
    run, attempt = placed
    for by in (lead, make_operator(), SYSTEM):
        with pytest.raises(NotAllowed):
            record(by, attempt, "running")
    stranger = make_agent(make_site("other-site"))
    finish(stranger, attempt)
    assert state_of(run)[0] == "placed"


def test_events_of_many_attempts_are_recorded_together_each_attempt_s_in_order(
    lead: Actor, project: ProjectId, agent: Actor
) -> None:
    one, other = (make_placed_run(lead, project) for _ in range(2))
    kinds = (("accepted", one), ("accepted", other), ("ended", other), ("queued", one), ("running", other))
    ended: dict[str, Any] = {"reason": EndReason.COMPLETED, "usage": make_usage(10), "exit_code": 0}
    service.record(agent, events=[make_event(run[1], kind, **ended if kind == "ended" else {}) for kind, run in kinds])
    assert [state_of(run)[0] for run, _ in (one, other)] == ["queued", "succeeded"]
    assert free(project) == GRANTED - RESERVED - 10_000


def test_recording_for_many_attempts_costs_few_questions_each(
    lead: Actor, project: ProjectId, agent: Actor, django_assert_max_num_queries: Callable[[int], Any]
) -> None:
    attempts = [make_placed_run(lead, project)[1] for _ in range(4)]
    with django_assert_max_num_queries(6 + 2 * len(attempts)):
        service.record(agent, events=[make_event(attempt, "queued") for attempt in attempts])


def test_an_event_with_another_fence_changes_nothing(agent: Actor, placed: tuple[RunId, AttemptId]) -> None:
    finish(agent, placed[1], fence=2)
    assert state_of(placed[0])[0] == "placed"


def test_a_clock_ahead_at_the_site_puts_nothing_into_the_future(agent: Actor, placed: tuple[RunId, AttemptId]) -> None:
    future = clock.now() + timedelta(days=1)
    record(agent, placed[1], "accepted", at=future)
    assert Attempt.objects.get().observed_at < future  # type: ignore[operator]
    finish(agent, placed[1], at=future, ended_at=future)
    assert Run.objects.get().ended_at < future  # type: ignore[operator]


def test_a_long_run_is_charged_on_the_way_and_not_twice(project: ProjectId, lead: Actor, agent: Actor) -> None:
    run, attempt = make_placed_run(lead, project, make_spec(resources=Resources(time_limit_seconds=1000)))
    record(agent, attempt, "accepted", "running")
    for seconds in (100, 400, 400, 350):
        record(agent, attempt, "usage", usage=make_usage(seconds))
    assert ledger.balances(project)[0].consumed_milliseconds == 400_000
    finish(agent, attempt, usage=make_usage(450))
    assert ledger.balances(project)[0].consumed_milliseconds == 450_000
    assert free(project) == GRANTED - 450_000
    assert queries.run(lead, run).charged_milliseconds == 450_000


def test_an_exact_sum_told_with_the_end_is_charged_also_when_it_is_less(
    project: ProjectId, lead: Actor, agent: Actor
) -> None:
    run, attempt = make_placed_run(lead, project, make_spec(resources=Resources(time_limit_seconds=1000)))
    record(agent, attempt, "accepted", "running")
    record(agent, attempt, "usage", usage=make_usage(401))
    finish(agent, attempt, usage=Usage(elapsed_seconds=400, devices=1, device_milliseconds=400_000))
    assert ledger.balances(project)[0].consumed_milliseconds == 400_000
    assert free(project) == GRANTED - 400_000
    seen = queries.run(lead, run)
    assert (seen.charged_milliseconds, seen.usage.elapsed_seconds) == (400_000, 400)


def test_time_beyond_the_reservation_is_shown_and_not_charged(
    project: ProjectId, agent: Actor, placed: tuple[RunId, AttemptId], lead: Actor
) -> None:
    finish(agent, placed[1], usage=make_usage(500), reason=EndReason.TIME_LIMIT)
    seen = queries.run(lead, placed[0])
    assert (seen.state, seen.charged_milliseconds) == (RunState.TIMED_OUT, RESERVED)
    assert seen.usage.elapsed_seconds == 500
    assert free(project) == GRANTED - RESERVED


def test_log_metrics_and_artifacts_are_kept_and_a_repeat_changes_nothing(
    lead: Actor, agent: Actor, placed: tuple[RunId, AttemptId]
) -> None:
    run, attempt = placed
    artifact = {"path": "model.bin", "sha256": "0" * 64, "bytes": 3}
    uploads.note(agent, hashes=["0" * 64])
    for _ in range(2):
        record(agent, attempt, "log", log_offset=0, log_text="héllo\0\n")
        record(agent, attempt, "artifacts", artifacts=(artifact,))
    series = MetricSeries(name="loss", points=((1, 2.0), (2, None)))
    record(agent, attempt, "metrics", metrics=(series,))
    finish(agent, attempt)
    seen = queries.run(lead, run)
    assert [(one.path, one.bytes) for one in seen.artifacts] == [("model.bin", 3)]
    assert [(one.name, one.value, one.step) for one in seen.metrics] == [("loss", None, 2)]
    assert queries.metrics(lead, run) == (series,)
    assert (LogChunk.objects.count(), Artifact.objects.count(), MetricPoint.objects.count()) == (1, 1, 2)
    assert "\0" not in queries.log(lead, run).text


def test_the_member_who_left_no_longer_cancels(lead: Actor, project: ProjectId, agent: Actor) -> None:
    member = make_member(project)
    run = make_run(lead, project)
    email = User.objects.get(pk=member.user).email
    people.give_role(lead, project=project, email=email, role=None)
    with pytest.raises(NotAllowed):
        service.cancel(member, run=run)


def test_a_draining_site_gets_no_new_work(lead: Actor, project: ProjectId, agent: Actor) -> None:
    run = make_run(lead, project)
    assert agent.site is not None
    sites.set_draining(SYSTEM, site=agent.site, draining=True, reason="Repair")
    service.place(SYSTEM, run=run)
    assert state_of(run)[0] == "held"


def test_a_dry_run_tells_how_long_such_runs_have_waited_there_or_that_nobody_knows(
    lead: Actor, project: ProjectId, agent: Actor
) -> None:
    assert "It should start at once: nobody waits for 16 of" in queries.dry_run(lead, project, make_spec()).words
    sites.hear(agent, request=make_sync(inventory=make_inventory(devices_free=0)))
    unknown = queries.dry_run(lead, project, make_spec())
    assert (unknown.wait_q50_seconds, unknown.wait_samples) == (None, 0)
    assert "How long such runs wait there is not known yet." in unknown.words
    wait = WaitForecast(
        devices_max=None, limit_seconds_max=None, of_all_limits=True, q50_seconds=90, q90_seconds=7200,
        q50_bound_seconds=None, q90_bound_seconds=None, samples=1234, newest_at=clock.now(), changed_at=None,
    )  # fmt: skip
    sites.hear(agent, request=make_sync(inventory=make_inventory(waits=(wait,))))
    known = queries.dry_run(lead, project, make_spec())
    assert (known.wait_q50_seconds, known.wait_q90_seconds, known.wait_samples) == (90, 7200, 1234)
    assert "wait at most 1 min 30 s there, nine of ten at most 2 h, by 1,234 waits" in known.words


def test_an_allocation_that_starts_later_is_told_with_its_day_and_is_not_missing(lead: Actor, agent: Actor) -> None:
    project = make_project(lead)
    starts_at = clock.now() + timedelta(days=3)
    make_allocation(project, starts_at=starts_at)
    told = queries.dry_run(lead, project, make_spec())
    assert f"starts on {starts_at:%Y-%m-%d}" in told.words
    run = make_run(lead, project)
    for _ in range(2):
        service.place(SYSTEM, run=run)
        assert state_of(run)[0] == "held"
        assert f"starts on {starts_at:%Y-%m-%d}" in Run.objects.get(pk=run).words
    assert Fact.objects.filter(subject=run, kind="runs.moved").count() == 1
    placement = queries.run(lead, run).placement
    assert placement is not None
    words = [one.words for place in placement.candidates for one in place.reasons if one.code == "allocation"]
    assert any("but only from" in said for said in words)
    assert "has no allocation" not in " ".join(words)


def test_an_allocation_that_a_clock_moved_back_puts_ahead_is_waited_for(
    lead: Actor, project: ProjectId, agent: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = make_run(lead, project)
    before = clock.now() - timedelta(minutes=5)
    monkeypatch.setattr(clock, "now", lambda: before)
    assert service.place(SYSTEM, run=run)
    assert state_of(run)[0] == "held"
    monkeypatch.undo()
    assert service.place(SYSTEM, run=run)
    assert state_of(run)[0] == "placed"


def test_every_move_of_a_run_is_a_fact(agent: Actor, placed: tuple[RunId, AttemptId]) -> None:
    record(agent, placed[1], "accepted", "staging", "running")
    finish(agent, placed[1])
    moves = Fact.objects.filter(kind="runs.moved", subject=placed[0]).order_by("sequence")
    assert [fact.body["state"] for fact in moves] == ["placed", "staging", "running", "succeeded"]


def test_a_smaller_inventory_later_does_not_touch_what_runs(
    lead: Actor, agent: Actor, placed: tuple[RunId, AttemptId]
) -> None:
    record(agent, placed[1], "accepted", "running")
    sites.hear(agent, request=make_sync(inventory=make_inventory(devices_free=0)))
    assert state_of(placed[0])[0] == "running"
