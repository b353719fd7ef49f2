"""Which moves a run makes, what follows an end, and what covers it."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fabrica.server.runs import rules
from fabrica.values.ids import AllocationId, AttemptId, ProjectId, RunId
from fabrica.values.quantities import CPU_CORE
from fabrica.values.states import ENDS, AttemptState, EndReason, Fault, RunState
from fabrica.wire.access import Allocation
from fabrica.wire.ledger import InsufficientBalance
from fabrica.wire.runs import Energy, NoAllocation, Resources, Usage
from tests.builders import make_event, make_usage

NOW = datetime(2026, 3, 1, tzinfo=UTC)
REASONS = st.sampled_from(EndReason)


@given(old=st.sampled_from(RunState), new=st.sampled_from(RunState))
def test_no_run_leaves_a_final_state(old: RunState, new: RunState) -> None:
    assert not (old.final and rules.may_move(old, new))


def test_every_state_that_is_not_final_leads_to_an_end() -> None:
    reached = {state for state in RunState if state.final}
    for _ in RunState:
        reached |= {state for state, next_states in rules.NEXT.items() if next_states & reached}
    assert reached == set(RunState)


@pytest.mark.parametrize("reason", EndReason)
def test_every_end_reason_has_a_meaning_and_leads_somewhere(reason: EndReason) -> None:
    end = ENDS[reason]
    assert end.state.final
    assert end.words
    assert not (end.retried and end.fault is Fault.USER), "a user's own mistake is not tried again"
    for attempts in (1, 3):
        follows = rules.outcome(reason, "", attempts=attempts, attempts_max=3, cancelled=None, now=NOW)
        for state in (RunState.PLACED, RunState.STAGING, RunState.QUEUED, RunState.RUNNING):
            assert rules.may_move(state, follows.state)


@given(reason=REASONS, attempts=st.integers(1, 10), attempts_max=st.integers(1, 10), cancelled=st.none() | REASONS)
def test_another_attempt_follows_only_while_some_are_left_and_nobody_cancelled(
    reason: EndReason, attempts: int, attempts_max: int, cancelled: EndReason | None
) -> None:
    follows = rules.outcome(reason, "", attempts=attempts, attempts_max=attempts_max, cancelled=cancelled, now=NOW)
    again = follows.state is RunState.SUBMITTED
    assert again == (ENDS[reason].retried and attempts < attempts_max and cancelled is None)
    assert again == (follows.try_after is not None)
    assert again or follows.state.final
    assert follows.words


def test_who_cancelled_is_told_when_the_site_fails_first() -> None:
    follows = rules.outcome(
        EndReason.NODE_FAILED, "", attempts=1, attempts_max=3, cancelled=EndReason.CANCELLED_BY_OPERATOR, now=NOW
    )
    assert (follows.state, follows.reason) == (RunState.CANCELLED, EndReason.CANCELLED_BY_OPERATOR)


KINDS = ["accepted", "staging", "queued", "running", "usage", "log", "metrics", "artifacts"]


@given(kinds=st.lists(st.sampled_from(KINDS), max_size=12))
def test_an_attempt_only_goes_forward_whatever_comes(kinds: list[str]) -> None:
    order = list(AttemptState)
    state = AttemptState.OFFERED
    for kind in kinds:
        after = rules.attempt_state_after(state, make_event(AttemptId.new(), kind))
        assert order.index(after) >= order.index(state)
        assert after is not AttemptState.ENDED
        state = after


@pytest.mark.parametrize("said", [EndReason.COMPLETED, EndReason.EXIT_NONZERO, None])
def test_what_a_site_declined_was_not_run_whatever_else_it_says(said: EndReason | None) -> None:
    event = make_event(AttemptId.new(), "declined", reason=said)
    assert rules.end_reason_of(event) is EndReason.SITE_DECLINED
    full = make_event(AttemptId.new(), "declined", reason=EndReason.SITE_DISK_FULL)
    assert rules.end_reason_of(full) is EndReason.SITE_DISK_FULL
    assert rules.end_reason_of(make_event(AttemptId.new(), "ended")) is EndReason.ENGINE_ERROR


def allocation(free: int, reserved: int = 0, ends_at: datetime = NOW + timedelta(days=1)) -> Allocation:
    return Allocation(
        id=AllocationId.new(),
        project=ProjectId.new(),
        resource_class=CPU_CORE,
        granted_milliseconds=free + reserved,
        free_milliseconds=free,
        reserved_milliseconds=reserved,
        consumed_milliseconds=0,
        expired_milliseconds=0,
        site=None,
        starts_at=NOW - timedelta(days=1),
        ends_at=ends_at,
    )


ONE_SECOND = Resources(time_limit_seconds=1)


def test_a_run_that_only_waits_for_other_reservations_is_coverable() -> None:
    rules.check_coverable([allocation(free=0, reserved=1000)], ONE_SECOND, NOW)
    rules.check_coverable([allocation(free=1), allocation(free=600, reserved=400)], ONE_SECOND, NOW)


def test_a_run_that_no_allocation_could_ever_cover_is_told_what_is_left() -> None:
    with pytest.raises(InsufficientBalance) as refused:
        rules.check_coverable([allocation(free=600), allocation(free=700, reserved=299)], ONE_SECOND, NOW)
    assert refused.value.facts["asked_milliseconds"] == 1000
    assert refused.value.facts["free_milliseconds"] == 700
    assert "network's office" in refused.value.remedy


@pytest.mark.parametrize("allocations", [[], [allocation(free=10**9, ends_at=NOW)]], ids=["none", "ended"])
def test_without_a_usable_allocation_that_is_told(allocations: list[Allocation]) -> None:
    with pytest.raises(NoAllocation, match=CPU_CORE):
        rules.check_coverable(allocations, ONE_SECOND, NOW)


def test_what_a_running_attempt_has_used_never_falls() -> None:
    later, earlier = make_usage(20), make_usage(10)
    assert rules.usage_after(later, earlier) == later
    assert rules.usage_after(earlier, later) == later


def test_an_exact_sum_told_with_the_end_stands_over_what_was_told_on_the_way() -> None:
    seen, accounted = make_usage(3), Usage(elapsed_seconds=2, devices=1, device_milliseconds=2000)
    assert rules.usage_at_end(seen, accounted) == accounted
    assert rules.usage_at_end(seen, make_usage(0)) == seen


def energy(joules: float | None, **fields: object) -> Energy:
    return Energy.model_validate({"boundary": "node", "basis": "measured", "joules": joules, "method": "RAPL"} | fields)


def test_carbon_is_energy_times_intensity_and_unknown_stays_unknown() -> None:
    usage = make_usage(energy=(energy(3.6e6), energy(None)))
    known, unknown = rules.with_carbon(usage, 79.0, "grid of FI").energy
    assert (known.carbon_grams, known.carbon_source) == (79.0, "grid of FI")
    assert unknown.carbon_grams is None
    assert rules.with_carbon(usage, None, "") == usage


def test_measured_and_estimated_energy_are_never_mixed_in_one_figure() -> None:
    measured, estimated = energy(1.0), energy(2.0, basis="estimated")
    total = rules.sum_usage([make_usage(energy=(measured,)), make_usage(energy=(measured, estimated))])
    assert {(one.basis, one.joules) for one in total.energy} == {("measured", 2.0), ("estimated", 2.0)}


def test_unknown_energy_of_one_attempt_makes_the_sum_unknown() -> None:
    total = rules.sum_usage([make_usage(energy=(energy(1.0),)), make_usage(energy=(energy(None),))])
    assert total.energy[0].joules is None


@given(seconds=st.lists(st.integers(min_value=0, max_value=10**6), max_size=5))
def test_the_usage_of_a_run_is_that_of_its_attempts(seconds: list[int]) -> None:
    assert rules.sum_usage([make_usage(one) for one in seconds]).elapsed_seconds == sum(seconds)
    assert rules.sum_usage([]) == Usage()


def test_a_run_waits_for_all_that_come_before_and_gives_up_at_the_first_that_did_not_succeed() -> None:
    first, second = RunId.new(), RunId.new()
    assert rules.before({}) == rules.before({first: RunState.SUCCEEDED}) == rules.Before()
    waits = rules.before({first: RunState.SUCCEEDED, second: RunState.RUNNING})
    assert (waits.failed, waits.words) == (False, f"It waits for {second} (running).")
    for state in (RunState.FAILED, RunState.CANCELLED, RunState.TIMED_OUT):
        assert rules.before({first: RunState.RUNNING, second: state}).failed


def test_events_are_parted_by_attempt_and_those_of_one_attempt_one_by_one() -> None:
    one, other = AttemptId.new(), AttemptId.new()
    first, second, third = make_event(one, "accepted"), make_event(other, "accepted"), make_event(one, "running", 2)
    assert rules.parted((first, second, third)) == [(first, third), (second,)]
    assert rules.parted((first, third)) == [(first,), (third,)]
