"""Parameters and FLOP of a model are those that its shapes make."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fabrica.planning.training.model import Experts, LatentAttention, Window
from fabrica.planning.training.predict import own_runs
from tests.planning.training.questions import make_mixture, make_model

PUBLISHED_BILLIONS = {
    "llama3-8b": (8.03, 7.5),
    "llama3.1-405b": (405.9, 403.8),
    "deepseek-v3": (671.0, 36.5),
    "gpt-oss-120b": (116.8, 5.1),
    "grok1-314b": (316.5, 83.8),
}


@pytest.mark.parametrize(("name", "billions"), PUBLISHED_BILLIONS.items())
def test_parameters_of_published_models_are_counted(name: str, billions: tuple[float, float]) -> None:
    model = next(run.model for run in own_runs() if run.model.name == name)
    assert (model.parameters / 1e9, model.active_parameters / 1e9) == pytest.approx(billions, rel=0.01)


def test_a_token_costs_six_flop_for_each_active_parameter_and_its_attention() -> None:
    model = make_model()
    attention = 3 * 32 * 2 * 8192 * 4096
    assert model.flop_per_token() == pytest.approx(6 * model.active_parameters + attention)


def test_a_window_shortens_attention_only() -> None:
    plain, near = make_model(), make_model(window=Window(1024, 0.5))
    assert near.flop_per_token() < plain.flop_per_token()
    assert near.parameters == plain.parameters


@given(st.integers(1, 16), st.integers(0, 4))
def test_active_parameters_never_exceed_all(top_k: int, shared: int) -> None:
    model = make_mixture(experts=Experts(16, top_k, 512, shared, dense_layers=2))
    assert 0 < model.active_parameters < model.parameters
    assert model.expert_layers == 46


def test_latent_attention_has_its_own_widths() -> None:
    columns = make_model(latent=LatentAttention()).columns()
    assert columns.query_input == 1536
    assert columns.key_value_input == 512
    assert columns.down_width == 1536 + 512 + 64
    assert columns.attention_width == 32 * 160
