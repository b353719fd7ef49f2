"""The AI Act desk as a founder uses it: in a real browser, with and without scripts, with the keyboard alone."""

import re
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Page, StorageState, expect

from tests.browser.accessibility import check_page, check_shown
from tests.browser.network import Portal, new_context

pytestmark = pytest.mark.browser
WORDS = "We build a chatbot and sell it. It also screens CVs of applicants."


def begin(page: Page, name: str = "Hiring helper") -> None:
    """Begin an intake with a description, and take two of its proposals."""
    page.goto("/ai-act/intake/")
    page.get_by_label("What do you call it?").fill(name)
    page.get_by_label("Describe it in your own words").fill(WORDS)
    page.get_by_role("button", name="Begin").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Is this right?")
    page.get_by_role("checkbox", name=re.compile("A system: an application people use")).check()
    page.get_by_role("checkbox", name=re.compile("Recruitment, choosing or ranking applicants")).check()
    page.get_by_role("button", name="Take what I ticked").click()


def answer(page: Page, question: str, choice: str) -> None:
    """Answer one question, asked for by its name, with one choice."""
    page.goto(f"{page.url.split('?')[0]}?question={question}")
    page.get_by_role("button", name=choice).click()


def test_a_visitor_finds_their_class_question_by_question_and_the_page_is_never_loaded_again(visitor: Page) -> None:
    begin(visitor)
    heading = visitor.locator("#ask")
    visitor.evaluate("document.body.dataset.same = 'yes'")
    for _ in range(3):
        before = heading.inner_text()
        visitor.get_by_role("button", name="I do not know").click()
        expect(heading).not_to_have_text(before)
        expect(heading).to_be_focused()
    visitor.get_by_role("button", name="Back").click()
    expect(heading).to_have_text(before)
    assert visitor.evaluate("document.body.dataset.same") == "yes", "the page was loaded again"
    answer(visitor, "technique", "Machine learning")
    expect(visitor.locator("#sofar ~ ul")).to_contain_text("high-risk, use under Annex III")
    check_shown(visitor)


def test_a_wrong_answer_is_told_beside_the_question(visitor: Page) -> None:
    begin(visitor)
    visitor.goto(f"{visitor.url.split('?')[0]}?question=training_flop")
    visitor.get_by_label("Number").fill("much")
    visitor.get_by_role("button", name="Continue").click()
    expect(visitor.get_by_role("alert")).to_contain_text("cannot be 'much'")
    expect(visitor.locator("#ask")).to_have_text("How much compute trained the model, in FLOP?")


def test_an_intake_is_answered_with_the_keyboard_alone(visitor: Page) -> None:
    begin(visitor)
    visitor.goto(f"{visitor.url}?question=technique")
    for _ in range(60):
        visitor.keyboard.press("Tab")
        if visitor.locator(":focus").inner_text().strip() == "Machine learning":
            break
    visitor.keyboard.press("Enter")
    expect(visitor.locator("#ask")).not_to_have_text("How does it arrive at its results?")
    expect(visitor.locator(".answers")).to_contain_text("Machine learning")


def test_an_intake_its_result_and_a_comparison_work_without_javascript(browser: Browser, portal: Portal) -> None:
    context = new_context(browser, portal, java_script_enabled=False)
    page = context.new_page()
    begin(page)
    page.get_by_role("button", name="I do not know").click()
    page.get_by_role("button", name="Back").click()
    page.get_by_role("link", name="Result so far").click()
    expect(page.get_by_role("heading", name="What is due")).to_be_visible()
    page.get_by_role("link", name="Go on answering").click()
    page.get_by_role("button", name="Try a variant").click()
    page.goto(f"{page.url.split('?')[0]}?question=used_for")
    page.get_by_role("checkbox", name="Recruitment, choosing or ranking applicants").uncheck()
    page.get_by_role("button", name="Continue").click()
    page.goto("/ai-act/intake/compare?one=1&other=2")
    expect(page.get_by_role("table", name="What changes")).to_contain_text("High-risk, use under Annex III")
    page.goto("/ai-act/")
    expect(page.get_by_role("link", name=re.compile("Find your class"))).to_be_visible()
    context.close()


