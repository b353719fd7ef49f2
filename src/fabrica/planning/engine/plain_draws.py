"""The same draws as in draws.py, in plain Python: 64-bit numbers that wrap around."""

MASK = 2**64 - 1
GOLDEN, FIRST, SECOND = 0x9E3779B97F4A7C15, 0xBF58476D1CE4E5B9, 0x94D049BB133111EB


def plain_draw(seed: int, number: int) -> float:
    """Return the draw of that number, evenly in (0, 1)."""
    mixed = (seed * FIRST + number * GOLDEN) & MASK
    mixed = (mixed ^ (mixed >> 30)) * FIRST & MASK
    mixed = (mixed ^ (mixed >> 27)) * SECOND & MASK
    mixed ^= mixed >> 31
    return ((mixed >> 11) + 0.5) / 2**53
