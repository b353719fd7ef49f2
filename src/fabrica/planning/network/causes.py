"""Why jobs of the network waited, in words: the reason is noted when a job comes and cannot start."""

from collections.abc import Mapping
from dataclasses import dataclass

from fabrica.planning.network.codes import (
    ALL_CLOSED,
    ALL_FULL,
    AT_ONCE,
    FOR_WINDOW,
    IN_REPAIR,
    NOT_ITS_TURN,
    ROOM_FOR_OTHERS,
    ROOM_NOT_CHOSEN,
)
from fabrica.planning.network.runs import Outcome

WORDS: Mapping[int, str] = {
    ALL_FULL: "no partition of the network had room for it",
    ROOM_FOR_OTHERS: "there was room, but not on the accelerators or in the country it asks for",
    ROOM_NOT_CHOSEN: "another partition that would do had room; the broker's weights, or its news of waits, chose this",
    NOT_ITS_TURN: "enough devices were free where it went, but in pieces, or kept for the first in the queue",
    FOR_WINDOW: "a window of maintenance, or of others, took the devices or was too near",
    IN_REPAIR: "nodes were in repair where it went",
    ALL_CLOSED: "every partition that would do was closed",
    AT_ONCE: "it started at once",
}


@dataclass(frozen=True, slots=True)
class Cause:
    """One reason: jobs and the hours they waited, as means over the replications, and its share of all hours waited."""

    words: str
    jobs: float
    waited_hours: float
    share: float


def causes(outcome: Outcome, job_class: int | None = None) -> tuple[Cause, ...]:
    """Return why jobs waited, the reason with most hours first; of one class or of all."""
    chosen = slice(None) if job_class is None else slice(job_class, job_class + 1)
    count = len(outcome.tallies)
    jobs = sum(tally.causes[:, chosen].sum(axis=(0, 1)) for tally in outcome.tallies) / count
    seconds = sum(tally.cause_seconds[:, chosen].sum(axis=(0, 1)) for tally in outcome.tallies) / count
    total = float(seconds.sum()) or 1.0
    found = [
        Cause(words, float(jobs[code]), float(seconds[code]) / 3600, float(seconds[code]) / total)
        for code, words in WORDS.items()
        if code != AT_ONCE and jobs[code]
    ]
    return tuple(sorted(found, key=lambda one: -one.waited_hours))
