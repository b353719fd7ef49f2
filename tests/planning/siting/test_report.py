"""The report shows limits, ranks, criteria and sources; hostile text stays text."""

from fabrica.planning.siting.candidates import Candidate
from fabrica.planning.siting.report import report
from fabrica.planning.siting.study import study
from tests.planning.siting.sites import make_candidate, make_limit, make_question, measure


def test_the_report_has_every_part_and_every_source() -> None:
    sites = [make_candidate(name, pue=measure(1 + place / 10, 1.2 + place / 10)) for place, name in enumerate("abc")]
    page = report(study(make_question(*sites, limits=(make_limit("pue", "max", 1.15),))))
    for part in ("Hard limits first", "Ranks when weights are open", "Criteria", "Where each figure comes from"):
        assert part in page
    assert page.count("invented for a test") == 3
    assert page.count("<svg") == 4


def test_ranks_verdicts_and_figures_can_be_taken_away() -> None:
    page = report(study(make_question(*(make_candidate(name, pue=measure(1.1)) for name in "ab"))))
    assert all(f'download="{name}.csv"' in page for name in ("ranks", "limits", "figures"))


def test_hostile_names_stay_text() -> None:
    evil = Candidate("a", "<script>alert(1)</script>", None, measures={"pue": measure(1.1)}, note="<img src=x>")
    page = report(study(make_question(evil, make_candidate("b", pue=measure(1.2)))))
    assert "<script>" not in page
    assert "<img" not in page


def test_a_study_in_which_all_are_refused_is_still_a_page() -> None:
    page = report(study(make_question(make_candidate("a", pue=measure(2)), limits=(make_limit("pue", "max", 1.5),))))
    assert "Surely broken by 1" in page
