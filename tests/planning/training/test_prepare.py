"""What a source leaves open is chosen as the planner would: the fastest layout that fits."""

from dataclasses import replace

import numpy as np
import pytest

from fabrica.planning.training.constants import prior_means
from fabrica.planning.training.layouts import Fixed
from fabrica.planning.training.memory import fits, memory
from fabrica.planning.training.predict import own_runs
from fabrica.planning.training.prepare import prepare
from fabrica.wire.training import LayoutImpossible


def test_what_is_told_is_kept_and_the_rest_fits() -> None:
    runs = [run for run in own_runs() if run.group == "bridge2602-llama3-70b"]
    prepared = prepare(runs, prior_means())
    assert list(prepared.layout.tensor) == [run.fixed.tensor for run in runs]
    assert list(prepared.layout.data) == [run.fixed.data for run in runs]
    assert np.all(fits(memory(prepared.model, prepared.layout, prepared.software), prepared.device) >= 0)


def test_a_layout_that_does_not_agree_with_the_pool_is_loosened() -> None:
    run = next(run for run in own_runs() if run.group == "titan-70b")
    odd = replace(run, fixed=replace(run.fixed, data=999.0))
    assert prepare([odd], prior_means()).layout.data[0] == 32


def test_more_expert_ranks_than_there_are_ranks_are_loosened_alone() -> None:
    run = next(run for run in own_runs() if run.group == "bridge2602-deepseek-v3")
    odd = prepare([replace(run, fixed=replace(run.fixed, expert=256.0))], prior_means()).layout
    assert odd.expert[0] <= odd.data[0]
    assert (odd.pipeline[0], odd.data[0], odd.interleave[0]) == (
        run.fixed.pipeline,
        run.fixed.data,
        run.fixed.interleave,
    )


def test_a_model_that_divides_in_no_way_is_refused() -> None:
    run = replace(own_runs()[0], devices=1, fixed=Fixed(context=16.0))
    with pytest.raises(LayoutImpossible):
        prepare([run], prior_means())
