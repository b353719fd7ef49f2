"""What holds for any facts: no order matters, nothing final is taken back, and what is open is said to be open."""

from datetime import date
from typing import Any

from hypothesis import assume, given
from hypothesis import strategies as st

from fabrica.aiact import library
from fabrica.aiact.classify import classify
from fabrica.wire.aiact import Classification, FactsContradict
from tests.aiact.strategies import banned_facts, facts, one_fact, values

AS_OF = date(2026, 11, 20)


def _classified(answers: dict[str, Any]) -> Classification:
    try:
        return classify(answers, AS_OF)
    except FactsContradict:
        assume(False)
        raise


@given(banned_facts(), one_fact())
def test_adding_a_fact_never_removes_a_prohibition_that_others_establish(
    given_facts: dict[str, Any], added: tuple[str, Any]
) -> None:
    assert _classified(given_facts).standing["prohibited"] == "final"
    assert "prohibited" in _classified({added[0]: added[1], **given_facts}).tiers


@given(banned_facts(), st.sampled_from(["eu_link", "actor_does"]), st.data())
def test_one_more_of_a_list_never_removes_a_prohibition(
    given_facts: dict[str, Any], key: str, data: st.DataObject
) -> None:
    more = data.draw(values(library.vocabulary()[key]))
    assert "prohibited" in _classified({**given_facts, key: [*given_facts[key], *more]}).tiers


@given(facts(), one_fact())
def test_a_later_answer_changes_only_what_was_listed_as_open(
    given_facts: dict[str, Any], added: tuple[str, Any]
) -> None:
    key, value = added
    assume(key not in given_facts)
    before = _classified(given_facts)
    after = _classified({**given_facts, key: value})
    changed = set(before.tiers + before.roles) ^ set(after.tiers + after.roles)
    open_names = {name for one in before.open_questions if one.fact == key for name in one.may_change}
    assert changed <= open_names


@given(facts(), one_fact())
def test_a_later_answer_takes_back_no_final_duty(given_facts: dict[str, Any], added: tuple[str, Any]) -> None:
    assume(added[0] not in given_facts)
    before = _classified(given_facts)
    after = _classified({**given_facts, added[0]: added[1]})
    final = {one.id for one in before.obligations if one.standing == "final"}
    assert final <= {one.id for one in after.obligations}


@given(facts())
def test_every_duty_has_an_article_a_day_and_a_fine(given_facts: dict[str, Any]) -> None:
    found = _classified(given_facts)
    assert all(one.article and one.applies_from and one.penalty for one in found.obligations)
    assert {one.penalty for one in found.obligations} == {one.id for one in found.penalties}
    assert {one.id for one in found.obligations} <= set(found.dates)


@given(facts(), st.randoms(use_true_random=False))
def test_the_order_of_facts_and_of_lists_does_not_matter(given_facts: dict[str, Any], draw: Any) -> None:
    keys = list(given_facts)
    draw.shuffle(keys)
    shuffled = {
        key: draw.sample(value, len(value)) if isinstance(value := given_facts[key], list) else value for key in keys
    }
    assert _classified(given_facts) == _classified(shuffled)


@given(facts())
def test_open_questions_are_about_missing_facts_alone(given_facts: dict[str, Any]) -> None:
    found = _classified(given_facts)
    assert not {one.fact for one in found.open_questions} & set(given_facts)
    told = set(found.tiers) | set(found.roles)
    assert set(found.standing) == told
    if not found.open_questions:
        assert set(found.standing.values()) <= {"final"}


@given(facts(), st.sampled_from(["first_unit_date", "model_first_eu_market", "design_changed_after_start"]), st.data())
def test_a_day_hangs_on_no_missing_fact_that_is_not_asked_for(
    given_facts: dict[str, Any], key: str, data: st.DataObject
) -> None:
    without = {name: value for name, value in given_facts.items() if name != key}
    before = _classified(without)
    after = _classified({**without, key: data.draw(values(library.vocabulary()[key]))})
    if key not in {one.fact for one in before.open_questions}:
        assert before.dates == after.dates


@given(facts(), st.dates(date(2024, 8, 1), date(2032, 1, 1)))
def test_the_day_asked_changes_what_is_in_force_and_nothing_else(given_facts: dict[str, Any], day: date) -> None:
    now = _classified(given_facts)
    then = classify(given_facts, day)
    assert (then.tiers, then.roles, then.dates, then.trace) == (now.tiers, now.roles, now.dates, now.trace)
    for duty in then.obligations:
        assert not duty.in_force or duty.applies_from <= day
