"""Classify facts: the developers' cases, and promises that hold for any facts."""

from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import yaml

from fabrica.aiact import library
from fabrica.aiact.classify import classify
from fabrica.wire.aiact import Classification, DateBeforeAct, FactsContradict

CASES: list[dict[str, Any]] = yaml.safe_load((Path(__file__).parent / "cases.yaml").read_text())["cases"]


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case['id']} {case['title']}")
def test_a_case_comes_out_as_its_authority_says(case: dict[str, Any]) -> None:
    found, expected = classify(case["answers"], date.fromisoformat(case["as_of"])), case["expected"]
    duties = {one.id for one in found.obligations}
    wanted = set(expected["key_obligations"]["ids"])
    wanted.update(duty for name in expected["key_obligations"]["bundles"] for duty in library.bundles()[name])

    assert found.ai_system is expected["ai_system"]
    assert found.in_scope is expected["in_scope"]
    assert found.roles == tuple(expected["roles"])
    assert found.tiers == tuple(expected["tiers"])
    assert set(found.basis) == set(expected["basis"])
    assert wanted <= duties
    assert duties.isdisjoint(expected["not_obligations"])
    assert {key: str(found.dates[key]) for key in expected["dates"]} == expected["dates"]
    assert found.confidence == case["confidence"]


OWN: list[dict[str, Any]] = yaml.safe_load((Path(__file__).parent / "own_cases.yaml").read_text())["cases"]


@pytest.mark.parametrize("case", OWN, ids=lambda case: str(case["title"]))
def test_our_case_comes_out_as_the_law_says(case: dict[str, Any]) -> None:
    found = classify(case["answers"], date.fromisoformat(case.get("as_of", "2026-11-20")))
    duties = {one.id: one for one in found.obligations}

    assert found.roles == tuple(case["roles"])
    assert found.tiers == tuple(case["tiers"])
    assert found.in_scope is case.get("in_scope", found.in_scope)
    assert set(case.get("basis", ())) <= set(found.basis)
    assert set(case.get("duties", ())) <= set(duties)
    assert set(duties).isdisjoint(case.get("not", ()))
    assert {key: _day(found.dates[key]) for key in case.get("dates", ())} == case.get("dates", {})
    assert {key: _day(duties[key].formal_date) for key in case.get("formal", ())} == case.get("formal", {})
    assert set(case.get("open", ())) <= {one.fact for one in found.open_questions}
    assert set(case.get("unsettled", ())) <= {one.id for one in found.unsettled}


HARDER: list[dict[str, Any]] = yaml.safe_load((Path(__file__).parent / "harder_cases.yaml").read_text())["cases"]


@pytest.mark.parametrize("case", HARDER, ids=lambda case: str(case["title"]))
def test_a_harder_case_comes_out_as_the_law_says(case: dict[str, Any]) -> None:
    found = classify(case["answers"], date.fromisoformat(case.get("as_of", "2026-11-20")))
    duties, fines = {one.id for one in found.obligations}, {one.id for one in found.penalties}
    bundled = {duty for name in case.get("bundles", ()) for duty in library.bundles()[name]}

    assert (found.ai_system, found.in_scope) == (case.get("ai_system", True), case.get("in_scope", True))
    assert found.roles == tuple(case["roles"])
    assert found.tiers == tuple(case["tiers"])
    assert found.confidence == case.get("confidence", found.confidence)
    assert set(case.get("basis", ())) <= set(found.basis)
    assert bundled | set(case.get("duties", ())) <= duties
    assert duties.isdisjoint(case.get("not", ()))
    assert {key: _day(found.dates[key]) for key in case.get("dates", ())} == case.get("dates", {})
    assert set(case.get("penalties", ())) <= fines
    assert fines.isdisjoint(case.get("not_penalties", ()))
    assert set(case.get("open", ())) <= {one.fact for one in found.open_questions}


