"""Pages of runs: who sees one, what it tells while it lives, and how it is ended."""

from datetime import UTC, datetime, timedelta

import pytest

from fabrica.server.core import clock
from fabrica.server.core.actors import SYSTEM
from fabrica.server.runs import queries, service, uploads
from fabrica.server.runs.models import Attempt, Run
from fabrica.server.sites import service as sites
from fabrica.server.sites.models import Agent as SiteAgent
from fabrica.values.states import EndReason, RunState
from fabrica.wire.runs import Artifact, MetricSeries
from tests.builders import make_event, make_inventory, make_sync, make_usage, stored
from tests.server.readers import World, make_world

pytestmark = pytest.mark.django_db
PARTS = ("", "/summary", "/metrics", "/log", "/log?plain", "/cancel", "/evidence")


@pytest.fixture
def world() -> World:
    return make_world()


@pytest.mark.parametrize("part", PARTS)
def test_a_run_is_seen_by_its_project_and_the_office(world: World, part: str) -> None:
    address = f"/runs/{world.run}{part}"
    for reader in (world.reader, world.member, world.operator):
        assert reader.get(address).status_code == 200
    assert world.stranger.get(address).status_code == 404
    assert world.nobody.get(address).status_code == 302


def test_the_list_shows_each_reader_their_own_runs(world: World) -> None:
    assert str(world.run) in world.member.get("/runs/").content.decode()
    assert str(world.run) in world.operator.get("/runs/").content.decode()
    assert str(world.run) not in world.stranger.get("/runs/").content.decode()
    assert world.nobody.get("/runs/").status_code == 302


@pytest.mark.parametrize(
    ("asked", "found"),
    [({"state": "placed"}, True), ({"state": "failed"}, False), ({"site": "own-site"}, True), ({"site": "x"}, False)],
)
def test_the_list_is_narrowed_by_what_is_asked(world: World, asked: dict[str, str], found: bool) -> None:
    assert (str(world.run) in world.member.get("/runs/", asked).content.decode()) is found


@pytest.mark.parametrize("asked", [{"state": "gone"}, {"project": "x"}, {"before": "run_1"}, {"site": "A B"}])
def test_a_list_asked_in_a_wrong_way_says_what_is_wrong(world: World, asked: dict[str, str]) -> None:
    assert world.member.get("/runs/", asked).status_code == 422


def test_the_head_of_the_page_tells_when_the_state_moved(world: World) -> None:
    address = f"/runs/{world.run}/summary"
    assert "HX-Trigger" not in world.member.get(address, {"state": "placed"}).headers
    assert world.member.get(address, {"state": "submitted"}).headers["HX-Trigger"] == "run-moved"


def test_a_page_asks_for_more_while_its_run_lives_and_stops_at_the_end(world: World) -> None:
    living = world.member.get(f"/runs/{world.run}").content.decode()
    for part in ("summary", "metrics", "log"):
        assert f'hx-get="/runs/{world.run}/{part}' in living
    service.cancel(SYSTEM, run=world.run)
    ended = world.member.get(f"/runs/{world.run}").content.decode()
    assert 'hx-trigger="every' not in ended


def test_a_silent_scheduler_is_told_beside_its_runs_until_it_answers_or_the_run_has_ended(world: World) -> None:
    since = datetime(2026, 11, 21, 14, 2, tzinfo=UTC)
    silent = make_inventory().model_copy(update={"engine": "slurm", "silent_since": since})
    words = "Slurm at own-site has not answered since 14:02 UTC on 21 November"
    sites.hear(world.agent, request=make_sync(inventory=silent))
    for page in (f"/runs/{world.run}", f"/runs/{world.run}/summary", "/sites/own-site"):
        assert words in world.member.get(page).content.decode()
    assert "scheduler silent for" in world.member.get("/sites/").content.decode()
    found = queries.run(SYSTEM, world.run)
    assert found.silence is not None
    assert words in found.silence.words
    assert queries.runs(SYSTEM).runs[0].silence == found.silence
    assert words in queries.told_state(SYSTEM, world.run)["silence"]

    sites.hear(world.agent, request=make_sync(inventory=make_inventory()))
    assert words not in world.member.get(f"/runs/{world.run}").content.decode()
    assert queries.told_state(SYSTEM, world.run)["silence"] == ""

    sites.hear(world.agent, request=make_sync(inventory=silent))
    service.cancel(SYSTEM, run=world.run)
    assert queries.run(SYSTEM, world.run).silence is None
    assert words not in world.member.get(f"/runs/{world.run}").content.decode()


def test_a_run_that_waits_tells_when_its_site_last_spoke_not_when_there_was_news_of_the_run(world: World) -> None:
    service.record(world.agent, events=[make_event(world.attempt, "queued", handle="job")])
    long_ago = clock.now() - timedelta(hours=2)
    Attempt.objects.filter(pk=world.attempt).update(observed_at=long_ago)
    SiteAgent.objects.update(last_word_at=long_ago)
    assert "last word from the site 2 h ago" in world.member.get(f"/runs/{world.run}/summary").content.decode()
    sites.hear(world.agent, request=make_sync())
    assert "last word from the site 0 s ago" in world.member.get(f"/runs/{world.run}/summary").content.decode()
    service.cancel(SYSTEM, run=world.run)


