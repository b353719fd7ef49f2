"""The contract every engine keeps: five verbs, no accounts, no people."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Literal, NewType, Protocol, runtime_checkable

from fabrica.values.ids import AttemptId, ProjectId
from fabrica.values.states import EndReason
from fabrica.wire.agents import Inventory
from fabrica.wire.limits import LimitDrift, LimitsReport, OutsideReported, ProjectRemaining
from fabrica.wire.runs import Resources, Usage

Handle = NewType("Handle", str)
"""The engine's own id for a started attempt: stable over a restart of the agent."""


@dataclass(frozen=True, slots=True)
class StartOrder:
    """What an engine needs to start one attempt; everything is on the site's disk already.

    `folder` is the attempt's own: `work/` (working folder of the command, holds the source), `data/` (read-only
    datasets), `record/` (the run record), `tmp/`, `log` (standard output and error). `variables` is the whole
    environment of the command: nothing is inherited. `site_account`: the account of the site the command executes as;
    None: the agent's own. `project`: whose run it is; None: the server does not tell.
    `image`: file of the image that the command runs in; None: it runs in none.
    """

    attempt: AttemptId
    name: str
    partition: str
    command: tuple[str, ...]
    folder: Path
    variables: Mapping[str, str]
    resources: Resources
    site_account: str | None = None
    project: ProjectId | None = None
    image: Path | None = None


@dataclass(frozen=True, slots=True)
class Observation:
    """What the engine says of one handle now. `reason` and the times are set once `state` is `ended`.

    `expected_start_at`: the engine's own estimate while `queued`; None: it gives none. `tasks`: of a job array, one
    letter a task as `wire.runs.TaskStates`; empty for a run of one task.
    `log_bytes_dropped`: output beyond the log's cap, counted and not kept.
    """

    state: Literal["queued", "running", "ended", "unknown"]
    reason: EndReason | None = None
    exit_code: int | None = None
    started_at: datetime | None = None
    ended_at: datetime | None = None
    expected_start_at: datetime | None = None
    words: str = ""
    usage: Usage = field(default_factory=Usage)
    tasks: str = ""
    log_bytes_dropped: int = 0


@dataclass(frozen=True, slots=True)
class JobWait:
    """How long one job of the site waited, whoever sent it; `started_at` null: it waits still. Times: epoch seconds."""

    partition: str
    waited_seconds: int
    devices: int
    limit_seconds: int
    started_at: int | None


@runtime_checkable
class KeepsHistory(Protocol):
    """What an engine may offer beside the five verbs: the waits of all jobs of the site."""

    def waits(self, since: datetime) -> Iterable[JobWait] | None:
        """Return the waits of jobs that started after `since`, and of those that wait now; None: nobody counts them."""


@runtime_checkable
class StartsTogether(Protocol):
    """What an engine may offer beside the five verbs: `start` is called by several threads, for as many attempts."""

    starts_at_once: int


@dataclass(frozen=True, slots=True)
class Finding:
    """What a look at one thing of a site found. `fix`: it does not work before it is mended; `warn`: it works, but."""

    subject: str
    verdict: Literal["ok", "warn", "fix"]
    words: str
    remedy: str = ""


@runtime_checkable
class ChecksItself(Protocol):
    """What an engine may offer beside the five verbs: a look at all it needs, for `fabrica agent check`."""

    def check(self, accounts: Sequence[str]) -> Iterable[Finding]:
        """Try what the engine needs, starting nothing. `accounts`: those of the site that runs execute as."""


@runtime_checkable
class MirrorsLimits(Protocol):
    """A site's scheduler as a second wall: allocations stand there as limits of its own accounts.

    Raises of each: `LimitsUnread`, when the scheduler does not answer.
    """

    @property
    def accounts(self) -> Mapping[ProjectId, str]:
        """The scheduler's account of each project."""

    def outside(self, since: Mapping[str, int]) -> Sequence[OutsideReported]:
        """Return starts of jobs in these accounts that are not ours and ran after an instant. Epoch seconds."""

    def compare(self, projects: Sequence[ProjectRemaining]) -> LimitsReport:
        """Return what stands otherwise than it should, by what each project may still use. It changes nothing."""

    def mend(self, drift: LimitDrift) -> None:
        """Set one limit as it should be.

        Raises:
            LimitsNotSet: the scheduler does not take it, for example because we may not.
        """


class Engine(Protocol):
    """Five verbs. Every verb may be called twice, after any crash, in any order, and stays true."""

    @property
    def name(self) -> Literal["local", "slurm", "simulated"]:
        """Which engine this is."""

    def capacity(self) -> Inventory:
        """Return what the site has now."""

    def start(self, order: StartOrder) -> Handle:
        """Start the attempt once, however often this is called for the same attempt, and return its handle.

        Raises:
            StartRefused: the engine will not start it; the reason is one of `EndReason`.
        """

    def observe(self, handles: Iterable[Handle]) -> dict[Handle, Observation]:
        """Return the state of many handles with one look at the engine."""

    def stop(self, handle: Handle, reason: EndReason) -> None:
        """Ask for the end of an attempt: warning signal, grace, then kill. Returns at once; `observe` tells the end."""

    def usage(self, handle: Handle) -> Usage:
        """Return what the attempt has used so far, cumulative."""


class StartRefused(Exception):
    """The engine will not start an attempt."""

    def __init__(self, reason: EndReason, words: str) -> None:
        super().__init__(words)
        self.reason = reason
        self.words = words


def declined(words: str) -> StartRefused:
    """Return the refusal of an attempt that the site cannot take as it is asked."""
    return StartRefused(EndReason.SITE_DECLINED, words)
