"""What the local engine keeps on disk: order, truth after a crash, and nothing half-known."""

from pathlib import Path
from typing import Any

import pytest

from fabrica.engines.files import read_json
from fabrica.engines.local.admission import settle
from fabrica.engines.local.store import AttemptFolder, Store
from fabrica.values.ids import AttemptId


@pytest.fixture
def store(tmp_path: Path) -> Store:
    made = Store(tmp_path / "engine")
    made.make()
    return made


def _known(store: Store, **changes: Any) -> tuple[str, dict[str, Any]]:
    attempt = str(AttemptId.new())
    folder = store.folder.parent / attempt
    (folder / "engine").mkdir(parents=True)
    record = {"folder": str(folder), "resource_class": "cpu.core", "devices": 1, "memory_bytes": 1} | changes
    store.enqueue(attempt, record)
    return attempt, record


def test_attempts_wait_in_the_order_they_came(store: Store) -> None:
    came = [_known(store)[0] for _ in range(12)]
    assert store.waiting() == came


def test_an_attempt_that_waits_again_keeps_its_old_place(store: Store) -> None:
    first, record = _known(store)
    second, _ = _known(store)
    store.leave_queue(first, record)
    assert store.waiting() == [second]
    store.requeue(first, record)
    assert store.waiting() == [first, second]


def test_a_place_in_the_queue_that_nobody_knows_is_dropped(store: Store) -> None:
    attempt, _ = _known(store)
    left_over = store.folder / "queue" / f"000000000099-{AttemptId.new()}"
    left_over.touch()
    assert [name for name, _ in store.waiting_records()] == [attempt]
    assert not left_over.exists()


def test_a_torn_claim_holds_nothing(store: Store) -> None:
    attempt, _ = _known(store)
    store.save_claim(attempt, {"cores": [0]})
    (store.folder / "claims" / f"{attempt}.json").write_text('{"cores": [0')
    assert store.claims() == {}


def test_settings_are_written_only_when_they_change(store: Store) -> None:
    store.save_settings({"cores": [0]})
    written = (store.folder / "settings.json").stat().st_mtime_ns
    store.save_settings({"cores": [0]})
    assert (store.folder / "settings.json").stat().st_mtime_ns == written
    assert store.settings() == {"cores": [0]}


def test_an_attempt_is_forgotten_with_its_folder_but_not_while_it_holds_devices(store: Store) -> None:
    kept, record = _known(store)
    gone, other = _known(store)
    for one in (record, other):
        Path(one["folder"]).rename(store.folder.parent / f"removed-{one['number']}")
    store.save_claim(kept, {"cores": [0]})
    store.forget_removed()
    assert store.attempt(kept) is not None
    assert store.attempt(gone) is None
    assert gone not in store.waiting()


def test_keeper_that_dies_before_its_run_began_lets_it_wait_again(store: Store) -> None:
    attempt, record = _known(store)
    store.leave_queue(attempt, record)
    store.save_claim(attempt, {"cores": [0], "gpus": [], "memory_bytes": 1, "keeper": ["an earlier boot", 1, 1]})
    settle(store, attempt)
    assert store.waiting() == [attempt]
    assert store.claim(attempt) is None


def test_keeper_that_dies_after_its_run_began_ends_it_and_frees_its_devices(store: Store) -> None:
    attempt, record = _known(store)
    store.leave_queue(attempt, record)
    store.save_claim(attempt, {"cores": [0], "gpus": [], "memory_bytes": 1, "keeper": ["an earlier boot", 1, 1]})
    folder = AttemptFolder(Path(record["folder"]))
    folder.started.write_text('{"started_at": 1000.0}')
    folder.usage.write_text('{"elapsed_seconds": 2.5, "processes": []}')
    settle(store, attempt)
    ended = read_json(folder.ended)
    assert ended is not None
    assert (ended["reason"], ended["ended_at"]) == ("process_vanished", 1002.5)
    assert store.waiting() == []
    assert store.claim(attempt) is None
