"""Reads of the register, narrowed to what the reader may see: members of the project, operators and auditors."""

from collections.abc import Collection, Iterable
from typing import Any, cast

from django.db.models import Prefetch, QuerySet

from fabrica.aiact.in_words import leading_tiers
from fabrica.server.aiact import record_queries
from fabrica.server.aiact.models import Lineage, Result, RunLink, Statement, System, Version
from fabrica.server.core.actors import Actor
from fabrica.server.people import queries as people
from fabrica.server.runs import record_queries as runs
from fabrica.values.ids import ProjectId, RunId, SystemId, VersionId
from fabrica.wire import systems as wire
from fabrica.wire.aiact import Classification
from fabrica.wire.problems import NotFound
from fabrica.wire.runs import Run

_REMEDY = "List yours with 'fabrica systems'."


def systems(by: Actor, project: ProjectId | None = None) -> tuple[wire.System, ...]:
    """Return the systems that the actor may see, by name, each with its versions, newest first."""
    rows = _visible(by)
    if project is not None:
        rows = rows.filter(project_id=project)
    found = list(rows.order_by("name", "pk"))
    names = people.project_names({row.project_id for row in found})
    return tuple(_system(row, names) for row in found)


def system(by: Actor, system: SystemId) -> wire.System:
    """Return one system with its versions, newest first.

    Raises:
        NotFound: no such system, or the actor may not see it.
    """
    row = _visible(by).filter(pk=system).first()
    if row is None:
        raise NotFound(f"There is no system {system} that you may see.", remedy=_REMEDY)
    return _system(row, people.project_names({row.project_id}))


def _visible(by: Actor) -> QuerySet[System]:
    newest = Prefetch("versions", Version.objects.order_by("-created_at", "-pk").select_related("system"))
    rows = System.objects.select_related("provider").prefetch_related(newest)
    if by.sees_everything:
        return rows
    return rows.filter(project_id__in=[one.id for one in people.projects(by)])


def version(by: Actor, version: VersionId) -> wire.Version:
    """Return a version with its lineage, runs, datasets and newest result.

    Raises:
        NotFound: no such version, or the actor may not see it.
    """
    row = version_row(by, version)
    linked = linked_runs(by, row)
    result = Result.objects.filter(version=row).order_by("-pk").first()
    return _version(
        row,
        lineage=_lineage(by, row),
        runs=tuple(_linked(link, run) for link, run in linked),
        datasets=_datasets(run for _, run in linked),
        evaluations=_evaluations(run for _, run in linked),
        tiers=leading_tiers(result.body["tiers"], result.body["standing"]) if result else None,
        differences=tuple(result.differences) if result else (),
    )


def version_row(by: Actor, version: VersionId) -> Version:
    """Return a version's row for the files of this slice.

    Raises:
        NotFound: no such version, or the actor may not see it.
    """
    row = Version.objects.select_related("system").filter(pk=version).first()
    if row is None or not people.sees(by, row.system.project_id):
        raise NotFound(f"There is no version {version} that you may see.", remedy=_REMEDY)
    return row


def kind_of(row: Version) -> wire.SystemKind:
    """Return whether a version is one of a system or of a model, for the files of this slice."""
    return cast(wire.SystemKind, row.system.kind)


def linked_runs(by: Actor, row: Version) -> list[tuple[RunLink, Run]]:
    """Return the runs of a version in the order they were linked, each with the files of its record."""
    links = list(row.runs.order_by("pk"))
    found = runs.runs(by, [link.run_id for link in links])
    return [(link, found[link.run_id]) for link in links if link.run_id in found]


def lineage_rows(version: VersionId) -> list[Lineage]:
    """Return what a version was made from, for the files of this slice."""
    return list(Lineage.objects.filter(version_id=version).select_related("parent__system").order_by("pk"))


def ancestors(version: VersionId) -> Collection[VersionId]:
    """Return a version and everything here that it was made from, nearest first."""
    seen: dict[VersionId, None] = {version: None}
    front = [version]
    while front:
        lines = Lineage.objects.filter(version_id__in=front, parent__isnull=False)
        front = [parent for parent in lines.values_list("parent_id", flat=True) if parent not in seen]
        seen |= dict.fromkeys(front)
    return seen


def statements(by: Actor, version: VersionId, kind: wire.StatementKind, key: str = "") -> tuple[wire.Told, ...]:
    """Return everything that was said of one kind and key, newest first.

    Raises:
        NotFound: no such version, or the actor may not see it.
    """
    row = version_row(by, version)
    return _told(Statement.objects.filter(version=row, kind=kind, key=key).order_by("-pk"))


def standing(version: VersionId, kind: wire.StatementKind) -> tuple[wire.Told, ...]:
    """Return what stands of one kind: the newest of each key. The caller has checked that the version may be seen."""
    newest: dict[str, Statement] = {}
    for row in Statement.objects.filter(version_id=version, kind=kind).order_by("pk"):
        newest[row.key] = row
    return _told(newest.values())


