"""Questions on the web: passages with citations, and those passed on to advisers."""

from datetime import date
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from fabrica.aiact import library
from fabrica.aiact.questions.official import read_official
from fabrica.aiact.questions.shelf import put
from fabrica.aiact.schema import Trap
from fabrica.server.aiact import question_queries, question_service
from fabrica.server.core.actors import Actor, NetworkRole
from fabrica.values.ids import ProjectId, QuestionId
from fabrica.wire.questions import NewQuestion, Reply
from tests.builders import make_project, make_user
from tests.server.readers import browser

pytestmark = pytest.mark.django_db


def ask(question: str) -> str:
    """Return the page that answers a question."""
    answer = Client().get("/ai-act/ask", {"question": question})
    assert answer.status_code == 200
    return answer.content.decode()


@pytest.mark.parametrize("trap", library.traps(), ids=lambda trap: str(trap.id))
def test_a_question_that_is_often_answered_wrongly_shows_the_wrong_and_the_right(trap: Trap) -> None:
    page = ask(trap.wrong)
    assert "Often said, and wrong:" in page
    assert "Right:" in page


def test_each_passage_has_its_citation_and_the_page_its_data_and_day() -> None:
    answer = Client().get("/ai-act/ask", {"question": "When must a serious incident be reported?"})
    page = answer.content.decode()
    assert answer.context["answer"].passages
    for one in answer.context["answer"].passages:
        assert f"<cite>{one.citation}</cite>" in page
    assert "no legal advice" in page
    assert "checked on 20 November 2026" in page


def test_the_page_says_so_when_the_sources_hold_no_answer() -> None:
    page = ask("Which zebra paints the unicorn?")
    assert "The sources hold no answer to this" in page
    assert "Nothing was guessed" in page


@pytest.mark.parametrize("question", ["the", "x" * 1200])
def test_what_is_no_question_is_refused_with_a_reason(question: str) -> None:
    answer = Client().get("/ai-act/ask", {"question": question})
    assert answer.status_code == 422
    assert answer.context["problem"].remedy


@pytest.fixture
def shelf(tmp_path: Path, settings: Any) -> Path:
    """Return the folder of the server's official texts, with one that speaks of bananas."""
    settings.OFFICIAL_TEXTS = str(tmp_path)
    fruit = b"Regulation (EU) 2099/1\nArticle 2\nFruit\n3.   Bananas shall be curved <b>well</b>.\n"
    return put(
        read_official(fruit, name="fruit.txt", imported_on=date(2026, 11, 21), title="Fruit Act"), tmp_path
    ).parent


def test_official_texts_of_the_server_are_searched_and_cited(shelf: Path) -> None:
    page = ask("Must bananas be curved?")
    assert "Article 2(3), Fruit Act" in page
    assert "Official texts among them: Fruit Act." in page
    assert "<b>well</b>" not in page


def test_a_damaged_text_is_told_in_the_log_and_the_rest_is_searched(
    shelf: Path, caplog: pytest.LogCaptureFixture
) -> None:
    next(shelf.glob("*.json")).write_text("{")
    assert "hold no answer" in ask("Must bananas be curved?")
    assert "Art. 3(4)" in ask("What is a deployer?")
    assert "official texts cannot be searched" in caplog.text


def test_a_hostile_question_stays_text() -> None:
    page = ask('provider "><script>alert(1)</script>')
    assert "<script>alert" not in page
    assert "&lt;script&gt;" in page


# Questions to advisers -----------------------------------------------------------------------------------------------


@pytest.fixture
def asker() -> Actor:
    return make_user("Anna Asker")


@pytest.fixture
def project(asker: Actor) -> ProjectId:
    return make_project(asker)


@pytest.fixture
def adviser() -> Actor:
    return make_user("Ada Adviser", network_role=NetworkRole.ADVISER)


def _new(asker: Actor, project: ProjectId, **told: Any) -> QuestionId:
    new = NewQuestion.model_validate({"text": "Must our chatbot say that it is one?"} | told)
    return question_service.ask(asker, project=project, told=new)


def _post(by: Actor, question: QuestionId, verb: str, /, **sent: Any) -> Any:
    return browser(by).post(f"/ai-act/questions/{question}/{verb}", sent)


def test_a_question_is_passed_on_answered_and_published_in_the_portal(
    asker: Actor, project: ProjectId, adviser: Actor
) -> None:
    sent = {"project": project, "text": "Must our zeppelin bot say what it is?", "may_publish": "on"}
    answer = browser(asker).post("/ai-act/questions/new", sent)
    assert answer.status_code == 302
    (question,) = (one.id for one in question_queries.questions(asker).questions)
    assert "Must our zeppelin bot" in browser(adviser).get("/ai-act/questions/").content.decode()
    assert _post(adviser, question, "take").status_code == 302
    reply = {"text": "Yes, from the first contact.", "others": "Article 50(1)\n\n Art. 4(1) "}
    assert _post(adviser, question, "answer", **reply).status_code == 302
    page = browser(asker).get(f"/ai-act/questions/{question}").content.decode()
    assert "Yes, from the first contact." in page
    assert page.count('<li class="passage">') == 2
    assert _post(adviser, question, "publish", question="Must a zeppelin bot say what it is?").status_code == 302
    assert "Must a zeppelin bot say what it is?" in ask("zeppelin bot")


