"""Planning in a real browser: the public planner, saved scenarios, sharing, comparing; a desk and a phone."""

import re
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, StorageState, expect

from tests.browser.network import Portal, new_context

pytestmark = pytest.mark.browser
QUESTION = "/plan/training?model=llama3-8b&tokens=1T&precision=bf16&resilience=storage"
PUBLIC = (
    "/plan/",
    "/plan/training",
    f"{QUESTION}&where=everywhere",
    f"{QUESTION}&where=pool&accelerator=H100-80G-SXM&devices=512",
    "/plan/training?begin=deepseek-v3",
)
WIDTHS = ((1280, "light"), (390, "dark"))


def check(page: Page) -> None:
    """Ask every rule of axe at a desk in light and on a phone in dark; nothing is wider than the page."""
    page.emulate_media(reduced_motion="reduce")
    for width, scheme in WIDTHS:
        page.set_viewport_size({"width": width, "height": 900})
        page.emulate_media(color_scheme="light" if scheme == "light" else "dark")
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        found = Axe().run(page, options={"resultTypes": ["violations"]}).response["violations"]
        assert not found, [(one["id"], [node["target"] for node in one["nodes"]]) for one in found]


@pytest.mark.parametrize("address", PUBLIC)
def test_a_public_page_of_planning_has_no_violation(visitor: Page, address: str) -> None:
    answer = visitor.goto(address)
    assert answer is not None
    assert answer.status == 200
    check(visitor)


def test_a_founder_asks_without_an_account_and_takes_the_table_home(visitor: Page, tmp_path: Path) -> None:
    visitor.goto("/plan/")
    visitor.get_by_role("link", name="What would it take to train a model?").click()
    visitor.get_by_label("Model", exact=True).select_option("llama3-70b")
    visitor.get_by_label("Train on so many tokens").fill("2T")
    visitor.get_by_role("button", name="Plan it").click()
    expect(visitor.get_by_role("heading", name="At every site, the soonest done first")).to_be_visible()
    expect(visitor.locator("svg.wide-picture[role=img]").first).to_be_visible()
    with visitor.expect_download() as download:
        visitor.get_by_role("link", name="Download the table (CSV)").click()
    assert "days_low" in download.value.path().read_text()
    visitor.get_by_label("Where", exact=True).select_option("pool")
    visitor.get_by_label("Devices", exact=True).fill("1024")
    visitor.get_by_role("button", name="Plan it").click()
    expect(visitor.get_by_role("heading", name="The best layouts")).to_be_visible()
    expect(visitor.get_by_text(re.compile("Trained on 2 T tokens in bf16 on 1,024 x H100"))).to_be_visible()


def test_a_mistake_is_told_at_its_field(browser: Browser, portal: Portal) -> None:
    context = new_context(browser, portal)  # not watched: a browser logs every answer of 422
    visitor = context.new_page()
    visitor.goto("/plan/training")
    visitor.get_by_label("Train on so many tokens").fill("many")
    with visitor.expect_response(re.compile("training")) as answer:
        visitor.get_by_role("button", name="Plan it").click()
    assert answer.value.status == 422
    expect(visitor.get_by_role("alert")).to_contain_text("is no number of tokens")
    context.close()


def save(page: Page, name: str, text: str | None = None) -> str:
    """Save a study of sites in the browser, wait for its result, and return its address."""
    page.goto("/plan/new/siting")
    page.get_by_label("Name").fill(name)
    if text is not None:
        page.get_by_label("What is asked, as TOML").fill(text)
    page.get_by_role("button", name="Save and run it").click()
    expect(page).to_have_url(re.compile("/plan/scenarios/scn_"))
    expect(page.get_by_role("heading", name="In words")).to_be_visible(timeout=90_000)
    return page.url


def test_a_scenario_is_run_watched_compared_shared_and_deleted(page: Page, browser: Browser, portal: Portal) -> None:
    save(page, "First <b>try</b>")
    expect(page.get_by_role("heading", level=1)).to_have_text("First <b>try</b>")
    check(page)
    page.set_viewport_size({"width": 1280, "height": 900})
    second = save(page, "Second try", 'include = ["hosts"]')
    page.get_by_label("With", exact=True).select_option(label="First <b>try</b>")
    page.get_by_role("button", name="Compare").click()
    expect(page.get_by_role("heading", name="What was asked differently")).to_be_visible()
    check(page)
    page.goto(second)
    page.get_by_role("button", name="Draw a link for anybody").click()
    link = page.get_by_role("region", name="The link").inner_text()
    other = new_context(browser, portal)
    reader = other.new_page()
    reader.goto(link)
    expect(reader.get_by_text("Shared by a link")).to_be_visible()
    check(reader)
    page.goto(second)
    page.get_by_role("button", name="Withdraw all links").click()
    answer = reader.goto(link)
    assert answer is not None
    assert answer.status == 404
    other.close()
    page.goto(second)
    page.get_by_role("link", name="Delete it").click()
    page.get_by_role("button", name="Delete it").click()
    expect(page.get_by_text("“Second try” was deleted.")).to_be_visible()


def test_the_builder_of_a_what_if_has_no_violation(page: Page) -> None:
    page.goto("/plan/")
    page.get_by_role("link", name="What if the network were another one?").click()
    check(page)
    page.get_by_role("link", name="Write it as a file").click()
    check(page)


def test_the_pages_are_whole_without_scripts(browser: Browser, portal: Portal, signed_in: StorageState) -> None:
    context = new_context(browser, portal, signed_in, java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{QUESTION}&where=everywhere")
    expect(page.get_by_role("heading", name="At every site, the soonest done first")).to_be_visible()
    page.goto("/plan/new/siting")
    page.get_by_label("Name").fill("without scripts")
    page.get_by_role("button", name="Save and run it").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("without scripts")
    context.close()
