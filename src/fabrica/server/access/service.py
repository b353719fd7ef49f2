"""The verbs of access."""

from datetime import datetime

from fabrica.server.access import facts, permissions, rules
from fabrica.server.access.models import Allocation
from fabrica.server.core import clock
from fabrica.server.core.actors import Actor
from fabrica.server.core.facts import announce
from fabrica.server.core.hints import hint
from fabrica.server.core.verbs import verb
from fabrica.server.ledger import service as ledger
from fabrica.server.people import queries as people
from fabrica.values.ids import AllocationId, ProjectId, SiteId
from fabrica.values.quantities import DeviceTime


@verb(may=permissions.grants)
def grant_allocation(
    by: Actor,
    *,
    project: ProjectId,
    amount: DeviceTime,
    ends_at: datetime,
    starts_at: datetime | None = None,
    site: SiteId | None = None,
    note: str = "",
) -> AllocationId:
    """Grant a project an amount of device time between two dates, on one site or the whole network.

    Raises:
        NotFound: no such project.
        AllocationDatesWrong: the dates do not fit.
    """
    now = clock.now()
    starts_at = starts_at or now
    rules.check_dates(starts_at, ends_at, now)
    people.project(by, project)
    allocation = Allocation.objects.create(
        project_id=project,
        resource_class=amount.resource_class,
        site_id=site,
        starts_at=starts_at,
        ends_at=ends_at,
        note=note,
    )
    ledger.grant(by, allocation=allocation.pk, project=project, amount=amount, starts_at=starts_at, ends_at=ends_at)
    announce(
        facts.AllocationGranted(
            allocation=allocation.pk,
            project=project,
            resource_class=amount.resource_class,
            milliseconds=amount.milliseconds,
            site=site,
            starts_at=starts_at,
            ends_at=ends_at,
        )
    )
    hint("runs")
    return allocation.pk
