"""Saved scenarios on the wire: what was asked, how far it is, what came out; and what can be wrong with them."""

from enum import StrEnum
from typing import Any, Literal

from pydantic import Field

from fabrica.values.ids import ProjectId, ScenarioId, UserId
from fabrica.wire.bodies import Body, Instant, Request
from fabrica.wire.problems import FabricaError

TEXT_CHARACTERS_MAX = 64 * 1024
NAME_CHARACTERS_MAX = 80
SEED_MAX = 2**31 - 1

ScenarioKind = Literal["network", "siting", "pair"]
"""What a scenario's text is: a what-if of the network, a file of candidate sites, or two what-ifs on the same jobs."""


class ScenarioState(StrEnum):
    """Where a saved scenario is."""

    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"


class Figure(Body):
    """One figure of a result; `key` names it for a comparison. Null: unknown. `words`: as people read it."""

    key: str
    label: str
    unit: str = ""
    low: float | None = None
    value: float | None = None
    high: float | None = None
    words: str = ""


class Table(Body):
    """Numbers as text, by column."""

    name: str
    title: str
    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


class Result(Body):
    """What came out: words, figures to compare, the sections of the command's report as markup, and tables."""

    words: str
    figures: tuple[Figure, ...] = ()
    report: str = ""
    tables: tuple[Table, ...] = ()


class NewScenario(Request):
    """A scenario to save and run. `text`: TOML, as the command of its kind reads it."""

    kind: ScenarioKind
    name: str = Field(min_length=1, max_length=NAME_CHARACTERS_MAX)
    text: str = Field(max_length=TEXT_CHARACTERS_MAX)
    seed: int = Field(default=1, ge=0, le=SEED_MAX)
    project: ProjectId | None = Field(default=None, description="whose members read it; null: only its author")
    with_office: bool = Field(default=False, description="whether the network's office reads it")


class ScenarioName(Request):
    """What a scenario is called from now on."""

    name: str = Field(min_length=1, max_length=NAME_CHARACTERS_MAX)


class ScenarioSharing(Request):
    """Who reads a scenario beside its author."""

    project: ProjectId | None = None
    with_office: bool = False


class Scenario(Body):
    """A saved scenario. `progress`: from 0 to 1, null: not known; `data_version`: of the facts that it is run with."""

    id: ScenarioId
    kind: ScenarioKind
    name: str
    seed: int
    state: ScenarioState
    progress: float | None
    progress_words: str
    author: UserId | None
    author_name: str
    project: ProjectId | None
    with_office: bool
    mine: bool
    created_at: Instant
    started_at: Instant | None
    ended_at: Instant | None
    package_version: str
    data_version: str
    attempts: int
    problem: dict[str, Any] | None = None


class ScenarioDetail(Scenario):
    """A saved scenario with its text and, once it is done, its result."""

    text: str
    result: Result | None = None


class ScenarioLink(Body):
    """An address at which anybody reads a scenario until an instant."""

    address: str
    expires_at: Instant


class ScenarioRefused(FabricaError):
    """A scenario cannot be saved as it is: it names a file of the server, or asks for what a server does not run."""

    code = "planning.scenario_refused"
    status = 422
    title = "The scenario cannot be run here"


class TooManyScenarios(FabricaError):
    code = "planning.too_many_scenarios"
    status = 429
    title = "Too many scenarios of yours wait or run"


class ScenarioNotReady(FabricaError):
    code = "planning.scenario_not_ready"
    status = 409
    title = "The scenario is not at this point"


class ScenarioLinkRefused(FabricaError):
    code = "planning.scenario_link_refused"
    status = 404
    title = "This link is over, or was never one"


class ScenarioStopped(FabricaError):
    """The run of a scenario ended without a result: it took too long, too much memory, or its process died."""

    code = "planning.scenario_stopped"
    status = 500
    title = "The scenario's run stopped without a result"
