"""Reads of sites. Who the sites are is public; what an agent says is, too."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from fabrica.reference.network import Antenna, Factory, load_network
from fabrica.server.core import clock
from fabrica.server.core.actors import Actor
from fabrica.server.sites import rules
from fabrica.server.sites.models import Agent, Site
from fabrica.values.ids import SiteId
from fabrica.values.time import from_rfc3339
from fabrica.wire import agents as wire_agents
from fabrica.wire import sites as wire
from fabrica.wire.enrolment import OwnSite
from fabrica.wire.runs import Silence
from fabrica.wire.signatures import thumbprint
from fabrica.wire.sites import site_unknown


def agent(row: Agent) -> wire_agents.Agent:
    """Return an agent as operators see it."""
    return wire_agents.Agent(
        id=row.pk,
        site=row.site_id,
        name=row.name,
        version=row.version or None,
        protocol=row.protocol,
        enrolled_at=row.enrolled_at,
        last_word_at=row.last_word_at,
        withdrawn=row.withdrawn_at is not None,
        key=thumbprint(row.public_key) if row.public_key else None,
        clock_difference_seconds=row.clock_difference_seconds,
    )


def inventory(row: Agent) -> wire_agents.Inventory | None:
    """Return what the agent last said its site has; maintenance by our own clock, and none that is over."""
    told = last_told(row)
    return told and rules.with_maintenance_to_come(told, row.clock_difference_seconds, clock.now())


def last_told(row: Agent) -> wire_agents.Inventory | None:
    """Return the inventory as the agent last told it, by the site's clock."""
    return wire_agents.Inventory.model_validate(row.inventory) if row.inventory else None


def people(row: Agent) -> tuple[str, ...] | None:
    """Return for whom the site has accounts, as the agent last said; None: it asks for none."""
    return tuple(row.people) if row.people is not None else None


def sites() -> tuple[wire.Site, ...]:
    """Return every site: our own first, then factories and antennas, by name."""
    rows: dict[SiteId, Site] = {row.pk: row for row in Site.objects.all()}
    agents: dict[SiteId, Agent] = {row.site_id: row for row in Agent.objects.filter(withdrawn_at__isnull=True)}
    network = load_network()
    known: dict[SiteId, Factory | Antenna] = {one.id: one for one in network.factories}
    known |= {one.id: one for one in network.antennas}
    own = [_site(row.pk, None, row, agents.get(row.pk)) for row in rows.values() if row.pk not in known]
    listed = [_site(site, entry, rows.get(site), agents.get(site)) for site, entry in known.items()]
    order = {"own": 0, "factory": 1, "antenna": 2}
    return tuple(sorted([*own, *listed], key=lambda site: (order[site.kind], site.name.lower())))


def site(site: SiteId) -> wire.SiteDetail:
    """Return one site with its agent and inventory.

    Raises:
        SiteUnknown: nobody knows it; says the nearest ones.
    """
    check_known((site,))
    row = Site.objects.filter(pk=site).first()
    entry = load_network().site(site)
    speaker = Agent.objects.filter(site_id=site, withdrawn_at__isnull=True).first()
    return wire.SiteDetail(
        **_site(site, entry, row, speaker).model_dump(),
        agent=agent(speaker) if speaker else None,
        inventory=inventory(speaker) if speaker else None,
    )


def check_known(asked: Collection[SiteId]) -> None:
    """Accept sites that the reference data or the office knows.

    Raises:
        SiteUnknown: nobody knows one of them; says the nearest ones.
    """
    if not asked:
        return
    known = {one.id for one in load_network().sites} | set(Site.objects.values_list("pk", flat=True))
    for one in asked:
        if one not in known:
            raise site_unknown(one, known)


def _site(site: SiteId, entry: Factory | Antenna | None, row: Site | None, speaker: Agent | None) -> wire.Site:
    held = inventory(speaker) if speaker else None
    difference = speaker.clock_difference_seconds if speaker else None
    last_word_at = speaker.last_word_at if speaker else None
    return wire.Site(
        id=site,
        **_who(entry, row) | {"country": _country(site, row, held)},
        simulated=bool(row and row.simulated),
        personal=bool(held and held.personal),
        draining=bool(row and row.draining),
        draining_reason=(row.draining_reason or None) if row and row.draining else None,
        connected=last_word_at is not None and is_fresh(last_word_at),
        last_word_at=last_word_at,
        engine_silent_since=_by_our_clock(held.silent_since, difference) if held and held.silent_since else None,
        maintenance_ends_at=rules.maintenance_ends_at(held, clock.now()) if held else None,
        counted_at=_by_our_clock(held.taken_at, difference) if held else None,
        devices_total=_sum(partition.devices_total for partition in held.partitions) if held else None,
        devices_free=_sum(partition.devices_free for partition in held.partitions) if held else None,
    )


