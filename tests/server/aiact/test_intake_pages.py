"""The intake on the web: tried without an account, one question at a time, with and without scripts."""

import json
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from fabrica.server.aiact.intakes import KEPT_MAX
from tests.server.aiact.desk_reader import CV_SCREENER, HOSTILE, Desk, make_desk

pytestmark = pytest.mark.django_db


def begun(answers: dict[str, Any] | None = None, *, browser: Client | None = None, **form: Any) -> Client:
    """Return a browser with one intake, number 1."""
    browser = browser or Client()
    file = SimpleUploadedFile("answers.json", json.dumps(answers or {"artefact": "system"}).encode())
    answer = browser.post("/ai-act/intake/start", {"name": "Ours", "file": file, **form})
    assert answer.headers["Location"] == "/ai-act/intake/1"
    return browser


def told(browser: Client, number: int = 1) -> dict[str, Any]:
    """Return the answers that a browser keeps."""
    found: dict[str, Any] = json.loads(browser.get(f"/ai-act/intake/{number}/answers.json").content)["answers"]
    return found


def test_an_intake_begins_without_an_account_and_asks_one_question_with_its_reason_and_example() -> None:
    browser = Client()
    browser.post("/ai-act/intake/start", {"name": "Shop"})
    page = browser.get("/ai-act/intake/1")
    question = page.context["question"]
    for words in (question.ask, question.why, question.example):
        assert words in page.content.decode()


def test_an_answer_is_kept_and_leads_to_the_next_question() -> None:
    browser = begun()
    answer = browser.post("/ai-act/intake/1/answer", {"question": "technique", "value": "machine_learning"})
    assert answer.status_code == 302
    assert told(browser)["technique"] == "machine_learning"
    assert browser.get("/ai-act/intake/1").context["question"].id != "technique"


def test_a_page_with_scripts_gets_only_the_part_that_changes() -> None:
    browser = begun()
    form = {"question": "technique", "value": "machine_learning"}
    answer = browser.post("/ai-act/intake/1/answer", form, headers={"HX-Request": "true"})
    assert answer.status_code == 200
    assert answer.content.decode().startswith('<div id="intake"')
    assert told(browser)["technique"] == "machine_learning"


def test_not_knowing_makes_no_fact() -> None:
    browser = begun()
    browser.post("/ai-act/intake/1/answer", {"question": "technique", "unknown": "1"})
    assert "technique" not in told(browser)
    assert ("technique", "How does it arrive at its results?") in browser.get("/ai-act/intake/1").context["unknown"]


def test_the_last_answer_is_taken_back() -> None:
    browser = begun()
    browser.post("/ai-act/intake/1/answer", {"question": "technique", "value": "machine_learning"})
    assert browser.post("/ai-act/intake/1/undo").status_code == 302
    assert "technique" not in told(browser)


def test_an_earlier_answer_is_asked_again_and_changed() -> None:
    browser = begun(CV_SCREENER)
    page = browser.get("/ai-act/intake/1", {"question": "used_for"})
    assert page.context["question"].id == "used_for"
    browser.post("/ai-act/intake/1/answer", {"question": "used_for", "value": ["customer_support"]})
    assert told(browser)["used_for"] == ["customer_support"]


@pytest.mark.parametrize("again", ["nothing_of_ours", "as_of", "practices", HOSTILE])
def test_a_question_that_cannot_be_asked_again_leads_to_the_next_one(again: str) -> None:
    page = begun(CV_SCREENER).get("/ai-act/intake/1", {"question": again})
    assert page.status_code == 200
    assert HOSTILE not in page.content.decode()


def test_a_list_is_answered_by_what_is_ticked_and_no_tick_says_none() -> None:
    browser = begun()
    browser.post("/ai-act/intake/1/answer", {"question": "used_for", "value": ["recruitment", "credit_person"]})
    assert told(browser)["used_for"] == ["credit_person", "recruitment"]
    browser.post("/ai-act/intake/1/answer", {"question": "used_for"})
    assert told(browser)["used_for"] == []


