"""Days of duties: those of the law's data, for every case."""

from datetime import date

from fabrica.aiact import library
from fabrica.aiact.due import Case, due, high_risk_day

III, I = Case(classes=("annex_iii",)), Case(classes=("annex_i",))  # noqa: E741 - the annexes' own numbers
AS_OF = date(2026, 11, 20)


def _days(duty: str, case: Case) -> tuple[str, str | None, str | None]:
    (found,) = due((duty,), case, AS_OF, "final")
    shown = [None if day is None else str(day) for day in (found.formal_date, found.former_date)]
    return str(found.applies_from), shown[0], shown[1]


def test_high_risk_duties_have_the_day_of_their_class() -> None:
    assert _days("hr-9", III) == ("2027-12-02", None, "2026-08-02")
    assert _days("hr-9", I) == ("2028-08-02", None, "2027-08-02")
    assert _days("hr-9", Case(classes=("annex_iii", "annex_i"))) == ("2027-12-02", None, "2026-08-02")


def test_a_duty_not_deferred_by_name_shows_the_formal_day_beside() -> None:
    assert _days("hr-72", III) == ("2027-12-02", "2026-08-02", "2026-08-02")
    assert _days("reg-49-2", Case()) == ("2027-12-02", "2026-08-02", "2026-08-02")


def test_legacy_systems_of_public_authorities_have_their_own_day() -> None:
    assert high_risk_day(Case(classes=("annex_iii",), late=("annex_iii",))) == date(2030, 8, 2)
    assert high_risk_day(Case()) is None


def test_legacy_gives_models_and_marking_their_later_day() -> None:
    assert _days("gp-53-1d", Case())[0] == "2025-08-02"
    assert _days("gp-53-1d", Case(legacy_gpai=True))[0] == "2027-08-02"
    assert _days("tr-50-2", Case()) == ("2026-08-02", None, None)
    assert _days("tr-50-2", Case(legacy_marking=True)) == ("2026-12-02", None, "2026-08-02")
    assert _days("tr-50-1", Case(legacy_marking=True))[0] == "2026-08-02"


def test_points_of_article_5_start_on_two_days() -> None:
    assert _days("proh-5", Case())[0] == "2025-02-02"
    assert _days("proh-5", Case(only_imagery=True))[0] == "2026-12-02"


def test_a_duty_that_hangs_on_the_class_is_in_force_only_with_it() -> None:
    (early,) = due(("ao-75-1a",), III, AS_OF, "final")
    (late,) = due(("ao-75-1a",), III, date(2027, 12, 2), "final")
    assert str(early.applies_from) == "2026-07-27"
    assert not early.in_force
    assert late.in_force


def test_every_duty_has_a_day_in_every_case() -> None:
    cases = [Case(), III, I, Case(legacy_gpai=True, legacy_marking=True), Case(only_imagery=True)]
    for duty in library.obligations():
        assert all(due((duty,), case, AS_OF, "final")[0].applies_from for case in cases)
