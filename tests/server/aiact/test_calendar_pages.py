"""The calendar on the web, and the addresses at which a calendar reads it without signing in."""

import json
import logging
from datetime import date
from urllib.parse import urlsplit

import pytest
from django.test import Client

from fabrica.server.aiact import calendar_service, service, statement_service
from fabrica.server.config.logs import JsonLine
from fabrica.server.core.actors import SYSTEM, Actor
from fabrica.server.people import service as people
from fabrica.server.people.models import User
from fabrica.values.ids import ProjectId, VersionId
from fabrica.wire.problems import NotAllowed
from fabrica.wire.systems import NewFacts
from tests.builders import make_member, make_operator, make_project, make_user
from tests.server.aiact.builders import make_system, make_version
from tests.server.aiact.desk_reader import CV_SCREENER, HOSTILE
from tests.server.aiact.test_intake_pages import begun
from tests.server.readers import browser

pytestmark = pytest.mark.django_db


class Desk:
    """A project with one system whose facts are told, and who looks at it."""

    def __init__(self) -> None:
        self.lead: Actor = make_user("Lea Lead")
        self.project: ProjectId = make_project(self.lead)
        system = make_system(self.lead, self.project, kind="system", name="CV screener")
        self.version: VersionId = make_version(self.lead, self.project, system, label="1.0")
        statement_service.tell_facts(self.lead, version=self.version, told=NewFacts(answers=CV_SCREENER))

    def address(self, reader: Client) -> str:
        """Open an address in a browser and return its path."""
        assert reader.post(f"/ai-act/calendar/{self.project}/open").status_code == 302
        (feed,) = reader.get("/ai-act/calendar").context["feeds"]
        return urlsplit(feed["address"]).path


@pytest.fixture
def desk() -> Desk:
    return Desk()


def test_the_calendar_shows_members_the_days_of_their_systems_and_nobody_else(desk: Desk) -> None:
    page = browser(desk.lead).get("/ai-act/calendar").content.decode()
    assert "CV screener 1.0" in page
    assert "2 Dec 2027" in page
    for reader in (Client(), browser(make_user())):
        assert "CV screener" not in reader.get("/ai-act/calendar").content.decode()


def test_without_systems_the_days_of_what_was_tried_are_shown() -> None:
    page = begun(CV_SCREENER).get("/ai-act/calendar")
    assert page.context["tried"]
    assert "2 Dec 2027" in page.content.decode()


def test_a_calendar_asked_in_a_wrong_way_is_shown_for_today(desk: Desk) -> None:
    for asked in ({"on": "2020-01-01"}, {"on": "x"}, {"project": HOSTILE}):
        page = browser(desk.lead).get("/ai-act/calendar", asked)
        assert page.status_code == 200, asked
        assert HOSTILE not in page.content.decode(), asked


def test_a_calendar_reads_its_address_without_a_session(desk: Desk) -> None:
    address = desk.address(browser(desk.lead))
    answer = Client().get(address)
    assert answer.status_code == 200
    assert answer.headers["Content-Type"] == "text/calendar; charset=utf-8"
    assert b"BEGIN:VCALENDAR" in answer.content
    assert b"DTSTART;VALUE=DATE:20271202" in answer.content
    assert not answer.cookies
    assert Client().head(address).status_code == 200
    assert Client().post(address).status_code == 405


def test_the_same_address_stands_until_it_is_closed_and_a_new_one_is_another(desk: Desk) -> None:
    reader = browser(desk.lead)
    address = desk.address(reader)
    assert desk.address(reader) == address
    assert reader.post(f"/ai-act/calendar/{desk.project}/close").status_code == 302
    assert Client().get(address).status_code == 404
    again = desk.address(reader)
    assert again != address
    assert Client().get(again).status_code == 200


def test_an_address_ends_with_the_membership_and_with_the_person(desk: Desk) -> None:
    member = make_member(desk.project)
    address = desk.address(browser(member))
    assert Client().get(address).status_code == 200
    user = User.objects.get(pk=member.user)
    people.give_role(desk.lead, project=desk.project, email=user.email, role=None)
    assert Client().get(address).status_code == 404
    people.give_role(desk.lead, project=desk.project, email=user.email, role="reader")
    assert Client().get(address).status_code == 200
    people.deactivate(SYSTEM, user=user.pk)
    assert Client().get(address).status_code == 404


def test_an_address_gives_only_its_own_project(desk: Desk) -> None:
    other = make_project(desk.lead)
    version = make_version(desk.lead, other, make_system(desk.lead, other, kind="system", name="Other system"))
    statement_service.tell_facts(desk.lead, version=version, told=NewFacts(answers=CV_SCREENER))
    calendar_service.open_feed(desk.lead, project=desk.project)
    reader = browser(desk.lead)
    feeds = {one["project"].id: one["address"] for one in reader.get("/ai-act/calendar").context["feeds"]}
    assert b"Other system" not in Client().get(urlsplit(feeds[desk.project]).path).content


def test_a_guessed_changed_or_hostile_address_gives_nothing(desk: Desk) -> None:
    address = desk.address(browser(desk.lead))
    token = address.rpartition("/")[2].removesuffix(".ics")
    feed, signature = token.split(".")
    wrong = (
        feed,
        f"{feed}.",
        f"{feed}.{signature[:-1]}",
        f"{feed}.{'A' * len(signature)}",
        f"fed_{'0' * 26}.{signature}",
        "x",
    )
    for one in wrong:
        assert Client().get(f"/ai-act/feeds/{one}.ics").status_code == 404


def test_a_withdrawn_version_and_one_without_facts_have_no_days(desk: Desk) -> None:
    make_version(desk.lead, desk.project, make_system(desk.lead, desk.project, name="No facts"))
    address = desk.address(browser(desk.lead))
    assert b"No facts" not in Client().get(address).content
    assert b"CV screener" in Client().get(address).content
    service.withdraw(desk.lead, version=desk.version, on=date(2026, 11, 1), reason="Not needed")
    assert b"CV screener" not in Client().get(address).content


def test_only_members_open_and_close_an_address(desk: Desk) -> None:
    for actor in (make_user(), make_operator()):
        with pytest.raises(NotAllowed):
            calendar_service.open_feed(actor, project=desk.project)
        with pytest.raises(NotAllowed):
            calendar_service.close_feed(actor, project=desk.project)
    assert browser(make_user()).post(f"/ai-act/calendar/{desk.project}/open").status_code == 404
    assert Client().post(f"/ai-act/calendar/{desk.project}/open").status_code == 302
    assert browser(desk.lead).post(f"/ai-act/calendar/{desk.project}/close").status_code == 404


def test_no_log_holds_an_address(desk: Desk) -> None:
    address = desk.address(browser(desk.lead))
    record = logging.makeLogRecord({"msg": "Internal Server Error: %s", "args": (address,)})
    assert json.loads(JsonLine().format(record))["event"] == "Internal Server Error: /ai-act/feeds/…"