def _told(rows: Iterable[Statement]) -> tuple[wire.Told, ...]:
    given = list(rows)
    names = people.signatures({row.said_by for row in given})
    return tuple(
        wire.Told(
            id=row.pk,
            kind=row.kind,
            key=row.key,
            body=row.body,
            said_by=names.get(row.said_by, ""),
            function=row.function,
            said_at=row.said_at,
        )
        for row in given
    )


def answers(by: Actor, version: VersionId) -> dict[str, Any]:
    """Return the facts that stand of a version.

    Raises:
        NotFound: no such version, the actor may not see it, or nobody told its facts.
    """
    row = version_row(by, version)
    told = standing(version, "facts")
    if not told:
        raise NotFound(f"Nobody told the facts of {row.label} yet.", remedy="Tell them with 'fabrica systems facts'.")
    return cast(dict[str, Any], told[0].body["answers"])


def newest_result(version: VersionId) -> Classification | None:
    """Return what the desk last found for a version; None: no facts are told. The caller has checked who asks."""
    row = Result.objects.filter(version_id=version).order_by("-pk").first()
    return Classification.model_validate(row.body) if row else None


def results(by: Actor, version: VersionId) -> tuple[wire.Found, ...]:
    """Return the saved results of a version, newest first.

    Raises:
        NotFound: no such version, or the actor may not see it.
    """
    rows = Result.objects.filter(version=version_row(by, version)).order_by("-pk")
    return tuple(
        wire.Found.model_validate(
            {
                "law_sha256": row.law_sha256,
                "found_at": row.found_at,
                "differences": row.differences,
                "result": row.body,
            }
        )
        for row in rows
    )


def _system(row: System, names: dict[ProjectId, str]) -> wire.System:
    return wire.System(
        id=row.pk,
        project=row.project_id,
        project_name=names.get(row.project_id, ""),
        kind=row.kind,
        name=row.name,
        purpose=row.purpose,
        provider=wire.Party(name=row.provider_name, ours=row.provider_id is not None),
        deployer=wire.Party(name=row.deployer_name, ours=row.deployer_id is not None) if row.deployer_name else None,
        registered_at=row.registered_at,
        amended_at=row.amended_at,
        versions=tuple(_version(one) for one in row.versions.all()),
    )


def _version(row: Version, **more: Any) -> wire.Version:
    return wire.Version(
        id=row.pk,
        system=row.system_id,
        system_name=row.system.name,
        kind=row.system.kind,
        project=row.system.project_id,
        label=row.label,
        state=wire.VersionState(row.state),
        changes=row.changes,
        replaces=row.replaces_id,
        modification=wire.Modification.model_validate(row.modification) if row.modification else None,
        market_on=row.market_on,
        service_on=row.service_on,
        withdrawn_on=row.withdrawn_on,
        withdrawn_because=row.withdrawn_because,
        created_at=row.created_at,
        **more,
    )


def _lineage(by: Actor, row: Version) -> tuple[wire.LineageLine, ...]:
    return tuple(
        wire.LineageLine.model_validate(
            {
                "id": line.pk,
                "relation": line.relation,
                "parent": line.parent_id,
                "parent_name": _name(by, line.parent) if line.parent else None,
                "outside": line.outside,
            }
        )
        for line in lineage_rows(row.pk)
    )


def _name(by: Actor, row: Version) -> str | None:
    return f"{row.system.name} {row.label}" if people.sees(by, row.system.project_id) else None


def _linked(link: RunLink, run: Run) -> wire.LinkedRun:
    return wire.LinkedRun(
        run=run.id,
        name=run.name,
        purpose=run.spec.purpose,
        state=run.state.value,
        simulated=run.simulated,
        ended_at=run.ended_at,
        record_sha256=next(
            (one.sha256 for one in run.artifacts if one.kind == "record" and one.path == "seal.json"), None
        ),
        linked_at=link.linked_at,
    )


def _datasets(given: Iterable[Run]) -> tuple[wire.UsedDataset, ...]:
    """Return each dataset once: the same file under the same terms, with the runs that read it."""
    readers: dict[Any, list[RunId]] = {}
    for run in given:
        for one in run.spec.datasets:
            readers.setdefault(one, []).append(run.id)
    return tuple(
        wire.UsedDataset(
            name=one.name,
            source=one.source,
            sha256=one.sha256,
            licence=one.licence,
            origin=one.origin,
            countries=one.countries,
            runs=tuple(of),
        )
        for one, of in readers.items()
    )


def _evaluations(given: Iterable[Run]) -> tuple[wire.MeasuredMetric, ...]:
    """Return what the programs of runs measured, as their sealed records hold it."""
    return tuple(
        wire.MeasuredMetric(
            run=RunId(run.run),
            metric=line["name"],
            value=line.get("measured"),
            unit=line.get("unit"),
            data=line.get("data"),
            claimed=line.get("claimed"),
        )
        for run in record_queries.records(given).runs
        if not run.simulated
        for line in run.evaluations
    )