@pytest.mark.parametrize("engine", ["slurm", "local"])
def test_a_job_in_slurm_is_named_for_people_who_look_there_too(world: World, engine: str) -> None:
    sites.hear(world.agent, request=make_sync(inventory=make_inventory().model_copy(update={"engine": engine})))
    assert "fab-att_" not in world.member.get(f"/runs/{world.run}").content.decode()
    service.record(world.agent, events=[make_event(world.attempt, "queued", handle="job")])
    page = world.member.get(f"/runs/{world.run}").content.decode()
    assert (f"fab-{world.attempt}" in page) is (engine == "slurm")


def test_nodes_and_tasks_are_told_with_the_devices_that_were_asked_for(world: World) -> None:
    row = Run.objects.get(pk=world.run)
    row.spec["resources"] |= {"nodes": 2, "devices": 4, "tasks": 1000}
    row.save(update_fields=["spec"])
    page = " ".join(world.member.get(f"/runs/{world.run}").content.decode().split())
    assert "8 × " in page
    assert ", 4 on each of 2 nodes, for each of 1,000 tasks" in page
    assert "elapsed, of all tasks together" in page


def test_plots_are_sent_again_only_with_new_points(world: World) -> None:
    address = f"/runs/{world.run}/metrics"
    assert world.member.get(address, {"points": "0"}).status_code == 204
    points = (MetricSeries(name="loss", points=((1, 0.9), (2, 0.5))),)
    service.record(world.agent, events=[make_event(world.attempt, "metrics", metrics=points)])
    answer = world.member.get(address, {"points": "0"})
    assert answer.status_code == 200
    assert "<svg" in answer.content.decode()


def test_a_log_goes_on_from_where_the_page_is_and_stays_text(world: World) -> None:
    hostile = "<script>alert(1)</script>\n"
    for offset, text in ((0, hostile), (len(hostile), "second\n")):
        event = make_event(world.attempt, "log", sequence=offset + 1, log_offset=offset, log_text=text)
        service.record(world.agent, events=[event])
    page = world.member.get(f"/runs/{world.run}").content.decode()
    assert "&lt;script&gt;alert(1)" in page
    assert hostile not in page
    rest = world.member.get(f"/runs/{world.run}/log", {"offset": str(len(hostile))}).content.decode()
    assert rest.startswith("second\n")
    assert "script" not in rest
    plain = world.member.get(f"/runs/{world.run}/log?plain")
    assert plain.headers["Content-Type"].startswith("text/plain")
    assert plain.getvalue().decode() == hostile + "second\n"


def test_a_log_that_the_site_had_no_room_for_says_how_much_is_missing(world: World) -> None:
    told = make_event(world.attempt, "log", log_offset=0, log_text="first\n")
    ended = make_event(world.attempt, "ended", 2, reason=EndReason.COMPLETED, exit_code=0, log_dropped_bytes=5 * 2**20)
    service.record(world.agent, events=[told])
    assert "were not kept" not in world.member.get(f"/runs/{world.run}").content.decode()
    service.record(world.agent, events=[ended])
    assert "5.0 MiB of the output were not kept" in world.member.get(f"/runs/{world.run}").content.decode()


def test_a_page_shows_no_escape_codes_wherever_they_are_cut_and_the_download_keeps_them(world: World) -> None:
    pieces = ("\x1b[31mred\x1b", "[0m plain\x1b]0;title\x07\n")
    offset = 0
    for number, text in enumerate(pieces, start=1):
        service.record(world.agent, events=[make_event(world.attempt, "log", number, log_offset=offset, log_text=text)])
        if number == 1:
            page = world.member.get(f"/runs/{world.run}").content.decode()
            assert ">red<" in page
            assert f"/log?offset={len(text) - 1}&amp;" in page
        offset += len(text)
    rest = world.member.get(f"/runs/{world.run}/log", {"offset": str(len(pieces[0]) - 1)}).content.decode()
    assert rest.startswith(" plain\n")
    assert world.member.get(f"/runs/{world.run}/log?plain").getvalue().decode() == "".join(pieces)


@pytest.mark.parametrize("offset", ["-1", "x", "9" * 30, "²"])
def test_an_offset_that_is_no_number_is_refused(world: World, offset: str) -> None:
    assert world.member.get(f"/runs/{world.run}/log", {"offset": offset}).status_code == 422


def test_members_cancel_after_a_question_and_readers_do_not(world: World) -> None:
    address = f"/runs/{world.run}/cancel"
    assert world.reader.post(address).status_code == 403
    assert world.stranger.post(address).status_code == 404
    assert world.nobody.post(address).status_code == 302
    assert world.member.get(address).status_code == 200
    assert Run.objects.get(pk=world.run).state == RunState.PLACED
    assert world.member.post(address).headers["Location"] == f"/runs/{world.run}"
    assert Run.objects.get(pk=world.run).state == RunState.CANCELLED


