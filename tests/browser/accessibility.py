"""Check a page in light and dark, wide and narrow: no accessibility violation, no text out of sight."""

from typing import Any

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page


def check_page(page: Page, address: str) -> None:
    """Open a page and check what it shows."""
    answer = page.goto(address)
    assert answer is not None
    assert answer.status == 200
    check_shown(page)


def check_shown(page: Page) -> None:
    """Ask every rule of axe at one width in light and at the other in dark, and the rule of contrast in all four."""
    address = page.url
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