def test_pages_of_an_intake_have_no_violation(visitor: Page) -> None:
    begin(visitor)
    visitor.goto(visitor.url)
    visitor.get_by_role("button", name="Try a variant").click()
    for question in ("used_for", "product_act", "first_unit_date", "training_flop"):
        check_page(visitor, f"/ai-act/intake/1?question={question}")
    check_page(visitor, "/ai-act/intake/1/result")
    check_page(visitor, "/ai-act/intake/compare?one=1&other=2")
    check_page(visitor, "/ai-act/intake/")


def test_a_founder_registers_a_system_and_sees_class_days_documents_and_a_calendar_address(page: Page) -> None:
    begin(page, "CV screener")
    answer(page, "technique", "Machine learning")
    expect(page.locator(".answers")).to_contain_text("Machine learning")
    page.get_by_text("Save to a system").click()
    page.get_by_role("link", name="Register a new system with these answers").click()
    expect(page.get_by_label("Name", exact=True)).to_have_value("CV screener")
    page.get_by_label("What it is meant for").fill("It <b>ranks</b> applicants.")
    page.get_by_role("button", name="Register").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("CV screener")
    expect(page.locator(".verdict")).to_contain_text("High-risk, use under Annex III")
    expect(page.get_by_text("It <b>ranks</b> applicants.")).to_be_visible()
    version = urlsplit(page.url).path
    for part in ("", "/class", "/account", "/release"):
        check_page(page, version + part)

    page.goto(f"{version}/documents/annex_iv")
    missing = page.locator(".item-missing").first
    item = missing.get_attribute("id")
    missing.get_by_text("Fill").click()
    missing.get_by_label("You say this as").fill("Founder")
    missing.get_by_label("In your own words").fill("It talks to nothing <script>alert(1)</script>")
    missing.get_by_role("button", name="Save the text").click()
    expect(page.locator(f'[id="{item}"]')).to_contain_text("It talks to nothing <script>alert(1)</script>")
    expect(page.locator(f'[id="{item}"]')).to_contain_text("Typed by a person")
    with page.expect_download() as download:
        page.get_by_role("link", name="DOCX").click()
    assert download.value.path().read_bytes().startswith(b"PK")
    check_page(page, f"{version}/documents/annex_iv")

    page.goto("/ai-act/")
    expect(page.locator(".system-line", has_text="CV screener")).to_contain_text("items filled")
    check_shown(page)
    page.goto("/ai-act/calendar")
    page.get_by_role("button", name=re.compile("Make an address")).click()
    address = page.get_by_label(re.compile("Calendar address")).input_value()
    check_page(page, "/ai-act/calendar")
    feed = page.request.get(urlsplit(address).path, headers={"Cookie": ""})
    assert feed.text().startswith("BEGIN:VCALENDAR")
    page.get_by_role("button", name="Close the address").click()
    assert page.request.get(urlsplit(address).path).status == 404


def test_a_version_is_whole_without_javascript(browser: Browser, portal: Portal, signed_in: StorageState) -> None:
    context = new_context(browser, portal, signed_in, java_script_enabled=False)
    page = context.new_page()
    page.goto("/ai-act/systems/new")
    page.get_by_label("Name", exact=True).fill("Plain model")
    page.get_by_label("What it is", exact=True).select_option("model")
    page.get_by_role("button", name="Register").click()
    page.get_by_role("button", name="Answer the questions").first.click()
    page.get_by_role("button", name="I do not know").click()
    page.get_by_role("button", name="Save to Plain model 1.0").click()
    for heading in ("Documents", "Compute and energy", "Made from", "Runs and data", "History"):
        expect(page.get_by_role("heading", name=heading, exact=True)).to_be_visible()
    context.close()
