"""The same training at every site of the network, or on parts of a pool: what each would take, or why it cannot."""

from dataclasses import dataclass, replace

from fabrica.planning.training.answer import Answer, ask
from fabrica.planning.training.model_file import Training
from fabrica.planning.training.pools import Pool, part_of, pools_of_network
from fabrica.wire.problems import FabricaError

PLAIN = "bf16"
PARTS, PART_MIN = (2, 4, 8), 8


@dataclass(frozen=True, slots=True)
class Place:
    """One pool of the network: its answer, or the reason that there is none. `note`: what was changed to fit it."""

    pool: Pool
    answer: Answer | None
    reason: str | None
    note: str | None


def everywhere(
    training: Training, *, tokens: float | None = None, devices: int | None = None, resilience: str = "storage"
) -> tuple[Place, ...]:
    """Return every published pool of the network, those with an answer first, the soonest done first.

    `devices`: so many of each pool, or all of a smaller one. A pool that lacks the precision is asked in 16 bit.
    """
    places = [_place(training, pool, tokens, devices, resilience) for pool in pools_of_network()]
    return tuple(sorted(places, key=lambda one: one.answer.figures.days.value if one.answer else float("inf")))


def on_parts(
    training: Training, pool: Pool, *, tokens: float | None = None, resilience: str = "storage"
) -> tuple[Place, ...]:
    """Return the same training on a half, a quarter and an eighth of a pool: slower, but mostly for fewer hours."""
    sizes = [pool.devices // part for part in PARTS if pool.devices // part >= PART_MIN]
    return tuple(_place(training, part_of(pool, size), tokens, None, resilience) for size in sizes)


def _place(training: Training, pool: Pool, tokens: float | None, devices: int | None, resilience: str) -> Place:
    asked = part_of(pool, min(devices or pool.devices, pool.devices))
    note = None
    if asked.device.peak(training.precision) is None:
        plain = next(iter(asked.device.precisions()), PLAIN)
        note = f"in {plain}, for {asked.device.key} offers no {training.precision}"
        training = replace(training, precision=plain)
    try:
        return Place(asked, ask(training, asked, tokens=tokens, resilience=resilience), None, note)
    except FabricaError as problem:
        return Place(asked, None, problem.detail, note)
