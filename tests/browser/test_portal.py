"""The portal as people use it: in a real browser, against a real network and real runs."""

import re

import pytest
from playwright.sync_api import Browser, Page, StorageState, expect

from tests.browser.accessibility import check_shown
from tests.browser.network import Portal, new_context

pytestmark = pytest.mark.browser


def test_a_person_signs_in_by_link_and_finds_the_network(visitor: Page, portal: Portal) -> None:
    visitor.goto(portal.json("portal")["link"])
    expect(visitor).to_have_url(f"{portal.url}/")
    expect(visitor.get_by_role("heading", level=1)).to_contain_text("AI Factories")
    visitor.get_by_role("link", name=re.compile("LUMI AI Factory · Kajaani, FI · takes runs, simulated")).click()
    expect(visitor.get_by_role("heading", level=1)).to_have_text("LUMI AI Factory")
    expect(visitor.get_by_text("simulated").first).to_be_visible()
    visitor.get_by_role("button", name="Sign out").click()
    expect(visitor.get_by_role("link", name="Sign in", exact=True)).to_be_visible()


def test_a_person_of_the_organisation_signs_in_at_its_provider(visitor: Page, portal: Portal) -> None:
    visitor.goto("/runs/")
    expect(visitor).to_have_url(re.compile("/accounts/login/"))
    visitor.get_by_role("button", name="Continue with the test provider").click()
    expect(visitor).to_have_url(f"{portal.url}/runs/")
    expect(visitor.get_by_role("button", name="Sign out")).to_be_visible()
    expect(visitor.get_by_role("heading", name="No runs here")).to_be_visible()
    expect(visitor.get_by_role("link", name="Office")).to_have_count(0)


def test_a_person_makes_a_first_access_token_for_their_command_line(visitor: Page, portal: Portal) -> None:
    visitor.goto("/tokens")
    visitor.get_by_role("button", name="Continue with the test provider").click()
    expect(visitor).to_have_url(f"{portal.url}/tokens")
    visitor.get_by_label("Name").fill("laptop")
    visitor.get_by_role("button", name="Make the token").click()
    token = visitor.get_by_role("region", name="Access token", exact=True).inner_text()
    check_shown(visitor)
    headers = {"Authorization": f"Bearer {token}"}
    assert visitor.request.get("/api/v1/me", headers=headers).json()["email"]
    visitor.get_by_role("link", name="I have saved it").click()
    expect(visitor.get_by_role("row", name="laptop")).to_be_visible()
    assert token not in visitor.content()
    visitor.get_by_role("button", name="Withdraw laptop").click()
    expect(visitor.get_by_text("You have no token that works.")).to_be_visible()
    assert visitor.request.get("/api/v1/me", headers=headers).status == 401


def test_a_run_is_followed_live_to_its_end(page: Page, portal: Portal) -> None:
    run, go_on = portal.submit("live-run")
    page.goto(f"/runs/{run}")
    log = page.get_by_role("log")
    expect(log).to_contain_text("the first line", timeout=120_000)
    summary = page.locator("#summary")
    expect(summary.get_by_text("Running", exact=True)).to_be_visible()
    expect(page.locator("#actions").get_by_role("button", name="Cancel run")).to_be_visible()
    page.evaluate("document.body.dataset.same = 'yes'")
    go_on.touch()
    expect(log).to_contain_text("the last line <b>&amp;", timeout=120_000)
    expect(summary.get_by_text("Succeeded", exact=True)).to_be_visible(timeout=120_000)
    expect(page.locator("#metric-plots svg.chart-plot")).to_be_visible()
    expect(page.locator("#states-body")).to_contain_text("Succeeded")
    expect(page.locator("#usage-body")).to_contain_text("estimated")
    expect(page.locator("#actions").get_by_role("button")).to_have_count(0)
    expect(page.locator("#log-state")).to_have_text("The run has ended.")
    assert page.evaluate("document.body.dataset.same") == "yes", "the page was loaded again"
    expect(page.locator('[hx-trigger^="every"]')).to_have_count(0, timeout=90_000)  # nothing is asked for any more
    expect(page.locator("#seals-here")).to_contain_text("every seal matches", timeout=90_000)
    with page.expect_download() as download:
        page.get_by_role("link", name="model.txt").click()
    assert download.value.path().read_text() == "a model"


