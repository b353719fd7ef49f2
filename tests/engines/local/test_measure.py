"""What a run used: folders, memory peaks, and the processor's energy counters."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from fabrica.engines.local.measure import Meter, PackageEnergy, folder_bytes
from fabrica.engines.local.nvml import Nvml
from tests.engines.local.fake_nvml import FakeLibrary


def _zone(powercap: Path, name: str, *, zone: str, counted: int, range_microjoules: int = 1_000_000) -> Path:
    folder = powercap / zone
    folder.mkdir(parents=True)
    (folder / "name").write_text(f"{name}\n")
    (folder / "energy_uj").write_text(f"{counted}\n")
    (folder / "max_energy_range_uj").write_text(f"{range_microjoules}\n")
    return folder / "energy_uj"


def test_energy_is_added_up_over_packages_and_not_over_their_parts(tmp_path: Path) -> None:
    first = _zone(tmp_path, "package-0", zone="intel-rapl:0", counted=100)
    second = _zone(tmp_path, "package-1", zone="intel-rapl:1", counted=0)
    part = _zone(tmp_path, "core", zone="intel-rapl:0:0", counted=0)
    energy = PackageEnergy.find(tmp_path)
    assert energy is not None
    for counter, value in ((first, 300_100), (second, 200_000), (part, 900_000)):
        counter.write_text(str(value))
    assert energy.joules() == pytest.approx(0.5)


def test_a_counter_that_wraps_goes_on(tmp_path: Path) -> None:
    counter = _zone(tmp_path, "package-0", zone="intel-rapl:0", counted=900_000)
    energy = PackageEnergy.find(tmp_path)
    assert energy is not None
    for value in (100_000, 800_000, 50_000):
        counter.write_text(str(value))
        told = energy.joules()
    assert told == pytest.approx(0.2 + 0.7 + 0.25)


def test_counters_that_can_no_longer_be_read_make_the_energy_unknown(tmp_path: Path) -> None:
    counter = _zone(tmp_path, "package-0", zone="intel-rapl:0", counted=0)
    energy = PackageEnergy.find(tmp_path)
    assert energy is not None
    counter.unlink()
    assert energy.joules() is None


def test_a_machine_without_readable_counters_has_none(tmp_path: Path) -> None:
    assert PackageEnergy.find(tmp_path) is None
    (_zone(tmp_path, "package-0", zone="intel-rapl:0", counted=0)).write_text("no number")
    assert PackageEnergy.find(tmp_path) is None


def test_a_folder_counts_each_file_once_and_follows_no_link(tmp_path: Path) -> None:
    folder = tmp_path / "run"
    (folder / "deep").mkdir(parents=True)
    (folder / "deep" / "file").write_bytes(b"x" * 100_000)
    alone = folder_bytes(folder)
    os.link(folder / "deep" / "file", folder / "again")
    (tmp_path / "outside").write_bytes(b"x" * 100_000)
    (folder / "link").symlink_to("../outside")
    assert alone >= 100_000
    assert folder_bytes(folder) == alone


def test_a_folder_that_is_not_there_holds_nothing(tmp_path: Path) -> None:
    assert folder_bytes(tmp_path / "gone") == 0


def test_peak_of_a_run_too_short_to_be_looked_at_is_the_kernels_own(tmp_path: Path) -> None:
    """Also when it held more than any look could see: the kernel keeps the peak of what was waited for."""
    program = f"""
import subprocess, sys
from pathlib import Path
from fabrica.engines.local.measure import Meter
meter = Meter(Path({str(tmp_path)!r}), [])
subprocess.run([sys.executable, "-c", "b'x' * 2**28"], check=True)
meter.close()
print(meter.memory_peak_bytes)
"""
    said = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60)
    assert 2**28 <= int(said.stdout) < 2**29


def test_figures_hold_what_the_cards_of_the_run_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    library = FakeLibrary(percent={"GPU-a": 80})
    monkeypatch.setattr(Nvml, "open", lambda: Nvml(library))
    meter = Meter(tmp_path, ["GPU-a"])
    library.millijoules["GPU-a"] += 4000
    meter.look_at_gpus()
    assert meter.figures()["gpu_joules"] == pytest.approx(4.0)
    assert meter.figures()["gpu_utilisation"] == pytest.approx(0.8)


def test_a_run_without_cards_asks_no_driver(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Nvml, "open", lambda: pytest.fail("the driver was asked"))
    assert Meter(tmp_path, []).figures()["gpu_joules"] is None
