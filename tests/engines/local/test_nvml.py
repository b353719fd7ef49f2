"""Energy and utilisation of cards: what the driver counted, or nothing."""

import pytest

from fabrica.engines.local.nvml import Card, GpuMeter, Nvml
from tests.engines.local.fake_nvml import FakeLibrary


@pytest.fixture
def library() -> FakeLibrary:
    return FakeLibrary()


def test_cards_are_told_by_id_and_name(library: FakeLibrary) -> None:
    assert Nvml(library).cards()[::2] == [Card("GPU-a", "NVIDIA H200"), Card("GPU-c", "NVIDIA A100-SXM4-40GB")]


def test_energy_is_last_minus_first_of_the_held_cards_alone(library: FakeLibrary) -> None:
    meter = GpuMeter(Nvml(library), ["GPU-a", "GPU-b"])
    library.millijoules = {"GPU-a": 3000, "GPU-b": 5500, "GPU-c": 99_000}
    meter.look()
    assert meter.joules == pytest.approx(2.5)


def test_a_card_that_stops_telling_its_energy_makes_it_unknown(library: FakeLibrary) -> None:
    meter = GpuMeter(Nvml(library), ["GPU-a", "GPU-b"])
    del library.millijoules["GPU-b"]
    meter.look()
    assert meter.joules is None


def test_a_counter_that_began_anew_makes_the_energy_unknown(library: FakeLibrary) -> None:
    meter = GpuMeter(Nvml(library), ["GPU-a"])
    library.millijoules["GPU-a"] = 10
    meter.look()
    assert meter.joules is None


def test_utilisation_is_the_mean_over_looks_and_cards(library: FakeLibrary) -> None:
    meter = GpuMeter(Nvml(library), ["GPU-a", "GPU-b"])
    assert meter.utilisation is None
    for shares in ((100, 50), (0, 50)):
        library.percent = dict(zip(("GPU-a", "GPU-b"), shares, strict=True))
        meter.look()
    assert meter.utilisation == pytest.approx(0.5)


def test_utilisation_that_no_card_tells_is_unknown_not_zero(library: FakeLibrary) -> None:
    meter = GpuMeter(Nvml(library), ["GPU-a"])
    meter.look()
    assert meter.utilisation is None


def test_a_card_that_is_not_there_is_unknown(library: FakeLibrary) -> None:
    nvml = Nvml(library)
    assert nvml.joules("GPU-z") is None
    assert nvml.busy_share("GPU-z") is None
