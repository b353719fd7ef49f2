"""The study: limits first, then the rest among those that stay; unknown is never filled in."""

import json

from fabrica.planning.siting.candidates import KNOWN, Question, known_candidates, network_users
from fabrica.planning.siting.study import as_plain, study
from fabrica.planning.siting.words import paragraph
from tests.planning.siting.sites import make_candidate, make_limit, make_question, measure

GOOD = make_candidate("good", pue=measure(1.1), land_hectares=measure(50))
POOR = make_candidate("poor", pue=measure(1.2), land_hectares=measure(40))
HOT = make_candidate("hot", pue=measure(1.6), land_hectares=measure(900))
HOST_MIN = 19


def test_who_breaks_a_limit_is_not_compared() -> None:
    found = study(make_question(GOOD, POOR, HOT, limits=(make_limit("pue", "max", 1.5),)))
    assert [(one.candidate.id, one.refused, one.in_pareto_set) for one in found.sites] == [
        ("good", False, True),
        ("poor", False, False),
        ("hot", True, False),
    ]
    assert set(found.acceptability.ranks) == {"good", "poor"}
    assert "1 cannot keep a hard limit (Hot)" in paragraph(found)


def test_a_criterion_that_only_one_site_knows_is_left_out_and_named() -> None:
    found = study(make_question(GOOD, make_candidate("bare", pue=measure(1.15))))
    assert found.criteria == ("pue",)
    assert "land_hectares" in found.left_out
    assert "Not compared" in paragraph(found)


def test_outcomes_of_the_network_are_criteria_like_the_others() -> None:
    outcomes = {"good": {"network_wait_hours": measure(9)}, "poor": {"network_wait_hours": measure(1)}}
    found = study(make_question(GOOD, POOR), outcomes)
    assert "network_wait_hours" in found.criteria
    assert all(one.in_pareto_set for one in found.sites)


def test_all_refused_leaves_nothing_to_rank() -> None:
    found = study(make_question(HOT, limits=(make_limit("pue", "max", 1.5),)))
    assert not found.acceptability.ranks
    assert "no single score" in paragraph(found)


def test_known_candidates_have_only_what_sources_say() -> None:
    found = study(
        Question(known_candidates(KNOWN), 220, 2030, (make_limit("power_megawatts", "min", 220),), network_users())
    )
    assert len(found.sites) > HOST_MIN
    assert found.criteria == (
        "carbon_grams_per_kilowatt_hour",
        "price_eur_per_megawatt_hour",
        "round_trip_milliseconds",
    )
    assert all(one.verdicts[0].state == "open" for one in found.sites)
    assert all(measure.source.addresses for one in found.sites for measure in one.candidate.measures.values())


def test_a_study_is_plain_json() -> None:
    plain = json.loads(json.dumps(as_plain(study(make_question(GOOD, POOR)))))
    assert plain["sites"][0]["measures"]["pue"]["source"]["addresses"] == ["invented for a test"]
    assert plain["sites"][0]["rank_shares"] == [1.0, 0.0]


def test_limits_that_are_not_decided_are_named_with_their_sites() -> None:
    sites = [
        make_candidate("known", pue=measure(1.1)),
        make_candidate("wide", pue=measure(1.1, 1.4)),
        make_candidate("bare"),
    ]
    found = study(make_question(*sites, limits=(make_limit("pue", "max", 1.3),)))
    assert "energy of the site over that of its machines (PUE): at most 1.3, of Wide and Bare" in paragraph(found)
