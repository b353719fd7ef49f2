"""The portal's pages show to each reader what that reader may see, and no more."""

import pytest
from django.test import Client

from fabrica.server.access import service as access
from fabrica.server.core import clock
from fabrica.server.core.actors import NetworkRole
from fabrica.server.sites import service as sites
from fabrica.values.ids import SiteId
from fabrica.wire.ledger import OutsideStart
from fabrica.wire.limits import LimitDrift, LimitsReport, OutsideReport, OutsideReported
from fabrica.wire.problems import all_problems
from tests.builders import make_agent, make_operator, make_site, make_user
from tests.server.readers import World, browser, make_world

pytestmark = pytest.mark.django_db


@pytest.fixture
def world() -> World:
    return make_world()


@pytest.mark.parametrize("address", ["/", "/now", "/sites/", "/sites/lumi-aif", "/sites/be", "/sites/own-site"])
def test_the_network_is_public_and_names_no_run_and_no_project(world: World, address: str) -> None:
    for reader in (world.nobody, world.stranger):
        answer = reader.get(address)
        assert answer.status_code == 200
        assert "secret-project" not in answer.content.decode()
        assert world.run not in answer.content.decode()


def test_home_shows_members_their_runs_and_balances(world: World) -> None:
    page = world.member.get("/").content.decode()
    assert f"/runs/{world.run}" in page
    assert f"/projects/{world.project}" in page
    assert "free of" in page


def test_home_calls_no_project_the_offices_own_that_it_has_no_role_in(world: World) -> None:
    for reader, shown in ((world.member, 1), (browser(make_operator()), 0)):
        assert len(reader.get("/").context["projects"]) == shown


def test_home_is_told_again_only_when_something_changed(world: World) -> None:
    first = world.nobody.get("/now")
    seen = first.context["seen"]
    assert world.nobody.get("/now", {"seen": seen}).status_code == 204
    make_agent(make_site("another-site"))
    assert world.nobody.get("/now", {"seen": seen}).status_code == 200


def test_every_site_of_the_network_has_a_page(world: World) -> None:
    page = world.nobody.get("/sites/")
    for group in page.context["groups"]:
        for site in group[2]:
            assert f'href="/sites/{site.id}"' in page.content.decode()
            assert world.nobody.get(f"/sites/{site.id}").status_code == 200


def test_an_unknown_site_is_not_found(world: World) -> None:
    assert world.nobody.get("/sites/nowhere").status_code == 404


def test_a_site_page_shows_its_runs_to_members_only(world: World) -> None:
    assert str(world.run) in world.member.get("/sites/own-site").content.decode()
    assert str(world.run) not in world.stranger.get("/sites/own-site").content.decode()


def test_a_simulated_site_is_marked_on_every_list() -> None:
    make_agent(make_site("pretended", simulated=True))
    for address in ("/", "/sites/", "/sites/pretended"):
        assert "mark-simulated" in Client().get(address).content.decode()


def test_only_operators_see_what_operators_do_to_a_site(world: World) -> None:
    assert "/sites/own-site/draining" in world.operator.get("/sites/own-site").content.decode()
    for reader in (world.nobody, world.stranger, world.member):
        assert "/sites/own-site/draining" not in reader.get("/sites/own-site").content.decode()


def test_a_project_is_seen_by_its_people_and_the_office(world: World) -> None:
    address = f"/projects/{world.project}"
    for reader in (world.reader, world.member, world.operator):
        page = reader.get(address).content.decode()
        assert "secret-project" in page
        assert "Reserved" in page
    assert world.stranger.get(address).status_code == 404
    assert world.nobody.get(address).headers["Location"] == f"/accounts/login/?next={address}"


def test_a_statement_cursor_that_is_not_ours_is_refused(world: World) -> None:
    assert world.member.get(f"/projects/{world.project}", {"before": "x"}).status_code == 422


