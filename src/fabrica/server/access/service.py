"""The verbs of access."""

from datetime import datetime

from fabrica.server.access import facts, permissions, queries, rules
from fabrica.server.access.models import Allocation, LimitsSeen
from fabrica.server.core import clock
from fabrica.server.core.actors import SYSTEM, Actor
from fabrica.server.core.facts import announce
from fabrica.server.core.hints import hint
from fabrica.server.core.verbs import verb
from fabrica.server.ledger import queries as ledger_queries
from fabrica.server.ledger import service as ledger
from fabrica.server.people import queries as people
from fabrica.values.ids import AllocationId, ProjectId, SiteId
from fabrica.values.quantities import DeviceTime
from fabrica.wire.limits import LimitsReport, OutsideAnswer, OutsideReport
from fabrica.wire.problems import FabricaError


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


@verb(may=permissions.the_agent)
def count_outside(by: Actor, *, report: OutsideReport) -> OutsideAnswer:
    """Count what jobs used that went round Fabrica at the agent's site, and charge it to their projects.

    A job that claims an attempt is ours only if something was ever held for that attempt at this site. What cannot
    be counted is answered in words and keeps nothing else back.
    """
    assert by.site is not None, "an agent has a site"
    claimed = {one.attempt for one in report.starts if one.attempt is not None}
    ours = ledger_queries.reserved_for(by.site, claimed) if claimed else set()
    rows = [one for one in report.starts if one.attempt is None or one.attempt not in ours]
    reaching = queries.reaching(by.site, {one.project for one in rows})
    counted, refused = 0, []
    for one in rows:
        mine = [row for row, _ in reaching if row.project_id == one.project]
        if not mine:
            refused.append(f"{one.project} has no allocation that reaches {by.site}: job {one.start.job}.")
            continue
        try:
            ledger.charge_outside(
                SYSTEM,
                project=one.project,
                site=by.site,
                start=one.start,
                allocations=rules.charged_outside(
                    [(row.pk, row.resource_class, row.starts_at, row.ends_at) for row in mine],
                    one.start.resource_class,
                    clock.now(),
                ),
            )
            counted += 1
        except FabricaError as problem:
            refused.append(f"Job {one.start.job}: {problem}")
    if counted:
        hint("runs")
    return OutsideAnswer(counted=counted, own=len(report.starts) - len(rows), refused=tuple(refused))


@verb(may=permissions.the_agent)
def tell_limits(by: Actor, *, report: LimitsReport) -> None:
    """Note how allocations stand as limits in the Slurm of the agent's site; the newest word stands."""
    LimitsSeen.objects.update_or_create(
        pk=by.site, defaults={"report": report.model_dump(mode="json"), "told_at": clock.now()}
    )