def test_a_run_is_cancelled_with_the_keyboard_alone(page: Page, portal: Portal) -> None:
    run, _go_on = portal.submit("keyboard-run")
    page.goto(f"/runs/{run}")
    expect(page.get_by_role("log")).to_contain_text("the first line", timeout=120_000)
    _tab_to(page, "Skip to the content")
    page.keyboard.press("Enter")
    _tab_to(page, "Cancel run")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Cancel keyboard-run?")
    _tab_to(page, "Cancel the run")
    page.keyboard.press("Enter")
    expect(page).to_have_url(f"{portal.url}/runs/{run}")
    expect(page.locator("#summary").get_by_text("Cancelled", exact=True)).to_be_visible(timeout=120_000)


def _tab_to(page: Page, name: str) -> None:
    """Press Tab until something of this name has the focus, and see that the focus shows."""
    for _ in range(60):
        page.keyboard.press("Tab")
        focused = page.locator(":focus")
        if focused.count() and name == focused.inner_text().strip():
            assert focused.evaluate("element => getComputedStyle(element).outlineStyle") != "none"
            return
    raise AssertionError(f"the keyboard never reaches {name!r}")


def test_the_map_shows_what_starts_to_run(page: Page, portal: Portal) -> None:
    page.goto("/")
    running = page.locator("#now .tile-live .tile-figure")
    before = int(running.inner_text())
    portal.simulate("map-run")
    expect(running).to_have_text(str(before + 1), timeout=90_000)
    expect(page.locator(".map-load").first).to_be_attached()


def test_a_simulated_run_says_so_where_it_shows(page: Page, portal: Portal) -> None:
    run = portal.simulate("pretended-run")
    page.goto(f"/runs/{run}")
    expect(page.locator("#summary")).to_contain_text("Nothing real was computed", timeout=90_000)
    for address in ("/runs/", "/"):
        page.goto(address)
        row = page.locator("tr, li.row").filter(has_text="pretended-run").first
        expect(row.get_by_text("simulated", exact=True)).to_be_visible()


def test_an_operator_drains_a_site_and_lets_it_work_again(page: Page) -> None:
    page.goto("/sites/czai")
    page.get_by_label("Why it shall take no new runs").fill("New cooling")
    page.get_by_role("button", name="Give it no new runs").click()
    expect(page.locator(".page-head").get_by_text("It takes no new runs: New cooling")).to_be_visible()
    page.get_by_role("button", name="Give it new runs again").click()
    expect(page.locator(".page-head").get_by_text("takes runs", exact=True)).to_be_visible()


def test_the_theme_is_chosen_and_kept(page: Page) -> None:
    page.goto("/sites/")
    page.get_by_role("button", name="Dark").click()
    page.goto("/")
    assert page.evaluate("getComputedStyle(document.documentElement).colorScheme") == "dark"


def test_pages_are_whole_without_javascript(browser: Browser, portal: Portal, signed_in: StorageState) -> None:
    run, go_on = portal.submit("plain-run")
    go_on.touch()
    context = new_context(browser, portal, signed_in, java_script_enabled=False)
    page = context.new_page()
    page.goto("/")
    page.get_by_role("link", name="All runs", exact=True).click()
    page.get_by_role("link", name="plain-run").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("plain-run")
    for heading in ("Metrics", "Log", "What happened", "Why this site", "What it used", "Record and files"):
        expect(page.get_by_role("heading", name=heading, exact=True)).to_be_visible()
    page.get_by_role("link", name="Evidence: what was sealed of this run").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Evidence")
    assert run in page.url
    context.close()