MANY: list[dict[str, Any]] = [
    case
    for name in ("many_facts_cases.yaml", "third_round_cases.yaml")
    for case in yaml.safe_load((Path(__file__).parent / name).read_text())["cases"]
]


@pytest.mark.parametrize("case", [one for one in MANY if "contradict" in one], ids=lambda case: str(case["title"]))
def test_facts_that_exclude_each_other_are_refused_by_name(case: dict[str, Any]) -> None:
    with pytest.raises(FactsContradict) as told:
        classify(case["answers"], TOLD)
    assert all(f"{fact}: " in str(told.value) for fact in case["contradict"])


@pytest.mark.parametrize("case", [one for one in MANY if "contradict" not in one], ids=lambda case: str(case["title"]))
def test_many_facts_come_out_as_the_law_says(case: dict[str, Any]) -> None:
    found = classify(case["answers"], date.fromisoformat(case.get("as_of", "2026-11-20")))
    duties = {one.id: one for one in found.obligations}
    fines = {one.id: one for one in found.penalties}
    bundled = {duty for name in case.get("bundles", ()) for duty in library.bundles()[name]}

    assert found.ai_system is case.get("ai_system", True)
    assert case.get("in_scope", True) in (found.in_scope, "any")
    assert set(found.roles) == set(case.get("roles", found.roles))
    assert set(found.roles) >= set(case.get("roles_with", ()))
    assert set(found.roles).isdisjoint(case.get("not_roles", ()))
    assert set(found.tiers) == set(case.get("tiers", found.tiers))
    assert found.confidence == case.get("confidence", found.confidence)
    assert set(case.get("basis", ())) <= set(found.basis)
    assert set(found.basis).isdisjoint(case.get("not_basis", ()))
    assert bundled | set(case.get("duties", ())) <= set(duties)
    assert set(duties).isdisjoint(case.get("not", ()))
    assert {key: _day(found.dates[key]) for key in case.get("dates", ())} == case.get("dates", {})
    assert {key: _day(duties[key].formal_date) for key in case.get("formal", ())} == case.get("formal", {})
    assert {key: _day(duties[key].former_date) for key in case.get("former", ())} == case.get("former", {})
    assert all(duties[key].in_force for key in case.get("in_force", ()))
    assert not any(duties[key].in_force for key in case.get("not_in_force", ()))
    assert set(case.get("penalties", ())) <= set(fines)
    assert set(fines).isdisjoint(case.get("not_penalties", ()))
    assert all(str(fines[key].rule).startswith(limit) for key, limit in case.get("limits", {}).items())
    assert set(case.get("open", ())) <= {one.fact for one in found.open_questions}
    assert set(case.get("possible", ())) <= {*found.tiers, *found.possible_tiers}
    assert set(case.get("unsettled", ())) <= {one.id for one in found.unsettled}


def test_every_case_names_what_establishes_it_in_the_law() -> None:
    entries = {entry for file in library.LAW.glob("*.yaml") for entry in _entries(yaml.safe_load(file.read_text()))}
    assert all(case["law"] for case in MANY)
    assert {str(name) for case in MANY for name in case["law"]} <= entries


def _entries(law: Any) -> Iterator[str]:
    """Yield every key of the data, and every value: an entry is named by its id, term, point or key."""
    if isinstance(law, dict):
        yield from map(str, law)
        law = list(law.values())
    for one in law if isinstance(law, list) else ():
        yield from _entries(one)
    if isinstance(law, str):
        yield law


def _day(day: date | None) -> str | None:
    return None if day is None else str(day)


# Answers that are often wrong, each told right; the ids are those of the law's `answer_traps`.

SYSTEM: dict[str, Any] = {
    "artefact": "system",
    "technique": "machine_learning",
    "eu_link": ["placed_on_eu_market"],
    "sole_purpose": "none",
    "actor_does": ["develops", "sells_under_own_name"],
    "actor_kind": "private",
}
MODEL = {**SYSTEM, "artefact": "model", "actor_does": ["trains_model"], "model_outputs": ["text"]}
TOLD = date(2026, 11, 20)


