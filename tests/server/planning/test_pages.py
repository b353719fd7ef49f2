"""Pages of saved scenarios: whole without scripts, told to those who may, and hostile text stays text."""

from dataclasses import replace

import pytest
from django.test import Client

from fabrica.planning.scenarios.reading import parse_scenario
from fabrica.server.core.actors import SYSTEM, Actor
from fabrica.server.planning import queries, service
from fabrica.server.planning.models import Scenario
from fabrica.server.planning.network_rows import is_told
from fabrica.values.ids import ScenarioId
from tests.builders import make_member, make_operator, make_project, make_user
from tests.server.planning.questions import RESULT, SITING, make_scenario
from tests.server.readers import browser

pytestmark = pytest.mark.django_db
EVIL = "<script>alert(1)</script>"


def done(author: Actor, **fields: object) -> ScenarioId:
    scenario = make_scenario(author, **fields)
    service.take_up(SYSTEM, scenario=scenario)
    Scenario.objects.filter(pk=scenario).update(claim_token="mine")
    service.settle(SYSTEM, scenario=scenario, claim_token="mine", result=RESULT)
    return scenario


def page(client: Client, address: str, status: int = 200) -> str:
    answer = client.get(address)
    assert answer.status_code == status, answer.content
    return answer.content.decode()


def test_everybody_sees_what_can_be_asked_and_only_their_own_scenarios() -> None:
    author = make_user()
    scenario = make_scenario(author, name=EVIL)
    assert "What would it take" in page(browser(), "/plan/")
    assert scenario in page(browser(author), "/plan/")
    assert EVIL not in page(browser(author), "/plan/")
    assert scenario not in page(browser(make_operator()), "/plan/")


def test_a_study_is_saved_from_the_form_and_leads_to_its_page() -> None:
    project = make_project()
    author = make_member(project)
    client = browser(author)
    assert "power_megawatts = 220" in page(client, "/plan/new/siting")
    fields = {
        "name": "Where?",
        "text": SITING.replace("\n", "\r\n"),
        "seed": "5",
        "project": project,
        "with_office": "on",
    }
    answer = client.post("/plan/new/siting", fields)
    row = Scenario.objects.get()
    assert answer.headers["Location"] == f"/plan/scenarios/{row.pk}"
    assert (row.text, row.seed, row.project_id, row.with_office) == (SITING, 5, project, True)
    assert "Waits" in page(client, f"/plan/scenarios/{row.pk}")
    assert "[candidates.north]" in page(client, f"/plan/new/siting?copy={row.pk}")


WHAT_IF = """name = "Leaves"
description = "kept"
[network]
without = ["bsc-aif"]
[[window]]
from_day = 5
hours = 24
accounts = ["account 1"]
"""


def builder(client: Client, address: str, **changed: str) -> dict[str, str | list[str]]:
    """Return what a browser sends of the builder as it is shown, but for what is changed."""
    form = client.get(address).context["form"]
    sets = form.rows.values()
    parts = [form, *(rows.management_form for rows in sets), *(row for rows in sets for row in rows)]
    sent = {field.html_name: field.value() for part in parts for field in part if is_told(field.value())}
    return {name: value if isinstance(value, list) else str(value) for name, value in (sent | changed).items()}


def test_a_what_if_opens_again_in_the_form_and_nothing_of_it_is_lost() -> None:
    author = make_user()
    scenario = make_scenario(author, kind="network", text=WHAT_IF, seed=7)
    client = browser(author)
    again = f"/plan/new/network?copy={scenario}"
    assert again in page(client, f"/plan/scenarios/{scenario}")
    assert f"/plan/new/network/file?copy={scenario}" in page(client, again)
    sent = builder(client, again, name="Again")
    answer = client.post("/plan/new/network", sent)
    assert answer.status_code == 302, answer.context["form"].mistakes
    row = Scenario.objects.exclude(pk=scenario).get()
    assert (row.name, row.seed) == ("Again", 7)
    assert parse_scenario(row.text) == replace(parse_scenario(WHAT_IF), name="Again")


