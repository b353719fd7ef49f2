"""Predictions carry an interval that widens, with reasons, where they leave known ground."""

from dataclasses import replace

import pytest

from fabrica.planning.training.devices import find_device
from fabrica.planning.training.layouts import Fixed
from fabrica.planning.training.predict import Prediction, own_calibration, own_runs, predict, predict_runs
from fabrica.planning.training.prepare import prepare
from fabrica.planning.training.runs import Run

RUN = next(run for run in own_runs() if run.id == "dgxc-gpt3-175b-bf16-512")


def predicted(run: Run) -> Prediction:
    calibration = own_calibration()
    return predict(prepare([run], calibration.numbers), calibration, own_runs())[0]


def width(one: Prediction) -> float:
    return one.high / one.low


def test_a_known_class_is_near_and_not_said_to_reach_beyond() -> None:
    found = predicted(RUN)
    assert found.low < found.rate < found.high
    assert found.extrapolates == ()
    assert abs(found.rate / (RUN.reported or 1) - 1) < 0.1


def on(key: str) -> Run:
    device = find_device(key)
    return replace(RUN, device=device, case=replace(RUN.case, device=device.key, family=device.family))


def test_a_device_of_a_known_family_widens_the_interval_and_says_so() -> None:
    found = predicted(on("H200"))
    assert "others of hopper stand in" in found.extrapolates[0]
    assert width(found) > width(predicted(RUN))


def test_a_family_nobody_published_widens_it_more() -> None:
    found = predicted(on("MI300X"))
    assert "cdna3" in found.extrapolates[0]
    assert width(found) > width(predicted(on("H200")))


def mixture(key: str = "H100-SXM", year: float = 2025.9) -> Run:
    run = next(run for run in own_runs() if run.id == "dgxc-grok1-bf16-512")
    device = find_device(key)
    return replace(run, device=device, case=replace(run.case, device=device.key, family=device.family, year=year))


def test_a_mixture_on_a_family_that_no_mixture_ran_on_is_said() -> None:
    known, foreign = predicted(mixture()), predicted(mixture("A100-80G"))
    assert known.extrapolates == ()
    assert "no mixture of experts on ampere was calibrated on" in foreign.extrapolates
    assert not any("mixture" in reason for reason in predicted(on("A100-80G")).extrapolates)
    assert width(foreign) > width(known)


def test_software_newer_than_that_of_any_run_is_said() -> None:
    newest = max(run.case.year for run in own_runs() if run.reported is not None)
    found = predicted(mixture(year=newest + 0.5))
    assert any("software is newer than that of any run, by 0.5 years" in reason for reason in found.extrapolates)
    assert width(found) > width(predicted(mixture(year=newest)))


def test_more_devices_than_any_run_are_said() -> None:
    many = replace(RUN, devices=65_536, batch_sequences=65_536.0, fixed=replace(RUN.fixed, data=2048.0))
    found = predicted(many)
    assert any("65,536 devices" in reason for reason in found.extrapolates)
    assert width(found) > width(predicted(RUN))


def test_a_run_that_does_not_fit_is_predicted_and_that_is_said() -> None:
    found = predicted(replace(RUN, devices=8, batch_sequences=8.0, fixed=Fixed(tensor=8.0, pipeline=1.0)))
    assert any("no layout fits in memory" in reason for reason in found.extrapolates)
    assert width(found) > width(predicted(RUN))


def test_where_chunks_are_not_told_the_interval_reaches_down_to_none() -> None:
    calibration = own_calibration()
    layouts = {
        "told": RUN.fixed,
        "silent": replace(RUN.fixed, interleave=None),
        "none": replace(RUN.fixed, interleave=1.0),
    }
    runs = [replace(RUN, id=name, fixed=fixed) for name, fixed in layouts.items()]
    told, silent, none = predict_runs(runs, calibration, own_runs())
    assert silent.low == pytest.approx(none.low)
    assert none.low < told.low
    assert (told.low, silent.rate) == pytest.approx((predicted(RUN).low, predicted(runs[1]).rate))
