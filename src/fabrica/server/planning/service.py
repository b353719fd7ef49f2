"""The verbs of planning: save a scenario, run it, cancel it, rename it, share it, delete it."""

import hashlib
from typing import Any

from fabrica import __version__
from fabrica.planning.answers.kinds import kind_of
from fabrica.server.core import clock
from fabrica.server.core.actors import Actor
from fabrica.server.core.facts import announce
from fabrica.server.core.hints import hint
from fabrica.server.core.verbs import verb
from fabrica.server.people import queries as people
from fabrica.server.planning import facts, links, permissions, rules
from fabrica.server.planning.models import Scenario
from fabrica.server.planning.versions import data_version
from fabrica.values.ids import ProjectId, ScenarioId
from fabrica.wire.scenarios import ScenarioKind, ScenarioLink, ScenarioState, ScenarioStopped


@verb(may=permissions.saves)
def save(
    by: Actor,
    *,
    kind: ScenarioKind,
    name: str,
    text: str,
    seed: int = 1,
    project: ProjectId | None = None,
    with_office: bool = False,
) -> ScenarioId:
    """Save a scenario; it runs as soon as a worker is free.

    Raises:
        ScenarioRefused: it has no name, or cannot be run by a server.
        CandidatesRefused, ScenarioMalformed: its text has a mistake.
        TooManyScenarios: others of this person wait or run.
    """
    name = rules.check_name(name)
    kind_of(kind).check(text)
    rules.check_living(Scenario.objects.filter(author_id=by.user, state__in=rules.LIVING).count())
    row = Scenario.objects.create(
        kind=kind,
        name=name,
        text=text,
        seed=seed,
        author_id=by.user,
        project_id=project,
        with_office=with_office,
        state=ScenarioState.QUEUED,
        created_at=clock.now(),
        package_version=__version__,
        data_version=data_version(),
    )
    announce(
        facts.ScenarioSaved(
            scenario=row.pk,
            scenario_kind=kind,
            text_sha256=hashlib.sha256(text.encode()).hexdigest(),
            seed=seed,
            data_version=row.data_version,
        )
    )
    hint("scenarios")
    return row.pk


@verb(may=permissions.stops)
def cancel(by: Actor, *, scenario: ScenarioId) -> None:
    """Cancel a scenario: at once while it waits; while it runs its worker stops it within seconds.

    Raises:
        ScenarioNotReady: it has ended.
    """
    row = Scenario.objects.select_for_update().get(pk=scenario)
    rules.check_move(ScenarioState(row.state), ScenarioState.CANCELLED)
    if row.state == ScenarioState.QUEUED:
        _end(row, ScenarioState.CANCELLED)
    else:
        Scenario.objects.filter(pk=scenario).update(cancel_requested_at=clock.now())


def _end(row: Scenario, state: ScenarioState, **fields: Any) -> None:
    """Move a scenario to its end: the only writer of an ended state."""
    rules.check_move(ScenarioState(row.state), state)
    Scenario.objects.filter(pk=row.pk).update(state=state, ended_at=clock.now(), **fields)
    announce(facts.ScenarioEnded(scenario=row.pk, state=state))


@verb(may=permissions.owns)
def rename(by: Actor, *, scenario: ScenarioId, name: str) -> None:
    """Call a scenario something else; what it asks stays.

    Raises:
        ScenarioRefused: nothing is left of the name, or it holds what no page shows.
    """
    Scenario.objects.filter(pk=scenario).update(name=rules.check_name(name))
    announce(facts.ScenarioRenamed(scenario=scenario))


@verb(may=permissions.shares)
def share(by: Actor, *, scenario: ScenarioId, project: ProjectId | None = None, with_office: bool = False) -> None:
    """Say who reads a scenario beside its author: the members of one project, the network's office, both or nobody.

    Raises:
        NotFound: there is no such project.
    """
    if project is not None:
        people.project(by, project)
    Scenario.objects.filter(pk=scenario).update(project_id=project, with_office=with_office)
    announce(facts.ScenarioShared(scenario=scenario, project=project, with_office=with_office))


@verb(may=permissions.owns)
def draw_link(by: Actor, *, scenario: ScenarioId, days: int) -> ScenarioLink:
    """Draw a link at which anybody who has it reads the scenario, until it is over or withdrawn.

    Raises:
        ScenarioRefused: it would hold too long.
    """
    expires_at = clock.now() + rules.check_link_days(days)
    row = Scenario.objects.get(pk=scenario)
    announce(facts.ScenarioShared(scenario=scenario, link_days=days))
    return ScenarioLink(address=links.address(scenario, row.link_generation, expires_at), expires_at=expires_at)


@verb(may=permissions.owns)
def withdraw_links(by: Actor, *, scenario: ScenarioId) -> None:
    """Let every link to a scenario that was drawn so far lead nowhere."""
    row = Scenario.objects.select_for_update().get(pk=scenario)
    Scenario.objects.filter(pk=scenario).update(link_generation=row.link_generation + 1)
    announce(facts.ScenarioShared(scenario=scenario, link_days=0))


@verb(may=permissions.owns)
def delete(by: Actor, *, scenario: ScenarioId) -> None:
    """Delete a scenario with its result. One that runs is stopped."""
    Scenario.objects.filter(pk=scenario).delete()
    announce(facts.ScenarioDeleted(scenario=scenario))


@verb(may=permissions.the_service)
def take_up(by: Actor, *, scenario: ScenarioId) -> dict[str, Any] | None:
    """Begin to run a claimed scenario, or go on with what a dead worker left; return what its process is asked.

    None when it is not to be run: it was cancelled, has ended, or its process died too often.
    """
    row = Scenario.objects.select_for_update().filter(pk=scenario, state__in=rules.LIVING).first()
    if row is None:
        return None
    if row.cancel_requested_at is not None:
        _end(row, ScenarioState.CANCELLED)
        return None
    if row.attempts >= rules.ATTEMPTS_MAX:
        stopped = ScenarioStopped(
            f"Its process ended {row.attempts} times without a word, perhaps for want of memory.",
            remedy="Ask for less: fewer days, devices or replications.",
        )
        _end(row, ScenarioState.FAILED, problem=stopped.to_problem())
        return None
    rules.check_move(ScenarioState(row.state), ScenarioState.RUNNING)
    Scenario.objects.filter(pk=scenario).update(
        state=ScenarioState.RUNNING,
        attempts=row.attempts + 1,
        started_at=row.started_at or clock.now(),
        progress=None,
        progress_words="",
    )
    return {
        "kind": row.kind,
        "text": row.text,
        "seed": row.seed,
        "cpu_seconds_max": rules.CPU_SECONDS_MAX,
        "memory_bytes_max": rules.MEMORY_BYTES_MAX,
    }


@verb(may=permissions.the_service)
def settle(
    by: Actor,
    *,
    scenario: ScenarioId,
    claim_token: str,
    result: dict[str, Any] | None = None,
    problem: dict[str, Any] | None = None,
) -> bool:
    """Keep what a run gave: its result, its problem, or neither when it was cancelled; return whether it counted.

    It counts only while the claim is ours: another worker may have begun anew.
    """
    row = Scenario.objects.select_for_update().filter(pk=scenario, claim_token=claim_token).first()
    if row is None or row.state != ScenarioState.RUNNING:
        return False
    if result is not None:
        _end(row, ScenarioState.DONE, result=result, progress=1.0, progress_words="")
    elif problem is not None:
        _end(row, ScenarioState.FAILED, problem=problem)
    else:
        _end(row, ScenarioState.CANCELLED)
    return True
