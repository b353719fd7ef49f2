"""What a replay is told by: waits, makespan and use."""

from dataclasses import dataclass

from fabrica.planning.replay import Replay


@dataclass(frozen=True, slots=True)
class Figures:
    """Figures of one replay. Waits and makespan in seconds; shares in 0..1. A job that never started has no wait.

    `p95_wait_s`: the 95th percentile, between two waits in proportion, as a whole second.
    `makespan_s`: from second 0 of the trace to the last end.
    `use`: unit-seconds in use over capacity times makespan.
    """

    jobs: int
    mean_wait_s: float
    p95_wait_s: int
    longest_wait_s: int
    waiting_share: float
    makespan_s: int
    use: float


def figures(replay: Replay) -> Figures:
    """Return the figures of a replay, exact until the one rounding at the end."""
    trace = replay.trace
    columns = zip(replay.start_seconds, trace.submit_seconds, strict=True)
    waits = sorted(start - submit for start, submit in columns if start >= 0)
    makespan = max(max(replay.ends()), 0)
    work = sum(units * runtime for units, runtime in zip(trace.units, trace.runtime_seconds, strict=True))
    if replay.outcome is not None:
        work = replay.outcome.busy_device_seconds
    waits = waits or [0]
    return Figures(
        jobs=len(trace),
        mean_wait_s=round(sum(waits) / len(waits), 2),
        p95_wait_s=round(quantile(waits, 0.95)),
        longest_wait_s=waits[-1],
        waiting_share=round(sum(wait > 0 for wait in waits) / len(waits), 4),
        makespan_s=makespan,
        use=round(work / (replay.cluster.capacity * makespan), 4) if makespan else 0.0,
    )


def quantile(ordered: list[int], share: float) -> float:
    """Return the value at a share of the way through an ordered list, in proportion between two neighbours."""
    at = share * (len(ordered) - 1)
    below = int(at)
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + (ordered[above] - ordered[below]) * (at - below)
