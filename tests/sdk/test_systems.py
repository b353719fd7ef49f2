"""People name a version by id, by name and label, or by name alone."""

from typing import Any

import httpx
import pytest

from fabrica.sdk import systems
from fabrica.sdk.client import Client
from fabrica.values.ids import ProjectId, SystemId, VersionId
from fabrica.wire.problems import NotFound

PROJECT, SYSTEM = ProjectId.new(), SystemId.new()
OLD, NEW = VersionId.new(), VersionId.new()


def version(name: VersionId, label: str) -> dict[str, Any]:
    return {
        "id": name,
        "system": SYSTEM,
        "system_name": "Euro: char",
        "kind": "model",
        "project": PROJECT,
        "label": label,
        "state": "draft",
        "changes": "",
        "replaces": None,
        "modification": None,
        "market_on": None,
        "service_on": None,
        "withdrawn_on": None,
        "withdrawn_because": "",
        "created_at": "2026-11-21T12:00:00Z",
    }


def system(name: str, *versions: dict[str, Any]) -> dict[str, Any]:
    return {
        "id": SYSTEM,
        "project": PROJECT,
        "project_name": "first-steps",
        "kind": "model",
        "name": name,
        "purpose": "",
        "provider": {"name": "Example Factory", "ours": True},
        "deployer": None,
        "registered_at": "2026-11-21T12:00:00Z",
        "versions": versions,
    }


@pytest.fixture
def client() -> Client:
    """Return a client of a server with one system of two versions, and two systems of one name."""
    known = {str(OLD): version(OLD, "1.0"), str(NEW): version(NEW, "1.1")}
    listed = [system("Euro: char", known[str(NEW)], known[str(OLD)]), system("Twin"), system("Twin"), system("Bare")]

    def answer(request: httpx.Request) -> httpx.Response:
        name = request.url.path.rsplit("/", 1)[-1]
        return httpx.Response(200, json=listed if name == "systems" else known[name])

    return Client("https://fabrica.example", "token", transport=httpx.MockTransport(answer))


@pytest.mark.parametrize(
    ("text", "meant"),
    [(OLD, OLD), ("Euro: char:1.0", OLD), ("Euro: char:1.1", NEW)],
    ids=["its id", "its name and label", "a newer label"],
)
def test_a_version_is_found_by_id_and_by_name_with_its_label(client: Client, text: str, meant: VersionId) -> None:
    assert systems.find_version(client, text).id == meant


def test_a_name_alone_means_the_newest_version_also_when_it_holds_a_colon(client: Client) -> None:
    assert systems.find_version(client, "Euro: char").id == NEW


@pytest.mark.parametrize("text", ["Euro: char:9", "Nobody", "Twin", "Bare"])
def test_what_is_not_there_or_not_clear_is_said(client: Client, text: str) -> None:
    with pytest.raises(NotFound):
        systems.find_version(client, text)
