"""An intake on paper."""

from datetime import date

from fabrica.aiact.intake.asking import outlook
from fabrica.aiact.intake.page import as_html, as_text
from fabrica.wire.intake import Sitting

DAY = date(2026, 11, 21)
SITTING = Sitting(answers={"artefact": "system", "used_for": ["recruitment"]}, unknown=("technique", "practices"))


def test_the_page_tells_answers_in_words_what_is_not_known_and_what_is_open() -> None:
    text = as_text(outlook(SITTING, DAY))
    assert "A system: an application people use" in text
    assert "Recruitment, choosing or ranking applicants" in text
    assert "How does it arrive at its results?: I do not know" in text
    assert "Still to ask" in text
    assert "checked on 2026-11-20" in text
    assert "This is no legal advice." in text


def test_a_result_that_may_still_be_undone_is_marked() -> None:
    assert "unless an open question says otherwise" in as_text(outlook(SITTING, DAY))


def test_a_contested_day_is_marked_beside_the_one_that_is_used() -> None:
    facts = {**SITTING.answers, "technique": "machine_learning", "actor_does": ["develops"], "sole_purpose": "none",
             "eu_link": ["placed_on_eu_market"], "first_unit_date": "2028-01-05"}  # fmt: skip
    page = as_text(outlook(Sitting(answers=facts), DAY))
    assert "2027-12-02: Go through conformity assessment: Art. 43: contested: by the letter 2026-08-02" in page


def test_the_html_page_holds_the_same_and_loads_nothing() -> None:
    page = as_html(outlook(SITTING, DAY))
    assert "Recruitment, choosing or ranking applicants" in page
    assert "src=" not in page
    assert "href=" not in page


def test_a_hostile_answer_stays_text() -> None:
    hostile = outlook(SITTING, DAY)
    hostile = hostile.model_copy(update={"sitting": Sitting(answers={"as_of": "<script>alert(1)</script>"})})
    assert "<script>" not in as_html(hostile)
