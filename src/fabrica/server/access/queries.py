"""Reads of access, narrowed to what the reader may see."""

from fabrica.server.access import rules
from fabrica.server.access.models import Allocation
from fabrica.server.core.actors import Actor
from fabrica.server.ledger import queries as ledger
from fabrica.server.people import queries as people
from fabrica.values.ids import ProjectId
from fabrica.wire import access as wire
from fabrica.wire.ledger import Balance
from fabrica.wire.problems import NotFound

draw_on = rules.draw_on  # slices above ask which allocation a run draws on
next_to_start, start_words = rules.next_to_start, rules.start_words  # and when one begins


def allocations(by: Actor, project: ProjectId, resource_class: str | None = None) -> tuple[wire.Allocation, ...]:
    """Return a project's allocations with what is left of each, the first to end first.

    Raises:
        NotFound: no such project, or the actor may not see it.
    """
    if not people.sees(by, project):
        raise NotFound(f"There is no project {project} that you may see.")
    rows = Allocation.objects.filter(project_id=project).order_by("ends_at", "pk")
    if resource_class is not None:
        rows = rows.filter(resource_class=resource_class)
    balances = {balance.allocation: balance for balance in ledger.balances(project)}
    return tuple(_wire(row, balances[row.pk]) for row in rows)


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
