"""A search looks at every layout, keeps those that fit, and says what is nearest where none does."""

from dataclasses import fields
from itertools import product

import numpy as np
import pytest

from fabrica.planning.training.layouts import Fixed, select
from fabrica.planning.training.predict import own_calibration
from fabrica.planning.training.search import Found, memory_parts, pareto, search
from fabrica.wire.training import LayoutImpossible
from tests.planning.training.questions import make_mixture, make_model, make_question


def found(**changes: object) -> Found:
    return search(make_question(**changes), own_calibration().numbers)  # type: ignore[arg-type]


def test_the_fastest_comes_first_and_all_fit() -> None:
    answer = found()
    assert np.all(np.diff(answer.rate) <= 0)
    assert np.all(answer.memory_free >= 0)
    assert answer.looked_at > len(answer.rate) > 10


def test_no_layout_is_beaten_in_every_way_and_all_others_are() -> None:
    answer = found()
    energy = answer.joules_per_token()
    assert energy is not None
    kept = set(pareto(answer).tolist())
    costs = list(zip(-answer.rate, -answer.memory_free, energy, strict=True))
    for mine, other in product(kept, kept):
        assert mine == other or any(a < b for a, b in zip(costs[mine], costs[other], strict=True))
    for place in set(range(len(costs))) - kept:
        assert any(all(a <= b for a, b in zip(costs[one], costs[place], strict=True)) for one in kept)


def test_a_layout_alone_is_as_fast_as_among_others() -> None:
    answer = found(model=make_mixture(), precision="fp8")
    names = (one.name for one in fields(Fixed))
    fixed = Fixed(**{name: float(getattr(answer.layouts, name)[0]) for name in names})
    alone = found(model=make_mixture(), precision="fp8", fixed=fixed)
    assert len(alone.rate) == 1
    assert alone.rate[0] == pytest.approx(answer.rate[0])


def test_a_rest_of_the_pool_that_stays_idle_is_counted_against_a_layout() -> None:
    fixed = Fixed(tensor=8, pipeline=1, context=1)
    whole, more = found(devices=64, fixed=fixed), found(devices=71, fixed=fixed)
    assert more.rate[0] == pytest.approx(whole.rate[0] * 64 / 71)


def test_a_model_that_does_not_fit_is_refused_with_the_nearest_pool_that_would() -> None:
    large = make_model(layers=126, hidden=16384, ffn=53248, heads=128)
    with pytest.raises(LayoutImpossible, match="GB on each device") as refused:
        found(model=large, devices=16)
    needed = refused.value.facts["devices_needed"]
    assert found(model=large, devices=needed).rate[0] > 0
    with pytest.raises(LayoutImpossible):
        found(model=large, devices=needed - 8)


def test_a_pool_that_has_more_devices_than_the_batch_feeds_is_refused_with_the_nearest_that_it_does() -> None:
    with pytest.raises(LayoutImpossible, match="a batch of 64 sequences") as refused:
        found(devices=1_000_000, batch=64.0)
    needed = refused.value.facts["devices_needed"]
    assert 64 <= needed < 1_000_000
    assert "larger global_batch_tokens" in refused.value.remedy
    assert found(devices=needed, batch=64.0).rate[0] > 0


def test_a_layout_that_cannot_divide_is_refused() -> None:
    with pytest.raises(LayoutImpossible, match="divides"):
        found(devices=4, fixed=Fixed(tensor=8, pipeline=4))


def test_the_parts_of_memory_are_those_the_search_looked_at() -> None:
    question = make_question()
    answer = search(question, own_calibration().numbers)
    held = memory_parts(question, select(answer.layouts, np.array([0]))).total[0]
    assert 1 - held / question.device.memory_gigabytes / 1e9 == pytest.approx(float(answer.memory_free[0]))
