"""A question to an adviser in a real browser: asked, taken, answered with a citation, published and found."""

import pytest
from playwright.sync_api import Page, expect

from tests.browser.accessibility import check_page, check_shown
from tests.browser.network import Watch

pytestmark = pytest.mark.browser
QUESTION = "Must people be told that a zeppelin bot is an AI system?"


def test_a_question_is_asked_answered_with_a_citation_and_found(page: Page, watch: Watch) -> None:
    page.goto("/ai-act/ask?question=zeppelin")
    page.get_by_role("link", name="Ask an adviser").click()
    page.get_by_label("Your question").fill(QUESTION)
    page.get_by_label("What only the adviser reads").fill("We build it in Ghent.")
    page.get_by_role("checkbox").check()
    check_shown(page)
    page.get_by_role("button", name="Pass it on").click()
    expect(page.get_by_role("heading", level=1)).to_have_text(QUESTION)
    page.get_by_role("button", name="Take this question").click()
    page.get_by_label("Reply", exact=True).fill("Yes, from the first contact on.")
    page.get_by_role("button", name="Send the reply").click()
    expect(page.get_by_role("alert")).to_contain_text("names no passage that it rests on")
    assert ["422" in told for told in watch.complaints] == [True], "it tells of the refusal alone"
    watch.complaints.clear()
    expect(page.get_by_label("Reply", exact=True)).to_have_value("Yes, from the first contact on.")
    page.get_by_role("checkbox").first.check()
    check_shown(page)
    page.get_by_role("button", name="Send the reply").click()
    expect(page.locator(".state").first).to_have_text("answered")
    page.get_by_label("The question in general words").fill("Must a zeppelin bot say what it is?")
    page.get_by_role("button", name="Publish the reply").click()
    expect(page.locator(".state").first).to_have_text("published")
    check_shown(page)
    check_page(page, "/ai-act/questions/")
    page.goto("/ai-act/ask?question=zeppelin+bot")
    expect(page.get_by_role("heading", name="Must a zeppelin bot say what it is?")).to_be_visible()


def test_a_visitor_finds_published_answers_and_is_asked_to_sign_in_for_more(visitor: Page) -> None:
    visitor.goto("/ai-act/ask?question=zeppelin+bot")
    expect(visitor.get_by_role("link", name="Ask an adviser")).to_have_count(0)
    visitor.goto("/ai-act/questions/")
    expect(visitor).to_have_url("/accounts/login/?next=/ai-act/questions/")
