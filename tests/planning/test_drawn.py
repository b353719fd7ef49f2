"""Energy of a replay: by hand, by the hour, and unknown where a figure is unknown."""

from pathlib import Path

import pytest

from fabrica.planning.drawn import Power, drawn, power_of, read_series
from fabrica.planning.replay import Cluster, Policy, replay
from fabrica.planning.training.power import site_watts_per_device
from fabrica.wire.planning import OptionsImpossible, TraceMalformed
from tests.planning.builders import make_trace

POWER = Power(100.0, 700.0, 1.2, [100.0, 300.0], [50.0], sources=(), activity=0.5)


def test_energy_is_idle_for_all_and_more_for_what_is_in_use_by_the_hour() -> None:
    trace = make_trace([(0, 3600, 2, -1), (3600, 3600, 4, -1)])  # of 4 devices 2 run in the first hour, all in the next
    found = drawn(replay(trace, Cluster(4), Policy.FIFO, plain=True), POWER)
    idle, more = site_watts_per_device(100.0) * 1.2 / 1000, site_watts_per_device(300.0) * 1.2 / 1000
    first, second = 4 * idle + 2 * more, 4 * idle + 4 * more
    assert found.megawatt_hours == pytest.approx((first + second) / 1000)
    assert found.tonnes_co2e == pytest.approx((first * 100 + second * 300) / 1e6)
    assert found.eur == pytest.approx((first + second) / 1000 * 50)
    assert found.idle_share == pytest.approx(8 * idle / (first + second))


def test_the_power_of_a_site_names_its_sources_and_leaves_its_price_unknown() -> None:
    power = power_of(site="jaif")
    assert power.eur_per_mwh is None
    assert any("carbon intensity of Germany" in source for source in power.sources)
    done = replay(make_trace([(0, 3600, 4, -1)]), Cluster(4), Policy.FIFO, plain=True)
    assert drawn(done, power).eur is None
    assert power_of(site="jaif", carbon=[20.0]).gco2e_per_kwh == [20.0], "what is given goes before what is known"


def test_what_is_not_known_is_refused() -> None:
    with pytest.raises(OptionsImpossible, match="what draws it"):
        power_of(country="DE")
    with pytest.raises(OptionsImpossible, match="'Atlantis' is not known"):
        power_of(accelerator="H100-SXM", country="Atlantis")
    with pytest.raises(OptionsImpossible, match="Carbon has 3 hours and price has 2"):
        Power(1.0, 2.0, 1.0, [1.0] * 3, [1.0] * 2, ()).rates()


def test_a_series_is_one_number_a_line(tmp_path: Path) -> None:
    file = tmp_path / "carbon.csv"
    file.write_text("gco2e_per_kwh\n120\n80.5\n")
    assert read_series(file) == [120.0, 80.5]
    file.write_text("120\nmuch\n")
    with pytest.raises(TraceMalformed, match=r"Line 2 of carbon.csv: 'much'"):
        read_series(file)
    file.write_text("12,5\n80\n")
    with pytest.raises(TraceMalformed, match=r"Line 1 of carbon.csv: '12,5' is no number"):
        read_series(file)


def test_a_price_may_be_below_zero_and_carbon_never_is(tmp_path: Path) -> None:
    file = tmp_path / "price.csv"
    file.write_text("-12.5\n80\n")
    assert read_series(file, below_zero=True) == [-12.5, 80.0]
    with pytest.raises(TraceMalformed, match=r"'-12.5' is below 0"):
        read_series(file)
