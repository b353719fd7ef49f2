"""Saved scenarios over REST."""

import json
from typing import Any

import pytest
from django.test import Client

from fabrica.server.core.actors import Actor
from fabrica.server.people import service as people
from fabrica.server.planning.models import Scenario
from tests.builders import make_operator, make_user
from tests.server.planning.questions import SITING, make_scenario

pytestmark = pytest.mark.django_db
BASE = "/api/v1/plan/scenarios"


def client_of(actor: Actor) -> Client:
    assert actor.user is not None
    token = people.make_token(actor, user=actor.user, name="tests")
    return Client(headers={"Authorization": f"Bearer {token}"})


def post(client: Client, address: str, body: Any = None, **headers: str) -> Any:
    return client.post(address, json.dumps(body or {}), content_type="application/json", headers=headers)


def test_a_scenario_is_saved_once_for_one_key_and_read_back() -> None:
    author = make_user()
    client = client_of(author)
    body = {"kind": "siting", "name": "Where?", "text": SITING}
    first, second = (post(client, BASE, body, **{"Idempotency-Key": "a"}) for _ in range(2))
    assert first.status_code == 201
    assert first.json() == second.json()
    found = client.get(f"{BASE}/{first.json()['scenario']}").json()
    assert (found["state"], found["text"], found["mine"]) == ("queued", SITING, True)
    assert [one["id"] for one in client.get(BASE).json()] == [found["id"]]
    assert "text" not in client.get(BASE).json()[0]


@pytest.mark.parametrize(
    "body",
    [
        {"kind": "weather", "name": "a", "text": SITING},
        {"kind": "siting", "name": "", "text": SITING},
        {"kind": "siting", "name": "a", "text": "x" * 70_000},
        {"kind": "siting", "name": "a", "text": "[candidates.a]\npue = 3"},
        {"kind": "siting", "name": "a", "text": SITING, "owner": "me"},
        {"kind": "siting", "name": "a", "text": SITING, "seed": -1},
    ],
)
def test_a_mistake_is_a_named_problem(body: dict[str, Any]) -> None:
    answer = post(client_of(make_user()), BASE, body)
    assert answer.status_code == 422
    assert answer.json()["detail"]
    assert not Scenario.objects.exists()


def test_cancel_rename_share_link_and_delete() -> None:
    author = make_user()
    client, scenario = client_of(author), make_scenario(author)
    assert post(client, f"{BASE}/{scenario}/cancel").status_code == 204
    assert post(client, f"{BASE}/{scenario}/cancel").status_code == 409
    assert post(client, f"{BASE}/{scenario}/name", {"name": "There?"}).status_code == 204
    assert client.get(f"{BASE}/{scenario}").json()["name"] == "There?"
    assert post(client, f"{BASE}/{scenario}/name", {"name": ""}).status_code == 422
    assert post(client, f"{BASE}/{scenario}/sharing", {"with_office": True}).status_code == 204
    assert "/plan/shared/" in post(client, f"{BASE}/{scenario}/links?days=3").json()["address"]
    assert client.delete(f"{BASE}/{scenario}/links").status_code == 204
    operator = client_of(make_operator())
    assert operator.delete(f"{BASE}/{scenario}").status_code == 403
    assert post(operator, f"{BASE}/{scenario}/name", {"name": "Mine"}).status_code == 403
    assert client.delete(f"{BASE}/{scenario}").status_code == 204
    assert client.get(f"{BASE}/{scenario}").status_code == 404


def test_a_stranger_finds_nothing() -> None:
    scenario, client = make_scenario(make_user()), client_of(make_user("A Stranger"))
    assert client.get(BASE).json() == []
    assert client.get(f"{BASE}/{scenario}").status_code == 404
    for act in ("cancel", "sharing", "links"):
        assert post(client, f"{BASE}/{scenario}/{act}").status_code == 404
    assert post(client, f"{BASE}/{scenario}/name", {"name": "Mine"}).status_code == 404
    assert client.delete(f"{BASE}/{scenario}").status_code == 404
    assert Client().get(BASE).status_code == 401
