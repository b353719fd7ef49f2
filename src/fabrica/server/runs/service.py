"""The verbs of runs. What a site reports is recorded by the verbs of the second half."""

from collections.abc import Sequence
from datetime import datetime

from fabrica.reference.grid import load_grid
from fabrica.server.access import queries as access
from fabrica.server.core import clock
from fabrica.server.core.actors import SYSTEM, Actor
from fabrica.server.core.facts import announce
from fabrica.server.core.hints import hint
from fabrica.server.core.verbs import verb
from fabrica.server.ledger import service as ledger
from fabrica.server.people import queries as people
from fabrica.server.placement import service as placement
from fabrica.server.runs import bundles, dependency_queries, facts, leavings, permissions, queries, rules
from fabrica.server.runs.models import Attempt, Run
from fabrica.server.sites import queries as sites
from fabrica.values.ids import AttemptId, ProjectId, RunId
from fabrica.values.quantities import DeviceTime
from fabrica.values.states import ENDS, AttemptState, EndReason, RunState
from fabrica.wire.agents import Event
from fabrica.wire.runs import BundleMissing, RunEnded, RunSpec, Usage

_OF_A_LIVING_ATTEMPT = (
    "state", "words", "handle", "tasks", "observed_at", "queued_at", "expected_start_at", "started_at", "usage",
    "charged_milliseconds",
)  # fmt: skip
"""The columns of an attempt that an event changes, as long as it does not end it."""


@verb(may=permissions.submits)
def submit(by: Actor, *, project: ProjectId, spec: RunSpec) -> RunId:
    """Store a run and hint that it can be placed.

    Raises:
        BundleMissing: neither the actor nor their project has the source bundle here.
        DependencyUnknown: a run to come after is none that the actor may see.
        SiteUnknown: nobody knows a site that it names.
        NoAllocation: the project has nothing of this resource class.
        InsufficientBalance: no allocation of the project could ever cover it.
        Unsatisfiable: no site could ever take it; says why for each, and the nearest possible.
    """
    assert by.user is not None, "only people submit runs"
    if not bundles.may_run(by, spec.bundle_sha256):
        raise BundleMissing("The source bundle is not on the server.", remedy="Upload it first; the SDK does.")
    dependency_queries.check_seen(by, spec.after)
    sites.check_known(spec.sites or ())
    _check_possible(by, project, spec)
    run = Run.objects.create(
        project_id=project,
        submitted_by=by.user,
        name=spec.name,
        spec=spec.model_dump(mode="json"),
        state=RunState.SUBMITTED,
        submitted_at=clock.now(),
    )
    announce(facts.RunSubmitted(run=run.pk, project=project, spec=spec))
    hint("runs")
    return run.pk


def _check_possible(by: Actor, project: ProjectId, spec: RunSpec) -> None:
    allocations = access.allocations(by, project, spec.resources.resource_class)
    rules.check_coverable(allocations, spec.resources, clock.now())
    refused = placement.refused_for_good(
        by, spec=spec, share_of=queries.share_of(allocations, spec, clock.now()), history=queries.history(by.user)
    )
    if refused is not None:
        raise rules.unsatisfiable(refused)


