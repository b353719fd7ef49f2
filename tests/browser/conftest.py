"""One embedded network, one Chromium, one signed-in person for all browser tests; every page is watched."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, StorageState, expect, sync_playwright

from tests.browser.network import Portal, Watch, browser_arguments, new_context, open_portal
from tests.services.oidc import OpenIdProvider


@pytest.fixture(scope="session")
def portal(tmp_path_factory: pytest.TempPathFactory, chromium: Path, oidc: OpenIdProvider) -> Iterator[Portal]:
    """Yield a running network; `oidc` is asked for so that a machine without Node skips with its reason."""
    with open_portal(tmp_path_factory.mktemp("portal")) as started:
        yield started


@pytest.fixture(scope="session")
def browser(chromium: Path) -> Iterator[Browser]:
    expect.set_options(timeout=30_000)  # a loaded machine is slow; what comes in time is not waited for
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=chromium, args=browser_arguments())
        yield started
        started.close()


@pytest.fixture(scope="session")
def signed_in(browser: Browser, portal: Portal) -> StorageState:
    """Return the cookies of the network's first person, who leads its project and operates it."""
    context = new_context(browser, portal)
    context.new_page().goto(portal.json("portal")["link"])
    state = context.storage_state()
    context.close()
    return state


@pytest.fixture
def watch() -> Iterator[Watch]:
    """Watch pages; at the end no page complained about anything."""
    watching = Watch()
    yield watching
    assert not watching.complaints


@pytest.fixture
def page(browser: Browser, portal: Portal, signed_in: StorageState, watch: Watch) -> Iterator[Page]:
    """Yield a page of the signed-in person."""
    context = new_context(browser, portal, signed_in)
    yield watch.over(context.new_page())
    context.close()


@pytest.fixture
def visitor(browser: Browser, portal: Portal, watch: Watch) -> Iterator[Page]:
    """Yield a page of nobody."""
    context = new_context(browser, portal)
    yield watch.over(context.new_page())
    context.close()
