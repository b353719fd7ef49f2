"""The planner holds against published runs as the documentation says, and every row with a rate is covered."""

import math
from functools import cache
from pathlib import Path

import pytest

from fabrica.planning.training.runs import OWN_FILE, RunFile, read_runs
from fabrica.planning.training.validate import Summary, Validation, as_plain, constants, validate
from tests.planning.training.questions import EXAMPLES
from tests.planning.training.test_runs import MODEL, RUN, write


@cache
def own() -> Validation:
    return validate(read_runs(OWN_FILE))


def summary(name: str) -> Summary:
    return next(one for one in own().summary if one.name == name)


def test_every_run_with_a_rate_is_predicted() -> None:
    assert len(own().rows) == 103
    assert set(own().without_rate) == {"olmo2-7b", "olmo2-13b", "eurollm-9b", "minerva-7b"}


def test_dense_runs_are_met_within_the_bars() -> None:
    dense = summary("dense, steps")
    assert dense.mean_error <= 0.08
    assert dense.worst_error <= 0.25
    assert dense.left_out_mean_error <= 0.10


def test_nine_of_ten_runs_lie_in_their_intervals() -> None:
    assert summary("all").inside >= 0.90


def test_mixtures_stay_as_good_as_the_documentation_says() -> None:
    mixtures = summary("MoE, steps")
    assert mixtures.mean_error <= 0.10
    assert mixtures.left_out_mean_error <= 0.15


def test_nine_of_ten_mixtures_that_nothing_was_calibrated_on_lie_in_their_intervals() -> None:
    unseen = read_runs(EXAMPLES / "unseen-runs.yaml")
    mixtures = RunFile(tuple(run for run in unseen.runs if run.case.experts), {})
    found = next(one for one in validate(mixtures).summary if one.name == "MoE, steps")
    assert found.rows == 106
    assert found.inside >= 0.90


def test_leaving_a_group_out_is_not_the_same_as_keeping_it() -> None:
    assert sum(row.error != row.left_out_error for row in own().rows) > 90


def test_rows_of_a_group_that_was_never_calibrated_on_are_left_out_already(tmp_path: Path) -> None:
    found = validate(read_runs(write(tmp_path, RUN, {**RUN, "id": "dark", "accelerator": "Abacus"})))
    (row,) = found.rows
    assert row.error == row.left_out_error
    assert set(found.not_predicted) == {"dark"}


def test_a_row_out_of_all_proportion_is_named_and_gives_no_figure_that_is_none(tmp_path: Path) -> None:
    wide = {"head_dim": 10**8, "heads": 10**8, "kv_heads": 10**8, "hidden": 10**8, "layers": 10**8}
    found = validate(read_runs(write(tmp_path, RUN, model={**MODEL, **wide})))
    assert set(found.not_predicted) | {row.id for row in found.rows} == {"one"}
    assert all(math.isfinite(row.predicted_tokens_per_s_per_gpu) for row in found.rows)


def test_a_file_without_rates_gives_no_rows(tmp_path: Path) -> None:
    found = validate(read_runs(write(tmp_path, {**RUN, "reported": {}})))
    assert (found.rows, found.summary, set(found.without_rate)) == ((), (), {"one"})
    assert validate(RunFile((), {})).rows == ()


def test_every_calibrated_number_is_told_with_its_prior() -> None:
    told = {one["name"]: one for one in constants()}
    assert told["linear"]["prior_median"] == pytest.approx(0.70)
    assert told["linear"]["factor"] < told["linear"]["prior_factor"]
    assert told["gaudi"]["median"] == pytest.approx(told["gaudi"]["prior_median"])


def test_the_json_has_the_agreed_keys() -> None:
    row = as_plain(own())["rows"][0]
    wanted = {"id", "group", "predicted_tokens_per_s_per_gpu", "low", "high", "reported", "error"}
    assert wanted <= row.keys()
    assert row["low"] < row["predicted_tokens_per_s_per_gpu"] < row["high"]