@verb(may=permissions.the_service)
def place(by: Actor, *, run: RunId) -> bool:
    """Give a waiting run a site: choose, reserve, offer; all three or none. Return whether it moved."""
    row = Run.objects.select_for_update().get(pk=run)
    if RunState(row.state) not in (RunState.SUBMITTED, RunState.HELD) or row.cancel_requested_at:
        return False
    spec = RunSpec.model_validate(row.spec)
    now = clock.now()
    if spec.after and (first := rules.before(dependency_queries.states(spec.after))).words:
        return _give_up(row, first, now) if first.failed else _hold(row, first.words, now, rules.WAITS_FOR_RUNS)
    allocations = access.allocations(SYSTEM, row.project_id, spec.resources.resource_class)
    decision = placement.choose(
        SYSTEM,
        run=run,
        spec=spec,
        share_of=queries.share_of(allocations, spec, now),
        history=queries.history(row.submitted_by, row),
    )
    if decision.chosen is None or decision.chosen_partition is None:
        words = access.start_words(allocations, now) or decision.nearest or "No site can take the run now."
        return _hold(row, words, now)
    allocation = access.draw_on(allocations, decision.chosen, spec.resources.reserved_milliseconds, now)
    assert allocation is not None, "placement chose a site without an allocation"
    wait = placement.told_wait(decision.chosen, decision.chosen_partition, spec.resources)
    attempt = Attempt.objects.create(
        run=row,
        number=row.attempts.count() + 1,
        fence=row.fence + 1,
        site_id=decision.chosen,
        partition=decision.chosen_partition,
        devices=spec.resources.devices_total * spec.resources.tasks,
        placement_id=decision.id,
        allocation_id=allocation.id,
        simulated=next(one.simulated for one in decision.candidates if one.site == decision.chosen),
        state=AttemptState.OFFERED,
        offered_at=now,
        accept_before=now + rules.LEASE,
        wait_q50_seconds=wait.q50_seconds if wait else None,
        wait_q90_seconds=wait.q90_seconds if wait else None,
        wait_samples=wait.samples if wait else 0,
    )
    amount = DeviceTime(spec.resources.reserved_milliseconds, spec.resources.resource_class)
    ledger.reserve(SYSTEM, allocation=allocation.id, attempt=attempt.pk, run=run, site=decision.chosen, amount=amount)
    row.fence += 1
    _move(row, RunState.PLACED, reason="", words=f"Offered to {decision.chosen}.", now=now)
    announce(
        facts.RunPlaced(
            run=run,
            attempt=attempt.pk,
            site=decision.chosen,
            partition=decision.chosen_partition,
            placement=attempt.placement_id,
            snapshot_sha256=decision.snapshot_sha256,
            reserved_milliseconds=amount.milliseconds,
            resource_class=amount.resource_class,
        )
    )
    hint(f"site:{decision.chosen}")
    return True


def _give_up(row: Run, first: rules.Before, now: datetime) -> bool:
    reason = EndReason.DEPENDENCY_FAILED
    _finish(row, rules.Outcome(ENDS[reason].state, reason, f"{ENDS[reason].words} {first.words}"), now)
    return True


def _hold(row: Run, words: str, now: datetime, reason: str = "no_site_now") -> bool:
    """Note why a run waits; return whether that is news."""
    news = row.state != RunState.HELD or row.words != words
    row.try_after = now + rules.HOLD_PAUSE
    if news:
        _move(row, RunState.HELD, reason=reason, words=words, now=now)
    else:
        row.save(update_fields=["try_after"])
    return news


@verb(may=permissions.cancels)
def cancel(by: Actor, *, run: RunId) -> None:
    """Ask for the end of a run. One that no site has taken ends now; else the site is told and says when it ended.

    Raises:
        RunEnded: it has ended already.
    """
    row = Run.objects.select_for_update().get(pk=run)
    state = RunState(row.state)
    if state.final:
        raise RunEnded(f"The run has {queries.say(state)} already.", remedy="Nothing is left to cancel.")
    now = clock.now()
    member = people.role_in(by, row.project_id) is not None
    reason = EndReason.CANCELLED_BY_USER if member else EndReason.CANCELLED_BY_OPERATOR
    row.cancel_requested_at = row.cancel_requested_at or now
    row.reason = reason
    row.save(update_fields=["cancel_requested_at", "reason"])
    attempt = queries.living(row)
    if attempt is None:
        _finish(row, rules.Outcome(RunState.CANCELLED, reason, ENDS[reason].words), now)
    elif attempt.state == AttemptState.OFFERED:
        attempt.run = row
        _end(attempt, reason, "No site had taken it.", Usage(), now)
    else:
        hint(f"site:{attempt.site_id}")


@verb(may=permissions.the_service)
def take_back(by: Actor, *, attempt: AttemptId) -> bool:
    """End an offer that its site left unanswered; return whether it moved. A site that accepted keeps its attempt."""
    row = _locked(attempt)
    now = clock.now()
    if row.state != AttemptState.OFFERED or row.accept_before > now:
        return False
    words = f"{row.site_id} did not answer within {rules.LEASE.seconds} s."
    _end(row, EndReason.LEASE_EXPIRED, words, Usage(), now)
    return True


@verb(may=permissions.operator)
def declare_lost(by: Actor, *, attempt: AttemptId) -> None:
    """Give up on an attempt whose site will not come back. What it says later is kept, shown, and never merged.

    Raises:
        RunEnded: the attempt has ended already.
    """
    row = _locked(attempt)
    if row.state == AttemptState.ENDED:
        raise RunEnded("The attempt has ended already.", remedy="Look at the run with 'fabrica runs'.")
    _end(row, EndReason.SITE_LOST, "", Usage.model_validate(row.usage), clock.now())


