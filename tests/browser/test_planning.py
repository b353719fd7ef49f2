"""Planning in a real browser: the public planner, saved scenarios, sharing, comparing; a desk and a phone."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Locator, Page, StorageState, expect

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
    """Ask every rule of axe at a desk in light and on a phone in dark, with all that opens open.

    Nothing is wider than the page, down to 320 pixels, which is a desk at a zoom of 400 %.
    """
    page.emulate_media(reduced_motion="reduce")
    page.evaluate("for (const one of document.querySelectorAll('details')) one.open = true")
    for width, scheme in WIDTHS:
        page.set_viewport_size({"width": width, "height": 900})
        page.emulate_media(color_scheme="light" if scheme == "light" else "dark")
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        found = Axe().run(page, options={"resultTypes": ["violations"]}).response["violations"]
        assert not found, [(one["id"], [node["target"] for node in one["nodes"]]) for one in found]
    page.set_viewport_size({"width": 320, "height": 640})
    assert page.evaluate("document.documentElement.scrollWidth") <= 320


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


@pytest.fixture
def phone(browser: Browser, portal: Portal, signed_in: StorageState) -> Iterator[Page]:
    """Yield a page on a phone that nobody watches: a browser logs every answer of 404 and 422."""
    context = new_context(browser, portal, signed_in, viewport={"width": 390, "height": 844})
    yield context.new_page()
    context.close()


def test_a_mistake_is_told_at_its_field_and_above_where_it_is_in_sight_and_has_the_focus(phone: Page) -> None:
    phone.goto("/plan/training")
    phone.get_by_label("Train on so many tokens").fill("many")
    with phone.expect_response(re.compile("tokens=many")) as answer:
        phone.get_by_role("button", name="Plan it").click()
    assert answer.value.status in (302, 422)
    expect(phone.get_by_role("alert")).to_contain_text("is no number of tokens")
    above = phone.get_by_role("group", name="One thing has to be corrected")
    expect(above).to_be_focused()
    expect(above).to_be_in_viewport()
    expect(phone).to_have_title(re.compile("^To correct:"))
    phone.keyboard.press("Tab")
    phone.keyboard.press("Enter")
    expect(phone.get_by_label("Train on so many tokens")).to_be_focused()


def test_mistakes_of_the_builder_are_in_sight_with_a_link_to_each(phone: Page) -> None:
    phone.goto("/plan/new/network")
    phone.get_by_label("Name", exact=True).fill("closed for no time")
    phone.get_by_label("This site changes").select_option("jaif")
    phone.get_by_label("Closes on day").fill("9")
    phone.get_by_label("Hours of waiting that halve usage").fill("24")
    phone.get_by_role("button", name="Save and run it").click()
    above = phone.get_by_role("group", name="2 things have to be corrected")
    expect(above).to_be_focused()
    expect(above).to_be_in_viewport()
    above.get_by_role("link", name="Site that changes 1: Opens again on day").click()
    expect(phone.get_by_label("Opens again on day")).to_be_focused()
    expect(phone.get_by_label("Opens again on day")).to_have_accessible_description("Give a day after the first.")
    expect(phone.get_by_label("Closes on day")).to_have_value("9")
    expect(phone.get_by_label("Device-hours until a node fails")).to_have_accessible_description(
        re.compile("Published: 50,677")
    )


def save(page: Page, name: str, text: str | None = None) -> str:
    """Save a study of sites in the browser, wait for its result, and return its address."""
    page.goto("/plan/new/siting")
    page.get_by_label("Name").fill(name)
    if text is not None:
        page.get_by_label("What is asked, as TOML").fill(text)
    page.get_by_role("button", name="Save and run it").click()
    expect(page).to_have_url(re.compile("/plan/scenarios/scn_"))
    page.evaluate("window.waited = true")
    page.get_by_label("Days that a link holds").fill("3")
    expect(page.get_by_role("heading", name="In words")).to_be_visible(timeout=90_000)
    assert page.evaluate("window.waited"), "what comes out comes into the page; nothing that is typed is lost"
    expect(page.get_by_label("Days that a link holds")).to_have_value("3")
    return page.url


def status(page: Page, address: str) -> int:
    """Open an address and return the status of its answer."""
    answer = page.goto(address)
    assert answer is not None
    return answer.status


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
    link = page.get_by_role("region", name="The link").inner_text().strip()
    other = new_context(browser, portal)
    reader = other.new_page()
    assert status(reader, link) == 200
    expect(reader.get_by_text("Shared by a link")).to_be_visible()
    check(reader)
    assert status(reader, f"{link[:-2]}{'B' if link[-2] == 'A' else 'A'}{link[-1]}") == 404
    reader.goto(second)
    reader.get_by_role("button", name="Continue with the test provider").click()
    expect(reader.get_by_role("heading", level=1)).to_contain_text("you may not see it")
    assert status(reader, link) == 200
    page.goto(second)
    page.get_by_role("button", name="Withdraw all links").click()
    expect(page.get_by_role("status").first).to_contain_text("No link leads to it any more.")
    assert status(reader, link) == 404
    other.close()
    page.goto(second)
    page.get_by_role("link", name="Delete it").click()
    page.get_by_role("button", name="Delete it").click()
    expect(page.get_by_text("“Second try” was deleted.")).to_be_visible()


def tab_to(page: Page, target: Locator) -> None:
    """Press Tab until a control has the focus; it has its ring then, and is on the screen."""
    for _ in range(60):
        page.keyboard.press("Tab")
        if target.evaluate("one => one === document.activeElement"):
            break
    expect(target).to_be_focused()
    expect(target).to_have_css("outline-style", "solid")
    expect(target).to_be_in_viewport()


def test_a_scenario_is_saved_renamed_and_deleted_by_the_keyboard_alone(page: Page) -> None:
    page.goto("/plan/")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.get_by_role("main")).to_be_focused()
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="What would it take to train a model?")).to_be_focused()
    tab_to(page, page.get_by_role("link", name="Where could a gigafactory stand?"))
    page.keyboard.press("Enter")
    tab_to(page, page.get_by_label("Name"))
    page.keyboard.type("By keyboard")
    tab_to(page, page.get_by_role("button", name="Save and run it"))
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="In words")).to_be_visible(timeout=90_000)
    tab_to(page, page.get_by_role("link", name="Ranks (CSV)"))
    with page.expect_download() as download:
        page.keyboard.press("Enter")
    assert download.value.suggested_filename.startswith("siting-ranks-")
    tab_to(page, page.get_by_label("Name", exact=True))
    page.keyboard.press("Control+A")
    page.keyboard.type("Renamed by keyboard")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Renamed by keyboard")
    tab_to(page, page.get_by_role("link", name="Delete it"))
    page.keyboard.press("Enter")
    tab_to(page, page.get_by_role("button", name="Delete it"))
    page.keyboard.press("Space")
    expect(page.get_by_text("“Renamed by keyboard” was deleted.")).to_be_visible()


def test_the_builder_of_a_what_if_has_no_violation(page: Page) -> None:
    page.goto("/plan/")
    page.get_by_role("link", name="What if the network were another one?").click()
    check(page)
    page.get_by_role("button", name="Add an account").click()
    page.get_by_role("button", name="Add maintenance or a reservation").click()
    expect(page.get_by_role("group", name="Maintenance or reservation 2").get_by_label("Where")).to_be_focused()
    check(page)
    page.get_by_role("link", name="Write it as a file").click()
    check(page)


def test_a_reservation_and_pods_are_told_by_the_keyboard_alone(page: Page) -> None:
    page.goto("/plan/new/network")
    tab_to(page, page.get_by_label("Name", exact=True))
    page.keyboard.type("Pods, and a day for one account")
    giga = page.get_by_role("group", name="Gigafactory 1")
    tab_to(page, giga.get_by_label("A gigafactory in"))
    page.keyboard.type("Finland")
    tab_to(page, giga.locator("summary"))
    page.keyboard.press("Enter")
    tab_to(page, giga.get_by_label("Nodes of a leaf"))
    page.keyboard.type("25")
    tab_to(page, giga.get_by_label("Leaves of a pod"))
    page.keyboard.type("10")
    tab_to(page, page.get_by_role("button", name="Add maintenance or a reservation"))
    page.keyboard.press("Enter")
    second = page.get_by_role("group", name="Maintenance or reservation 2")
    expect(second.get_by_label("Where")).to_be_focused()
    page.keyboard.type("Planned")
    tab_to(page, second.get_by_label("From day"))
    page.keyboard.type("5")
    tab_to(page, second.get_by_label("For so many hours"))
    page.keyboard.type("24")
    tab_to(page, second.get_by_label("Reserved for accounts"))
    page.keyboard.type("2")
    tab_to(page, page.get_by_label("Sites share fairly"))
    page.keyboard.press("Space")
    tab_to(page, page.get_by_label("Hours of waiting that halve usage"))
    page.keyboard.type("24")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Pods, and a day for one account")
    tab_to(page, page.locator("summary", has_text="The scenario as a file"))
    page.keyboard.press("Enter")
    text = page.get_by_role("region", name="The scenario as a file")
    for line in ("pod_leaves = 10", 'accounts = ["account 2"]', 'site = "planned-gigafactory"', "age_hours = 24"):
        expect(text).to_contain_text(line)
    tab_to(page, page.get_by_role("link", name="Ask it in another way"))
    page.keyboard.press("Enter")
    only = page.get_by_role("group", name="Maintenance or reservation 1")
    expect(only.get_by_label("Reserved for accounts")).to_have_value("2")
    expect(page.get_by_role("group", name="Maintenance or reservation 2")).to_have_count(0)
    expect(giga.get_by_label("Leaves of a pod")).to_be_visible()
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
    page.goto("/plan/new/network")
    page.get_by_label("From day").fill("5")
    page.get_by_role("button", name="Add maintenance or a reservation").click()
    expect(page.get_by_role("group", name="Maintenance or reservation 2").get_by_label("Where")).to_be_focused()
    page.get_by_role("button", name="Remove Maintenance or reservation 2").click()
    expect(page.get_by_role("button", name="Add maintenance or a reservation")).to_be_focused()
    expect(page.get_by_label("From day")).to_have_value("5")
    context.close()