def test_only_a_what_if_that_its_reader_may_see_opens_in_the_form() -> None:
    author = make_user()
    page(browser(author), f"/plan/new/network?copy={make_scenario(author)}", 422)
    scenario = make_scenario(author, kind="network", text=WHAT_IF)
    page(browser(make_user("A Stranger")), f"/plan/new/network?copy={scenario}", 404)
    assert browser().get(f"/plan/new/network?copy={scenario}").status_code == 302


def test_a_button_adds_a_row_or_takes_one_away_and_keeps_all_that_was_typed() -> None:
    client = browser(make_user())
    sent = builder(client, "/plan/new/network", **{"days": "many", "window-0-hours": EVIL, "rest": "[wrong"})
    more = client.post("/plan/new/network", {**sent, "more": "window"})
    assert more.status_code == 200
    rows = more.context["form"].rows
    assert [row["hours"].value() for row in rows["window"]] == [EVIL, None]
    assert more.content.decode().count("autofocus") == 1
    assert 'value="many"' in more.content.decode()
    assert "[wrong" in more.content.decode()
    assert EVIL not in more.content.decode()
    sites = client.post("/plan/new/network", {**sent, "more": "site"}).context["form"].rows["site"]
    assert [row["id"].value() for row in sites] == ["planned-gigafactory", "planned-gigafactory-2"]
    less = client.post("/plan/new/network", {**sent, "less": "window-0"})
    assert [row["hours"].value() for row in less.context["form"].rows["window"]] == [None]
    assert less.content.decode().count("autofocus") == 1
    assert not Scenario.objects.exists()


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({"rest": "[work]\ntrace = 'jobs.swf'"}, "It rests on another file"),
        ({"site-0-country": "FI", "site-0-leaf_nodes": "17"}, '<a href="#id_site-0-leaf_nodes">'),
        ({"window-0-from_day": "1"}, '<a href="#id_window-0-hours">'),
        ({"carbon": "0.9", "risk": "0.9"}, '<a href="#id_carbon">'),
        ({"rest": EVIL}, "no valid TOML"),
        ({"window-TOTAL_FORMS": "21"}, "at most 20"),
        ({"window-TOTAL_FORMS": "many"}, "ManagementForm data is missing"),
    ],
)
def test_a_mistake_in_the_builder_is_told_and_nothing_is_saved(fields: dict[str, str], told: str) -> None:
    client = browser(make_user())
    answer = client.post("/plan/new/network", builder(client, "/plan/new/network", name="What if", **fields))
    assert answer.status_code == 422
    assert told in answer.content.decode()
    assert EVIL not in answer.content.decode()
    assert not Scenario.objects.exists()


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({"text": "[candidates.a]\npue = 3"}, "line 2"),
        ({"name": ""}, "required"),
        ({"seed": "-1"}, "greater than or equal to 0"),
        ({"text": "x" * 70_000}, "65536"),
        ({"project": "prj_00000000000000000000000000"}, "valid choice"),
    ],
)
def test_a_mistake_in_the_form_is_told_and_nothing_is_saved(fields: dict[str, str], told: str) -> None:
    whole = {"name": "Where?", "text": SITING, "seed": "1"}
    answer = browser(make_user()).post("/plan/new/siting", whole | fields)
    assert answer.status_code == 422
    assert told in answer.content.decode()
    assert not Scenario.objects.exists()


def test_a_result_is_shown_with_words_pictures_and_tables() -> None:
    author = make_user()
    shown = page(browser(author), f"/plan/scenarios/{done(author, name=EVIL)}")
    assert "North is &lt;b&gt;cooler&lt;/b&gt;." in shown
    assert "<svg role='img'>" in shown
    assert "ranks.csv" in shown
    assert EVIL not in shown


def test_a_table_and_the_file_are_downloaded() -> None:
    author = make_user()
    scenario = done(author)
    client = browser(author)
    assert page(client, f"/plan/scenarios/{scenario}/ranks.csv") == "site,first\r\nnorth,0.5\r\n"
    assert page(client, f"/plan/scenarios/{scenario}/scenario.toml") == SITING
    page(client, f"/plan/scenarios/{scenario}/nothing.csv", 404)
    page(browser(make_user("A Stranger")), f"/plan/scenarios/{scenario}/ranks.csv", 404)


