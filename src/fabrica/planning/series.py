"""What a replay looks like over time and by size: units in use, jobs that queue, and who waits."""

from dataclasses import dataclass

from fabrica.planning.replay import Replay


@dataclass(frozen=True, slots=True)
class OverTime:
    """Means over equal stretches of `bin_seconds` from second 0 of the trace. Each series: shape (bins,)."""

    bin_seconds: float
    units_in_use: list[float]
    jobs_queued: list[float]


@dataclass(frozen=True, slots=True)
class SizeClass:
    """The jobs that ask for `units_min` to `units_max` units, with their waits in seconds."""

    units_min: int
    units_max: int
    jobs: int
    mean_wait_seconds: float
    p95_wait_seconds: float


def over_time(replay: Replay, bins: int) -> OverTime:
    """Return the means of so many stretches; exact, not sampled.

    Of a job that was stopped or made room, only the last attempt counts as in use.
    """
    trace = replay.trace
    ends = list(replay.ends())
    width = max(max(ends), 1) / bins
    in_use, queued = _Means(bins, width), _Means(bins, width)
    begun = replay.outcome.began_seconds if replay.outcome else replay.start_seconds
    last = zip(begun, ends, strict=True)
    asked = zip(trace.submit_seconds, replay.start_seconds, trace.units, strict=True)
    for (submit, start, units), (began, end) in zip(asked, last, strict=True):
        if end < 0:  # it never started, or was given up
            continue
        in_use.add(began, end, units)
        queued.add(submit, start, 1)
    return OverTime(width, in_use.means(), queued.means())


class _Means:
    """The mean of a sum of steps in every bin: whole bins by differences, the two at the edges by their parts."""

    def __init__(self, bins: int, width: float) -> None:
        self._width = width
        self._whole = [0.0] * (bins + 1)
        self._parts = [0.0] * (bins + 1)

    def add(self, begin: int, end: int, height: int) -> None:
        first, last = self._bin(begin), self._bin(end)
        self._parts[first] += height * ((first + 1) * self._width - begin)
        self._parts[last] -= height * ((last + 1) * self._width - end)
        self._whole[first] += height
        self._whole[last] -= height

    def _bin(self, instant: int) -> int:
        return min(int(instant / self._width), len(self._parts) - 1)

    def means(self) -> list[float]:
        found, height = [], 0.0
        for whole, part in zip(self._whole[:-1], self._parts[:-1], strict=True):
            found.append(max(height + part / self._width, 0.0))
            height += whole
        return found


def wait_by_size(replay: Replay) -> list[SizeClass]:
    """Return the waits of jobs of 1 unit, 2, 3 to 4, 5 to 8 and so on, without empty classes."""
    from fabrica.planning.figures import quantile

    waits: dict[int, list[int]] = {}
    columns = zip(replay.trace.units, replay.start_seconds, replay.trace.submit_seconds, strict=True)
    for units, start, submit in columns:
        if start < 0:
            continue
        waits.setdefault((units - 1).bit_length(), []).append(start - submit)
    return [
        SizeClass(
            units_min=(1 << doublings >> 1) + 1 if doublings else 1,
            units_max=1 << doublings,
            jobs=len(found),
            mean_wait_seconds=sum(found) / len(found),
            p95_wait_seconds=quantile(sorted(found), 0.95),
        )
        for doublings, found in sorted(waits.items())
    ]