def test_yes_and_no_numbers_and_days_are_read() -> None:
    browser = begun()
    for question, value in (
        ("talks_to_people", "True"),
        ("training_flop", "4.2e19"),
        ("first_unit_date", "2027-01-02"),
    ):
        browser.post("/ai-act/intake/1/answer", {"question": question, "value": value})
    found = told(browser)
    assert found["talks_to_people"] is True
    assert found["training_flop"] == 4.2e19
    assert found["first_unit_date"] == "2027-01-02"


@pytest.mark.parametrize(
    ("question", "value"),
    [("training_flop", HOSTILE), ("first_unit_date", "soon"), ("technique", HOSTILE), (HOSTILE, "x"), ("", "")],
)
def test_a_wrong_answer_says_what_is_wrong_and_changes_nothing(question: str, value: str) -> None:
    browser = begun()
    answer = browser.post("/ai-act/intake/1/answer", {"question": question, "value": value})
    assert answer.status_code == 422
    assert answer.context["problem"].remedy
    assert HOSTILE not in answer.content.decode()
    assert told(browser) == {"artefact": "system"}


def test_an_answer_that_contradicts_an_earlier_one_names_both() -> None:
    browser = begun({"artefact": "model", "training_flop": 1e24})
    form = {"question": "cumulative_flop", "value": "1e20"}
    answer = browser.post("/ai-act/intake/1/answer", form)
    assert answer.status_code == 422
    page = answer.content.decode()
    assert "cannot both be true" in page
    assert "training_flop" in page
    with_scripts = browser.post("/ai-act/intake/1/answer", form, headers={"HX-Request": "true"})
    assert with_scripts.status_code == 200
    assert "cannot both be true" in with_scripts.content.decode()
    assert "cumulative_flop" not in told(browser)


def test_own_words_are_proposals_that_count_only_when_confirmed_and_are_not_kept() -> None:
    browser = Client()
    words = "We build a chatbot and sell it; secret-project-name"
    browser.post("/ai-act/intake/start", {"name": "Shop", "words": words})
    page = browser.get("/ai-act/intake/1")
    proposed = {f"{one.fact}={one.value}" for one, _ in page.context["proposals"]}
    assert "talks_to_people=true" in proposed
    assert told(browser) == {}
    assert "secret-project-name" not in str(dict(browser.session.items()))
    browser.post("/ai-act/intake/1/confirm", {"proposal": ["talks_to_people=true", "invented=true"]})
    assert told(browser) == {"talks_to_people": True}
    assert browser.get("/ai-act/intake/1").context["proposals"] == []


def test_an_intake_is_saved_as_a_file_and_gone_on_from() -> None:
    saved = begun(CV_SCREENER).get("/ai-act/intake/1/answers.json")
    assert "attachment" in saved.headers["Content-Disposition"]
    other = Client()
    other.post("/ai-act/intake/start", {"file": SimpleUploadedFile("a.json", saved.content)})
    assert told(other) == told(begun(CV_SCREENER))


@pytest.mark.parametrize(
    "content",
    [
        b"\xff\xfe\x00",
        b"[1, 2]",
        b"a: &x [1]\nb: *x",
        b"artefact: nothing",
        b"unknown_key: 1",
        b"x" * 100_000,
        b"{",
    ],
)
def test_a_file_that_holds_no_answers_is_refused_with_a_reason(content: bytes) -> None:
    browser = Client()
    answer = browser.post("/ai-act/intake/start", {"file": SimpleUploadedFile("a.yaml", content)})
    assert answer.status_code == 422
    assert answer.context["problem"].remedy
    assert browser.get("/ai-act/intake/1").status_code == 404


def test_what_a_browser_keeps_is_its_own_and_bounded() -> None:
    browser = begun()
    assert Client().get("/ai-act/intake/1").status_code == 404
    for _ in range(KEPT_MAX - 1):
        assert browser.post("/ai-act/intake/1/copy").status_code == 302
    assert browser.post("/ai-act/intake/1/copy").status_code == 422
    assert browser.post("/ai-act/intake/1/forget").status_code == 302
    assert browser.get("/ai-act/intake/1").status_code == 404
    assert browser.post("/ai-act/intake/2/copy").status_code == 302


