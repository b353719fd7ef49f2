"""What accounting tells is taken for an end only once it is whole."""

import time
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import pytest

from fabrica.engines.slurm.controller import Controller, Silent
from fabrica.engines.slurm.jobs import Row
from fabrica.engines.slurm.looks import Looks, Pace, Queue


class _Accounting:
    def __init__(self, row: Row) -> None:
        self._row = row

    def rows(self, *_: Any, **__: Any) -> list[Row]:
        return [self._row]


@pytest.mark.parametrize(("ended_at", "state"), [(None, "RUNNING"), (1_795_265_532, "COMPLETED")])
def test_an_end_whose_time_is_not_told_is_no_end_yet(ended_at: int | None, state: str, tmp_path: Path) -> None:
    row = Row(cluster="c", job="1", name="fab-a", state="COMPLETED", started_at=1_795_265_531, ended_at=ended_at)
    assert _told(row, tmp_path) == state


@pytest.mark.parametrize(
    ("elapsed_seconds", "allocated", "state"),
    [(1, {}, "RUNNING"), (1, {"gres/gpu": 1}, "COMPLETED"), (0, {}, "COMPLETED")],
    ids=["not told", "told", "it held nothing"],
)
def test_an_end_whose_devices_are_not_told_is_no_end_yet(
    elapsed_seconds: int, allocated: dict[str, int], state: str, tmp_path: Path
) -> None:
    start, end = 1_795_296_462, 1_795_296_462 + elapsed_seconds
    row = Row(cluster="c", job="1", name="fab-a", state="COMPLETED", started_at=start, ended_at=end)
    assert _told(replace(row, elapsed_seconds=elapsed_seconds, allocated=allocated), tmp_path) == state


def _told(row: Row, folder: Path) -> str:
    accounting = cast("Controller", _Accounting(row))
    looks = Looks(lambda: accounting, folder, queue_seconds=1, history_seconds=1)
    looks.look_at_history({"fab-a": "1"}, since=0)
    (kept,) = looks.history.rows["fab-a"]
    return kept.state


def test_a_reason_asks_sooner_and_never_for_more_than_a_fifth_of_the_time(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [100.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    pace = Pace(interval_seconds=10)
    assert pace.ready()
    now[0] = 101.0  # it took a second
    pace.asked(100.0, in_vain=False)
    for at, ready, with_reason in (
        (104.9, False, False),
        (105.1, False, True),
        (120.9, False, True),
        (121.1, True, True),
    ):
        now[0] = at
        assert (pace.ready(), pace.ready(with_reason=True)) == (ready, with_reason)
    pace.asked(121.0, in_vain=True)
    assert not pace.ready(with_reason=True)


class _Controller:
    """A controller that tells since when it runs, and counts how often it was asked."""

    def __init__(self, *booted_at: int | Silent | None) -> None:
        self.told = list(booted_at)

    def booted_at(self) -> int | None:
        told = self.told.pop(0)
        if isinstance(told, Silent):
            raise told
        return told


def test_a_job_that_began_before_its_controller_is_known_to_have_met_a_restart(tmp_path: Path) -> None:
    controller = _Controller(100, 200, None, Silent("down"))
    looks = Looks(lambda: cast("Controller", controller), tmp_path, queue_seconds=0, history_seconds=0)
    for met in ({99: True, 100: True, 101: False, None: True}, {101: True, 201: False}, {201: True}, {201: True}):
        looks.queue = Queue()
        assert {began: looks.restarted_since(began) for began in met} == met  # asked once for an answer of the queue
    assert controller.told == []
