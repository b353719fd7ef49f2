"""Decisions about runs: which moves are allowed, what follows an end, what an event changes."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from fabrica.values.ids import AttemptId, RunId
from fabrica.values.quantities import DeviceTime
from fabrica.values.states import ENDS, AttemptState, EndReason, Fault, RunState
from fabrica.values.time import show_duration
from fabrica.wire.access import Allocation
from fabrica.wire.agents import Event, WaitForecast
from fabrica.wire.ledger import InsufficientBalance
from fabrica.wire.placement import Placement, Unsatisfiable
from fabrica.wire.runs import Energy, NoAllocation, Resources, Usage

LEASE = timedelta(seconds=120)
"""How long a site may leave an offer unanswered."""
DECLINED = (EndReason.SITE_DECLINED, EndReason.LEASE_EXPIRED)
"""Ends after which the same run is not offered to the same site again for a while."""
COMING = (AttemptState.OFFERED, AttemptState.ACCEPTED, AttemptState.STAGING)
"""States of an attempt that is on its way to a site's queue."""
FAILED_BY_SITE = tuple(reason for reason, end in ENDS.items() if end.fault is Fault.SITE)
FAILURE_WINDOW = timedelta(days=30)
FAILURE_SAMPLES_MIN = 30
"""Below so many ended attempts, how often a site fails is not known."""
FAILURE_SHARES_KEPT = timedelta(minutes=1)
"""For so long they are not counted anew: over many runs one more changes little, and each placement asks for them."""
HOLD_PAUSE = timedelta(seconds=10)
"""How long a held run waits before it is looked at again."""
CHARGE_EVERY = timedelta(minutes=5)
"""A running attempt is charged on the way once this much of its time is not charged yet."""
WAITS_FOR_RUNS = "waits_for_runs"
RETRY_PAUSES = (timedelta(0), timedelta(seconds=10), timedelta(minutes=1), timedelta(minutes=5))

NEXT: Mapping[RunState, frozenset[RunState]] = {
    RunState.SUBMITTED: frozenset({RunState.PLACED, RunState.HELD, RunState.CANCELLED}),
    RunState.HELD: frozenset({RunState.PLACED, RunState.HELD, RunState.CANCELLED}),
    RunState.PLACED: frozenset(
        {RunState.SUBMITTED, RunState.STAGING, RunState.QUEUED, RunState.RUNNING}
        | {RunState.SUCCEEDED, RunState.FAILED, RunState.CANCELLED, RunState.TIMED_OUT}
    ),
    RunState.STAGING: frozenset(
        {RunState.SUBMITTED, RunState.QUEUED, RunState.RUNNING}
        | {RunState.SUCCEEDED, RunState.FAILED, RunState.CANCELLED, RunState.TIMED_OUT}
    ),
    RunState.QUEUED: frozenset(
        {RunState.SUBMITTED, RunState.RUNNING}
        | {RunState.SUCCEEDED, RunState.FAILED, RunState.CANCELLED, RunState.TIMED_OUT}
    ),
    RunState.RUNNING: frozenset(
        {RunState.SUBMITTED, RunState.SUCCEEDED, RunState.FAILED, RunState.CANCELLED, RunState.TIMED_OUT}
    ),
}
"""The moves of a run. A final state has none; `submitted` again when an attempt ended and another is due."""

_ORDER = list(AttemptState)
_RUN_STATE_OF = {
    AttemptState.ACCEPTED: RunState.STAGING,
    AttemptState.STAGING: RunState.STAGING,
    AttemptState.QUEUED: RunState.QUEUED,
    AttemptState.RUNNING: RunState.RUNNING,
}
_ATTEMPT_STATE_OF = {
    "accepted": AttemptState.ACCEPTED,
    "staging": AttemptState.STAGING,
    "queued": AttemptState.QUEUED,
    "running": AttemptState.RUNNING,
}


def may_move(old: RunState, new: RunState) -> bool:
    """Return whether a run may go from one state to the other."""
    return new in NEXT.get(old, frozenset())


def attempt_state_after(state: AttemptState, event: Event) -> AttemptState:
    """Return the attempt's state after an event. States only go forward, so a late event changes nothing."""
    said = _ATTEMPT_STATE_OF.get(event.kind, state)
    return said if _ORDER.index(said) > _ORDER.index(state) else state