def test_a_lost_session_leads_a_page_with_scripts_back_to_the_start() -> None:
    answer = Client().post("/ai-act/intake/1/answer", {"question": "artefact"}, headers={"HX-Request": "true"})
    assert answer.headers["HX-Redirect"] == "/ai-act/intake/"
    assert Client().post("/ai-act/intake/1/answer", {"question": "artefact"}).status_code == 404


def test_the_result_tells_class_reasons_duties_days_and_what_is_open() -> None:
    page = begun(CV_SCREENER).get("/ai-act/intake/1/result")
    text = page.content.decode()
    assert "High-risk, use under Annex III" in text
    for duty in page.context["shown"].found.obligations:
        assert duty.article in text
    assert "no legal advice" in text
    assert "checked on 20 November 2026" in text
    assert 'class="calendar-lanes"' in text


def test_contested_days_are_marked_in_the_result() -> None:
    page = begun(CV_SCREENER).get("/ai-act/intake/1/result", {"on": "2026-11-21"})
    assert any(one.formal_date for one in page.context["shown"].found.obligations)
    assert "contested" in page.content.decode()


@pytest.mark.parametrize("day", ["2020-01-01", "9999-12-31", "soon", " ", HOSTILE])
def test_a_day_that_the_desk_does_not_know_is_told_and_today_is_shown(day: str) -> None:
    page = begun(CV_SCREENER).get("/ai-act/intake/1/result", {"on": day})
    assert page.status_code == 200
    assert HOSTILE not in page.content.decode()


def test_a_variant_is_compared_and_each_difference_has_its_reason() -> None:
    browser = begun(CV_SCREENER)
    browser.post("/ai-act/intake/1/copy")
    browser.post("/ai-act/intake/2/answer", {"question": "used_for", "value": ["customer_support"]})
    page = browser.get("/ai-act/intake/compare", {"one": "1", "other": "2"})
    assert page.status_code == 200
    assert page.context["differences"]
    assert all(because for _, _, because in page.context["differences"])
    assert "High-risk, use under Annex III" in page.content.decode()


@pytest.mark.parametrize("asked", [{}, {"one": "1"}, {"one": "x", "other": HOSTILE}])
def test_a_comparison_of_what_is_not_there_says_so(asked: dict[str, str]) -> None:
    page = Client().get("/ai-act/intake/compare", asked)
    assert page.status_code == 200
    assert HOSTILE not in page.content.decode()


def test_a_hostile_name_stays_text_on_every_page() -> None:
    browser = begun(CV_SCREENER, name=HOSTILE)
    browser.post("/ai-act/intake/1/copy")
    for part in ("", "1", "1/result", "compare?one=1&other=2"):
        page = browser.get(f"/ai-act/intake/{part}").content.decode()
        assert HOSTILE not in page
        assert "&lt;script&gt;" in page


def test_nothing_is_kept_by_reading() -> None:
    browser = Client()
    for part in ("", "intake/", "ask", "calendar", "ask?question=What+is+a+provider"):
        assert browser.get(f"/ai-act/{part}").status_code == 200
    assert "sessionid" not in browser.cookies


def test_an_intake_is_saved_to_a_version_by_who_works_in_its_project_and_nobody_else() -> None:
    desk = make_desk()
    for reader, status in ((desk.member, 302), (desk.reader, 403), (desk.stranger, 404)):
        begun(CV_SCREENER, browser=reader)
        answer = reader.post("/ai-act/intake/1/save", {"version": desk.version})
        assert answer.status_code == status
    visitor = begun(CV_SCREENER)
    assert "/accounts/login/" in visitor.post("/ai-act/intake/1/save", {"version": desk.version}).headers["Location"]


def test_saving_without_a_version_leads_to_registering_one() -> None:
    desk = make_desk()
    begun(CV_SCREENER, browser=desk.member)
    answer = desk.member.post("/ai-act/intake/1/save", {"version": HOSTILE})
    assert answer.headers["Location"] == "/ai-act/systems/new?intake=1"


def test_an_intake_of_another_kind_is_not_saved() -> None:
    desk: Desk = make_desk()
    begun({"artefact": "model"}, browser=desk.member)
    assert desk.member.post("/ai-act/intake/1/save", {"version": desk.version}).status_code == 409
    assert desk.member.get("/ai-act/intake/1").status_code == 200
