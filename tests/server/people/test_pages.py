"""A sign-in link works once and soon; nobody makes an account for themselves."""

import re

import pytest
from django.core import mail
from django.test import Client
from pytest_django.fixtures import Settings

from fabrica.server.core.actors import SYSTEM
from fabrica.server.people import service
from fabrica.server.people.models import User
from tests.builders import make_operator, make_user
from tests.server.readers import browser

pytestmark = pytest.mark.django_db


def test_a_sign_in_link_works_once() -> None:
    person = make_user()
    assert person.user is not None
    path = "/sign-in/" + service.sign_in_link(SYSTEM, user=person.user).rpartition("/sign-in/")[2]
    first, second = Client(), Client()
    assert first.get(path).headers["Location"] == "/"
    assert first.get("/runs/").status_code == 200
    assert second.get(path).status_code == 403
    assert second.get("/runs/").status_code == 302


def test_a_damaged_link_signs_nobody_in() -> None:
    client = Client()
    assert client.get("/sign-in/eyJ1c2VyIjoidXNyXzEifQ:made-up").status_code == 403
    assert client.get("/runs/").status_code == 302


def test_sessions_of_a_deactivated_person_end_for_good() -> None:
    person = make_user("Dora Departed")
    client, operator = browser(person), browser(make_operator())
    assert client.get("/runs/").status_code == 200
    address = f"/office/people/{person.user}"
    assert "Dora Departed" in operator.get(f"{address}/deactivate").content.decode()
    assert client.get("/runs/").status_code == 200
    assert operator.post(f"{address}/deactivate").headers["Location"] == "/office/people"
    assert client.get("/runs/").status_code == 302
    assert operator.post(f"{address}/reactivate").headers["Location"] == "/office/people"
    assert client.get("/runs/").status_code == 302
    assert browser(person).get("/runs/").status_code == 200


def test_nobody_else_deactivates_or_lets_in() -> None:
    person = make_user()
    for part in ("deactivate", "reactivate"):
        address = f"/office/people/{person.user}/{part}"
        assert browser(make_user()).post(address).status_code == 403
        assert browser().post(address).status_code == 302
    assert browser(make_user()).get(f"/office/people/{person.user}/deactivate").status_code == 403
    assert User.objects.get(pk=person.user).is_active


def test_whoever_signs_out_sees_no_runs() -> None:
    client = Client()
    person = make_user()
    client.force_login(User.objects.get(pk=person.user), backend="django.contrib.auth.backends.ModelBackend")
    client.post("/accounts/logout/")
    assert client.get("/runs/").status_code == 302


def test_a_local_account_cannot_be_made_by_oneself() -> None:
    body = {"email": "me@elsewhere.example", "password1": "a long enough one 1", "password2": "a long enough one 1"}
    Client().post("/accounts/signup/", body)
    assert not User.objects.filter(email="me@elsewhere.example").exists()


def test_a_person_with_a_password_signs_in_by_e_mail() -> None:
    make_user(email="ada@factory.example", password="correct horse battery staple")
    client = Client()
    body = {"login": "ada@factory.example", "password": "correct horse battery staple"}
    assert client.post("/accounts/login/", body).headers["Location"] == "/"
    assert Client().post("/accounts/login/", body | {"password": "wrong"}).status_code == 200


def test_nobody_takes_an_address_that_a_site_may_know_another_by() -> None:
    person = make_user()
    client = browser(person)
    assert client.get("/accounts/email/").status_code == 404
    answer = client.post("/accounts/email/", {"email": "ada@example.eu", "action_add": ""})
    assert answer.status_code == 404
    assert not User.objects.filter(email="ada@example.eu").exists()


def test_whoever_was_added_sets_a_password_by_a_link_that_is_mailed_to_them(settings: Settings) -> None:
    settings.EMAIL_FROM = "fabrica@example.eu"
    make_user(email="ada@factory.example")
    assert "/accounts/password/reset/" in Client().get("/accounts/login/").content.decode()
    client, password = Client(), "correct horse battery staple"
    client.post("/accounts/password/reset/", {"email": "ada@factory.example"})
    link = re.findall(r"/accounts/password/reset/key/\S+", str(mail.outbox[0].body))[0]
    form = client.get(link).headers["Location"]
    assert client.post(form, {"password1": password, "password2": password}).status_code == 302
    assert client.post("/accounts/login/", {"login": "ada@factory.example", "password": password}).status_code == 302
    assert client.get("/runs/").status_code == 200
    assert "password1" not in Client().get(link, follow=True).content.decode(), "the link works once"


def test_a_server_that_mails_nothing_prints_no_link_that_lets_somebody_in() -> None:
    make_user(email="ada@factory.example")
    Client().post("/accounts/password/reset/", {"email": "ada@factory.example"})
    assert not mail.outbox


def test_a_person_switches_e_mail_off_on_a_page_of_their_own() -> None:
    person = make_user()
    client = browser(person)
    assert "Switch e-mail off" in client.get("/mail").content.decode()
    shown = client.post("/mail", {"wanted": "no"}, follow=True).content.decode()
    assert "Switch e-mail on" in shown
    assert "E-mail is switched off." in shown
    assert not User.objects.get(pk=person.user).mail_wanted
    client.post("/mail", {"wanted": "yes"})
    assert User.objects.get(pk=person.user).mail_wanted


def test_the_page_says_where_nobody_set_up_e_mail(settings: Settings) -> None:
    settings.EMAIL_FROM = ""
    assert "Nobody set up e-mail" in browser(make_user()).get("/mail").content.decode()
    settings.EMAIL_FROM = "desk@fabrica.example.eu"
    assert "Nobody set up e-mail" not in browser(make_user()).get("/mail").content.decode()


def test_whoever_is_not_signed_in_switches_nothing() -> None:
    assert Client().post("/mail", {"wanted": "no"}).status_code == 302
