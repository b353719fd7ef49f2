"""What accounts may use: held for a job when it arrives, charged for its work when it ends."""

from typing import Any

from fabrica.planning.engine.compiling import compiled
from fabrica.planning.engine.site_state import Site
from fabrica.planning.engine.table import REFUSED


@compiled
def left_of_grant(grants: Any, account: int) -> int:
    """Return the device-seconds of an account that are neither used nor held."""
    grant = grants[account]
    return int(grant.granted - grant.used - grant.held)


@compiled
def hold_grant(site: Site, job: int) -> bool:
    """Hold what a job is planned with of its account's grant; return whether so much was left."""
    one = site.jobs[job]
    held = one.units * one.asked
    if held > left_of_grant(site.grants, one.account):
        one.state = REFUSED
        site.state[0].refused += 1
        return False
    site.grants[one.account].held += held
    one.held = held
    return True


@compiled
def release_grant(site: Site, job: int) -> None:
    """Free what is held for a job that leaves the site without having run."""
    one = site.jobs[job]
    site.grants[one.account].held -= one.held
    one.held = 0


@compiled
def settle_grant(site: Site, job: int) -> None:
    """Charge the work of a job that is done to its account's grant, and free the rest of what was held."""
    one = site.jobs[job]
    grant = site.grants[one.account]
    grant.held -= one.held
    grant.used += one.units * (one.runtime - one.left)
    one.held = 0
