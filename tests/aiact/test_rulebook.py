"""The rules speak only of what is there, and every duty has its trigger."""

from pathlib import Path

import pytest

from fabrica.aiact import library, rulebook
from fabrica.reference.reading import ReferenceMalformed


def test_every_duty_of_the_law_has_a_trigger_or_a_reason_for_having_none() -> None:
    book = rulebook.rulebook()
    triggered = {duty for rule in book.duties for duty in rule.duties}
    assert triggered | set(book.never_from_facts) == set(library.obligations())
    assert not triggered & set(book.never_from_facts)


def test_every_tier_and_role_can_be_found() -> None:
    findings = set(rulebook.rulebook().nothing_found)
    assert set(library.tiers()) <= findings
    assert set(rulebook.ROLES) <= findings


def test_every_role_a_duty_falls_on_is_a_role_or_a_supplier() -> None:
    named = {role for duty in library.obligations().values() for role in duty.role}
    assert named <= {*rulebook.ROLES, "supplier"}


def test_every_banned_practice_has_a_rule_but_the_one_no_fact_tells_apart() -> None:
    rules = {rule.text.id for rule in rulebook.rulebook().rules}
    assert set(library.practices()) - rules == {"proh-bb"}  # no fact says that a depicted person is a child


def test_every_point_of_annex_iii_and_every_act_of_annex_i_has_a_rule() -> None:
    rules = rulebook.rulebook().rules
    cited = {rule.text.article for rule in rules}
    cited.update(point for rule in rules if rule.text.cites for point in rule.text.cites.points.values())
    routes = library.high_risk()
    assert {f"Annex III {one.point}" for one in routes.route_annex_iii.points} <= cited
    assert {f"Annex I {one.section} {one.point}" for one in routes.route_annex_i.acts} <= cited
    acts = {one.key for one in routes.route_annex_i.acts}
    assert acts == set(library.vocabulary()["product_act"].values) - {"none"}


def test_every_fact_is_used_by_some_rule_or_is_for_the_record() -> None:
    book = rulebook.rulebook()
    used = 0
    for condition in [rule.condition for rule in book.rules] + [rule.condition for rule in book.duties]:
        used |= condition.about
    unused = {key for key, bit in book.bits.items() if not used & bit}
    # the day is asked for apart, the size sets the fine, and an artistic work is disclosed too, only more gently
    assert unused == {"as_of", "actor_size", "artistic_work"}


@pytest.mark.parametrize(
    ("rules", "said"),
    [
        ("[{id: a, gives: b, article: c, when: nobody knows}]", "nobody"),
        ("[{id: a, gives: artefact, article: c, when: talks_to_people}]", "used before"),
        ("[{id: a, gives: b, article: c, when: talks_to_people}, {id: d, gives: e, article: c, when: b},"
         " {id: f, gives: b, article: c, when: obviously_ai}]", "used before"),
    ],
)  # fmt: skip
def test_a_mistake_in_a_rule_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, rules: str, said: str) -> None:
    (tmp_path / "scope.yaml").write_text(f"rules: {rules}")
    monkeypatch.setattr(library, "RULES", tmp_path)
    rulebook.rulebook.cache_clear()
    try:
        with pytest.raises(ReferenceMalformed, match=said):
            rulebook.rulebook()
    finally:
        rulebook.rulebook.cache_clear()
