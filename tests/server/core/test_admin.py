"""The operators' desk shows every table and changes none that a verb guards."""

import pytest
from django.contrib import admin
from django.test import Client

from fabrica.server.core.actors import Actor
from fabrica.server.people.models import AccessToken, User
from fabrica.server.people.service import make_token
from tests.builders import make_agent, make_allocation, make_operator, make_placed_run, make_project, make_user

pytestmark = pytest.mark.django_db
OURS = [model for model in admin.site._registry if model.__module__.startswith("fabrica.")]


def signed_in(actor: Actor) -> Client:
    client = Client()
    client.force_login(User.objects.get(pk=actor.user), backend="django.contrib.auth.backends.ModelBackend")
    return client


@pytest.mark.parametrize("model", OURS, ids=lambda model: model._meta.label)
def test_an_operator_reads_each_table_and_adds_to_none(model: type) -> None:
    lead = make_user()
    project = make_project(lead)
    make_allocation(project)
    make_agent()
    make_placed_run(lead, project)
    assert lead.user is not None
    make_token(lead, user=lead.user, name="laptop")
    client = signed_in(make_operator())
    address = f"/admin/{model._meta.app_label}/{model._meta.model_name}/"  # type: ignore[attr-defined]
    assert client.get(address).status_code == 200
    assert client.get(f"{address}add/").status_code == 403
    row = model._default_manager.first()  # type: ignore[attr-defined]
    if row is not None:
        shown = client.get(f"{address}{row.pk}/change/")
        assert shown.status_code == 200
        assert client.post(f"{address}{row.pk}/delete/", {"post": "yes"}).status_code == 403


def test_nobody_else_opens_the_desk() -> None:
    assert signed_in(make_user()).get("/admin/").status_code == 302
    assert Client().get("/admin/").status_code == 302


def test_no_fingerprint_of_a_token_is_shown() -> None:
    person = make_user()
    assert person.user is not None
    make_token(person, user=person.user, name="laptop")
    row = AccessToken.objects.get()
    page = signed_in(make_operator()).get(f"/admin/people/accesstoken/{row.pk}/change/")
    assert row.sha256 not in page.content.decode()
