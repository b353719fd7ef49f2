"""Time to a result: stops, checkpoints and restarts, and the share of the time that is useful.

Sources: best interval: Young 1974, A first order approximation to the optimum checkpoint interval, made exact here;
useful share: Daly 2006, A higher order estimate of the optimum checkpoint interval; rate of stops: Llama Team 2024
(arXiv:2407.21783), 419 unexpected stops of 16,384 H100 in 54 days.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # it needs NumPy, which a server may lack
    from fabrica.planning.training.runs import Run

DEVICE_HOURS_PER_STOP = 16_384 * 54 * 24 / 419
HOUR_SECONDS = 3600.0
NODE_DEVICES = 8
MOMENTS_COVERED, NEARLY_NORMAL = 0.977, 100.0
REPAIR_SECONDS = 24 * HOUR_SECONDS  # until a node that stopped is back; an assumption, sites differ widely


@dataclass(frozen=True, slots=True)
class Stops:
    """How a training stops and comes back: seconds that a checkpoint blocks, that a restart takes, until repair.

    With `spares`, as many nodes stand ready as are in repair at most times, none beside a small pool, and a restart
    waits for none of them. With `elastic` data parallelism the other replicas go on, and only the one that lost a node
    rests until repair. With neither a stop waits for the repair of the node.
    """

    name: str = "checkpoints to storage, hot spares"
    device_hours_per_stop: float = DEVICE_HOURS_PER_STOP
    checkpoint_seconds: float = 10.0
    restart_seconds: float = 300.0
    repair_seconds: float = REPAIR_SECONDS
    spares: bool = True
    elastic: bool = False


OPTIONS: Mapping[str, Stops] = {
    "storage": Stops(),
    "slow-storage": Stops("slow storage, hot spares", checkpoint_seconds=60.0, restart_seconds=900.0),
    "memory": Stops("copies in the neighbour's memory, hot spares", checkpoint_seconds=2.0, restart_seconds=60.0),
    "elastic": Stops(
        "copies in memory, elastic data parallelism",
        checkpoint_seconds=2.0,
        restart_seconds=60.0,
        spares=False,
        elastic=True,
    ),
    "bare": Stops("checkpoints to storage, each stop waits for the repair", spares=False),
}
"""The ways to keep a training going that the planner compares, by the name a caller gives."""


@dataclass(frozen=True, slots=True)
class Goodput:
    """What stops cost: the best interval between checkpoints, and the share of all device time that advances the
    training. `devices_held` counts the spares too."""

    name: str
    mean_seconds_between_stops: float
    interval_seconds: float
    useful_share: float
    devices_held: int


def goodput(devices: int, stops: Stops, replica_devices: int = NODE_DEVICES) -> Goodput:
    """Return the useful share of a pool. `replica_devices`: that hold one copy of the model and stop together."""
    mean = stops.device_hours_per_stop * HOUR_SECONDS / devices
    down = stops.repair_seconds / mean  # nodes in repair, on average
    held = devices + (NODE_DEVICES * spare_nodes(down) if stops.spares else 0)
    waiting = 0.0 if held > devices or stops.elastic else stops.repair_seconds
    interval = best_interval_seconds(mean, stops.checkpoint_seconds)
    useful = daly_share(mean, interval, stops.checkpoint_seconds, stops.restart_seconds + waiting)
    if stops.elastic:
        useful *= max(1 - down * max(replica_devices, NODE_DEVICES) / devices, 0.0)
    return Goodput(stops.name, mean, interval, useful * devices / held, held)


def spare_nodes(down: float) -> int:
    """Return how many nodes are in repair at most, in 977 of 1,000 moments, where `down` are on average.

    Nodes fail apart from each other, so their number follows Poisson; a large one is nearly normal, and there this is
    two standard deviations over the mean.
    """
    if down > NEARLY_NORMAL:
        return math.ceil(down + 2 * math.sqrt(down))
    nodes, likely = 0, math.exp(-down)
    covered = likely
    while covered < MOMENTS_COVERED:
        nodes += 1
        likely *= down / nodes
        covered += likely
    return nodes


def best_interval_seconds(mean_seconds: float, checkpoint_seconds: float) -> float:
    """Return the interval that wastes least: Young's square root of 2 d M, made exact by Newton's method.

    `mean_seconds` between stops, M; a checkpoint blocks for d. At the best interval t, ln(1 - t/M) + (t + d)/M = 0.
    """
    blocked = checkpoint_seconds / mean_seconds
    share = 1 - math.exp(-math.sqrt(2 * blocked))  # Young's, kept under 1
    for _ in range(60):
        value = math.log1p(-share) + share + blocked
        slope = -share / (1 - share)
        following = share - value / slope
        share = following if 0 < following < 1 else (share + (0.0 if following <= 0 else 1.0)) / 2
    return share * mean_seconds


def daly_share(mean_seconds: float, interval: float, checkpoint_seconds: float, restart_seconds: float) -> float:
    """Return t / (M e^(R/M) (e^((t+d)/M) - 1)): the share of time that is work, with exponential stops."""
    exponent = restart_seconds / mean_seconds
    if exponent > 500:
        return 0.0
    lost = mean_seconds * math.exp(exponent) * math.expm1((interval + checkpoint_seconds) / mean_seconds)
    return interval / lost


def useful_share_of_run(run: "Run") -> float:
    """Return the share of a published run's time that advanced it; 1 where its figure is of steps alone."""
    return goodput(run.devices, Stops()).useful_share if run.lost_time else 1.0
