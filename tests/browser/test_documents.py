"""Documents of the AI Act in a real browser: no rule of accessibility is broken, at a desk and on a phone."""

from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser

from fabrica.aiact.documents.fill import fill
from fabrica.aiact.documents.html import html
from tests.aiact.samples import NOW, gathered_from, make_answers, make_run, whole_evidence

pytestmark = pytest.mark.browser
HOSTILE = "</style><script>document.title = 'taken'</script><img src=x onerror=\"document.title = 'taken'\">"


@pytest.mark.parametrize("width", [360, 1280])
@pytest.mark.parametrize("template", ["mdf", "annex_iv", "training_summary"])
@pytest.mark.parametrize("whole", [True, False], ids=["whole", "draft"])
def test_a_document_breaks_no_rule_of_accessibility(
    browser: Browser, tmp_path: Path, template: str, width: int, whole: bool
) -> None:
    held = whole_evidence() if whole else gathered_from(make_run())
    answers = make_answers(items={"mdf-4-1": {"text": HOSTILE}})
    file = tmp_path / "document.html"
    file.write_text(html(fill(template, held, answers, now=NOW)))
    page = browser.new_page(viewport={"width": width, "height": 900})
    page.goto(file.as_uri())
    assert page.title() != "taken"
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    found = Axe().run(page, options={"resultTypes": ["violations"]}).response["violations"]
    page.close()
    assert not found, [(one["id"], [node["html"][:200] for node in one["nodes"][:3]]) for one in found]
