"""How many units will be free when, in plain Python: one number for each stretch between two times."""

import bisect


class PlainTimeline:
    """From each time on so many units are free, until the next one; the last stretch holds for ever."""

    def __init__(self, capacity: int) -> None:
        self._times = [-1]
        self._free = [capacity]

    def forget_before(self, now: int) -> None:
        """Drop the stretches that are past."""
        past = bisect.bisect_right(self._times, now) - 1
        del self._times[:past], self._free[:past]

    def earliest(self, now: int, duration: int, units: int) -> int:
        """Return the first time from `now` on from which so many units are free for so long."""
        start = now
        for step, free in enumerate(self._free):
            if free < units:
                start = self._times[step + 1]
            elif step + 1 < len(self._times) and self._times[step + 1] >= start + duration:
                break
        return start

    def change(self, start: int, end: int, units: int) -> None:
        """Add units to what is free from `start` until `end`; a negative number takes them."""
        for step in range(self._step_at(start), self._step_at(end)):
            self._free[step] += units

    def _step_at(self, time: int) -> int:
        step = bisect.bisect_left(self._times, time)
        if step == len(self._times) or self._times[step] != time:
            self._times.insert(step, time)
            self._free.insert(step, self._free[step - 1])
        return step