def test_an_operator_declares_lost_the_attempt_that_was_shown(world: World) -> None:
    address = f"/runs/{world.run}/declare-lost"
    shown = world.operator.get(address).content.decode()
    assert f'value="{world.attempt}"' in shown
    assert "cannot be taken back" in shown
    for attempt in ("", "att_01jd0000000000000000000000"):
        assert world.operator.post(address, {"attempt": attempt}).status_code in (404, 422)
    assert Run.objects.get(pk=world.run).state == RunState.PLACED
    assert world.operator.post(address, {"attempt": world.attempt}).status_code == 302
    assert Run.objects.get(pk=world.run).state == RunState.SUBMITTED
    assert world.operator.post(address, {"attempt": world.attempt}).status_code == 409


def test_nobody_else_declares_lost_nor_sees_the_button(world: World) -> None:
    address = f"/runs/{world.run}/declare-lost"
    assert f'action="{address}"' in world.operator.get(f"/runs/{world.run}").content.decode()
    for reader, status in ((world.member, 403), (world.reader, 403), (world.stranger, 404), (world.nobody, 302)):
        assert reader.get(address).status_code == status
        assert reader.post(address, {"attempt": world.attempt}).status_code == status
    assert f'action="{address}"' not in world.member.get(f"/runs/{world.run}").content.decode()
    assert Run.objects.get(pk=world.run).state == RunState.PLACED


def test_the_button_that_cancels_is_only_for_those_who_may(world: World) -> None:
    address = f"/runs/{world.run}"
    assert f'action="{address}/cancel"' in world.member.get(address).content.decode()
    assert f'action="{address}/cancel"' not in world.reader.get(address).content.decode()


def test_a_file_of_a_run_is_a_download_for_those_who_see_the_run(world: World) -> None:
    content = b"<script>alert(1)</script>"
    file = Artifact(path="out/page.html", sha256=stored(content), bytes=len(content))
    uploads.note(world.agent, hashes=[file.sha256])
    ended = make_event(
        world.attempt, "ended", reason=EndReason.COMPLETED, usage=make_usage(5), artifacts=(file,), exit_code=0
    )
    service.record(world.agent, events=[ended])
    address = f"/runs/{world.run}/artifacts/{file.sha256}"
    assert address in world.member.get(f"/runs/{world.run}").content.decode()
    answer = world.member.get(address)
    assert answer.getvalue() == content
    assert answer.headers["Content-Disposition"].startswith("attachment")
    assert world.stranger.get(address).status_code == 404
    assert world.nobody.get(address).status_code == 302
    assert world.member.get(f"/runs/{world.run}/artifacts/{'0' * 64}").status_code == 404


def test_the_address_of_the_page_is_the_one_the_run_tells(world: World) -> None:
    answer = world.member.get(f"/runs/{world.run}")
    assert answer.context["run"].page.endswith(f"/runs/{world.run}")


def test_a_run_of_many_tasks_is_one_readable_page(world: World) -> None:
    letters = "s" * 990 + "f" * 3 + "r" * 4 + "w" * 3
    service.record(world.agent, events=[make_event(world.attempt, "usage", usage=make_usage(1), tasks=letters)])
    page = world.member.get(f"/runs/{world.run}").content.decode()
    assert "990 of 1,000 tasks succeeded, 3 failed (990, 991, 992), 4 run, 3 wait." in page
    assert page.count("<rect") < 100
    assert 'class="task-f"' in page


def test_an_interactive_run_says_how_to_work_in_it(world: World) -> None:
    page = f"/runs/{world.run}"
    assert "fabrica attach" not in world.member.get(page).content.decode()
    row = Run.objects.get(pk=world.run)
    row.spec = {**row.spec, "interactive": {"kind": "shell"}}
    row.save()
    assert f"fabrica attach {world.run}" in world.member.get(page).content.decode()


def test_what_was_told_of_the_wait_stands_beside_what_the_scheduler_said(world: World) -> None:
    page = f"/runs/{world.run}"
    assert "Told before" not in world.member.get(page).content.decode()
    Attempt.objects.filter(pk=world.attempt).update(wait_q50_seconds=60, wait_q90_seconds=7200, wait_samples=214)
    event = make_event(world.attempt, "queued", expected_start_at=datetime(2026, 11, 21, 15, 30, tzinfo=UTC))
    service.record(world.agent, events=[event])
    told = world.member.get(page).content.decode()
    assert "half of such runs waited at most 1 min there, nine of ten at most 2 h, by 214 waits" in told
    assert "scheduler itself first said: start at" in told


def test_why_a_run_waits_at_the_site_is_told_until_it_runs(world: World) -> None:
    words = "The site holds it, and an operator there has to release it."
    for sequence, (kind, told) in enumerate([("queued", ""), ("queued", words)], start=1):
        service.record(world.agent, events=[make_event(world.attempt, kind, sequence, words=told)])
    assert words in world.member.get(f"/runs/{world.run}").content.decode()
    service.record(world.agent, events=[make_event(world.attempt, "running", 3)])
    assert words not in world.member.get(f"/runs/{world.run}").content.decode()
