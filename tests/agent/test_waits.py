"""Waits that the agent has seen, and what it tells of them."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from fabrica.agent.waits import WaitLog, with_forecasts
from fabrica.engines.contract import JobWait
from fabrica.values.ids import AttemptId
from fabrica.wire.agents import Inventory, PartitionInventory
from fabrica.wire.runs import Resources

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
LONG_AGO = NOW - timedelta(days=300)


def inventory(*names: str) -> Inventory:
    partitions = (
        PartitionInventory(
            name=name, resource_class="gpu.h100", nodes=1, devices_per_node=4, devices_total=4, devices_free=4
        )
        for name in names
    )
    return Inventory(engine="slurm", engine_version="22.05.8", partitions=tuple(partitions), taken_at=NOW)


def wait_of(log: WaitLog, seconds: float) -> None:
    attempt = AttemptId.new()
    log.begin(attempt, NOW)
    log.end(attempt, "gpu", Resources(devices=2, nodes=3, time_limit_seconds=900), NOW + timedelta(seconds=seconds))


def test_a_wait_is_kept_over_a_restart_with_what_the_job_asked_for(tmp_path: Path) -> None:
    wait_of(WaitLog(tmp_path / "waits.jsonl"), 40)
    assert WaitLog(tmp_path / "waits.jsonl").waits(LONG_AGO) == [
        JobWait("gpu", 40, 6, 900, int((NOW + timedelta(seconds=40)).timestamp()))
    ]


def test_a_start_without_a_known_beginning_and_an_end_without_a_start_are_no_waits(tmp_path: Path) -> None:
    log = WaitLog(tmp_path / "waits.jsonl")
    log.end(AttemptId.new(), "gpu", Resources(), NOW)
    cancelled = AttemptId.new()
    log.begin(cancelled, NOW)
    log.end(cancelled, "gpu", Resources(), None)
    log.end(cancelled, "gpu", Resources(), NOW)
    assert log.waits(LONG_AGO) == []


def test_a_clock_moved_back_makes_no_negative_wait(tmp_path: Path) -> None:
    log = WaitLog(tmp_path / "waits.jsonl")
    wait_of(log, -3600)
    assert log.waits(LONG_AGO)[0].waited_seconds == 0


def test_only_what_started_lately_is_read(tmp_path: Path) -> None:
    log = WaitLog(tmp_path / "waits.jsonl")
    wait_of(log, 40)
    assert log.waits(NOW + timedelta(hours=1)) == []


def test_lines_cut_off_or_strange_are_passed_over(tmp_path: Path) -> None:
    file = tmp_path / "waits.jsonl"
    file.write_bytes(b'{"partition": "gpu"\n\xff\n[]\n{"partition": 1}\nnull\n')
    wait_of(WaitLog(file), 5)
    assert len(WaitLog(file).waits(LONG_AGO)) == 1


def test_a_long_file_is_shortened_to_its_newest_lines(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("fabrica.agent.waits._KEPT_MAX", 3)
    log = WaitLog(tmp_path / "waits.jsonl")
    for seconds in range(10):
        wait_of(log, seconds)
    assert [wait.waited_seconds for wait in log.waits(LONG_AGO)] == [7, 8, 9]
    assert len((tmp_path / "waits.jsonl").read_text().splitlines()) == 3


def test_a_full_disk_loses_the_sample_and_nothing_else(tmp_path: Path) -> None:
    wait_of(WaitLog(tmp_path), 40)


def test_each_partition_tells_the_forecast_of_its_own_jobs() -> None:
    waits = [JobWait("gpu", 10, 4, 900, 1_000 + number) for number in range(40)]
    waits += [JobWait("cpu", 10, 4, 900, 1_000)] * 29
    gpu, cpu = with_forecasts(inventory("gpu", "cpu"), waits).partitions
    assert [(one.devices_max, one.limit_seconds_max, one.samples) for one in gpu.waits] == [
        (4, 3600, 40),
        (4, None, 40),
        (None, None, 40),
    ]
    assert gpu.waits[0].q90_seconds == 10
    assert cpu.waits == ()


def test_jobs_that_wait_without_end_raise_what_is_told() -> None:
    waits = [JobWait("gpu", 10, 1, 900, 1_000)] * 40
    stuck = [JobWait("gpu", 9_000, 1, 900, None)] * 80
    assert with_forecasts(inventory("gpu"), [*waits, *stuck]).partitions[0].waits[0].q50_seconds == 9_000