def test_the_office_is_for_operators(world: World) -> None:
    assert world.operator.get("/office/").status_code == 200
    assert world.member.get("/office/").status_code == 403
    assert world.nobody.get("/office/").status_code == 302


def test_a_draining_site_does_not_count_as_taking_runs(world: World) -> None:
    assert world.nobody.get("/").context["counts"]["connected"] == 1
    sites.set_draining(make_operator(), site=SiteId("own-site"), draining=True, reason="Repair")
    assert world.nobody.get("/").context["counts"]["connected"] == 0


def test_every_problem_has_its_page() -> None:
    listed = Client().get("/problems/").content.decode()
    for code in all_problems():
        assert f"/problems/{code}" in listed
        assert Client().get(f"/problems/{code}").status_code == 200
    assert Client().get("/problems/no.such").status_code == 404


def test_the_theme_is_kept_and_leads_back_only_to_this_server() -> None:
    client = Client()
    answer = client.post("/theme", {"theme": "dark", "next": "https://elsewhere.example/"})
    assert answer.headers["Location"] == "/"
    assert 'data-theme="dark"' in client.get("/sites/").content.decode()


def test_a_theme_nobody_knows_changes_nothing() -> None:
    client = Client()
    client.post("/theme", {"theme": '"><script>', "next": "/"})
    assert "data-theme" not in client.get("/").content.decode()


def test_no_table_shows_a_password_or_a_token(world: World) -> None:
    operator = make_operator()
    page = browser(operator).get(f"/admin/people/user/{operator.user}/change/").content.decode()
    assert "pbkdf2" not in page
    assert "password" not in page.lower().replace("password_change", "")


def test_people_are_listed_with_their_living_runs(world: World) -> None:
    page = world.operator.get("/office/people", {"search": "A member"}).content.decode()
    assert ">1</td>" in page
    assert "/deactivate" in page
    assert "Nobody is found" in world.operator.get("/office/people", {"search": "<none>"}).content.decode()


def test_auditors_read_and_others_do_not(world: World) -> None:
    page = browser(make_user(network_role=NetworkRole.AUDITOR)).get("/office/people")
    assert page.status_code == 200
    assert "/deactivate" not in page.content.decode()
    assert world.member.get("/office/people").status_code == 403
    assert world.nobody.get("/office/people").status_code == 302
    assert world.operator.get("/office/people", {"after": "nobody"}).status_code == 422


def test_use_outside_fabrica_is_shown_to_members_and_the_office_and_limits_to_the_office_alone(world: World) -> None:
    agent = make_agent(make_site("walled-site"))
    start = OutsideStart(
        cluster="alpha",
        job="77_3",
        started_at=clock.now(),
        resource_class="cpu.core",
        devices=1,
        device_milliseconds=1000,
        slurm_account="proj_a",
        site_user="a-site-account",
    )
    told = OutsideReport(starts=(OutsideReported(project=world.project, start=start),))
    assert access.count_outside(agent, report=told).counted == 1
    drift = LimitDrift(
        project=world.project,
        slurm_account="proj_a",
        resource="gres/gpu",
        stands_minutes=None,
        wanted_minutes=82,
        words="There is <no> limit.",
    )
    report = LimitsReport(checked_at=clock.now(), cluster="alpha", drifts=(drift,), notes=("It fades.",), accounts=1)
    access.tell_limits(agent, report=report)
    for reader in (world.member, world.operator):
        assert "alpha 77_3" in reader.get(f"/projects/{world.project}").content.decode()
    office = world.operator.get("/sites/walled-site").content.decode()
    for words in ("Second wall", "proj_a gres/gpu", "There is &lt;no&gt; limit.", "It fades.", "alpha 77_3"):
        assert words in office
    for reader in (world.nobody, world.stranger, world.member):
        page = reader.get("/sites/walled-site").content.decode()
        assert "Second wall" not in page
        assert "a-site-account" not in page