def test_a_reply_without_citation_comes_back_with_its_words_and_the_reason(
    asker: Actor, project: ProjectId, adviser: Actor
) -> None:
    question = _new(asker, project)
    question_service.take(adviser, question=question)
    answer = _post(adviser, question, "answer", text="Believe me, it is so.")
    assert answer.status_code == 422
    page = answer.content.decode()
    assert "Believe me, it is so." in page
    assert "names no passage that it rests on" in page
    answer = _post(adviser, question, "answer", text="So it is.", passages="no/such/passage")
    assert answer.status_code == 422


def test_the_adviser_is_shown_passages_to_cite_and_a_tick_cites_one(
    asker: Actor, project: ProjectId, adviser: Actor
) -> None:
    question = _new(asker, project, text="Must people be told that they deal with an AI system?")
    question_service.take(adviser, question=question)
    passages = question_queries.suggested(adviser, question)
    assert passages
    assert _post(adviser, question, "answer", text="Yes.", passages=[passages[0].id]).status_code == 302
    assert [one.passage for one in question_queries.question(asker, question).citations] == [passages[0].id]


def test_an_adviser_cites_an_official_text_of_the_server(
    asker: Actor, project: ProjectId, adviser: Actor, shelf: Path
) -> None:
    question = _new(asker, project, text="Must bananas be curved?")
    question_service.take(adviser, question=question)
    shown = question_queries.suggested(adviser, question)[0]
    assert _post(adviser, question, "answer", text="Yes.", passages=[shown.id]).status_code == 302
    found = question_queries.question(asker, question).citations
    assert [one.citation for one in found] == ["Article 2(3), Fruit Act (incomplete file)"]


@pytest.mark.parametrize("verb", ["take", "give-back", "answer", "publish"])
def test_who_is_no_adviser_is_refused_on_the_page_as_by_the_verb(asker: Actor, project: ProjectId, verb: str) -> None:
    question = _new(asker, project)
    sent = {"reason": "x", "text": "x", "others": "Art. 4(1)", "question": "x"}
    assert _post(asker, question, verb, **sent).status_code == 403
    assert question_queries.question(asker, question).state == "asked"


def test_a_stranger_finds_no_question_and_who_is_not_signed_in_is_asked_to(asker: Actor, project: ProjectId) -> None:
    question = _new(asker, project)
    stranger = browser(make_user())
    assert stranger.get(f"/ai-act/questions/{question}").status_code == 404
    assert stranger.post(f"/ai-act/questions/{question}/withdraw", {"reason": "x"}).status_code == 404
    assert str(question) not in stranger.get("/ai-act/questions/").content.decode()
    assert stranger.get("/ai-act/questions/new").status_code == 403
    for path in ("", "new", str(question)):
        assert "/accounts/login" in Client().get(f"/ai-act/questions/{path}")["Location"]


def test_an_unknown_verb_leads_nowhere(asker: Actor, project: ProjectId) -> None:
    assert _post(asker, _new(asker, project), "eat").status_code == 404


def test_hostile_words_stay_words_on_every_page(asker: Actor, project: ProjectId, adviser: Actor) -> None:
    hostile = '<script>alert("x")</script>'
    question = _new(asker, project, text=hostile, context=hostile, may_publish=True)
    question_service.take(adviser, question=question)
    question_service.answer(adviser, question=question, reply=Reply(text=hostile, citations=("Art. 4(1)",)))
    question_service.publish(adviser, question=question, wording=hostile)
    pages = [
        browser(asker).get(path).content.decode() for path in ("/ai-act/questions/", f"/ai-act/questions/{question}")
    ]
    for page in (*pages, ask("script alert")):
        assert "<script>alert" not in page
        assert "&lt;script&gt;" in page


def test_acts_that_are_shown_are_acts_that_work(asker: Actor, project: ProjectId, adviser: Actor) -> None:
    question = _new(asker, project)
    assert question_queries.acts(asker, question) == {"allow", "withdraw"}
    assert question_queries.acts(adviser, question) == {"take"}
    question_service.take(adviser, question=question)
    assert question_queries.acts(adviser, question) == {"answer", "give-back"}
    assert question_queries.acts(make_user(network_role=NetworkRole.ADVISER), question) == set()
    assert _post(asker, question, "allow").status_code == 302
    question_service.answer(adviser, question=question, reply=Reply(text="Yes.", citations=("Art. 4(1)",)))
    assert question_queries.acts(asker, question) == {"ask-again", "allow", "withdraw"}
    assert question_queries.acts(adviser, question) == {"publish"}
    assert _post(asker, question, "ask-again", reason="By when?").status_code == 302
    assert "By when?" in browser(adviser).get(f"/ai-act/questions/{question}").content.decode()
