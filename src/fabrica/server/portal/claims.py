"""What public sources say of a site, as lines of term, value and source."""

from collections.abc import Iterator

from django.utils.text import capfirst
from django.utils.translation import gettext as _

from fabrica.reference.network import Antenna, Factory, load_network
from fabrica.reference.sources import FactGroup, FactValue, Source
from fabrica.values.ids import SiteId

Claim = tuple[str, FactValue, Source | None]


def claims(facts: Factory | Antenna | None) -> tuple[Claim, ...]:
    """Return the claims of a site in the order a reader looks for them; what nobody published has the value None."""
    if isinstance(facts, Factory):
        return tuple(_of_factory(facts))
    return tuple(_of_antenna(facts)) if facts else ()


def _of_factory(facts: Factory) -> Iterator[Claim]:
    identity, platform = facts.identity, facts.experimental_platform
    for status in facts.status:
        yield capfirst(status.about.replace("_", " ")), status.says, status.source
    yield _("Hosting entity"), identity.hosting_entity, identity.source
    yield _("Place"), f"{identity.city}, {identity.country}", identity.source
    yield _("Consortium, countries"), _list(facts.consortium.countries), facts.consortium.source
    yield _("Consortium, partners"), _list(facts.consortium.partners), facts.consortium.source
    yield _("Sectors"), _list(facts.focus.sectors), facts.focus.source
    words = " · ".join(part for part in (platform.name, platform.description) if part)
    yield _("Experimental platform"), words or (_("yes") if platform.exists else _("none")), platform.source
    yield _("Antennas linked to it"), _names(facts.linked_antennas), None
    for group in (facts.funding, facts.services):
        yield from _of_group(group)


def _of_antenna(facts: Antenna) -> Iterator[Claim]:
    yield _("Country"), facts.country, facts.source
    yield _("Lead"), facts.lead, facts.source
    yield _("Gives access to"), _names(facts.linked_factories), facts.source
    yield _("Sectors"), _list(facts.sectors), facts.source
    funding = None if facts.funding_eur is None else f"{facts.funding_eur:,} EUR"
    yield _("Funding"), " · ".join(part for part in (funding, facts.funding_note) if part) or None, facts.source
    yield _("Launched"), facts.launched, facts.source
    if facts.note:
        yield _("Note"), facts.note, facts.source


def _of_group(group: FactGroup | None) -> Iterator[Claim]:
    for name, value in group.facts.items() if group else ():
        name, shown = _with_unit(name, value)
        yield capfirst(f"{group.name}: {name}".replace("_", " ")), shown, group.source  # type: ignore[union-attr]


def _names(sites: tuple[SiteId, ...] | None) -> str | None:
    known = load_network()
    found = [(one, known.site(one)) for one in sites or ()]
    names = (getattr(entry, "short_name", None) or getattr(entry, "name", None) or one.upper() for one, entry in found)
    return None if sites is None else ", ".join(names) or _("none")


def _with_unit(name: str, value: FactValue) -> tuple[str, FactValue]:
    """Return a figure in groups of three with the currency that its name ends with."""
    if isinstance(value, tuple):
        return name, _list(value)
    if isinstance(value, bool) or not isinstance(value, int):
        return name, value
    currency = next((one for one in ("eur", "czk", "pln") if name.split("_")[-1] == one), "")
    return name.removesuffix(currency).strip("_") or name, f"{value:,} {currency.upper()}".strip()


def _list(values: tuple[object, ...] | None) -> str | None:
    return None if values is None else ", ".join(str(value) for value in values) or _("none")
