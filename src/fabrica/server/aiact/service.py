"""The verbs of the register: systems, versions, lineage, runs."""

from datetime import date
from typing import Any

from fabrica.server.aiact import account_queries, facts, modification_queries, permissions, queries, rules
from fabrica.server.aiact.models import Lineage, RunLink, System, Version
from fabrica.server.core import clock
from fabrica.server.core.actors import Actor
from fabrica.server.core.facts import announce
from fabrica.server.core.hints import hint
from fabrica.server.core.verbs import verb
from fabrica.server.people import queries as people
from fabrica.server.runs import queries as runs
from fabrica.values.ids import ProjectId, RunId, SystemId, VersionId
from fabrica.wire.problems import NotFound
from fabrica.wire.systems import (
    NewLineage,
    NewRelease,
    NewSystem,
    NewVersion,
    RunLinkedAlready,
    SystemChange,
    SystemNameTaken,
    VersionLabelTaken,
    VersionState,
)


@verb(may=permissions.writes)
def register(by: Actor, *, project: ProjectId, told: NewSystem) -> SystemId:
    """Register an AI system or general-purpose AI model of a project.

    Raises:
        SystemNameTaken: the project has one of this name.
    """
    assert by.user is not None
    owner = people.project(by, project)
    system, new = System.objects.get_or_create(
        project_id=project,
        name=told.name,
        defaults={
            "kind": told.kind,
            "purpose": told.purpose,
            "provider_id": owner.organisation if told.provider is None else None,
            "provider_name": told.provider or owner.organisation_name,
            "deployer_name": told.deployer or "",
            "registered_by": by.user,
            "registered_at": clock.now(),
        },
    )
    if not new:
        raise SystemNameTaken(
            f"{owner.name} has a system {told.name!r} already.", remedy="Add a version to it, or choose another name."
        )
    announce(
        facts.SystemRegistered(
            system=system.pk, project=project, of=told.kind, name=told.name, provider=system.provider_name
        )
    )
    return system.pk


@verb(may=permissions.writes)
def amend(by: Actor, *, project: ProjectId, system: SystemId, told: SystemChange) -> None:
    """Put right what the register says of a system; documents that were issued stay as they are.

    Raises:
        NotFound: the project has no such system.
        SystemNameTaken: the project has another one of this name.
    """
    row = _system(project, system)
    if System.objects.filter(project_id=project, name=told.name).exclude(pk=system).exists():
        raise SystemNameTaken(f"The project has a system {told.name!r} already.", remedy="Choose another name.")
    fields = {
        name: value
        for name, value in (
            ("name", told.name),
            ("purpose", told.purpose),
            ("provider_name", told.provider),
            ("deployer_name", told.deployer),
        )
        if value is not None
    }
    for name, value in fields.items():
        setattr(row, name, value)
    if told.provider is not None:  # named in words, so it is no longer taken to be the project's organisation
        row.provider_id = None
    row.amended_at = clock.now()
    row.save()
    announce(facts.SystemAmended(system=system, fields=fields))


def _system(project: ProjectId, system: SystemId) -> System:
    row = System.objects.select_for_update().filter(pk=system, project_id=project).first()
    if row is None:
        raise NotFound(f"{project} has no system {system}.", remedy="List them with 'fabrica systems'.")
    return row


@verb(may=permissions.writes)
def add_version(by: Actor, *, project: ProjectId, system: SystemId, told: NewVersion) -> VersionId:
    """Add a draft version to a system of the project.

    Raises:
        NotFound: the project has no such system.
        VersionLabelTaken: it has a version of this label.
    """
    assert by.user is not None
    row = _system(project, system)
    version, new = Version.objects.get_or_create(
        system=row,
        label=told.label,
        defaults={
            "state": VersionState.DRAFT,
            "changes": told.changes,
            "created_by": by.user,
            "created_at": clock.now(),
        },
    )
    if not new:
        raise VersionLabelTaken(f"{row.name} has a version {told.label!r} already.", remedy="Choose another label.")
    announce(facts.VersionAdded(version=version.pk, system=system, label=told.label))
    return version.pk


@verb(may=permissions.edits)
def state_lineage(by: Actor, *, version: VersionId, told: NewLineage) -> int:
    """Say what a draft was made from: a version that the actor sees, or a model from outside; return the line's id.

    Raises:
        VersionStateWrong: it is no draft any more.
        NotFound: there is no such parent, or the actor may not see it.
        LineageCircular: the version would descend from itself.
    """
    assert by.user is not None
    row = _locked(version)
    rules.check_open(row.label, VersionState(row.state))
    if told.parent is not None:
        queries.version_row(by, told.parent)
        rules.check_no_circle(version, queries.ancestors(told.parent))
    line = _line_of(row, told) or Lineage(version=row, parent_id=told.parent)
    line.relation, line.stated_by, line.stated_at = told.relation, by.user, clock.now()
    line.outside = told.outside.model_dump(mode="json") if told.outside else None
    line.save()
    announce(facts.LineageStated(version=version, relation=told.relation, parent=_parent_of(line)))
    return line.pk


