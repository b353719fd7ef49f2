"""What the desk found, in words: every tier and confidence of the law's data has some."""

from datetime import timedelta

from fabrica.aiact import library
from fabrica.aiact.in_words import (
    CONFIDENCE,
    TIERS,
    cited_in_words,
    confidence_in_words,
    fine_in_words,
    law_of_the_day,
    leading_tiers,
    name_in_words,
    own_facts,
    tiers_together,
    value_in_words,
)
from fabrica.wire.aiact import Fine, FiredRule


def test_every_tier_and_every_confidence_has_words() -> None:
    assert set(TIERS) == set(library.tiers())
    assert set(CONFIDENCE) == set(library.about().confidence_scale)
    assert confidence_in_words("open") == CONFIDENCE["open"]
    assert confidence_in_words(None) == "nothing is decided yet"


def test_tiers_stand_together_as_one_line() -> None:
    assert tiers_together(["prohibited", "transparency"]) == "Prohibited practice; transparency duties"
    assert tiers_together([]) == ""


def test_a_tier_a_duty_and_a_role_are_named() -> None:
    assert name_in_words("minimal") == "no tier, AI literacy only"
    assert name_in_words("hr-43") == "the duty under Art. 43"
    assert name_in_words("product_manufacturer") == "product manufacturer"


def test_facts_that_nearly_every_rule_uses_are_named_only_where_there_are_no_others() -> None:
    rule = FiredRule.trusted(
        rule="r",
        gives=(),
        citation="Art. 1",
        confidence="text",
        facts={"artefact": "system", "actor_size": "micro"},
        standing="final",
    )
    assert own_facts(rule) == {"actor_size": "micro"}
    assert own_facts(rule.model_copy(update={"facts": {"artefact": "system"}})) == {"artefact": "system"}


def test_values_are_told_as_people_read_them() -> None:
    assert value_in_words(True) == "true"
    assert value_in_words(["text", "image"]) == "text, image"


def test_a_fine_whose_limit_hangs_on_a_size_nobody_told_says_so() -> None:
    fine = Fine(id="A", article="Art. 99(3)", max_eur=35_000_000, max_turnover_percent=7.0, rule=None)
    assert "EUR 35,000,000" in fine_in_words(fine)
    assert "hangs on the size" in fine_in_words(fine)
    assert "Union institutions" in fine_in_words(Fine(id="U", article="Art. 100", rule=None))


def test_a_citation_names_guidelines_and_the_day_and_no_id_of_the_data() -> None:
    words = cited_in_words("Art. 52(1); gl_gpai 2.3.2")
    assert words == "Art. 52(1); Commission guidelines on obligations of GPAI model providers, 2.3.2"
    assert cited_in_words("not found published at as_of") == f"not found published by {library.about().as_of}"
    assert cited_in_words("(gl_gpai)") == "(Commission guidelines on obligations of GPAI model providers)"
    assert cited_in_words("gl_nothing 2, Art. 5") == "gl_nothing 2, Art. 5"


def test_no_tier_is_led_with_while_another_may_still_be_shown() -> None:
    assert leading_tiers(["minimal"], {"minimal": "unless_shown_otherwise"}) == ()
    assert leading_tiers(["minimal"], {"minimal": "final"}) == ("minimal",)
    shown = ["transparency", "gpai"]
    assert leading_tiers(shown, dict.fromkeys(shown, "unless_shown_otherwise")) == ("transparency", "gpai")


def test_a_day_before_the_amendment_says_which_days_counted_then() -> None:
    amended = library.instruments()["omnibus"].in_force
    assert amended
    assert "Regulation (EU) 2026/1744, in force since 2026-07-27" in law_of_the_day(amended - timedelta(days=1))
    assert law_of_the_day(amended) == ""
