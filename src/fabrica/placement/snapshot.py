"""What one placement decision is made from: the run's needs, every candidate as it was, and the policy."""

import functools
import hashlib
import itertools
import json
import math
from dataclasses import dataclass, fields
from operator import attrgetter
from typing import TYPE_CHECKING, ClassVar

from pydantic import ConfigDict, ValidationError
from pydantic_core import to_json

from fabrica.values.time import from_rfc3339
from fabrica.wire.placement import SnapshotMalformed

if TYPE_CHECKING:
    from pydantic import TypeAdapter

# Whole numbers stay whole, so that a snapshot read back has the bytes it was written with.
Number = int | float

_STRICT = ConfigDict(extra="forbid", allow_inf_nan=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Needs:
    """What one run asks, per site.

    `expected_seconds`: run time on the reference device; None: the time limit stands in. `countries`: ISO codes that
    the run and its datasets' agreements allow; None: any. `sites`: the only ones its person wants; None: any.
    `data_bytes`: all datasets; None: unknown, 0: none. `software_stack`: None: any. `interactive`: a person works in
    the run. `accept_simulated`: the run says itself that a simulated site will do.
    """

    __pydantic_config__: ClassVar[ConfigDict] = _STRICT

    run: str
    resource_class: str
    nodes: int
    devices_per_node: int
    memory_bytes_per_node: int
    disk_bytes: int
    time_limit_seconds: int
    expected_seconds: Number | None = None
    countries: tuple[str, ...] | None = None
    sites: tuple[str, ...] | None = None
    data_bytes: int | None = None
    software_stack: str | None = None
    containers: bool = False
    interactive: bool = False
    accept_simulated: bool = False

    @property
    def devices(self) -> int:
        """Devices on all nodes."""
        return self.nodes * self.devices_per_node

    @property
    def seconds(self) -> Number:
        """Run time on the reference device, or the time limit in its place."""
        return self.time_limit_seconds if self.expected_seconds is None else self.expected_seconds


@dataclass(frozen=True, slots=True, kw_only=True)
class CandidateState:
    """One partition of one site as the decision saw it. None: not known, unless another meaning is told here.

    `agent_age_seconds`: since the agent's last word; None: no agent of the site has ever connected.
    `silent_seconds`: since the site's scheduler began to leave its agent without an answer; None: it answers.
    `devices_spare`: the free ones without as many as all ask for who wait there; negative: more than are free.
    `maintenance_starts_in_seconds`: None: none planned; 0 or less while it goes on. `allocation_free_milliseconds`:
    of the run's project and resource class; None: no allocation there. `allocation_ends_in_seconds`: None: it does
    not end. `reserve_milliseconds`: what the time limit costs there. `relative_speed`: 2.0 runs in half the time of
    the reference device. `failure_share`: of recent attempts, those that ended by the site's fault. `declined`: the
    site was asked for this run already and did not take it. `site_account`: whether it has an account for the run's
    person; None: it asks for none. `support`: whom to ask there. `own_site`: whether it is a personal site of that
    person; None: it is nobody's own. `interactive`: whether people can work in runs there; None: its agent does not
    tell, for older ones cannot.
    """

    __pydantic_config__: ClassVar[ConfigDict] = _STRICT

    site: str
    site_name: str
    partition: str
    country: str
    resource_class: str
    simulated: bool = False
    agent_age_seconds: Number | None = None
    silent_seconds: Number | None = None
    draining: bool = False
    declined: bool = False
    site_account: bool | None = None
    support: str | None = None
    own_site: bool | None = None
    accelerator: str | None = None
    software_stack: str | None = None
    containers: bool | None = None
    interactive: bool | None = None
    nodes: int | None = None
    devices_per_node: int | None = None
    devices_total: int | None = None
    devices_free: int | None = None
    devices_spare: int | None = None
    memory_bytes_per_node: int | None = None
    disk_free_bytes: int | None = None
    time_limit_seconds_max: int | None = None
    nodes_per_run_max: int | None = None
    maintenance_starts_in_seconds: Number | None = None
    maintenance_ends_in_seconds: Number | None = None
    wait_q50_seconds: Number | None = None
    wait_q90_seconds: Number | None = None
    wait_samples: int = 0
    relative_speed: Number | None = None
    device_watts: Number | None = None
    pue: Number | None = None
    gco2e_per_kwh: Number | None = None
    grid_year: int | None = None
    failure_share: Number | None = None
    data_here_bytes: int | None = None
    link_bytes_per_second: Number | None = None
    allocation_free_milliseconds: int | None = None
    allocation_granted_milliseconds: int | None = None
    allocation_starts_in_seconds: Number = 0
    allocation_ends_in_seconds: Number | None = None
    reserve_milliseconds: int = 0

    def starts_at_once(self, needs: Needs) -> bool:
        """Say whether as many devices are free beyond those that others wait for as a run needs; unknown is no."""
        return self.devices_spare is not None and self.devices_spare >= needs.devices

    @property
    def word_age_seconds(self) -> Number | None:
        """How old what is known of the site is: the agent's last word, or the scheduler's before it fell silent."""
        if self.agent_age_seconds is None:
            return None
        return max(self.agent_age_seconds, self.silent_seconds or 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Weights:
    """How much each term of the score counts; together 1, so that a score stays in 0..1."""

    __pydantic_config__: ClassVar[ConfigDict] = _STRICT

    time_to_result: Number = 0.45
    carbon: Number = 0.15
    balance: Number = 0.20
    risk: Number = 0.10
    movement: Number = 0.10


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """The rules of one call, by version.

    An agent silent for longer than `fresh_seconds` gets no new runs; after `lost_seconds` its site is told as lost.
    A queue wait counts as known from `wait_samples_min` samples on. `pue_assumed` stands in where a site has not
    stated its power usage effectiveness; it is shown as an assumption wherever it is used.

    Source of `pue_assumed`: the target of the Dutch AI Factory (at most 1.2), the only figure any factory has stated.
    """

    __pydantic_config__: ClassVar[ConfigDict] = _STRICT

    version: str = "2026-11"
    weights: Weights = Weights()
    fresh_seconds: Number = 45
    lost_seconds: Number = 600
    wait_samples_min: int = 30
    pue_assumed: Number = 1.2


DEFAULT_POLICY = Policy()


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """Everything one decision depends on. Candidates are kept in the order of site and partition, however given.

    Raises:
        SnapshotMalformed: a candidate stands in it twice, a number is not finite, or the instant cannot be read.
    """

    __pydantic_config__: ClassVar[ConfigDict] = _STRICT

    needs: Needs
    candidates: tuple[CandidateState, ...]
    decided_at: str
    policy: Policy = DEFAULT_POLICY

    def __post_init__(self) -> None:
        ordered = tuple(sorted(self.candidates, key=lambda candidate: (candidate.site, candidate.partition)))
        for one, next_one in itertools.pairwise(ordered):
            if (one.site, one.partition) == (next_one.site, next_one.partition):
                raise SnapshotMalformed(f"Partition {one.partition} of site {one.site} is a candidate twice.")
        try:
            from_rfc3339(self.decided_at)
        except ValueError as error:
            raise SnapshotMalformed(f"The instant of the decision cannot be read: {error}") from error
        object.__setattr__(self, "candidates", ordered)

    def to_json(self) -> bytes:
        """Return the one canonical text of this snapshot; equal snapshots give equal bytes.

        The candidates' field names stand once, as `columns`, and each candidate is a row: a third of the bytes.
        """
        return to_json(
            {
                "needs": self.needs,
                "decided_at": self.decided_at,
                "policy": self.policy,
                "columns": _COLUMNS,
                "candidates": [_ROW(candidate) for candidate in self.candidates],
            }
        )

    @classmethod
    def from_json(cls, text: bytes) -> "Snapshot":
        """Read what `to_json` wrote.

        Raises:
            SnapshotMalformed: the text is no snapshot.
        """
        try:
            written = json.loads(text)
            columns = written.pop("columns")
            written["candidates"] = [dict(zip(columns, row, strict=True)) for row in written["candidates"]]
        except (ValueError, TypeError, LookupError, AttributeError, RecursionError) as error:
            raise SnapshotMalformed(f"The snapshot cannot be read at its start: {error!r}") from error
        try:
            return _adapter().validate_python(written)
        except ValidationError as error:
            first = error.errors(include_url=False, include_input=False)[0]
            where = ".".join(str(part) for part in first["loc"])
            raise SnapshotMalformed(f"The snapshot cannot be read at {where or 'its start'}: {first['msg']}") from error

    def sha256(self) -> str:
        """Return the fingerprint of the canonical text, in hex."""
        return hashlib.sha256(self.to_json()).hexdigest()


_COLUMNS = tuple(field.name for field in fields(CandidateState))
_ROW = attrgetter(*_COLUMNS)


@functools.cache
def _adapter() -> "TypeAdapter[Snapshot]":
    from pydantic import TypeAdapter

    return TypeAdapter(Snapshot)


def tie(run: str, site: str, partition: str) -> float:
    """Return a number in 0..1 that breaks ties: even over many runs, always the same for one."""
    digest = hashlib.sha256(f"{run}\n{site}\n{partition}".encode()).digest()
    return math.ldexp(int.from_bytes(digest[:6]), -48)


def place(candidate: CandidateState) -> str:
    """Return how a sentence names a candidate: `LUMI (gpu)`."""
    return f"{candidate.site_name} ({candidate.partition})"