def _found(facts: dict[str, Any], **more: Any) -> Classification:
    return classify({**facts, **more}, TOLD)


def _ids(found: Classification) -> set[str]:
    return {one.id for one in found.obligations}


def test_t_1_high_risk_duties_start_late_in_2027_and_2028() -> None:
    use = _found(SYSTEM, used_for=["recruitment"])
    product = _found(
        SYSTEM, product_act="toys", part_in_product="is_the_product", third_party_check="yes_health_and_safety"
    )
    assert (str(use.dates["high_risk"]), str(product.dates["high_risk"])) == ("2027-12-02", "2028-08-02")
    assert not any(one.in_force for one in use.obligations if one.id.startswith("hr-"))


def test_t_2_only_marking_and_only_of_older_systems_was_postponed() -> None:
    content = {"makes_content": ["image"], "talks_to_people": True, "obviously_ai": False}
    old = _found(SYSTEM, **content, first_unit_date="2026-08-01")
    new = _found(SYSTEM, **content, first_unit_date="2026-08-02")
    assert [str(one.dates["tr-50-2"]) for one in (old, new)] == ["2026-12-02", "2026-08-02"]
    assert [str(one.dates["tr-50-1"]) for one in (old, new)] == ["2026-08-02", "2026-08-02"]


def test_t_3_literacy_binds_every_provider_and_deployer() -> None:
    for doing in ("sells_under_own_name", "uses_professionally"):
        assert "lit-4" in _ids(_found(SYSTEM, actor_does=[doing]))


def test_t_4_systems_found_not_high_risk_are_registered() -> None:
    task = {"derogation_task": "preparatory", "steers_outcome": False, "profiles_people": False}
    assert "reg-49-2" in _ids(_found(SYSTEM, used_for=["admission"], **task))


def test_t_5_article_5_has_ten_lettered_points() -> None:
    assert len(library.practices()) == 10
    assert {"proh-ba", "proh-bb"} <= set(library.practices())
    assert "proh-i" not in library.practices()


def test_t_6_small_mid_caps_pay_the_higher_limit_for_a_ban() -> None:
    fines = {one.id: one for one in _found(SYSTEM, face_database="untargeted_scraping", actor_size="smc").penalties}
    assert str(fines["T1"].rule).startswith("higher of")


def test_t_7_a_death_is_reported_in_ten_days() -> None:
    assert library.thresholds()["incident_days"].value == {
        "general": 15,
        "critical_infrastructure_or_widespread": 2,
        "death": 10,
    }


def test_t_8_the_indication_is_guidance_and_the_presumption_is_law() -> None:
    assert _found(MODEL, training_flop=2e23).confidence == "guidance"
    assert _found(MODEL, training_flop=2e25).confidence == "text"
    assert "Art. 51(2)" in _found(MODEL, training_flop=2e25).basis


def test_t_9_the_code_of_practice_gives_no_presumption() -> None:
    assert "gives no presumption of conformity" in library.instruments()["cop_gpai"].status


def test_t_10_open_source_models_keep_three_duties() -> None:
    opened = {"licence_fully_open": True, "weights_arch_usage_public": True, "monetised": False}
    assert _ids(_found(MODEL, training_flop=2e24, **opened)) == {"gp-53-1c", "gp-53-1d", "gp-53-3"}
    assert {"gp-53-1a", "gp-53-1b", "gp-55-1a"} <= _ids(_found(MODEL, training_flop=2e25, **opened))


def test_t_11_machinery_is_in_section_b() -> None:
    product = {"part_in_product": "is_the_product", "third_party_check": "yes_health_and_safety"}
    assert _found(SYSTEM, product_act="machinery", **product).tiers == ("high_risk_annex_i_b",)