@pytest.mark.parametrize(
    "address",
    ["", "/progress", "/cancel", "/rename", "/share", "/links", "/links/withdraw", "/delete", "/scenario.toml"],
)
def test_a_stranger_finds_nothing_and_changes_nothing(address: str) -> None:
    scenario = make_scenario(make_user())
    for client in (browser(make_user("A Stranger")), browser(make_operator())):
        answers = (
            client.get(f"/plan/scenarios/{scenario}{address}"),
            client.post(f"/plan/scenarios/{scenario}{address}"),
        )
        assert {answer.status_code for answer in answers} <= {404, 405}
    assert browser().get(f"/plan/scenarios/{scenario}{address}").status_code in (302, 405)
    assert Scenario.objects.get().state == "queued"


def test_progress_brings_what_came_out_when_it_has_ended_and_then_asks_no_more() -> None:
    author = make_user()
    client = browser(author)
    waiting, ended = make_scenario(author), done(author)
    assert 'hx-trigger="every 2s"' in page(client, f"/plan/scenarios/{waiting}/progress")
    assert 'id="outcome"' not in page(client, f"/plan/scenarios/{waiting}/progress")
    last = page(client, f"/plan/scenarios/{ended}/progress?told=running-3")
    assert "hx-trigger" not in last
    assert "It is done; the result is below." in last
    assert last.index('<div id="outcome" hx-swap-oob="innerHTML">') < last.index("North is")
    assert 'hx-trigger="every 2s"' not in page(client, f"/plan/scenarios/{ended}")


def test_progress_is_said_aloud_only_when_another_quarter_is_done() -> None:
    author = make_user()
    address = f"/plan/scenarios/{make_scenario(author)}/progress"
    Scenario.objects.update(state="running", progress=0.3)
    first = page(browser(author), f"{address}?told=running-0")
    assert '<p id="told" hx-swap-oob="innerHTML">It runs: 30% is done.' in first
    assert f"{address}?told=running-1" in first
    Scenario.objects.update(progress=0.4)
    assert 'id="told"' not in page(browser(author), f"{address}?told=running-1")


def test_the_author_renames_a_scenario_and_a_reader_does_not() -> None:
    project = make_project()
    author, member = make_member(project), make_member(project)
    scenario = make_scenario(author, project=project)
    address = f"/plan/scenarios/{scenario}"
    assert browser(author).post(f"{address}/rename", {"name": "There?"}).headers["Location"] == address
    assert "<h1>There?</h1>" in page(browser(member), address)
    assert "Rename it" not in page(browser(member), address)
    assert browser(member).post(f"{address}/rename", {"name": "Nowhere"}).status_code == 403
    refused = browser(author).post(f"{address}/rename", {"name": " "})
    assert refused.status_code == 422
    assert '<a href="#id_name">' in refused.content.decode()
    assert Scenario.objects.get().name == "There?"


def test_whoever_only_reads_is_not_asked_whether_to_delete() -> None:
    project = make_project()
    author, member = make_member(project), make_member(project)
    address = f"/plan/scenarios/{make_scenario(author, project=project)}/delete"
    assert "gone for good" in page(browser(author), address)
    page(browser(member), address, 403)


