"""The caches stay within their size; what is used stays, and a death in between leaves nothing that looks whole."""

import os
from pathlib import Path

import pytest

from fabrica.agent import caches, folders
from fabrica.agent.caches import note_use, pin, pinned, sweep
from fabrica.agent.folders import SiteFolder
from fabrica.agent.journal import Journal
from fabrica.agent.locks import held
from fabrica.values.ids import AttemptId
from tests.agent.builders import NOON, make_order

KEYS = tuple(letter * 64 for letter in "abcd")


@pytest.fixture
def site(tmp_path: Path) -> SiteFolder:
    site = SiteFolder(tmp_path / "site")
    site.prepare()
    return site


def keep_data(site: SiteFolder, key: str, size: int, used_at: int) -> Path:
    place = site.cache / key
    place.write_bytes(b"x" * size)
    place.chmod(0o444)
    return _used(site.cache / f"{key.removeprefix('partial-')}.lock", used_at, place)


def keep_environment(site: SiteFolder, key: str, size: int, used_at: int) -> Path:
    built = site.environments / f"{key}.built-1"
    (built / "lib").mkdir(parents=True)
    (built / "lib" / "module.py").write_bytes(b"x" * size)
    place = site.environments / key
    place.symlink_to(built.name)
    return _used(site.environments / f"{key}.lock", used_at, place)


def _used(lock: Path, used_at: int, place: Path) -> Path:
    lock.touch()
    os.utime(lock, (used_at, used_at))
    return place


def nothing() -> set[str]:
    return set()


def test_what_was_not_used_for_longest_goes_first(site: SiteFolder) -> None:
    old, used = keep_data(site, KEYS[0], 50, 1), keep_data(site, KEYS[1], 50, 3)
    middle = keep_environment(site, KEYS[2], 50, 2)
    assert sweep(site, 150, nothing) == 0
    assert sweep(site, 60, nothing) == 100
    assert (old.exists(), middle.exists(), used.exists()) == (False, False, True)
    assert not list(site.environments.glob("*.built-*"))
    assert sweep(site, 60, nothing) == 0


def test_a_use_is_noted(site: SiteFolder) -> None:
    first, second = keep_data(site, KEYS[0], 50, 1), keep_data(site, KEYS[1], 50, 2)
    note_use(site.cache / f"{KEYS[0]}.lock")
    sweep(site, 50, nothing)
    assert (first.exists(), second.exists()) == (True, False)


def test_what_somebody_holds_or_pins_stays(site: SiteFolder) -> None:
    data, environment = keep_data(site, KEYS[0], 50, 1), keep_environment(site, KEYS[1], 50, 1)
    with held(site.cache / f"{KEYS[0]}.lock", lambda: False):
        assert sweep(site, 0, lambda: {KEYS[1]}) == 0
    assert data.exists()
    assert environment.exists()
    assert sweep(site, 0, nothing) == 100


def test_a_living_attempt_pins_its_environment_and_an_ended_one_does_not(site: SiteFolder) -> None:
    journal = Journal(site.journal)
    order = make_order()
    journal.accept(order, NOON)
    folder = site.attempt(order.attempt)
    folder.prepare()
    assert pinned(site, journal) == set()
    pin(folder, KEYS[0])
    assert pinned(site, journal) == {KEYS[0]}
    stranger = site.attempt(AttemptId.new())
    stranger.prepare()
    pin(stranger, KEYS[1])
    assert pinned(site, journal) == {KEYS[0]}
    journal.close()


def test_a_death_while_an_environment_is_removed_leaves_nothing_whole_and_the_next_sweep_ends_it(
    site: SiteFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = keep_environment(site, KEYS[0], 50, 1)
    remove = folders.remove

    def dies(path: Path) -> None:
        if path != place:
            raise KeyboardInterrupt
        remove(path)

    monkeypatch.setattr(caches, "remove", dies)
    with pytest.raises(KeyboardInterrupt):
        sweep(site, 0, nothing)
    assert not place.exists()
    monkeypatch.setattr(caches, "remove", remove)
    sweep(site, 10**9, nothing)
    assert not list(site.environments.glob("*.built-*"))


def test_a_build_that_goes_on_and_what_is_no_entry_are_left_alone(site: SiteFolder) -> None:
    building = site.environments / f"{KEYS[0]}.built-2"
    building.mkdir()
    other = site.environments / "in-run-0123456789abcdef"
    other.mkdir()
    half = keep_data(site, f"partial-{KEYS[1]}", 10, 1)
    with held(site.environments / f"{KEYS[0]}.lock", lambda: False):
        sweep(site, 10, nothing)
    assert building.exists()
    assert other.exists()
    assert half.exists()
    assert sweep(site, 0, nothing) == 10
    assert not building.exists()
    assert not half.exists()
    assert other.exists()
