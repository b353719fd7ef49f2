"""Reads of access, narrowed to what the reader may see."""

from collections.abc import Collection

from django.db.models import Q

from fabrica.server.access import rules
from fabrica.server.access.models import Allocation, LimitsSeen
from fabrica.server.core import clock
from fabrica.server.core.actors import Actor
from fabrica.server.ledger import queries as ledger
from fabrica.server.people import queries as people
from fabrica.values.ids import ProjectId, SiteId
from fabrica.wire import access as wire
from fabrica.wire import limits
from fabrica.wire.ledger import Balance, OutsideUse
from fabrica.wire.problems import NotAllowed, NotFound

draw_on = rules.draw_on  # slices above ask which allocation a run draws on
next_to_start, start_words = rules.next_to_start, rules.start_words  # and when one begins


def allocations(by: Actor, project: ProjectId, resource_class: str | None = None) -> tuple[wire.Allocation, ...]:
    """Return a project's allocations with what is left of each, the first to end first.

    Raises:
        NotFound: no such project, or the actor may not see it.
    """
    if not people.sees(by, project):
        raise NotFound(f"There is no project {project} that you may see.", remedy="List yours with 'fabrica projects'.")
    rows = Allocation.objects.filter(project_id=project).order_by("ends_at", "pk")
    if resource_class is not None:
        rows = rows.filter(resource_class=resource_class)
    balances = {balance.allocation: balance for balance in ledger.balances(project)}
    return tuple(_wire(row, balances[row.pk]) for row in rows)


def remaining(by: Actor, projects: Collection[ProjectId]) -> tuple[limits.ProjectRemaining, ...]:
    """Return what projects may still use at the agent's own site; of those that have nothing there, only that.

    Raises:
        NotAllowed: the actor is no agent.
    """
    if by.site is None:
        raise NotAllowed(
            "Only a site's agent asks what projects may still use there.",
            remedy="Ask for the allocations of a project.",
        )
    rows = reaching(by.site, projects)
    held = ledger.held_at(by.site, projects)
    by_project: dict[ProjectId, list[rules.Reaching]] = {project: [] for project in projects}
    for row, balance in rows:
        by_project[row.project_id].append(
            rules.Reaching(row.resource_class, row.site_id, row.starts_at, row.ends_at, balance.available_milliseconds)
        )
    now = clock.now()
    return tuple(
        limits.ProjectRemaining(
            project=project,
            known=bool(found),
            classes=rules.remaining(found, {kind: amount for (of, kind), amount in held.items() if of == project}, now),
        )
        for project, found in by_project.items()
    )


def reaching(site: SiteId, projects: Collection[ProjectId]) -> list[tuple[Allocation, Balance]]:
    """Return the allocations of projects that reach a site, with their balances, the first to end first."""
    rows = Allocation.objects.filter(Q(site_id=site) | Q(site_id__isnull=True), project_id__in=projects)
    found = list(rows.order_by("ends_at", "pk"))
    balances = ledger.balances_of([row.pk for row in found])
    return [(row, balances[row.pk]) for row in found]


def limits_seen(by: Actor, site: SiteId) -> limits.LimitsReport | None:
    """Return how allocations stand as limits in a site's Slurm, as its agent last said; None: it never did.

    Raises:
        NotAllowed: the actor is neither operator nor auditor.
    """
    if not by.sees_everything:
        raise NotAllowed("How a site's limits stand is for the network's office.", remedy="Ask the office.")
    row = LimitsSeen.objects.filter(pk=site).first()
    return limits.LimitsReport.model_validate(row.report) if row else None


def outside_at(by: Actor, site: SiteId) -> tuple[OutsideUse, ...]:
    """Return the newest use outside Fabrica at a site.

    Raises:
        NotAllowed: the actor is neither operator nor auditor.
    """
    if not by.sees_everything:
        raise NotAllowed("Who went round Fabrica at a site is for the network's office.", remedy="Ask the office.")
    return ledger.outside_uses(site=site)


def outside_of(by: Actor, project: ProjectId) -> tuple[OutsideUse, ...]:
    """Return the newest use outside Fabrica in a project's name.

    Raises:
        NotFound: no such project, or the actor may not see it.
    """
    if not people.sees(by, project):
        raise NotFound(f"There is no project {project} that you may see.", remedy="List yours with 'fabrica projects'.")
    return ledger.outside_uses(project=project)


def _wire(row: Allocation, balance: Balance) -> wire.Allocation:
    return wire.Allocation(
        id=row.pk,
        project=row.project_id,
        resource_class=row.resource_class,
        granted_milliseconds=balance.granted_milliseconds,
        free_milliseconds=balance.available_milliseconds,
        reserved_milliseconds=balance.reserved_milliseconds,
        consumed_milliseconds=balance.consumed_milliseconds,
        expired_milliseconds=balance.expired_milliseconds,
        site=row.site_id,
        starts_at=row.starts_at,
        ends_at=row.ends_at,
        note=row.note,
    )
