"""A person makes their own access tokens in the portal, sees each once, and ends it; nobody else does."""

import re
from collections.abc import Callable

import pytest
from django.test import Client

from fabrica.server.core.actors import Actor
from fabrica.server.people import queries, service
from fabrica.server.people.models import AccessToken
from fabrica.wire.problems import NotAllowed
from tests.builders import agent_with_token, make_operator, make_user
from tests.server.readers import browser

pytestmark = pytest.mark.django_db
PAGE = "/tokens"
LAPTOP = {"name": "laptop", "days": "30"}
PASSWORD = "correct horse battery staple"


def tokens_in(page: str) -> set[str]:
    return set(re.findall(r"fbr_[\w-]{40,}", page))


def token_of(person: Actor) -> str:
    assert person.user is not None
    return service.make_token(person, user=person.user, name="laptop")


def test_a_person_without_a_token_makes_a_first_one_that_works_and_is_shown_once() -> None:
    person = make_user("Ada Example")
    client = browser(person)
    assert "You have no token that works." in client.get(PAGE).content.decode()
    answer = client.post(PAGE, LAPTOP)
    assert answer.status_code == 200
    (token,) = tokens_in(answer.content.decode())
    assert service.actor_of_token(token) == person
    made = queries.tokens(person)[0]
    assert (made.name, (made.expires_at - made.created_at).days) == ("laptop", 30)
    later = client.get(PAGE).content.decode()
    assert "laptop" in later
    assert not tokens_in(later)


def test_a_page_that_shows_a_token_is_kept_nowhere_and_names_it_in_no_address() -> None:
    client = browser(make_user())
    for answer in (client.post(PAGE, LAPTOP), client.get(PAGE)):
        assert "no-store" in answer.headers["Cache-Control"]
    shown = client.post(PAGE, LAPTOP).content.decode()
    (token,) = tokens_in(shown)
    assert shown.count(token) == 1, "in the page's text alone: in no address, form or command"
    assert f">{token}</pre>" in shown


def test_a_fresh_token_comes_with_the_commands_that_use_it() -> None:
    shown = browser(make_user()).post(PAGE, LAPTOP).content.decode()
    assert "umask 077" in shown
    assert "export FABRICA_SERVER=http://127.0.0.1:8400 FABRICA_TOKEN_FILE=~/.fabrica-token" in shown


@pytest.mark.parametrize("days", ["0", "367", "-1", "", "soon"])
def test_a_token_that_would_live_too_long_or_not_at_all_is_not_made(days: str) -> None:
    answer = browser(make_user()).post(PAGE, LAPTOP | {"days": days})
    assert answer.status_code == 422
    assert "field-problem" in answer.content.decode()
    assert not AccessToken.objects.exists()


@pytest.mark.parametrize("name", ["", "   ", "x" * 81])
def test_a_token_without_a_name_is_not_made(name: str) -> None:
    assert browser(make_user()).post(PAGE, LAPTOP | {"name": name}).status_code == 422
    assert not AccessToken.objects.exists()


def test_a_hostile_name_stays_text() -> None:
    client = browser(make_user())
    for answer in (client.post(PAGE, LAPTOP | {"name": "<script>alert(1)</script>"}), client.get(PAGE)):
        assert "<script>alert" not in answer.content.decode()


def test_a_withdrawn_token_lets_nobody_in_and_stands_among_those_that_ended() -> None:
    person = make_user()
    token, client = token_of(person), browser(person)
    number = queries.tokens(person)[0].id
    assert client.post(f"{PAGE}/{number}/withdraw").headers["Location"] == PAGE
    assert Client().get("/api/v1/me", headers={"Authorization": f"Bearer {token}"}).status_code == 401
    shown = client.get(PAGE).content.decode()
    assert "You have no token that works." in shown
    assert "1 that ended" in shown
    assert "/withdraw" not in shown


@pytest.mark.parametrize("another", [make_user, make_operator])
def test_another_person_neither_sees_nor_ends_a_token(another: Callable[[], Actor]) -> None:
    person = make_user()
    token_of(person)
    number = queries.tokens(person)[0].id
    client = browser(another())
    assert "laptop" not in client.get(PAGE).content.decode().partition('id="yours"')[2]
    assert client.post(f"{PAGE}/{number}/withdraw").status_code == 404
    assert queries.tokens(person)[0].withdrawn_at is None


@pytest.mark.parametrize("number", [1, 10**30])
def test_a_token_that_is_not_there_is_not_found(number: int) -> None:
    assert browser(make_user()).post(f"{PAGE}/{number}/withdraw").status_code == 404


def test_whoever_is_not_signed_in_is_sent_to_sign_in() -> None:
    for answer in (browser().get(PAGE), browser().post(PAGE, LAPTOP), browser().post(f"{PAGE}/1/withdraw")):
        assert answer.headers["Location"].startswith("/accounts/login/?next=/tokens")
    assert not AccessToken.objects.exists()


def test_a_bearer_token_opens_no_page_and_an_agent_makes_no_token() -> None:
    agent, agents_token = agent_with_token()
    person = make_user()
    for token in (agents_token, token_of(person)):
        headers = {"Authorization": f"Bearer {token}"}
        assert Client().get(PAGE, headers=headers).status_code == 302
        assert Client().post(PAGE, LAPTOP, headers=headers).status_code == 302
    assert person.user is not None
    with pytest.raises(NotAllowed):
        service.make_token(agent, user=person.user, name="mine")
    with pytest.raises(NotAllowed):
        service.withdraw_token(agent, user=person.user, token=queries.tokens(person)[0].id)
    assert AccessToken.objects.count() == 1


def test_a_form_of_another_site_makes_and_ends_nothing() -> None:
    person = make_user()
    token_of(person)
    client = Client(enforce_csrf_checks=True)
    client.cookies = browser(person).cookies
    assert client.post(PAGE, LAPTOP).status_code == 403
    assert client.post(f"{PAGE}/{queries.tokens(person)[0].id}/withdraw").status_code == 403
    assert [one.withdrawn_at for one in queries.tokens(person)] == [None]


def test_looking_makes_and_ends_nothing() -> None:
    person = make_user()
    token_of(person)
    client = browser(person)
    assert client.get(f"{PAGE}/{queries.tokens(person)[0].id}/withdraw").status_code == 405
    assert client.head(PAGE).status_code == 200
    assert [one.withdrawn_at for one in queries.tokens(person)] == [None]


def test_whoever_has_a_password_gives_it_again_before_a_token_is_made() -> None:
    make_user(email="ada@factory.example", password=PASSWORD)
    client = Client()
    client.post("/accounts/login/", {"login": "ada@factory.example", "password": PASSWORD})
    assert client.get(PAGE).status_code == 200
    asked = client.post(PAGE, LAPTOP)
    assert asked.headers["Location"] == "/accounts/reauthenticate/?next=%2Ftokens"
    assert "Your password, once more" in client.get(asked.headers["Location"]).content.decode()
    again = {"next": PAGE}
    assert client.post("/accounts/reauthenticate/", again | {"password": "wrong"}).status_code == 200
    assert not AccessToken.objects.exists()
    shown = client.post("/accounts/reauthenticate/", again | {"password": PASSWORD})
    assert len(tokens_in(shown.content.decode())) == 1
    assert "no-store" in shown.headers["Cache-Control"]
    assert AccessToken.objects.get().name == "laptop"
    assert client.post(PAGE, LAPTOP).status_code == 200, "for a while it is not asked again"