def test_the_older_scenarios_are_a_page_further(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(queries, "PAGE", 2)
    author = make_user()
    first, second, third = (make_scenario(author) for _ in range(3))
    shown = page(browser(author), "/plan/")
    assert third in shown
    assert f'href="?before={second}#saved"' in shown
    older = page(browser(author), f"/plan/?before={second}")
    assert first in older
    assert third not in older
    page(browser(author), "/plan/?before=none", 422)


def test_the_author_cancels_shares_and_deletes_with_buttons() -> None:
    project = make_project()
    author, member = make_member(project), make_member(project)
    scenario = make_scenario(author)
    client = browser(author)
    client.post(f"/plan/scenarios/{scenario}/share", {"project": project})
    assert "Where?" in page(browser(member), f"/plan/scenarios/{scenario}")
    assert browser(member).post(f"/plan/scenarios/{scenario}/delete").status_code == 403
    assert client.post(f"/plan/scenarios/{scenario}/share", {"project": "none"}).status_code == 422
    client.post(f"/plan/scenarios/{scenario}/cancel")
    assert Scenario.objects.get().state == "cancelled"
    assert "Delete" in page(client, f"/plan/scenarios/{scenario}/delete")
    client.post(f"/plan/scenarios/{scenario}/delete")
    assert not Scenario.objects.exists()


def test_a_link_shows_a_result_to_anybody_and_not_who_made_it() -> None:
    author = make_user("Ada Private")
    scenario = done(author)
    answer = browser(author).post(f"/plan/scenarios/{scenario}/links", {"days": "3"}).content.decode()
    address = "/plan/shared/" + answer.partition("/plan/shared/")[2].partition("<")[0]
    shown = browser().get(address)
    assert shown.status_code == 200
    assert shown.headers["Referrer-Policy"] == "no-referrer"
    assert "Ada Private" not in shown.content.decode()
    assert "North is" in shown.content.decode()
    assert browser().get(f"{address}/ranks.csv").content == b"site,first\r\nnorth,0.5\r\n"
    for kept in (shown, browser().get(f"{address}/ranks.csv")):
        assert kept.headers["X-Robots-Tag"] == "noindex"
        assert "no-store" in kept.headers["Cache-Control"]
    browser(author).post(f"/plan/scenarios/{scenario}/links/withdraw")
    assert browser().get(address).status_code == 404
    assert browser().get(f"{address}/ranks.csv").status_code == 404
    refused = browser(author).post(f"/plan/scenarios/{scenario}/links", {"days": "1000"})
    assert refused.status_code == 422
    assert '<a href="#id_days">' in refused.content.decode()


def test_two_results_stand_beside_each_other_with_what_was_asked_differently() -> None:
    author = make_user()
    one, other = done(author), done(author, name="There?", text=SITING.replace("1.05", "1.06"))
    shown = page(browser(author), f"/plan/compare?a={one}&b={other}")
    assert "the same" in shown
    assert "+pue = { low = 1.06" in shown
    assert "40.0% to 60.0%" in shown
    table = page(browser(author), f"/plan/compare.csv?a={one}&b={other}")
    assert table.splitlines()[1] == "North first,,0.4,0.5,0.6,0.4,0.5,0.6,the same"
    page(browser(make_user("Another Stranger")), f"/plan/compare.csv?a={one}&b={other}", 404)
    page(browser(author), f"/plan/compare?a={one}&b={make_scenario(author)}", 409)
    page(browser(author), f"/plan/compare?a={one}", 422)
    page(browser(make_user("A Stranger")), f"/plan/compare?a={one}&b={other}", 404)


def test_two_what_ifs_are_run_as_a_pair_on_the_same_jobs() -> None:
    author = make_user()
    one, other = done(author, kind="network", text="", seed=4), done(author, kind="network", text="[work]\nload = 0.5")
    address = f"/plan/compare?a={one}&b={other}"
    assert "Run both on the same jobs" in page(browser(author), address)
    answer = browser(author).post(address)
    assert answer.status_code == 302
    row = Scenario.objects.get(kind="pair")
    assert (row.seed, row.state) == (4, "queued")
    longer = done(author, kind="network", text="[period]\ndays = 60")
    unequal = f"/plan/compare?a={one}&b={longer}"
    assert "grow with the days" in page(browser(author), unequal)
    assert "Run both" not in page(browser(author), unequal)
    assert browser(author).post(unequal).status_code == 422
    sites = f"/plan/compare?a={done(author)}&b={done(author)}"
    assert "Run both" not in page(browser(author), sites)
    assert browser(author).post(sites).status_code == 422
    assert browser(make_user("A Stranger")).post(address).status_code == 404