def _sum(counts: Iterable[int | None]) -> int | None:
    """Return a sum; one part that is unknown makes it unknown."""
    known = list(counts)
    return None if None in known else sum(filter(None, known))


def _who(entry: Factory | Antenna | None, row: Site | None) -> dict[str, Any]:
    if isinstance(entry, Factory):
        identity = entry.identity
        return {
            "name": entry.short_name,
            "kind": "factory",
            "city": identity.city,
            "latitude": identity.latitude,
            "longitude": identity.longitude,
            "summary": identity.hosting_entity,
        }
    if isinstance(entry, Antenna):
        name = entry.name or f"AI Factory Antenna {entry.country}"
        return {"name": name, "kind": "antenna", "summary": entry.lead or "Lead not known"}
    assert row is not None, "a site outside the reference data has a row"
    return {
        "name": row.name,
        "kind": "own",
        "summary": "Added by this network's office",
    }


def is_fresh(last_word_at: datetime) -> bool:
    """Return whether an agent spoke a moment ago."""
    return clock.now() - last_word_at < rules.FRESH


@dataclass(frozen=True, slots=True)
class Speaker:
    """A site with an agent, as it is now. `silent_seconds`: since its engine gave no answer; None: it answers."""

    name: str
    country: str | None
    simulated: bool
    draining: bool
    age_seconds: int | None
    silent_seconds: int | None
    inventory: wire_agents.Inventory | None
    people: tuple[str, ...] | None


def speakers(now: datetime) -> dict[SiteId, Speaker]:
    """Return each site that has an agent, for placement; ages are counted by our own clock."""
    rows = Agent.objects.filter(withdrawn_at__isnull=True).select_related("site")
    return {row.site_id: _speaker(row, inventory(row), now) for row in rows}


def _speaker(row: Agent, held: wire_agents.Inventory | None, now: datetime) -> Speaker:
    silent_since = held.silent_since if held else None
    return Speaker(
        name=row.site.name,
        country=_country(row.site_id, row.site, held),
        simulated=row.site.simulated,
        draining=row.site.draining,
        age_seconds=_seconds_since(row.last_word_at, now),
        silent_seconds=_seconds_since(silent_since and _by_our_clock(silent_since, row.clock_difference_seconds), now),
        inventory=held,
        people=people(row),
    )


def _seconds_since(at: datetime | None, now: datetime) -> int | None:
    return None if at is None else max(0, int((now - at).total_seconds()))


def silences(asked: Collection[SiteId]) -> dict[SiteId, Silence]:
    """Return each of these sites whose engine gives its agent no answer, with since when by our own clock."""
    if not asked:
        return {}
    rows = Agent.objects.filter(site_id__in=asked, withdrawn_at__isnull=True)
    told = rows.values_list("site_id", "inventory__engine", "inventory__silent_since", "clock_difference_seconds")
    return {
        site: Silence(site=site, engine=engine, since=_by_our_clock(from_rfc3339(since), difference))
        for site, engine, since, difference in told
        if since
    }


def _by_our_clock(at: datetime, difference_seconds: int | None) -> datetime:
    """Return an instant of a site's clock by our own."""
    return at + timedelta(seconds=difference_seconds or 0)


def inventory_at(site: SiteId) -> wire_agents.Inventory | None:
    """Return what the agent of a site last said it has; None: no agent speaks for it, or it said nothing yet."""
    row = Agent.objects.filter(site_id=site, withdrawn_at__isnull=True).first()
    return inventory(row) if row else None


def last_word_at(site: SiteId) -> datetime | None:
    """Return when the agent of a site last spoke; None: no agent speaks for it, or it never did."""
    speaking = Agent.objects.filter(site_id=site, withdrawn_at__isnull=True)
    return speaking.values_list("last_word_at", flat=True).first()


def country(site: SiteId) -> str | None:
    """Return the country a site is in: as the reference data says, else its agent, else the office."""
    return _country(site, Site.objects.filter(pk=site).first(), inventory_at(site))


def _country(site: SiteId, row: Site | None, held: wire_agents.Inventory | None) -> str | None:
    entry = load_network().site(site)
    return (
        (entry.country if entry else None) or (held.country if held else None) or (row.country if row else None) or None
    )


def own_site(by: Actor) -> OwnSite:
    """Return what an agent may know of itself."""
    row = Agent.objects.select_related("site").get(pk=by.agent)
    return OwnSite(
        site=row.site_id,
        name=row.site.name,
        agent=row.pk,
        draining=row.site.draining,
        draining_reason=row.site.draining_reason or None,
        last_word_at=row.last_word_at,
        protocols=tuple(sorted(rules.PROTOCOLS)),
    )


def acknowledged(by: Actor) -> int:
    """Return up to which event the agent's word was taken in."""
    return Agent.objects.values_list("acknowledged", flat=True).get(pk=by.agent)