# What a site reports ---------------------------------------------------------------------------------------------


@verb(may=permissions.the_agent)
def record(by: Actor, *, events: Sequence[Event]) -> None:
    """Take in events of attempts at the actor's own site, each attempt's in order: state, usage, log, files, end.

    Events of another site's attempt change nothing. What an attempt that ended here still says is kept as a fact.
    """
    now, attempts = clock.now(), _locked_at(by, events)
    for told in rules.by_attempt(events):
        attempt = attempts.get((told[0].attempt, told[0].fence))
        if attempt is None:
            continue
        for event in told:
            if attempt.state == AttemptState.ENDED:
                _note_late(attempt, event)
            else:
                _take_in(attempt, event, now)
        if attempt.state != AttemptState.ENDED:  # an end has written the row itself
            attempt.save(update_fields=_OF_A_LIVING_ATTEMPT)


def _locked_at(by: Actor, events: Sequence[Event]) -> dict[tuple[AttemptId, int], Attempt]:
    """Lock the attempts of events with their runs, by id and fence; those not of the actor's site are left out."""
    told_of = Attempt.objects.filter(pk__in={event.attempt for event in events}, site_id=by.site)
    runs = Run.objects.select_for_update().filter(pk__in=told_of.values("run")).order_by("pk")
    locked = {run.pk: run for run in runs}
    rows = list(told_of.select_for_update().order_by("pk"))
    for row in rows:
        row.run = locked[row.run_id]
    return {(row.pk, row.fence): row for row in rows}


def _take_in(attempt: Attempt, event: Event, now: datetime) -> None:
    attempt.observed_at = min(event.at, now)  # a site's clock may be ahead; nothing is seen before it happens
    attempt.handle = (event.handle or attempt.handle)[:200]
    attempt.tasks = event.tasks or attempt.tasks
    is_end = event.kind in ("ended", "declined")
    if event.usage is not None:
        _take_usage(attempt, event.usage, is_end=is_end)
    leavings.keep(attempt, event)
    if is_end:
        attempt.started_at = event.started_at or attempt.started_at
        attempt.exit_code = event.exit_code
        attempt.log_dropped_bytes = event.log_dropped_bytes or 0
        ended_at = min(event.ended_at or event.at, now)
        _end(attempt, rules.end_reason_of(event), event.words, Usage.model_validate(attempt.usage), ended_at)
        return
    _advance(attempt, event, now)
    if event.log_text or event.metrics:
        hint(f"run:{attempt.run_id}")


@verb(may=permissions.the_agent)
def refuse_event(by: Actor, *, event: Event, words: str) -> None:
    """Note that an event could not be recorded, so that it neither stops the site's other events nor is forgotten."""
    assert by.site is not None, "an agent has a site"
    announce(facts.EventRefused(attempt=event.attempt, site=by.site, event=event.kind, words=words))


def _note_late(attempt: Attempt, event: Event) -> None:
    if event.kind in ("ended", "declined"):
        announce(
            facts.AttemptSpokeLate(
                run=attempt.run_id,
                attempt=attempt.pk,
                event=f"{event.kind} {event.reason or ''}".strip(),
                usage=event.usage,
            )
        )


def _take_usage(attempt: Attempt, reported: Usage, *, is_end: bool) -> None:
    usage = (rules.usage_at_end if is_end else rules.usage_after)(Usage.model_validate(attempt.usage), reported)
    country = sites.country(attempt.site_id) if usage.energy else None
    intensity = load_grid().country(country) if country else None
    if intensity is not None:
        words = f"grid of {country}, yearly mean {intensity.year}, {intensity.gco2e_per_kwh:g} gCO2e/kWh"
        usage = rules.with_carbon(usage, intensity.gco2e_per_kwh, words)
    attempt.usage = usage.model_dump(mode="json")
    if rules.charge_now(usage, attempt.charged_milliseconds):
        _charge(attempt, usage)


def _charge(attempt: Attempt, usage: Usage) -> None:
    charged = ledger.charge(SYSTEM, attempt=attempt.pk, used_up_to=_used(attempt, usage))
    attempt.charged_milliseconds = charged.charged_milliseconds


