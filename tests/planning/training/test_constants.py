"""Constants are of classes: a case gets those of its class, and each is explained."""

import numpy as np
import pytest

from fabrica.planning.training.constants import Case, efficiencies, load_priors, noise, prior_means, weights

H100 = Case("bf16", "H100-80G-SXM", "hopper", 2024.0)


def linear(case: Case) -> float:
    return float(efficiencies(prior_means(), weights([case])).linear[0])


def test_every_number_says_why_and_has_a_spread() -> None:
    for prior in load_priors():
        assert prior.why
        assert prior.median > 0
        assert prior.factor > 1


def test_a_class_multiplies_its_effects() -> None:
    assert linear(H100) == pytest.approx(0.70)
    assert linear(Case("fp8", "H100-80G-SXM", "hopper", 2024.0)) == pytest.approx(0.70 * 0.85)
    assert linear(Case("bf16", "H100-80G-SXM", "hopper", 2026.0)) == pytest.approx(0.70 * 1.02**2)


def test_an_effect_may_end_with_a_year() -> None:
    def attention(year: float, *, framework: bool) -> float:
        case = Case("bf16", "H100-80G-SXM", "hopper", year, framework=framework)
        return float(efficiencies(prior_means(), weights([case])).attention[0])

    assert attention(2023.5, framework=True) == pytest.approx(0.47 * attention(2024.5, framework=True))
    assert attention(2023.5, framework=False) == attention(2024.5, framework=False)


def test_several_sets_of_numbers_give_a_row_each() -> None:
    several = np.vstack([prior_means(), prior_means() + 0.1])
    assert efficiencies(several, weights([H100, H100])).linear.shape == (2, 2)


def test_unseen_groups_are_less_sure_than_seen_ones() -> None:
    for experts in (False, True):
        for campaign in (False, True):
            known = noise(Case("bf16", "x", "y", 2024.0, experts=experts, campaign=campaign))
            assert known.unseen >= known.group > 1
