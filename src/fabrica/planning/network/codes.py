"""What the loop of the network, its plain reference and the counting of a year agree on, as numbers."""

OTHER_CLASS, COUNTRY_ALLOWED, SPEED = range(3)
"""Of an ask and a partition: whether it has another class, whether its country is allowed, how fast it is."""

STEPS = 112
"""Waits are counted in steps: none, then four to each doubling of seconds."""

CLASSES = 20
"""What a site tells of waits is by sizes that double, up to half a million devices; then of the whole partition."""
POOL = CLASSES
WINDOW = 256
LOOK_BACK = 30 * 86_400
"""Seconds after which a wait counts no more, as an agent's setting `history_days` has it."""
SCANNED = 1_000
"""Of those that queue, so many of the first are asked how long they have waited by now."""
TOLD_EVERY_SECONDS = 900
COUNTED_EVERY_SECONDS = 30
"""Between two counts of what is free, as an agent's setting `inventory_seconds` has it."""

OPENS, CLOSES, IS_OVER = range(3)
"""What changes at a partition: it opens, it closes, or maintenance of all of it was over at the count before."""

(
    AT_ONCE,
    ALL_FULL,
    ROOM_FOR_OTHERS,
    ROOM_NOT_CHOSEN,
    NOT_ITS_TURN,
    ALL_CLOSED,
    FOR_WINDOW,
    IN_REPAIR,
    NO_GRANT,
) = range(9)
"""Why a job did not start when it arrived; told in words in `causes.py`."""
CAUSES = 9
