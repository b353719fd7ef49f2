"""How long a training would wait at a site, from what the site's own agent says of its queue."""

from django.utils.translation import gettext as _

from fabrica.planning.training.pools import Pool
from fabrica.server.sites import queries as sites
from fabrica.values.ids import SiteId
from fabrica.values.time import show_duration
from fabrica.waits.classes import forecast_for
from fabrica.wire.agents import WaitForecast
from fabrica.wire.sites import SiteUnknown

RUN_SECONDS_MAX = 31 * 86_400  # a run lasts no longer; a longer training goes on from its checkpoint


def wait_words(pool: Pool, seconds: float) -> str | None:
    """Return how long runs like it waited at the pool's site, in words; None where no agent told."""
    if pool.site is None or pool.resource_class is None:
        return None
    try:
        site = sites.site(SiteId(pool.site))
    except SiteUnknown:
        return None
    if site.inventory is None:
        return None
    limit = int(min(seconds, RUN_SECONDS_MAX))
    for partition in site.inventory.partitions:
        told = partition.waits if partition.resource_class == pool.resource_class else ()
        found = forecast_for(told, pool.devices, limit)
        if found is not None:
            return _told(found, simulated=site.simulated or site.inventory.simulated)
    return None


def _told(found: WaitForecast, *, simulated: bool) -> str:
    figures = {"half": show_duration(round(found.q50_seconds)), "nine": show_duration(round(found.q90_seconds))}
    words = (
        _("By its own history, half of all jobs waited at most %(half)s and nine of ten at most %(nine)s.")
        if found.devices_max is None
        else _("By its own history, half of such jobs waited at most %(half)s and nine of ten at most %(nine)s.")
    ) % figures
    return f"{words} {_('This site is simulated.')}" if simulated else words
