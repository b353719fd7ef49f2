"""What came of a replay's further rules, in words and rows: failures, losses, refusals, energy, and who waited."""

from fabrica.planning.drawn import Drawn
from fabrica.planning.replay import Replay
from fabrica.values.time import show_duration

Row = tuple[str, str]
ACCOUNTS_SHOWN = 12


def outcome_rows(done: Replay) -> list[Row]:
    """Return what happened under further rules, without what did not."""
    came = done.outcome
    if came is None:
        return []
    lost = came.lost_device_seconds / came.busy_device_seconds if came.busy_device_seconds else 0.0
    rows = [
        (came.stops, "nodes that failed", f"{came.stops:,}; {came.stopped:,} jobs stopped"),
        (came.preempted, "jobs that made room", f"{came.preempted:,}"),
        (came.lost_device_seconds, "work lost or done again", f"{lost:.2%} of the time in use"),
        (came.refused, "jobs without a grant", f"{came.refused:,}, refused"),
        (came.given_up, "jobs stopped too often", f"{came.given_up:,}, given up"),
        (came.inside, "starts in reservations", f"{came.inside:,}"),
        (came.scattered, "starts on more leaves than needed", f"{came.scattered:,}"),
    ]
    return [(name, value) for happened, name, value in rows if happened]


def energy_rows(energy: Drawn | None) -> list[Row]:
    """Return energy, carbon and cost, each unknown where it is."""
    if energy is None:
        return []
    carbon = "unknown" if energy.tonnes_co2e is None else f"{energy.tonnes_co2e:,.1f} t CO2e"
    cost = "unknown" if energy.eur is None else f"{energy.eur:,.0f} EUR"
    return [
        ("energy", f"{energy.megawatt_hours:,.1f} MWh, {energy.idle_share:.0%} of it as if idle"),
        ("carbon", carbon),
        ("cost of the energy", cost),
    ]


def account_rows(done: Replay) -> list[tuple[str, str, str, str]]:
    """Return name, jobs, device-hours of work and mean wait of the accounts that used most, the most first."""
    trace = done.trace
    if trace.accounts is None:
        return []
    jobs, work, waited = ([0] * len(trace.account_names) for _ in range(3))
    asked = zip(trace.accounts, trace.units, trace.runtime_seconds, trace.submit_seconds, strict=True)
    for (account, units, runtime, submit), start in zip(asked, done.start_seconds, strict=True):
        if start >= 0:
            jobs[account] += 1
            work[account] += units * runtime
            waited[account] += start - submit
    most = sorted((account for account, count in enumerate(jobs) if count), key=lambda account: -work[account])
    return [
        (
            trace.account_names[account] or "(none named)",
            f"{jobs[account]:,}",
            f"{work[account] / 3600:,.0f}",
            show_duration(waited[account] / jobs[account]),
        )
        for account in most[:ACCOUNTS_SHOWN]
    ]
