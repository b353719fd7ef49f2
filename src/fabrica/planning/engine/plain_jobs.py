"""The jobs of a plain site, and what came of them all."""

from dataclasses import dataclass

from fabrica.planning.engine.plain_windows import PlainWindow


@dataclass(slots=True, eq=False)
class PlainJob:
    """One job: what it asks, and how far it has come. `inside`: the reservation in which it runs. See table.py."""

    number: int
    submit: int
    runtime: int
    asked: int
    units: int
    account: int = 0
    level: int = 0
    kind: int = 0
    start: int = -1
    end: int = -1
    began: int = -1
    attempts: int = 0
    left: int = 0
    restart: int = 0
    planned: int = 0
    held: int = 0
    lost: int = 0
    stopped: int = 0
    preempted: int = 0
    is_saving: bool = False
    inside: PlainWindow | None = None
    is_refused: bool = False
    is_given_up: bool = False

    def __post_init__(self) -> None:
        self.left, self.planned = self.runtime, self.asked


@dataclass(slots=True)
class PlainTotals:
    """What came of it all. See STATE in site_state.py."""

    done: int = 0
    refused: int = 0
    given_up: int = 0
    stops: int = 0
    stopped: int = 0
    preempted: int = 0
    scattered: int = 0
    inside: int = 0
    busy_device_seconds: int = 0
    lost_device_seconds: int = 0
    repair_device_seconds: int = 0
