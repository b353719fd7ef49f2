"""How a long calculation tells how far it is."""

from collections.abc import Callable

Progress = Callable[[float, str], None]
"""Is told how far a calculation is, from 0 to 1, and what it does now."""


def to_nobody(share: float, words: str) -> None:
    """Tell nobody."""


def of_part(tell: Progress, first: float, last: float, name: str = "") -> Progress:
    """Return what tells how far one part is as how far the whole is, which that part brings from `first` to `last`."""

    def tell_of_part(share: float, words: str) -> None:
        tell(first + share * (last - first), f"{name}: {words}" if name else words)

    return tell_of_part
