"""The law's data as passages: all of it, each with a citation."""

from fabrica.aiact import library
from fabrica.aiact.questions.passages import law_passages


def test_every_duty_practice_trap_and_open_question_is_a_passage() -> None:
    ids = {one.id.split("/")[-1] for one in law_passages()}
    assert ids >= library.obligations().keys() | library.practices().keys() | library.open_questions().keys()
    assert ids >= {one.id for one in library.traps()}


def test_every_passage_has_words_a_citation_and_an_id_of_its_own() -> None:
    passages = law_passages()
    assert len({one.id for one in passages}) == len(passages)
    assert all(one.text and one.citation and one.title for one in passages)


def test_guidance_and_drafts_are_told_as_such() -> None:
    sure = {one.id: one.confidence for one in law_passages()}
    assert sure["prohibited_practices/prohibited_practices/proh-a/guidance_inside"] == "guidance"
    assert sure["high_risk/high_risk/derogation/draft_guidance"] == "draft"
    assert sure["thresholds/thresholds/gpai_indicative"] == "guidance"
    assert sure["obligations/obligations/hr-9"] == "text"


def test_a_duty_tells_its_days() -> None:
    text = next(one.text for one in law_passages() if one.id == "obligations/obligations/hr-9")
    assert "2027-12-02" in text
    assert "2028-08-02" in text
