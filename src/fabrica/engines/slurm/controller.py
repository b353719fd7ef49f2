"""What the engine asks of a site's Slurm, whichever way it is asked: by commands or by REST."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from fabrica.engines.slurm.jobs import Job, Row
from fabrica.engines.slurm.submission import Submission


class Silent(Exception):
    """Slurm gave no answer that can be relied on: it hangs, is down, or refuses to speak to us now."""


class Refused(Exception):
    """Slurm has said no, for a reason that asking again does not change."""


@dataclass(frozen=True, slots=True)
class Node:
    """One node in one partition. `memory_mib` is what jobs may have; `gres` and `gres_used` count by `name:type`."""

    name: str
    partition: str
    state: str
    cpus: int
    cpus_held: int
    memory_mib: int
    threads_per_core: int = 1
    gres: dict[str, int] = field(default_factory=dict)
    gres_held: dict[str, int] = field(default_factory=dict)
    time_limit_seconds_max: int | None = None
    reason: str = ""
    since: int | None = None


@dataclass(frozen=True, slots=True)
class Waiting:
    """One job in the queue, of whoever: what a partition's queue is counted from."""

    partition: str
    running: bool
    nodes: int
    cpus: int
    gres: dict[str, int]


@dataclass(frozen=True, slots=True)
class Reservation:
    """Nodes that Slurm keeps for some between two instants, in epoch seconds.

    `cores`: how many it takes of all its nodes together. `picks_cores`: Slurm names which of a node's cores it takes,
    and leaves the others. `flags`: as Slurm has them, such as `MAINT`. `accounts`: those it is for, in small letters.
    """

    name: str
    starts: int
    ends: int
    nodes: frozenset[str]
    cores: int = 0
    picks_cores: bool = False
    flags: frozenset[str] = frozenset()
    accounts: frozenset[str] = frozenset()


class Begun(Protocol):
    """A submission that is on its way and not yet made: what takes time and changes nothing has begun."""

    def finish(self) -> str:
        """Submit the job and return its id.

        Raises:
            Refused: there is no job, and asking again would change nothing.
            Silent: there may be one.
        """

    def drop(self) -> None:
        """Submit nothing."""


class Controller(Protocol):
    """One site's Slurm. Every call is one question, whatever the number of jobs.

    Raises of each: `Silent`. A call that changes something may have been heard all the same.
    """

    @property
    def version(self) -> str:
        """Slurm's version, such as `22.05.8`."""

    @property
    def cluster(self) -> str:
        """The cluster's name, as accounting has it."""

    @property
    def has_accounting(self) -> bool:
        """Whether `rows` can be asked."""

    @property
    def measures_energy(self) -> bool:
        """Whether the site's energy plugin counts joules."""

    @property
    def array_size_max(self) -> int | None:
        """The most tasks of one array; None: it is not known."""

    @property
    def hides_reservations(self) -> bool | None:
        """Whether Slurm shows reservations to its operators alone; None: it is not known."""

    def counts_gres(self, name: str) -> bool | None:
        """Say whether Slurm counts which devices of a name a job was given; None: it is not known."""

    def begin(self, submission: Submission, *, user: str | None) -> Begun:
        """Begin to submit one job."""

    def cancel(self, jobs: Sequence[str], *, user: str | None) -> None:
        """Ask for the end of jobs; one that has ended is no error."""

    def queue(self, names: Collection[str]) -> list[Job]:
        """Return the jobs of these names that the controller knows, ended ones too."""

    def rows(self, names: Collection[str], jobs: Collection[str], *, since: int) -> list[Row]:
        """Return every start of these jobs; `jobs` empty: of all jobs of these names that came after `since`."""

    def booted_at(self) -> int | None:
        """Return since when, in epoch seconds, Slurm's controller has surely not been started anew; None: unknown."""

    def nodes(self) -> list[Node]:
        """Return every node once for each of its partitions."""

    def waiting(self) -> list[Waiting]:
        """Return all jobs that run or wait, of everybody."""

    def reservations(self) -> list[Reservation]:
        """Return all reservations that the agent's account may see, present and to come."""
