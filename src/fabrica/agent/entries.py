"""One attempt as the journal knows it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from fabrica.engines.contract import Handle
from fabrica.values.ids import AttemptId
from fabrica.values.states import AttemptState, EndReason
from fabrica.wire.agents import Event, WorkOrder
from fabrica.wire.bodies import Body, Instant
from fabrica.wire.runs import Artifact, Usage

UNNUMBERED = 1
"""The sequence of an event before the journal gives it its own."""


def event_of(order: WorkOrder, kind: Any, at: datetime, **fields: Any) -> Event:
    """Return what happened to an order's attempt, before the journal numbers it."""
    return Event(sequence=UNNUMBERED, attempt=order.attempt, fence=order.fence, kind=kind, at=at, **fields)


class Ending(Body):
    """How an attempt ended."""

    reason: EndReason
    words: str = ""
    exit_code: int | None = None
    started_at: Instant | None = None
    ended_at: Instant
    usage: Usage = Usage()
    tasks: str = ""
    log_bytes_dropped: int = 0


@dataclass(frozen=True, slots=True)
class Notes:
    """What the journal keeps of an attempt for its record alone.

    `site` is the site that the server says we are. `environment`: what the attempt was staged with; None: it was not
    staged. `facts`: what the agent saw, each with its instant, in order.
    """

    site: str | None = None
    environment: Mapping[str, Any] | None = None
    facts: tuple[tuple[datetime, Mapping[str, Any]], ...] = ()


@dataclass(frozen=True, slots=True)
class Entry:
    """One row of the journal. What is set says how far the attempt is.

    `variables`: staged, the engine may start it. `start_asked`: the engine may have started it. `handle`: it has.
    `ending`: the command is over, or never ran. `artifacts`: outputs collected and record sealed. State `ended`: all
    is in the spool.
    """

    order: WorkOrder
    state: AttemptState
    confirmed: bool
    variables: Mapping[str, str] | None
    start_asked: bool
    handle: Handle | None
    stop_reason: EndReason | None
    ending: Ending | None
    artifacts: tuple[Artifact, ...] | None
    log_read: int
    log_told: int
    metrics_read: int

    @property
    def attempt(self) -> AttemptId:
        return self.order.attempt

    @property
    def live(self) -> bool:
        return self.state is not AttemptState.ENDED

    @property
    def waits_for_stage(self) -> bool:
        return self.ending is None and self.handle is None and self.variables is None

    @property
    def may_start(self) -> bool:
        """True once it is staged and the server has said that it knows of the acceptance.

        Without that word, an offer that the server took back in the meantime could run at two sites.
        """
        return self.ending is None and self.handle is None and self.variables is not None and self.confirmed

    @property
    def stops_unstarted(self) -> bool:
        """True when it is to be stopped and the engine was never asked to start it."""
        return self.stop_reason is not None and self.ending is None and not self.start_asked

    @property
    def in_engine(self) -> bool:
        return self.ending is None and self.handle is not None

    @property
    def waits_for_finish(self) -> bool:
        return self.ending is not None and self.live
