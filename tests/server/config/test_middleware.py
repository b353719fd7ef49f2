"""A part of a page that needs a sign-in does not show the sign-in page inside the page."""

import pytest
from django.test import Client

pytestmark = pytest.mark.django_db


def test_a_part_of_a_page_whose_reader_is_signed_out_lets_the_page_load_anew() -> None:
    answer = Client().get("/runs/", headers={"HX-Request": "true"})
    assert (answer.status_code, answer.headers["HX-Refresh"]) == (200, "true")
    assert not answer.content


def test_a_page_whose_reader_is_signed_out_leads_to_the_sign_in() -> None:
    answer = Client().get("/runs/")
    assert answer.status_code == 302
    assert answer.headers["Location"] == "/accounts/login/?next=/runs/"
