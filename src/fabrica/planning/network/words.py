"""An outcome in a few sentences, and how its numbers are shown."""

from collections.abc import Callable

from fabrica.planning.network.causes import causes
from fabrica.planning.network.figures import AMOUNT, SHARE, Estimate, Figures, Line, Values, estimate
from fabrica.planning.network.runs import Outcome
from fabrica.values.time import show_duration


def sentences(outcome: Outcome, found: Figures) -> tuple[str, ...]:
    """Return what a reader should know first."""
    scenario, network = outcome.scenario, outcome.network
    period = scenario.period
    arrive = _mean(found.network.jobs) + _mean(found.network.refused)
    told = [
        f"{arrive:,.0f} jobs arrive in {period.days} days at {len(network.sites)} sites with "
        f"{network.devices:,} devices. This is a simulation of made-up work, not a forecast.",
        f"They wait {duration(found.network.mean_wait_s)} on average; 19 of 20 wait at most "
        f"{duration(found.network.p95_wait_s)}. {share(found.network.use)} of the devices' time is used.",
    ]
    classes = [one for one in found.classes if _mean(one.jobs)]
    worst = max(classes, key=lambda one: _mean(one.mean_wait_s), default=None)
    if worst is not None and _mean(worst.mean_wait_s) > 0:
        told.append(f"Jobs of {worst.name} wait longest, {duration(worst.mean_wait_s)} on average.")
    why = causes(outcome)
    if why:
        told.append(f"Of all time waited, {why[0].share:.0%} is because {why[0].words}.")
    if _mean(found.never):
        told.append(f"{_mean(found.never):,.0f} jobs could be placed nowhere: {_refused(outcome)}.")
    told += _of_rules(found.network)
    if network.left_out:
        told.append(f"{len(network.left_out)} sites or partitions are left out, because too little of them is known.")
    return tuple(told)


def _of_rules(line: Line) -> list[str]:
    """Return what came of stops, of making room and of grants."""
    told = []
    if _mean(line.stops):
        told.append(
            f"Nodes that fail stop jobs {_mean(line.stops):,.0f} times; {show_number(_mean(line.repair_device_hours))} "
            "device-hours are in repair."
        )
    if _mean(line.preemptions):
        told.append(f"Jobs make room for more urgent ones {_mean(line.preemptions):,.0f} times.")
    if _mean(line.lost_device_hours):
        lost = _mean(line.lost_device_hours)
        part = lost / (lost + _mean(line.device_hours))
        told.append(
            f"{show_number(lost)} device-hours are lost with this, {part:.1%} of what is used: "
            "work that was not saved, saving, and starting again."
        )
    if _mean(line.given_up):
        told.append(f"{_mean(line.given_up):,.0f} jobs are given up, for they were stopped too often.")
    if _mean(line.refused):
        told.append(f"{_mean(line.refused):,.0f} jobs are refused, for the grants of their accounts have run out.")
    return told


def _refused(outcome: Outcome) -> str:
    if not outcome.refused:
        return "every partition that would do was closed to the end"
    return "no partition has " + ", ".join(sorted(outcome.refused))


def _mean(values: Values) -> float:
    found = estimate(values)
    return found.mean if found else 0.0


def duration(values: Values) -> str:
    """Return seconds as people say them, with the interval."""
    return _shown(estimate(values, AMOUNT), show_seconds)


def share(values: Values) -> str:
    """Return a share in percent, with the interval."""
    return _shown(estimate(values, SHARE), show_share)


def mean(values: Values, show: Callable[[float], str]) -> str:
    """Return the mean alone, for a table with no room for intervals."""
    return mean_and_interval(values, show)[0]


def number(values: Values, unit: str = "") -> str:
    """Return a number, with the interval."""
    return _shown(estimate(values, AMOUNT), lambda value: show_number(value) + unit)


def show_seconds(seconds: float) -> str:
    """Return a wait as people say it; an interval's end below 0 is none."""
    return show_duration(round(max(seconds, 0.0)))


def show_share(value: float) -> str:
    """Return a share in percent."""
    return f"{value:.1%}"


def show_number(value: float) -> str:
    """Return a number with as many digits as are worth reading."""
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:,.3g}"


def mean_and_interval(values: Values, show: Callable[[float], str]) -> tuple[str, str]:
    """Return the mean, and its interval in words; the latter empty where there is none."""
    found = estimate(values, SHARE if show is show_share else AMOUNT)
    if found is None:
        return "unknown", ""
    if found.low is None or found.high is None or show(found.low) == show(found.high):
        return show(found.mean), ""
    return show(found.mean), f"{show(found.low)} to {show(found.high)}"


def _shown(found: Estimate | None, show: Callable[[float], str]) -> str:
    if found is None:
        return "unknown"
    if found.low is None or found.high is None:
        return show(found.mean)
    low, high = show(found.low), show(found.high)
    return show(found.mean) if low == high else f"{show(found.mean)} ({low} to {high})"
