"""Questions on the web: passages with citations, and plain words where the sources hold no answer."""

import pytest
from django.test import Client

from fabrica.aiact import library
from fabrica.aiact.schema import Trap

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


def test_a_hostile_question_stays_text() -> None:
    page = ask('provider "><script>alert(1)</script>')
    assert "<script>alert" not in page
    assert "&lt;script&gt;" in page
