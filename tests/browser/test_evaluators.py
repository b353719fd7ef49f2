"""An independent evaluator in a browser of their own: a code, a key that stays there, a report that is signed there."""

import json
import re
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, FilePayload, Page, expect

from tests.aiact.evaluations.logs import JSON_LOG
from tests.browser.accessibility import check_page, check_shown
from tests.browser.network import Portal, Watch, new_context

pytestmark = pytest.mark.browser
REPORT: FilePayload = {"name": "report.pdf", "mimeType": "application/pdf", "buffer": b"%PDF-1.7 It was evaluated."}
LOG: FilePayload = {"name": "log.json", "mimeType": "application/json", "buffer": JSON_LOG}
CUT: FilePayload = {"name": "log.json", "mimeType": "application/json", "buffer": JSON_LOG[:500]}


def version_of(page: Page, name: str) -> str:
    """Register a model; return the address of its version."""
    page.goto("/ai-act/systems/new")
    page.get_by_label("Name", exact=True).fill(name)
    page.get_by_label("What it is", exact=True).select_option("model")
    page.get_by_role("button", name="Register").click()
    expect(page.get_by_role("heading", level=1)).to_have_text(name)
    return urlsplit(page.url).path


def expect_refused(watch: Watch) -> None:
    """Pass over what a browser says of an answer that was refused, and of nothing else."""
    assert watch.complaints
    assert all("Failed to load resource" in one for one in watch.complaints)
    watch.complaints.clear()


def test_an_evaluator_accepts_signs_and_is_heard_and_their_key_is_sent_nowhere(
    page: Page, visitor: Page, browser: Browser, portal: Portal, watch: Watch, tmp_path: Path
) -> None:
    version = version_of(page, "Examined model")
    page.get_by_role("link", name="Invite an evaluator").click()
    page.get_by_label("Body or person that evaluates").fill("Evals Institute")
    page.get_by_label("Why they are independent").fill("Paid by the ministry.")
    page.get_by_role("button", name="Invite").click()
    code = page.locator("#code").inner_text()
    check_shown(page)

    sent: list[str] = []
    visitor.on("request", lambda request: sent.append(f"{request.url} {request.post_data_buffer or b''!r}"))
    visitor.goto("/ai-act/evaluator")
    visitor.get_by_label("Code", exact=True).fill("ABCD")
    visitor.get_by_label("Your name").fill("Eva Evaluator")
    visitor.get_by_role("button", name="Accept").click()
    expect(visitor.get_by_role("alert")).to_contain_text("not one that works here")
    expect_refused(watch)
    visitor.get_by_label("Code", exact=True).fill(code)
    with visitor.expect_download() as download:
        visitor.get_by_role("button", name="Accept").click()
    expect(visitor.get_by_role("heading", level=1)).to_contain_text("Examined model")
    key_file = tmp_path / "key.json"
    download.value.save_as(key_file)
    private_key = json.loads(key_file.read_text())["private_key"].splitlines()[1]

    visitor.get_by_label("Title").fill("Evaluation of the model")
    visitor.get_by_label("Report", exact=True).set_input_files(REPORT)
    visitor.get_by_role("button", name="Sign and send").click()
    expect(visitor.get_by_role("status")).to_contain_text("its signature holds")
    check_shown(visitor)
    visitor.get_by_role("button", name="Leave").click()
    expect(visitor.get_by_role("button", name=re.compile("Go on: Evals Institute"))).to_be_visible()
    check_shown(visitor)
    assert not [one for one in sent if private_key in one]

    elsewhere = new_context(browser, portal).new_page()
    elsewhere.goto("/ai-act/evaluator")
    elsewhere.get_by_label("Key file", exact=True).set_input_files(key_file)
    elsewhere.get_by_role("button", name="Go in").click()
    expect(elsewhere.get_by_text("Evaluation of the model")).to_be_visible()
    elsewhere.context.close()

    page.goto(version)
    page.get_by_role("link", name="Evaluation of the model").click()
    expect(page.get_by_role("status")).to_contain_text("The signature holds")
    check_shown(page)
    page.goto(f"{version}/evaluators")
    page.get_by_text("Withdraw", exact=False).first.click()
    page.get_by_label("Because").fill("The contract ended.")
    page.get_by_role("button", name="Withdraw").click()
    expect(page.get_by_text("Withdrawn because")).to_be_visible()
    visitor.get_by_role("button", name=re.compile("Go on")).click()
    expect(visitor.get_by_role("alert")).to_contain_text("was withdrawn")
    expect_refused(watch)


def test_a_log_is_imported_and_evidence_is_typed(page: Page, watch: Watch) -> None:
    version = version_of(page, "Measured model")
    page.get_by_role("link", name="Import a log").click()
    page.get_by_label("Log file").set_input_files(CUT)
    page.get_by_role("button", name="Import").click()
    expect(page.get_by_role("alert")).to_contain_text("cut off")
    expect_refused(watch)
    page.get_by_label("Log file").set_input_files(
        {"name": "log.json", "mimeType": "application/json", "buffer": JSON_LOG}
    )
    page.get_by_role("button", name="Import").click()
    expect(page.get_by_role("status")).to_contain_text("imported as evidence")
    check_page(page, f"{version}/evaluations")

    page.goto(f"{version}/documents/annex_v")
    page.locator("#v-2").get_by_role("link", name="Provider").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Provider")
    page.get_by_label("Address *").fill("1 Street, Linz")
    page.get_by_label("You say this as").fill("Head of Models")
    page.get_by_label("Where it stands written").fill("Company register")
    page.get_by_role("button", name="Keep it as evidence").click()
    expect(page.locator("#v-2")).to_contain_text("1 Street, Linz")
    check_page(page, f"{version}/evidence/org.identity?for=annex_v.v-2")
    check_page(page, f"{version}/evidence/data.licence")
    page.get_by_role("button", name="Add a row").click()
    expect(page.get_by_text("Row 2")).to_be_visible()
