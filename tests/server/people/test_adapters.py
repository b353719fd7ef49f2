"""People come in through their organisation's identity provider: whom it vouches for, and nobody else."""

from typing import Any
from urllib.parse import urljoin, urlsplit

import httpx
import pytest
from django.test import Client

from fabrica.server.core.actors import SYSTEM
from fabrica.server.people import service
from fabrica.server.people.models import User
from tests.builders import make_project, make_user
from tests.services.oidc import REDIRECT_URL, OpenIdProvider

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def provider(oidc: OpenIdProvider, settings: Any) -> OpenIdProvider:
    """Let the settings name the test provider, as the environment of a server does."""
    from fabrica.server.config.settings import oidc_providers

    settings.SOCIALACCOUNT_PROVIDERS = oidc_providers(oidc.url, "the test provider", oidc.client_id, oidc.client_secret)
    return oidc


def come_in(oidc: OpenIdProvider) -> Client:
    """Go to the provider and back, as a browser does."""
    client = Client(HTTP_HOST=urlsplit(REDIRECT_URL).netloc)
    address = client.post("/accounts/oidc/oidc/login/").headers["Location"]
    with httpx.Client() as browser:
        while not address.startswith(REDIRECT_URL):
            address = urljoin(oidc.url, browser.get(address).headers["location"])
    back = urlsplit(address)
    client.get(f"{back.path}?{back.query}")
    return client


def test_whoever_the_provider_vouches_for_comes_in_without_any_role(oidc: OpenIdProvider) -> None:
    client = come_in(oidc)
    person = User.objects.get(email=oidc.person["email"])
    assert (person.name, person.network_role, person.is_staff) == (oidc.person["name"], "", False)
    assert client.get("/runs/").status_code == 200
    assert client.get("/office/").status_code == 403


def test_whoever_comes_in_twice_is_one_person(oidc: OpenIdProvider) -> None:
    come_in(oidc)
    come_in(oidc)
    assert User.objects.filter(email=oidc.person["email"]).count() == 1


def test_a_person_whom_the_office_added_comes_in_as_themselves(oidc: OpenIdProvider) -> None:
    email = str(oidc.person["email"])
    make_user(email=email)
    project = make_project()
    service.give_role(SYSTEM, project=project, email=email, role="member")
    client = come_in(oidc)
    assert User.objects.filter(email=email).count() == 1
    assert client.get(f"/projects/{project}").status_code == 200


def test_a_person_who_was_put_out_does_not_come_in(oidc: OpenIdProvider) -> None:
    come_in(oidc)
    User.objects.filter(email=oidc.person["email"]).update(is_active=False)
    assert come_in(oidc).get("/runs/").status_code == 302