def _used(attempt: Attempt, usage: Usage) -> DeviceTime:
    return DeviceTime(usage.charged_milliseconds, attempt.run.spec["resources"]["resource_class"])


def _advance(attempt: Attempt, event: Event, now: datetime) -> None:
    run = attempt.run
    if event.kind == "queued":
        attempt.queued_at = attempt.queued_at or event.at
        attempt.expected_start_at = attempt.expected_start_at or event.expected_start_at
    if event.kind in ("queued", "running") and event.words != attempt.words:
        attempt.words = run.words = event.words
        run.save(update_fields=["words"])
    state = rules.attempt_state_after(AttemptState(attempt.state), event)
    if state == attempt.state:
        return
    attempt.state = state
    if state is AttemptState.RUNNING:
        attempt.started_at = event.started_at or event.at
        run.started_at = run.started_at or attempt.started_at
    moved = rules.run_state_of(state)
    if moved is not None and moved != run.state:
        _move(run, moved, reason=run.reason, words=event.words, now=now)


# Ends --------------------------------------------------------------------------------------------------------------


def _end(attempt: Attempt, reason: EndReason, words: str, usage: Usage, ended_at: datetime) -> None:
    """End an attempt: charge what is charged, free the rest, and decide what follows for the run."""
    run = attempt.run
    if ENDS[reason].charged:
        settled = ledger.settle(SYSTEM, attempt=attempt.pk, used_up_to=_used(attempt, usage))
        attempt.charged_milliseconds = settled.charged_milliseconds
    else:
        ledger.waive(
            SYSTEM, attempt=attempt.pk, used_up_to_milliseconds=usage.charged_milliseconds, reason=ENDS[reason].words
        )
        attempt.charged_milliseconds = 0
    attempt.state = AttemptState.ENDED
    attempt.reason = reason
    attempt.words = words
    attempt.ended_at = ended_at
    attempt.save()
    announce(
        facts.AttemptEnded(
            run=run.pk,
            attempt=attempt.pk,
            site=attempt.site_id,
            reason=reason,
            exit_code=attempt.exit_code,
            charged_milliseconds=attempt.charged_milliseconds,
            usage=usage,
        )
    )
    follows = rules.outcome(
        reason,
        words,
        attempts=attempt.number,
        attempts_max=RunSpec.model_validate(run.spec).attempts_max,
        cancelled=EndReason(run.reason) if run.cancel_requested_at is not None else None,
        now=clock.now(),
    )
    _finish(run, follows, ended_at)


def _finish(run: Run, follows: rules.Outcome, ended_at: datetime) -> None:
    run.try_after = follows.try_after
    if not follows.state.final:
        _move(run, follows.state, reason=follows.reason, words=follows.words, now=ended_at)
        hint("runs")
        return
    run.ended_at = ended_at
    Run.objects.filter(state=RunState.HELD, reason=rules.WAITS_FOR_RUNS).update(try_after=None)
    hint("runs")
    _move(run, follows.state, reason=follows.reason, words=follows.words, now=ended_at)
    settled = queries.settlement(run)
    announce(
        facts.RunSettled(
            run=run.pk,
            project=run.project_id,
            state=follows.state,
            reason=follows.reason,
            purpose=run.spec["purpose"],
            usage=settled.usage,
            metrics=[metric.model_dump(mode="json") for metric in settled.metrics],
            artifacts=[artifact.model_dump(mode="json") for artifact in settled.artifacts],
            record_sha256=settled.record_sha256,
            charged_milliseconds=settled.charged_milliseconds,
        )
    )
    hint("evidence")


def _move(run: Run, state: RunState, *, reason: str, words: str, now: datetime) -> None:
    """Write a run's state; the only place that does. What is kept of a move is written with it."""
    assert rules.may_move(RunState(run.state), state), f"a run does not go from {run.state} to {state}"
    run.state, run.reason, run.words = state, reason, words
    run.save(update_fields=["state", "reason", "words", "fence", "try_after", "started_at", "ended_at"])
    announce(facts.RunMoved(run=run.pk, state=state, reason=reason, words=words))
    hint(f"run:{run.pk}")


def _locked(attempt: AttemptId) -> Attempt:
    """Lock a run and then its attempt, always in this order."""
    run = Run.objects.select_for_update().get(attempts=attempt)
    row = Attempt.objects.select_for_update().get(pk=attempt)
    row.run = run
    return row
