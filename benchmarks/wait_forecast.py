"""Queue-wait forecasts on a real trace, each made only from what was known when its job came. Prints one JSON line.

The shared trace of 100,000 machine-learning jobs is replayed under EASY on 144 units, which gives every job a start.
Every fiftieth job is then forecast at the moment it was submitted, from the waits of jobs that had started by then in
the thirty days before and from the jobs that waited at that moment, and scored by the wait it came to have. The peer,
in the same run, is what people have without it: the waits of all earlier jobs, neither by class nor cut at a change.
"""

import bisect
import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from fabrica.planning.replay import Cluster, Policy, replay
from fabrica.planning.traces.reading import read_trace
from fabrica.waits.classes import forecasts, narrowest
from fabrica.waits.history import SAMPLES_MIN, Wait
from fabrica.waits.quantiles import empirical
from fabrica.waits.scores import COVERAGE_MAX, COVERAGE_MIN, score

TRACE = Path(__file__).resolve().parents[2] / "shared" / "data" / "traces" / "pai_100k.csv.gz"
UNITS, UNITS_MAX, EVERY, DAYS, WAITING_MAX = 144, 128, 50, 30, 5_000


class Outcomes(NamedTuple):
    """(q50 told, q90 told, seconds waited) of each forecast, and of how many jobs nothing could be told."""

    told: list[tuple[float, float, float]]
    silent: int


def main() -> None:
    """Replay, forecast, score, and end with one JSON object."""
    trace = read_trace(TRACE, units_max=UNITS_MAX)
    began = replay(trace, Cluster(UNITS), Policy.EASY).start_seconds
    rows = zip(trace.submit_seconds, trace.units, began, strict=True)
    jobs = [Wait(start, start - came, size) for came, size, start in rows]
    seconds = time.process_time()
    ours = forecast_each(jobs, by_class)
    seconds = (time.process_time() - seconds) / (len(ours.told) + ours.silent)
    peer = forecast_each(jobs, by_all_before)
    print(f"{len(ours.told):,} jobs forecast, {ours.silent} with fewer than {SAMPLES_MIN} waits known: told as unknown")
    for name, found in (("by class, cut at changes", ours), ("all earlier jobs", peer)):
        within = score(found.told)
        assert within is not None
        print(
            f"{name:26} within q50 {within.within_q50:6.1%}   within q90 {within.within_q90:6.1%}   "
            f"loss at q50 {loss(found.told, 0, 0.5):,.0f} s, at q90 {loss(found.told, 1, 0.9):,.0f} s"
        )
    covered = score(ours.told)
    beside = score(peer.told)
    assert covered is not None
    assert beside is not None
    print(f"bar: {COVERAGE_MIN:.0%} to {COVERAGE_MAX:.0%} within q90: {'met' if covered.holds else 'missed'}")
    print(f"{seconds * 1000:.1f} ms of CPU for all classes of one forecast")
    line = {
        "name": "wait_forecast_within_q90",
        "value": round(covered.within_q90, 4),
        "unit": "share of waits",
        "against": f"0.9; forecasts from all earlier jobs of the same replay have {beside.within_q90:.4f}",
        "ratio": round(covered.within_q90 / 0.9, 4),
    }
    print(json.dumps(line))


def loss(told: list[tuple[float, float, float]], column: int, share: float) -> float:
    """Return the mean quantile (pinball) loss in seconds: small for marks that are both right and sharp."""
    missed = [waited - row[column] for row in told for waited in row[2:]]
    return sum(max(share * miss, (share - 1) * miss) for miss in missed) / len(missed)


def forecast_each(jobs: list[Wait], how: "Forecaster") -> Outcomes:
    """Return what was told of every `EVERY`-th job at its submission, beside what came true."""
    by_start = sorted(jobs, key=lambda job: job.started_at)
    starts = [job.started_at for job in by_start]
    told, silent = [], 0
    for place in range(EVERY, len(jobs), EVERY):
        job = jobs[place]
        now = job.started_at - job.waited_seconds
        first, last = bisect.bisect_left(starts, now - DAYS * 86_400), bisect.bisect_right(starts, now)
        known = [one for one in by_start[first:last] if one.started_at <= now]
        waiting = [
            Wait(0, now - (one.started_at - one.waited_seconds), one.devices)
            for one in jobs[max(0, place - WAITING_MAX) : place]
            if one.started_at > now
        ]
        found = how(known, waiting, job)
        if found is None:
            silent += 1
        else:
            told.append((*found, float(job.waited_seconds)))
    return Outcomes(told, silent)


Forecaster = Callable[[list[Wait], list[Wait], Wait], tuple[float, float] | None]


def by_class(known: list[Wait], waiting: list[Wait], job: Wait) -> tuple[float, float] | None:
    """Forecast as an agent does."""
    found = narrowest(forecasts(known, waiting), job.devices, job.limit_seconds)
    return (found[1].q50_seconds, found[1].q90_seconds) if found else None


def by_all_before(known: list[Wait], waiting: list[Wait], job: Wait) -> tuple[float, float] | None:
    """Forecast by the plain quantiles of all jobs that started in the thirty days before."""
    ordered = sorted(one.waited_seconds for one in known)
    return (empirical(ordered, 0.5), empirical(ordered, 0.9)) if len(ordered) >= SAMPLES_MIN else None


if __name__ == "__main__":
    main()
