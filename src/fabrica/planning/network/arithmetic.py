"""Small sums of the network that are written once: the compiled loop compiles them as they stand here."""

import math

from fabrica.planning.network.codes import CLASSES, STEPS


def scaled(seconds: int, speed: float) -> int:
    """Return how long work takes on a device of this speed, in whole seconds and one at least."""
    return max(1, math.ceil(seconds / speed - 1e-9))


def size_class(units: int) -> int:
    """Return the class of jobs that ask for so many devices: 0 for 1, 1 for 2, 2 for 3 and 4, and so on."""
    found = 0
    while (1 << found) < units and found < CLASSES - 1:
        found += 1
    return found


def step_of(seconds: int) -> int:
    """Return the step of a wait: 0 for none, then four to each doubling."""
    if seconds <= 0:
        return 0
    return min(1 + int(4.0 * math.log2(float(seconds))), STEPS - 1)


def end_of_step(step: int) -> float:
    """Return the longest wait of a step, in seconds."""
    return 0.0 if step == 0 else 2.0 ** (step / 4.0)


def tie(job: int, row: int) -> float:
    """Return a number in 0..1 that breaks ties: even over many jobs, always the same for one.

    Source: the mixing steps of SplitMix64 (Steele, Lea, Flood 2014), with its multipliers cut to 31 bits.
    """
    mixed = (job * 1_000_003 + row * 7_919 + 12_345) & 0x7FFFFFFF
    for _ in range(3):
        mixed = ((mixed ^ (mixed >> 15)) * 0x2C1B3C6D) & 0x7FFFFFFF
    return (mixed ^ (mixed >> 14)) / 2147483648.0
