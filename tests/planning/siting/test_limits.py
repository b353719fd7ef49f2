"""Only what surely cannot keep a limit is refused; what is unknown stays open."""

import pytest

from fabrica.planning.siting.candidates import Candidate, Limit
from fabrica.planning.siting.criteria import Measure
from fabrica.planning.siting.limits import judge
from tests.planning.siting.sites import make_candidate, make_limit, make_question, measure


@pytest.mark.parametrize(
    ("pue", "state"),
    [(measure(1.1, 1.2), "kept"), (measure(1.2, 1.4), "open"), (measure(1.4, 1.5), "broken"), (None, "open")],
)
def test_a_limit_is_judged_by_both_ends_of_an_interval(pue: Measure | None, state: str) -> None:
    candidate = make_candidate("a", **({"pue": pue} if pue else {}))
    (verdict,) = judge(candidate, make_question(candidate, limits=(make_limit("pue", "max", 1.3),)))
    assert verdict.state == state
    assert "1.3" in verdict.words


@pytest.mark.parametrize(("year", "state"), [(2028, "kept"), (2030, "kept"), (2031, "open")])
def test_power_is_that_of_the_newest_year_up_to_the_one_asked(year: int, state: str) -> None:
    candidate = Candidate("a", "A", None, power_megawatts={year: measure(100, 150), 2040: measure(0)})
    (verdict,) = judge(candidate, make_question(candidate, limits=(make_limit("power_megawatts", "min", 100),)))
    assert verdict.state == state


def test_too_little_power_is_refused_with_both_numbers() -> None:
    candidate = Candidate("a", "A", None, power_megawatts={2029: measure(20, 60)})
    (verdict,) = judge(candidate, make_question(candidate, limits=(make_limit("power_megawatts", "min", 100),)))
    assert verdict.state == "broken"
    assert verdict.words == "power in 2030 is 20 to 60 MW; at least 100 MW is asked"


@pytest.mark.parametrize(("country", "state"), [("AT", "kept"), ("US", "broken"), (None, "open")])
def test_a_country_is_among_those_allowed_or_not(country: str | None, state: str) -> None:
    limit = Limit("country", "among", None, "who pays", "a letter", frozenset({"AT", "FI"}))
    candidate = Candidate("a", "A", country)
    assert judge(candidate, make_question(candidate, limits=(limit,)))[0].state == state
