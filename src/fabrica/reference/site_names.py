"""What somebody may have meant by a name that is no site's id: a machine, a city, a host, a country."""

import difflib
import re
import unicodedata
from collections.abc import Collection, Iterable

from fabrica.reference.countries import nearest_country
from fabrica.reference.network import Factory, load_network

ALIKE = 0.75
_WORD = re.compile(r"[a-z0-9]{3,}")


def nearest_site(text: str, among: Collection[str]) -> str | None:
    """Return the one of these ids that may have been meant; null where none is near, or several are as near."""
    plain = _plain(text)
    ids_of: dict[str, set[str]] = {}
    for site, name in _names(among):
        for one in {name, *_WORD.findall(name)}:
            ids_of.setdefault(one, set()).add(site)
    if len(ids_of.get(plain, ())) > 1:
        return None
    own = {name: min(ids) for name, ids in ids_of.items() if len(ids) == 1}
    near = difflib.get_close_matches(plain, own, n=1, cutoff=ALIKE)
    return own[near[0]] if near else _only_of_country(plain, among)


def _names(among: Collection[str]) -> Iterable[tuple[str, str]]:
    """Yield each id with each name of its site; sites that the reference does not know have their ids alone."""
    for site in among:
        yield site, _plain(site)
        found = load_network().site(site)
        if isinstance(found, Factory):
            names = (found.short_name, found.full_name, found.identity.city, found.identity.hosting_entity)
            for name in (*names, *(system.name for system in found.systems)):
                yield site, _plain(name)


def _only_of_country(text: str, among: Collection[str]) -> str | None:
    """Return the site of a country that has one alone."""
    country = nearest_country(text)
    known = (load_network().site(site) for site in among)
    there = [str(one.id) for one in known if one is not None and one.country == country]
    return there[0] if len(there) == 1 else None


def _plain(text: str) -> str:
    """Return text without accents, in small letters."""
    parts = unicodedata.normalize("NFKD", text.casefold())
    return "".join(letter for letter in parts if not unicodedata.combining(letter)).strip()
