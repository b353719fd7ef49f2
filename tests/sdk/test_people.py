"""An organisation and a project are meant by their id or name, and never guessed."""

import httpx
import pytest

from fabrica.sdk import people
from fabrica.sdk.client import Client
from fabrica.values.ids import OrganisationId, ProjectId
from fabrica.wire.people import ProjectAmbiguous
from fabrica.wire.problems import Malformed, NotFound

ONE, TWO, OTHER = (OrganisationId.new() for _ in range(3))
KNOWN = [
    {"id": ONE, "name": "Example Factory", "country": "FI"},
    {"id": TWO, "name": "Example factory", "country": None},
    {"id": OTHER, "name": "Another", "country": None},
]


@pytest.fixture
def client() -> Client:
    transport = httpx.MockTransport(lambda _: httpx.Response(200, json=KNOWN))
    return Client("https://fabrica.example", "token", transport=transport)


def test_an_organisation_is_found_by_its_id_or_name(client: Client) -> None:
    assert people.find_organisation(client, "another") == OTHER
    assert people.find_organisation(client, ONE) == ONE


@pytest.mark.parametrize(
    ("text", "told"), [("Example Factory", TWO), ("Nowhere", "organisations add")], ids=["several", "none"]
)
def test_a_name_that_means_none_or_several_is_refused(client: Client, text: str, told: str) -> None:
    with pytest.raises(NotFound) as refused:
        people.find_organisation(client, text)
    assert told in str(refused.value)


def test_an_address_that_is_none_is_refused_before_anything_is_sent(client: Client) -> None:
    with pytest.raises(Malformed, match="email"):
        people.add(client, "ada at factory", "Ada")


def me_with(*roles: str | None) -> Client:
    about = {"organisation": ONE, "organisation_name": "Example Factory", "created_at": "2026-03-01T00:00:00Z"}
    projects = [{"id": ProjectId.new(), "name": str(role), "role": role, **about} for role in roles]
    body = {"user": None, "name": "Olga", "email": None, "network_roles": ["operator"], "projects": projects}
    return Client(
        "https://fabrica.example", "t", transport=httpx.MockTransport(lambda _: httpx.Response(200, json=body))
    )


def test_the_only_project_is_the_one_with_a_role_whatever_else_is_seen() -> None:
    assert people.only_project(me_with(None, "lead", None)).name == "lead"
    for roles in ((), (None,), ("lead", "reader")):
        with pytest.raises(ProjectAmbiguous, match="--project"):
            people.only_project(me_with(*roles))


def test_a_project_is_found_by_its_id_or_by_a_name_that_only_one_has() -> None:
    ids = [ProjectId.new() for _ in range(3)]
    projects = [
        {"id": one, "name": name, "organisation": ONE, "organisation_name": "x", "created_at": "2026-03-01T00:00:00Z"}
        for one, name in zip(ids, ("Rides", "Twice", "twice"), strict=True)
    ]
    told = {"user": None, "name": "Ada", "email": None, "network_roles": [], "projects": projects}
    transport = httpx.MockTransport(lambda _: httpx.Response(200, json=told))
    client = Client("https://fabrica.example", "token", transport=transport)
    assert people.find_project(client, "rides") == people.find_project(client, ids[0]) == ids[0]
    for text, words in (("Twice", ids[2]), ("Nowhere", "No project that you may see is called 'Nowhere'")):
        with pytest.raises(NotFound, match=words):
            people.find_project(client, text)
    with pytest.raises(Malformed):
        people.find_project(client, "prj_x")
