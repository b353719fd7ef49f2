"""Chance that depends on nothing but a seed and a number: the k-th draw is the same whatever was drawn before.

So two runs that differ in one thing meet the same failures (common random numbers), on any number of cores.
Source: the mixing of SplitMix64 (Steele, Lea and Flood 2014, Fast splittable pseudorandom number generators).
"""

from fabrica.planning.engine.compiling import compiled

GOLDEN, FIRST, SECOND = -7046029254386353131, -4658895280553007687, -7723592293110705685  # as signed 64-bit numbers


@compiled
def draw(seed: int, number: int) -> float:
    """Return the draw of that number, evenly in (0, 1)."""
    mixed = seed * FIRST + number * GOLDEN
    mixed = (mixed ^ ((mixed >> 30) & 0x3FFFFFFFF)) * FIRST
    mixed = (mixed ^ ((mixed >> 27) & 0x1FFFFFFFFF)) * SECOND
    mixed ^= (mixed >> 31) & 0x1FFFFFFFF
    return ((mixed >> 11 & 0x1FFFFFFFFFFFFF) + 0.5) / 9007199254740992.0
