"""Every page in light and dark, wide and narrow: no accessibility violation, no text out of sight, no complaint."""

import pytest
from playwright.sync_api import Page

from tests.browser.accessibility import check_page
from tests.browser.network import Portal

pytestmark = pytest.mark.browser
PUBLIC = ("/", "/sites/", "/sites/lumi-aif", "/sites/jaif", "/sites/be", "/problems/", "/problems/runs.ended")
DESK = (
    "/ai-act/",
    "/ai-act/ask",
    "/ai-act/ask?question=Was+AI+literacy+abolished",
    "/ai-act/intake/",
    "/ai-act/calendar",
)
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
    "/tokens",
    "/mail",
)


@pytest.fixture(scope="module")
def ids(portal: Portal) -> dict[str, str]:
    """Return a run that has ended, one that lives, and their project."""
    ended, go_on = portal.submit("ended-run")
    go_on.touch()
    shown = portal.json("runs")
    project: str = shown["runs"][0]["project"]
    return {"ended": ended, "living": portal.simulate("living-run"), "project": project}


@pytest.mark.parametrize("address", PUBLIC + DESK + ACCOUNT)
def test_a_public_page_has_no_violation(visitor: Page, address: str) -> None:
    check_page(visitor, address)


@pytest.mark.parametrize("address", OWN)
def test_a_page_of_a_person_has_no_violation(page: Page, ids: dict[str, str], address: str) -> None:
    check_page(page, address.format(**ids))