def _line_of(row: Version, told: NewLineage) -> Lineage | None:
    """Return what was said before of the same parent."""
    if told.outside is None:
        return row.lineage.filter(parent_id=told.parent).first()
    return row.lineage.filter(outside__name=told.outside.name, outside__source=told.outside.source).first()


def _parent_of(line: Lineage) -> str:
    return str(line.parent_id or (line.outside or {}).get("name"))


@verb(may=permissions.edits)
def remove_lineage(by: Actor, *, version: VersionId, line: int) -> None:
    """Take a line of a draft's lineage away again.

    Raises:
        VersionStateWrong: it is no draft any more.
        NotFound: it has no such line.
    """
    row = _locked(version)
    rules.check_open(row.label, VersionState(row.state))
    found = Lineage.objects.filter(pk=line, version=row).first()
    if found is None:
        raise NotFound(f"{row.label} has no line {line} in its lineage.")
    found.delete()
    announce(facts.LineageStated(version=version, relation="removed", parent=_parent_of(found)))


@verb(may=permissions.edits)
def link_run(by: Actor, *, version: VersionId, run: RunId) -> None:
    """Say that a run of the same project belongs to a version; what it was for says how it counts.

    Raises:
        NotFound: the project has no such run.
        VersionStateWrong: the version is no draft any more, and the run does more than measure it.
        RunLinkedAlready: it belongs to this version already.
    """
    assert by.user is not None
    row = _locked(version)
    found = runs.run(by, run)
    if found.project != row.system.project_id:
        raise NotFound(f"The project of {row.label} has no run {run}.", remedy="Link runs of the same project.")
    rules.check_open(row.label, VersionState(row.state), found.spec.purpose)
    _, new = RunLink.objects.get_or_create(
        version=row, run_id=run, defaults={"linked_by": by.user, "linked_at": clock.now()}
    )
    if not new:
        raise RunLinkedAlready(f"{run} belongs to {row.label} already.")
    announce(facts.RunLinked(version=version, run=run, linked=True))


@verb(may=permissions.edits)
def unlink_run(by: Actor, *, version: VersionId, run: RunId) -> None:
    """Take a run away from a draft again.

    Raises:
        VersionStateWrong: it is no draft any more.
        NotFound: the run does not belong to it.
        SameComputeTwice: what was entered of compute adds to the run.
    """
    row = _locked(version)
    rules.check_open(row.label, VersionState(row.state))
    gone, _ = RunLink.objects.filter(version=row, run_id=run).delete()
    if not gone:
        raise NotFound(f"{run} does not belong to {row.label}.")
    account_queries.version_account(by, version)
    announce(facts.RunLinked(version=version, run=run, linked=False))


def _locked(version: VersionId) -> Version:
    """Return a version that nobody else changes before this transaction ends; `may` has seen that it is there."""
    return Version.objects.select_for_update(of=("self",)).select_related("system").get(pk=version)


def _move(row: Version, state: VersionState, *, reason: str = "", **told: Any) -> None:
    """Move a version; the only writer of its state.

    Raises:
        VersionStateWrong: it does not go there from where it is.
    """
    rules.check_move(row.label, VersionState(row.state), state)
    row.state = state
    for name, value in told.items():
        setattr(row, name, value)
    row.save(update_fields=["state", *(name.removesuffix("_id") for name in told)])
    announce(facts.VersionMoved(version=row.pk, state=state, replaces=row.replaces_id, reason=reason))


@verb(may=permissions.answers_for)
def release(by: Actor, *, version: VersionId, told: NewRelease) -> None:
    """Release a draft, over the version it replaces if there is one; the check of the change is kept with it.

    Raises:
        NotFound: the version to replace is not of the same system.
        VersionStateWrong: it is no draft, or the one to replace is not released.
        ReleaseDayWrong: a day is still to come.
        ModificationUndecided: the check is open, and no reason is given.
    """
    row = _locked(version)
    rules.check_release_days(told, clock.now().date())
    before = None
    if told.replaces is not None:
        before = Version.objects.select_for_update().filter(pk=told.replaces, system_id=row.system_id).first()
        if before is None:
            raise NotFound(f"{row.system.name} has no version {told.replaces}.", remedy="Name one of the same system.")
    check = modification_queries.modification(by, version, told.replaces, told.told)
    if check is not None:
        rules.check_decided(check, told.reason)
    _move(
        row,
        VersionState.RELEASED,
        reason=told.reason,
        replaces_id=told.replaces,
        market_on=told.market_on,
        service_on=told.service_on,
        modification=check.model_dump(mode="json") if check else None,
    )
    if before is not None:
        _move(before, VersionState.REPLACED)
    hint("aiact")


@verb(may=permissions.answers_for)
def withdraw(by: Actor, *, version: VersionId, on: date, reason: str) -> None:
    """Take a version off the market, or drop a draft.

    Raises:
        VersionStateWrong: it is withdrawn already.
    """
    _move(_locked(version), VersionState.WITHDRAWN, reason=reason, withdrawn_on=on, withdrawn_because=reason)
