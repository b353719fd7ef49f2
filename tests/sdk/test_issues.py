"""An issue is waited for until it is signed or failed, not for ever, and lands in a folder of its own."""

import hashlib
from pathlib import Path
from typing import Any

import httpx
import pytest

from fabrica.sdk import issues
from fabrica.sdk.client import Client
from fabrica.values.ids import DocumentId, VersionId
from fabrica.wire.issues import NewIssue
from fabrica.wire.problems import NotFound, PathRefused

DOCUMENT, VERSION = DocumentId.new(), VersionId.new()
NEW = NewIssue(template="fria", function="Head")
MANIFEST = b"{}"


def body(state: str = "issued", name: str = "document.json") -> dict[str, Any]:
    listed = {"name": name, "bytes": 2, "sha256": hashlib.sha256(MANIFEST).hexdigest()}
    return {
        "id": DOCUMENT,
        "version": VERSION,
        "template": "fria",
        "recipient": "authority",
        "number": 3,
        "state": state,
        "words": "",
        "issued_at": None,
        "keep_until": None,
        "manifest_sha256": hashlib.sha256(MANIFEST).hexdigest() if state == "issued" else None,
        "earlier_sha256": None,
        "public_key": None,
        "files": [listed] if state == "issued" else [],
    }


def client_of(*answers: dict[str, Any]) -> Client:
    """Return a client of a server that gives these bodies one after another, the last for good, and small files."""
    left = list(answers)

    def answer(request: httpx.Request) -> httpx.Response:
        if "/files/" in request.url.path:
            return httpx.Response(200, content=MANIFEST)
        return httpx.Response(200, json=left.pop(0) if len(left) > 1 else left[0])

    return Client("https://fabrica.example", "token", transport=httpx.MockTransport(answer))


@pytest.fixture(autouse=True)
def slept(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Return how long it was waited each time, without waiting."""
    waited: list[float] = []
    monkeypatch.setattr("time.sleep", waited.append)
    return waited


def test_an_issue_is_waited_for_until_it_is_signed(slept: list[float]) -> None:
    found = issues.issue(client_of(body("ordered"), body("ordered"), body()), VERSION, NEW)
    assert (found.state, len(slept)) == ("issued", 2)


def test_an_issue_that_nobody_writes_is_given_back_as_ordered(slept: list[float]) -> None:
    assert issues.issue(client_of(body("ordered")), VERSION, NEW).state == "ordered"
    assert sum(slept) == 120


def test_an_issue_lands_in_a_folder_that_names_it(tmp_path: Path) -> None:
    place = issues.fetch(client_of(body()), DOCUMENT, tmp_path)
    assert place == tmp_path / "fria" / "authority" / "version-0003"
    assert {one.name for one in place.iterdir()} == {"document.json", "manifest.json", "manifest.sig"}


def test_a_name_that_leads_elsewhere_and_an_order_without_files_are_refused(tmp_path: Path) -> None:
    with pytest.raises(PathRefused):
        issues.fetch(client_of(body(name="../document.json")), DOCUMENT, tmp_path)
    with pytest.raises(NotFound):
        issues.fetch(client_of(body("ordered")), DOCUMENT, tmp_path)
