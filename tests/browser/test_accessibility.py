"""Every page in light and dark, wide and narrow: no accessibility violation, no text out of sight, no complaint."""

from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

from tests.browser.network import Portal

pytestmark = pytest.mark.browser
PUBLIC = ("/", "/sites/", "/sites/lumi-aif", "/sites/jaif", "/sites/be", "/problems/", "/problems/runs.ended")
ACCOUNT = ("/accounts/login/", "/accounts/signup/", "/accounts/password/reset/")
OWN = (
    "/",
    "/runs/",
    "/runs/{ended}",
    "/runs/{living}",
    "/runs/{living}/cancel",
    "/runs/{ended}/evidence?check=1",
    "/projects/{project}",
    "/sites/this-machine",
    "/office/",
    "/runs/{living}/declare-lost",
    "/office/allocations",
    "/office/people",
    "/office/corrections",
)


@pytest.fixture(scope="module")
def ids(portal: Portal) -> dict[str, str]:
    """Return a run that has ended, one that lives, and their project."""
    ended, go_on = portal.submit("ended-run")
    go_on.touch()
    shown = portal.json("runs")
    project: str = shown["runs"][0]["project"]
    return {"ended": ended, "living": portal.simulate("living-run"), "project": project}


@pytest.mark.parametrize("address", PUBLIC + ACCOUNT)
def test_a_public_page_has_no_violation(visitor: Page, address: str) -> None:
    _check(visitor, address)


@pytest.mark.parametrize("address", OWN)
def test_a_page_of_a_person_has_no_violation(page: Page, ids: dict[str, str], address: str) -> None:
    _check(page, address.format(**ids))


def _check(page: Page, address: str) -> None:
    """Ask every rule of axe at one width in light and at the other in dark, and the rule of contrast in all four."""
    answer = page.goto(address)
    assert answer is not None
    assert answer.status == 200
    page.emulate_media(reduced_motion="reduce")
    for width, every_rule in ((1280, "light"), (390, "dark")):
        page.set_viewport_size({"width": width, "height": 900})
        assert page.evaluate("document.documentElement.scrollWidth") <= width, f"{address} is wider than {width} px"
        for scheme in ("light", "dark"):
            page.emulate_media(color_scheme=scheme)
            told = _violations(page, {} if scheme == every_rule else {"runOnly": ["color-contrast"]})
            assert not told, f"{address} at {width} px, {scheme}: {told}"


def _violations(page: Page, options: dict[str, Any]) -> list[str]:
    found = Axe().run(page, options={"resultTypes": ["violations"], **options}).response["violations"]
    return [f"{one['id']}: {one['help']}: {[node['target'] for node in one['nodes']]}" for one in found]
