"""How firmly something stands, on a scale of four, so that a missing fact never turns into a yes or a no.

NO and YES are final: no further fact changes them. OPEN and STANDS hang on a fact that is missing. OPEN says "not shown
so far"; STANDS says "shown, unless an exception that nobody has told us applies". On this scale "and" is the weakest,
"or" the strongest, and an exception is the mirror image of itself.
"""

from typing import Final

NO: Final = 0
OPEN: Final = 1
STANDS: Final = 2
YES: Final = 3


def shown(truth: int) -> bool:
    """Say whether a conclusion may be told as one: final, or standing until an exception is shown."""
    return truth >= STANDS
