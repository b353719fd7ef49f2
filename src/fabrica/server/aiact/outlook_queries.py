"""What a run or a grant to come could cross: asked before it is submitted or granted, and never stored."""

from fabrica.aiact.compute import account
from fabrica.aiact.figures import significant
from fabrica.server.aiact import account_queries
from fabrica.server.aiact.models import Version
from fabrica.server.core.actors import Actor
from fabrica.server.people import queries as people
from fabrica.values.ids import ProjectId
from fabrica.wire.problems import NotFound
from fabrica.wire.runs import RunPurpose
from fabrica.wire.systems import Ahead, ComputeOutlook, VersionState

_VERSIONS_MAX = 50


def compute_outlook(
    by: Actor, project: ProjectId, *, resource_class: str, device_seconds: int, purpose: RunPurpose | None
) -> ComputeOutlook:
    """Return what device time to come could cross at most, for each model of a project that is not withdrawn.

    It is not known yet which model it goes into, so each is asked by itself, and a model made by it alone as well.
    `purpose` None: any may come, as of a grant.

    Raises:
        NotFound: no such project, or the actor may not see it.
    """
    if not people.sees(by, project):
        raise NotFound(f"There is no project {project} that you may see.")
    most = _most(resource_class, device_seconds, purpose)
    ahead = () if not most else (_alone(most), *(_of(by, row, most) for row in _models(project)))
    return ComputeOutlook(
        resource_class=resource_class,
        device_seconds=device_seconds,
        most_flop=most,
        words=_words(resource_class, most, ahead),
        ahead=ahead,
    )


def _most(resource_class: str, device_seconds: int, purpose: RunPurpose | None) -> float | None:
    if purpose is not None and not account_queries.counts(purpose):
        return 0.0
    return account_queries.most_flop_of(resource_class, device_seconds * 1000)


def _models(project: ProjectId) -> list[Version]:
    rows = Version.objects.filter(system__project_id=project, system__kind="model")
    living = rows.exclude(state__in=(VersionState.WITHDRAWN, VersionState.REPLACED))
    return list(living.select_related("system").order_by("-created_at")[:_VERSIONS_MAX])


def _alone(most: float) -> Ahead:
    found = account((), planned_flop=most)
    return Ahead(version=None, name="A new model", margins=found.margins, warnings=found.warnings)


def _of(by: Actor, row: Version, most: float) -> Ahead:
    found = account_queries.accounts(by, row, more_flop=most).compute
    name = f"{row.system.name} {row.label}"
    return Ahead(version=row.pk, name=name, margins=found.margins, warnings=found.warnings)


def _words(resource_class: str, most: float | None, ahead: tuple[Ahead, ...]) -> str:
    if most is None:
        return f"No peak of {resource_class} is known, so what it could compute is not known."
    if not most:
        return "Runs of this purpose do not count toward a model's compute."
    near = sum(bool(one.warnings) for one in ahead)
    unknown = sum(not one.warnings and any(margin.with_planned == "unknown" for margin in one.margins) for one in ahead)
    told = (
        f"{near} of {len(ahead)} models could cross a threshold, or stand at one." if near else "No threshold is near."
    )
    hidden = f" Of {unknown} the compute so far is not known, so it cannot be ruled out." if unknown else ""
    return f"At most {significant(most, 3)} FLOP, counted at full peak. {told}{hidden}"
