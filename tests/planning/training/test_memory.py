"""Memory is counted by part, shrinks as it is sharded, and agrees with published peaks."""

import pytest

from fabrica.planning.training.columns import LayoutColumns, single
from fabrica.planning.training.memory import Memory, memory
from fabrica.planning.training.model import Model
from fabrica.planning.training.predict import own_calibration, own_runs
from fabrica.planning.training.prepare import prepare
from fabrica.planning.training.software import software_of
from tests.planning.training.questions import make_model
from tests.planning.training.test_step import LAYOUT


def held(model: Model | None = None, year: float = 2025.0, **changes: float) -> Memory:
    layout = single(LayoutColumns, **{**LAYOUT, **changes})
    return memory((model or make_model()).columns(), layout, software_of(year, "bf16"))


def test_states_are_sharded_stage_by_stage() -> None:
    one, two, three = (held(pipeline=1, zero=stage) for stage in (1, 2, 3))
    assert float(two.gradients) == pytest.approx(float(one.gradients) / 8)
    assert float(three.weights) == pytest.approx(float(one.weights) / 8)
    assert one.optimizer == two.optimizer == three.optimizer
    assert float(held(pipeline=1, zero=0).optimizer) == pytest.approx(12 * make_model().parameters / 2)


def test_under_a_pipeline_weights_stay_whole() -> None:
    assert float(held(zero=3).weights) == float(held(zero=1).weights)
    assert float(held(zero=3).gradients) < float(held(zero=1).gradients)


def test_recompute_keeps_less() -> None:
    none, cheap, half, full = (float(held(recompute=mode).activations) for mode in (0, 1, 1.5, 2))
    assert none > cheap > half > full


def test_scores_are_kept_only_where_attention_is_not_fused() -> None:
    assert float(held(year=2021.0).activations) > 2 * float(held(year=2025.0).activations)


def test_published_peaks_of_memory_are_met_within_a_quarter() -> None:
    runs = [run for run in own_runs() if run.memory_gibibytes]
    assert len(runs) >= 10
    prepared = prepare(runs, own_calibration().numbers)
    found = memory(prepared.model, prepared.layout, prepared.software).total / 2**30
    errors = [abs(mine / (run.memory_gibibytes or 1) - 1) for mine, run in zip(found, runs, strict=True)]
    assert max(errors) < 0.25
    assert sum(errors) / len(errors) < 0.1
