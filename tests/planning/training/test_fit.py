"""The calibration finds what made the rates, holds to its priors, and knows no single run."""

from dataclasses import replace

import numpy as np
import pytest

from fabrica.planning.training.constants import efficiencies, load_priors, prior_deviations, prior_means, weights
from fabrica.planning.training.fit import calibrate, sensitivity
from fabrica.planning.training.predict import own_calibration, own_runs
from fabrica.planning.training.prepare import prepare

NAMES = [prior.name for prior in load_priors()]


def test_without_runs_every_number_keeps_its_prior() -> None:
    found = calibrate([])
    assert np.array_equal(found.numbers, prior_means())
    assert np.allclose(np.diag(found.covariance), prior_deviations() ** 2)


def test_the_numbers_that_made_the_rates_are_found_again() -> None:
    runs = [run for run in own_runs() if run.group.startswith("dgxc-gpt3")]
    truth = prior_means()
    truth[NAMES.index("linear")] += 0.12
    prepared = prepare(runs, truth)
    rates = np.exp(np.log(prepared.rate(efficiencies(truth, weights([run.case for run in runs])))))
    made = [replace(run, reported=float(rate)) for run, rate in zip(runs, rates, strict=True)]
    found = calibrate(made)
    mine = prepare(made, found.numbers).rate(efficiencies(found.numbers, weights([run.case for run in made])))
    assert np.abs(mine / rates - 1).max() < 0.05


def test_the_slopes_are_those_of_the_rates() -> None:
    runs = [run for run in own_runs() if run.group in ("titan-8b", "bridge2602-qwen3-30b-a3b")]
    matrices, numbers = weights([run.case for run in runs]), prior_means()
    prepared = prepare(runs, numbers)
    rates, slopes = sensitivity(prepared, matrices, numbers)
    for name in ("linear", "attention", "expert launch", "fp8"):
        moved = numbers.copy()
        moved[NAMES.index(name)] += 1e-4
        change = (sensitivity(prepared, matrices, moved)[0] - rates) / 1e-4
        assert slopes[:, NAMES.index(name)] == pytest.approx(change, abs=2e-3)


def test_runs_make_the_constants_surer_never_less_sure() -> None:
    assert np.all(np.diag(own_calibration().covariance) <= prior_deviations() ** 2 * (1 + 1e-6))


def test_a_run_that_is_far_off_pulls_little() -> None:
    runs = [run for run in own_runs() if run.group == "megascale-megascale"]
    wild = [replace(runs[0], reported=(runs[0].reported or 1) * 10), *runs[1:]]
    first, second = (calibrate(some).numbers[NAMES.index("linear")] for some in (runs, wild))
    assert abs(first - second) < 0.25


def test_no_constant_is_of_a_single_run_or_group() -> None:
    ids = {run.id for run in own_runs()} | {run.group for run in own_runs()} | {run.model.name for run in own_runs()}
    assert not ids & set(NAMES)
