"""Things a ledger test starts from, valid by default, and what a site's accounts hold in the end."""

from datetime import UTC, datetime, timedelta

from fabrica.server.core.actors import SYSTEM, Actor, NetworkRole
from fabrica.server.ledger import service
from fabrica.server.ledger.models import Account
from fabrica.values.ids import AllocationId, AttemptId, ProjectId, RunId, SiteId, UserId
from fabrica.values.quantities import DeviceTime
from fabrica.wire.ledger import AccountKind, Reservation

OPERATOR = Actor("Olga Operator", user=UserId.new(), network_roles=frozenset({NetworkRole.OPERATOR}))
PERSON = Actor("Piet Person", user=UserId.new())
SITE = SiteId("lumi-aif")
START = datetime.now(UTC) - timedelta(days=30)
END = START + timedelta(days=365)
ENDED = START + timedelta(days=1)


def h100(milliseconds: int) -> DeviceTime:
    return DeviceTime(milliseconds, "gpu.h100")


def make_book(milliseconds: int = 1000, project: ProjectId | None = None, ends_at: datetime = END) -> AllocationId:
    """Grant an allocation to a project."""
    allocation = AllocationId.new()
    service.grant(
        OPERATOR,
        allocation=allocation,
        project=project or ProjectId.new(),
        amount=h100(milliseconds),
        starts_at=START,
        ends_at=ends_at,
    )
    return allocation


def make_reservation(allocation: AllocationId, milliseconds: int = 100, site: SiteId = SITE) -> Reservation:
    """Hold an amount for a new attempt of a new run."""
    return service.reserve(
        SYSTEM,
        allocation=allocation,
        attempt=AttemptId.new(),
        run=RunId.new(),
        site=site,
        amount=h100(milliseconds),
    )


def held_by_site(kind: AccountKind, site: SiteId = SITE) -> int:
    """Return the device-milliseconds on a site's accounts of one kind, whatever their resource class."""
    return sum(account.balance_milliseconds for account in Account.objects.filter(site=site, kind=kind))
