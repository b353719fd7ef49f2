"""Fair share in plain Python: what each account used, as it counts at a common later instant."""

import math
from collections.abc import Mapping

STEPS = 1024
"""A half-life has so many steps; within one, a charge weighs the same."""
HALVINGS_MAX = 400
"""After so many half-lives the common instant is moved on, before the weights outgrow a number."""


def step_powers() -> list[float]:
    """Return how much more a charge weighs at each step of a half-life than at its start."""
    return [2 ** (step / STEPS) for step in range(STEPS)]


class PlainShares:
    """What accounts used. `half_life_seconds`: 0 where it never fades."""

    def __init__(self, half_life_seconds: int, shares: Mapping[int, float]) -> None:
        self._half_life = half_life_seconds
        self._shares = shares
        self._usage: dict[int, float] = {}
        self._halvings = 0
        self._powers = step_powers()

    def charge(self, account: int, device_seconds: int, at: int) -> None:
        """Add to what an account used, as of an instant; a negative number takes back."""
        weight = self._weight(at)
        self._usage[account] = self._usage.get(account, 0.0) + device_seconds * weight

    def _weight(self, at: int) -> float:
        if self._half_life == 0:
            return 1.0
        halvings = at // self._half_life - self._halvings
        if halvings > HALVINGS_MAX:
            self._usage = {account: math.ldexp(usage, -halvings) for account, usage in self._usage.items()}
            self._halvings += halvings
            halvings = 0
        return math.ldexp(self._powers[at % self._half_life * STEPS // self._half_life], halvings)

    def used(self, account: int) -> float:
        """Return what an account used for its share."""
        return self._usage.get(account, 0.0) / self._shares.get(account, 1.0)