def by_attempt(events: Iterable[Event]) -> list[tuple[Event, ...]]:
    """Return the events of each attempt together, in their order; attempts in the order of their first event."""
    groups: dict[tuple[AttemptId, int], list[Event]] = {}
    for event in events:
        groups.setdefault((event.attempt, event.fence), []).append(event)
    return [tuple(group) for group in groups.values()]


def parted(events: Sequence[Event]) -> list[tuple[Event, ...]]:
    """Return events in smaller parts, to find the one that spoils the rest: by attempt; those of one, one by one."""
    groups = by_attempt(events)
    return groups if len(groups) > 1 else [(event,) for event in events]


def run_state_of(state: AttemptState) -> RunState | None:
    """Return the run's state while its attempt is in this one; None when the attempt does not say."""
    return _RUN_STATE_OF.get(state)


def end_reason_of(event: Event) -> EndReason:
    """Return why an attempt ended, as its last event says. What was declined was not run, whatever else is said."""
    if event.kind == "declined":
        declined = event.reason is not None and ENDS[event.reason].retried
        return event.reason if event.reason and declined else EndReason.SITE_DECLINED
    return event.reason or EndReason.ENGINE_ERROR


def check_coverable(allocations: Iterable[Allocation], resources: Resources, now: datetime) -> None:
    """Accept a run that some allocation covers now, or will when what is reserved comes back.

    Raises:
        NoAllocation: the project has none of this resource class that has not ended.
        InsufficientBalance: no allocation could ever cover the run.
    """
    usable = [allocation for allocation in allocations if allocation.ends_at > now]
    resource_class, asked = resources.resource_class, resources.reserved_milliseconds
    if not usable:
        raise NoAllocation(
            f"The project has no allocation of {resource_class} that can still be used.",
            remedy="Ask the network's office for one, or ask for a resource class you have: see 'fabrica balance'.",
            resource_class=resource_class,
        )
    best = max(usable, key=lambda allocation: allocation.free_milliseconds + allocation.reserved_milliseconds)
    if best.free_milliseconds + best.reserved_milliseconds < asked:
        free, reserved = (
            DeviceTime(amount, resource_class) for amount in (best.free_milliseconds, best.reserved_milliseconds)
        )
        raise InsufficientBalance(
            f"The run reserves {DeviceTime(asked, resource_class)} for its time limit; the fullest allocation has "
            f"{free} free and {reserved} reserved for other runs.",
            remedy="Ask for a shorter time limit or fewer devices, or ask the network's office for more device time.",
            asked_milliseconds=asked,
            free_milliseconds=best.free_milliseconds,
            reserved_milliseconds=best.reserved_milliseconds,
            allocation=best.id,
        )


@dataclass(frozen=True, slots=True)
class Outcome:
    """What follows for the run when an attempt ended."""

    state: RunState
    reason: EndReason
    words: str
    try_after: datetime | None = None


def outcome(
    reason: EndReason, words: str, *, attempts: int, attempts_max: int, cancelled: EndReason | None, now: datetime
) -> Outcome:
    """Decide what follows an attempt's end: the run's final state, or another attempt after a pause.

    A reason that is the site's or the network's fault is tried again while attempts are left and nobody cancelled;
    `cancelled` says who did.
    """
    end = ENDS[reason]
    said = words if words.startswith(end.words) else f"{end.words} {words}".strip()
    if end.retried and cancelled is not None:
        return Outcome(RunState.CANCELLED, cancelled, ENDS[cancelled].words)
    if end.retried and attempts < attempts_max:
        pause = RETRY_PAUSES[min(attempts - 1, len(RETRY_PAUSES) - 1)]
        again = f"{said} Another attempt follows ({attempts} of {attempts_max} used)."
        return Outcome(RunState.SUBMITTED, reason, again, now + pause)
    return Outcome(end.state, reason, said)


def unsatisfiable(decision: Placement) -> Unsatisfiable:
    """Return the problem that tells why no site could ever take a run: each candidate's reasons, and the nearest."""
    return Unsatisfiable(
        "No site of the network can take this run.",
        remedy=decision.nearest or "",
        candidates=[
            {
                "site": candidate.site,
                "partition": candidate.partition,
                "reasons": [reason.words for reason in candidate.reasons if not reason.passed],
            }
            for candidate in decision.candidates
        ],
    )


