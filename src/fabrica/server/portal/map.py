"""The map of the network as SVG: the land, and every site as a link."""

from collections.abc import Callable, Mapping, Sequence

from django.utils.safestring import SafeString
from django.utils.translation import gettext, ngettext

from fabrica.reference.geography import VIEW_HEIGHT, VIEW_WIDTH, load_europe, project
from fabrica.server.portal.svg import element
from fabrica.values.ids import SiteId
from fabrica.wire.sites import Site

TARGET = 14  # radius of what a finger or a pointer hits
APART = 24  # two sites of one place stand so far from each other

Point = tuple[float, float]


def network_map(
    sites: Sequence[Site], page: Callable[[SiteId], str], running: Mapping[SiteId, int] | None = None
) -> SafeString:
    """Return the map: sites that take runs on top and named; each a link to its `page` with its words.

    `running` counts the runs at each site now. A site whose place nobody knows is left to the list beside the map.
    """
    order = sorted(sites, key=lambda site: (site.connected, site.kind != "antenna", site.name))
    places = _places(order)
    counts = running or {}
    hosts = {site.country for site in order}
    return element(
        "svg",
        element("title", gettext("Map of the network")),
        *(_land(outline.path, code in hosts) for code, outline in load_europe().outlines.items()),
        *(_site(site, places[site.id], page(site.id), counts.get(site.id, 0)) for site in order if site.id in places),
        class_="map-plot",
        viewBox=f"0 0 {VIEW_WIDTH} {VIEW_HEIGHT}",
        role="group",
        aria_label=gettext("Map of the network"),
    )


def _land(path: str, host: bool) -> SafeString:
    return element("path", class_="map-land map-host" if host else "map-land", d=path)


def _places(sites: Sequence[Site]) -> dict[SiteId, Point]:
    """Return where each site stands, moved aside where its place is taken."""
    places: dict[SiteId, Point] = {}
    for site in sites:
        place = _place(site)
        while place and any(abs(place[0] - x) + abs(place[1] - y) < APART for x, y in places.values()):
            place = (place[0] + APART, place[1])
        if place and 0 < place[0] < VIEW_WIDTH and 0 < place[1] < VIEW_HEIGHT:
            places[site.id] = place
    return places


def _place(site: Site) -> Point | None:
    """Return the place of a site: its own, else the middle of its country, else none."""
    if site.latitude is not None and site.longitude is not None:
        return project(site.latitude, site.longitude)
    outline = load_europe().outlines.get(site.country or "")
    return outline.middle if outline else None


def _site(site: Site, place: Point, page: str, running: int) -> SafeString:
    """Return one site: a link with its words, the marker, and a name where it takes runs."""
    x, y = place
    words = describe(site, running)
    label_left = x > VIEW_WIDTH - 190
    label = {"x": x - 17 if label_left else x + 17, "y": y + 7, "text_anchor": "end" if label_left else "start"}
    return element(
        "a",
        element("title", words),
        element("circle", class_="map-target", cx=x, cy=y, r=TARGET),
        # the disc's area grows with the runs that run there now
        element("circle", class_="map-load", cx=x, cy=y, r=min(60.0, 12 + 6 * running**0.5)) if running else "",
        _marker(site, x, y),
        element("text", site.name, class_="map-label", **label) if site.connected else "",
        id=f"on-map-{site.id}",  # the focus comes back to it when the map is drawn again
        href=page,
        aria_label=words,
    )


def _marker(site: Site, x: float, y: float) -> SafeString:
    """Return a site's marker: a square, round for an antenna; in the accent when connected, dashed if simulated."""
    name = "map-antenna" if site.kind == "antenna" else "map-site"
    if site.connected:
        name = "map-simulated" if site.simulated else "map-connected"
    if site.kind == "antenna":
        return element("circle", class_=f"{name} map-marker", cx=x, cy=y, r=7 if site.connected else 5)
    half = 7.5 if site.connected else 5.5
    return element("rect", class_=f"{name} map-marker", x=x - half, y=y - half, width=2 * half, height=2 * half, rx=1.5)


def describe(site: Site, running: int = 0) -> str:
    """Return what a marker says in words."""
    where = ", ".join(part for part in (site.city, site.country) if part)
    words = [site.name, where] if where else [site.name]
    if not site.connected:
        words.append(gettext("its agent is silent") if site.last_word_at else gettext("no agent connected"))
    elif site.draining:
        words.append(gettext("takes no new runs"))
    elif site.engine_silent_since:
        words.append(gettext("its scheduler does not answer"))
    elif site.maintenance_ends_at:
        words.append(gettext("in maintenance"))
    elif site.personal:
        words.append(gettext("takes runs of its owner"))
    else:
        words.append(gettext("takes runs, simulated") if site.simulated else gettext("takes runs"))
    if running:
        words.append(ngettext("%(count)s run now", "%(count)s runs now", running) % {"count": running})
    return " · ".join(words)