def test_t_12_a_person_in_the_loop_does_not_lift_high_risk() -> None:
    task = {"derogation_task": "preparatory", "used_for": ["recruitment"]}
    assert _found(SYSTEM, **task, steers_outcome=True, profiles_people=False).tiers == ("high_risk_annex_iii",)
    assert _found(SYSTEM, **task, steers_outcome=False, profiles_people=True).tiers == ("high_risk_annex_iii",)


@pytest.mark.parametrize(
    ("facts", "due"),
    [
        ({"used_for": ["recruitment"]}, False),
        ({"used_for": ["recruitment"], "actor_kind": "public_body"}, True),
        ({"used_for": ["life_health_insurance"]}, True),
        ({"used_for": ["infrastructure_safety"], "actor_kind": "public_body"}, False),
        (
            {
                "product_act": "medical_devices",
                "part_in_product": "is_the_product",
                "third_party_check": "yes_health_and_safety",
                "actor_kind": "public_body",
            },
            False,
        ),
    ],
)
def test_t_13_only_some_deployers_assess_fundamental_rights(facts: dict[str, Any], due: bool) -> None:
    assert ("dep-27" in _ids(_found(SYSTEM, actor_does=["uses_professionally"], **facts))) is due


def test_t_14_the_training_summary_is_not_about_energy() -> None:
    assert "training-content summary" in library.obligations()["gp-53-1d"].title
    assert not any("energy" in evidence for evidence in library.obligations()["gp-53-1d"].evidence)


def test_t_15_the_teacher_of_a_distillation_does_not_count() -> None:
    counted = yaml.safe_load((library.LAW / "compute_accounting.yaml").read_text())["compute_accounting"]
    tags = {one["tag"]: one["counts"] for one in counted["run_purpose_tags"]}
    assert tags["teacher_training"] is False
    assert tags["synthetic_nonpublic"] == "cumulative only"


def test_t_16_the_form_for_small_companies_is_in_article_11_1() -> None:
    eased = yaml.safe_load((library.LAW / "penalties.yaml").read_text())["small_business"]
    assert {one["article"] for one in eased if "Annex IV" in one["privilege"]} == {"Art. 11(1)"}


def test_every_trap_has_its_test() -> None:
    named = {name.split("_")[2] for name in globals() if name.startswith("test_t_")}
    assert {one.id.removeprefix("t-") for one in library.traps()} == named


@pytest.mark.parametrize("missing", ["technique", "eu_link"])
def test_a_system_of_which_nobody_knows_whether_the_act_reaches_it_is_not_called_minimal(missing: str) -> None:
    told = {"artefact": "system", "technique": "machine_learning", "eu_link": ["placed_on_eu_market"]}
    assert classify(told, TOLD).tiers == ("minimal",)
    found = classify({key: value for key, value in told.items() if key != missing}, TOLD)
    assert (found.tiers, found.confidence) == ((), None)
    assert "minimal" in found.possible_tiers
    assert missing in [one.fact for one in found.open_questions]


def test_no_fact_gives_no_class_and_asks_for_the_first_thing() -> None:
    found = classify({}, TOLD)
    assert (found.tiers, found.roles, found.ai_system, found.in_scope) == ((), (), None, None)
    assert found.confidence is None
    assert found.open_questions[0].fact == "artefact"


@pytest.mark.parametrize(("day", "count"), [(date(2024, 8, 1), 1), (date(2026, 7, 26), 1), (date(2026, 7, 27), 2)])
def test_the_acts_in_force_on_the_day_are_told(day: date, count: int) -> None:
    assert len(classify(SYSTEM, day).law.instruments) == count


def test_a_day_before_the_act_is_a_named_problem() -> None:
    with pytest.raises(DateBeforeAct) as told:
        classify(SYSTEM, date(2024, 7, 31))
    assert "2024-08-01" in told.value.remedy