@dataclass(frozen=True, slots=True)
class Before:
    """What the runs that must come first allow: `words` of those still awaited, or of one that did not succeed."""

    words: str = ""
    failed: bool = False


def before(states: Mapping[RunId, RunState]) -> Before:
    """Decide whether a run may be placed, by the states of the runs it comes after."""
    for run, state in states.items():
        if state.final and state is not RunState.SUCCEEDED:
            return Before(f"{run} has {state.value.replace('_', ' ')}.", failed=True)
    waits = [f"{run} ({state.value})" for run, state in states.items() if not state.final]
    return Before(f"It waits for {', '.join(waits)}." if waits else "")


def usage_after(known: Usage, reported: Usage) -> Usage:
    """Return the later of two cumulative usages of a running attempt: reports may come out of order."""
    return reported if reported.elapsed_seconds >= known.elapsed_seconds else known


def usage_at_end(known: Usage, reported: Usage) -> Usage:
    """Return the usage that stands for good: an exact sum, told with the end, even below what was told on the way.

    What an engine sees of a job that goes on may run a little past its end, which accounting then sets right.
    """
    return reported if reported.device_milliseconds is not None else usage_after(known, reported)


def wait_words(told: WaitForecast | None, *, devices: int, devices_spare: int | None) -> str:
    """Return for people how long a run will wait at a site: whether it should start at once, and what was before."""
    at_once = ""
    if devices_spare is not None and devices_spare >= devices:
        at_once = f"It should start at once: nobody waits for {devices_spare:,} of the devices that are free there. "
    if told is None:
        return at_once.strip() or "How long such runs wait there is not known yet."
    half, ninety = show_duration(told.q50_seconds), show_duration(told.q90_seconds)
    return (
        f"{at_once}Half of such runs wait at most {half} there, nine of ten at most {ninety}, by {told.samples:,} "
        "waits of the site's history."
    )


def charge_now(usage: Usage, charged_milliseconds: int) -> bool:
    """Return whether a running attempt has run long enough since its last charge to be charged on the way."""
    due = CHARGE_EVERY // timedelta(milliseconds=1) * max(1, usage.devices)
    return usage.charged_milliseconds - charged_milliseconds >= due


def with_carbon(usage: Usage, gco2e_per_kwh: float | None, source: str) -> Usage:
    """Return the usage with each energy figure's carbon: joules / 3.6e6 x grid intensity; unknown stays unknown.

    Source: location-based method of the GHG Protocol Scope 2 Guidance.
    """
    energy = tuple(
        figure
        if figure.joules is None or gco2e_per_kwh is None
        else figure.model_copy(
            update={"carbon_grams": round(figure.joules / 3.6e6 * gco2e_per_kwh, 6), "carbon_source": source}
        )
        for figure in usage.energy
    )
    return usage.model_copy(update={"energy": energy})


def sum_usage(usages: list[Usage]) -> Usage:
    """Return what all attempts of a run used together. Energy sums only where boundary and basis are the same."""
    if len(usages) == 1:
        return usages[0]
    energy: dict[tuple[str, str], Energy] = {}
    for usage in usages:
        for figure in usage.energy:
            seen = energy.get((figure.boundary, figure.basis))
            energy[figure.boundary, figure.basis] = _add(seen, figure) if seen else figure
    known = [usage.cpu_seconds for usage in usages if usage.cpu_seconds is not None]
    return Usage(
        elapsed_seconds=sum(usage.elapsed_seconds for usage in usages),
        devices=max((usage.devices for usage in usages), default=0),
        cpu_seconds=sum(known) if known else None,
        memory_peak_bytes=max((usage.memory_peak_bytes or 0 for usage in usages), default=0) or None,
        disk_bytes=usages[-1].disk_bytes if usages else None,
        energy=tuple(energy.values()),
        flop=usages[-1].flop if usages else None,
    )


def _add(one: Energy, other: Energy) -> Energy:
    def plus(first: float | None, second: float | None) -> float | None:
        return None if first is None or second is None else first + second

    return one.model_copy(
        update={
            "joules": plus(one.joules, other.joules),
            "carbon_grams": plus(one.carbon_grams, other.carbon_grams),
        }
    )
