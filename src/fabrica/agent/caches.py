"""The site's caches of data and environments: what was not used for longest goes first, once they are too large."""

import os
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from fabrica.agent.folders import AttemptFolder, SiteFolder, remove
from fabrica.agent.journal import Journal
from fabrica.agent.locks import held_at_once
from fabrica.values.files import write_whole

_KEY = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class CacheEntry:
    """One dataset, bundle, half a download, or environment. `used_at`: seconds since the epoch."""

    key: str
    places: tuple[Path, ...]
    lock: Path
    bytes: int
    used_at: float


def note_use(lock: Path) -> None:
    """Note that the entry of a lock is used now; whoever calls holds the lock."""
    os.utime(lock)


def pin(folder: AttemptFolder, key: str) -> None:
    """Keep an environment for as long as the attempt lives, from when its lock is next free."""
    write_whole(folder.pin, key.encode())


def pinned(site: SiteFolder, journal: Journal) -> set[str]:
    """Return the keys of the environments that living attempts use."""
    pins = (site.attempt(entry.attempt).pin for entry in journal.live_entries())
    return {place.read_text(encoding="utf-8").strip() for place in pins if place.is_file()}


def sweep(site: SiteFolder, bytes_max: int, in_use: Callable[[], set[str]]) -> int:
    """Remove what was not used for longest until the caches hold at most `bytes_max`; return the bytes freed.

    What somebody locks or pins stays, so the caches may hold more for a while. A death between two steps leaves
    nothing that looks whole: an environment loses its name first, and what has no name goes with the next sweep.
    """
    entries = sorted(_entries(site), key=lambda entry: (entry.used_at, entry.key))
    excess, freed = sum(entry.bytes for entry in entries) - bytes_max, 0
    for entry in entries:
        named = any(place.name == entry.key for place in entry.places)
        if excess <= freed and (named or entry.places[0].parent == site.cache):
            continue
        with held_at_once(entry.lock) as mine:
            # Asked under the lock. An attempt pins before it takes the lock: it is seen, or finds nothing and builds.
            if not mine or (named and entry.key in in_use()):
                continue
            for place in entry.places:
                remove(place)
            freed += entry.bytes
    return freed


def _entries(site: SiteFolder) -> Iterator[CacheEntry]:
    yield from _files(site.cache)
    yield from _environments(site.environments)


def _files(cache: Path) -> Iterator[CacheEntry]:
    """Yield each dataset, bundle and half a download."""
    for place in cache.iterdir():
        key = place.name.removeprefix("partial-")
        if _KEY.fullmatch(key) and place.is_file():
            lock = cache / f"{key}.lock"
            yield CacheEntry(key, (place,), lock, place.stat().st_size, _used_at(lock, place))


def _environments(environments: Path) -> Iterator[CacheEntry]:
    """Yield each environment: the name that leads to it, the folder it was built in, and its counted size.

    A folder without a name is what a death left; it is an entry of its own, and always goes.
    """
    links = {place.name: place for place in environments.iterdir() if _KEY.fullmatch(place.name)}
    for key, link in links.items():
        lock, size = environments / f"{key}.lock", environments / f"{key}.bytes"
        yield CacheEntry(key, (link, link.resolve(), size), lock, _counted(link.resolve(), size), _used_at(lock, link))
    named = {link.resolve() for link in links.values()}
    for built in environments.glob("*.built-*"):
        key = built.name.partition(".")[0]
        if _KEY.fullmatch(key) and built.resolve() not in named:
            yield CacheEntry(key, (built,), environments / f"{key}.lock", 0, 0.0)


def _used_at(lock: Path, place: Path) -> float:
    return (lock if lock.exists() else place).lstat().st_mtime


def _counted(built: Path, size: Path) -> int:
    """Return the bytes of a folder, counted once and kept beside it."""
    if not size.exists():
        total = sum((Path(parent) / name).lstat().st_size for parent, _, names in os.walk(built) for name in names)
        write_whole(size, str(total).encode())
    return int(size.read_text(encoding="utf-8"))
