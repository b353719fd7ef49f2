"""What went round Fabrica is told until it is taken, before limits are compared; only a command sets a limit."""

import threading
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

import pytest

from fabrica.agent import limits
from fabrica.agent.limits import ToldStarts
from fabrica.values.ids import ProjectId, SiteId
from fabrica.wire.ledger import OutsideStart
from fabrica.wire.limits import (
    STARTS_MAX,
    LimitDrift,
    LimitsAnswer,
    LimitsNotSet,
    LimitsQuestion,
    LimitsReport,
    LimitsUnread,
    OutsideAnswer,
    OutsideReport,
    OutsideReported,
    ProjectRemaining,
)
from fabrica.wire.problems import ServerUnreachable

PROJECT = ProjectId.new()
NOW = datetime.now(UTC)
DAY = 86_400


def start(job: int, seconds: int = 10) -> OutsideReported:
    told = OutsideStart(
        cluster="alpha",
        job=str(job),
        started_at=NOW,
        resource_class="gpu.h100",
        devices=1,
        device_milliseconds=seconds * 1000,
    )
    return OutsideReported(project=PROJECT, start=told)


class Wall:
    """A scheduler in memory: one account, one limit."""

    def __init__(self, *starts: OutsideReported, stands: int | None = None) -> None:
        self.accounts: Mapping[ProjectId, str] = {PROJECT: "proj_a"}
        self.starts, self.stands, self.asked = list(starts), stands, list[dict[str, int]]()
        self.refuses, self.silent_times = False, 0

    def outside(self, since: Mapping[str, int]) -> Sequence[OutsideReported]:
        if self.silent_times:
            self.silent_times -= 1
            raise LimitsUnread("slurmctld gave no answer.")
        self.asked.append(dict(since))
        return self.starts

    def compare(self, projects: Sequence[ProjectRemaining]) -> LimitsReport:
        drift = LimitDrift(
            project=PROJECT,
            slurm_account="proj_a",
            resource="gres/gpu",
            stands_minutes=self.stands,
            wanted_minutes=60,
            words="No.",
        )
        drifts = () if self.stands == 60 else (drift,)
        return LimitsReport(checked_at=NOW, cluster="alpha", drifts=drifts, accounts=len(projects))

    def mend(self, drift: LimitDrift) -> None:
        if self.refuses:
            raise LimitsNotSet("Access denied.")
        self.stands = drift.wanted_minutes


class Server:
    """The server in memory; `away` counts the tellings that it does not answer."""

    def __init__(self, away: int = 0) -> None:
        self.away, self.calls, self.sizes = away, list[str](), list[int]()
        self.taken: dict[str, OutsideStart] = {}
        self.reports: list[LimitsReport] = []

    def tell_outside(self, report: OutsideReport) -> OutsideAnswer:
        self.calls.append("outside")
        self.sizes.append(len(report.starts))
        for one in report.starts:
            self.taken[one.start.job] = one.start  # it was taken, and the answer may still be lost
        if self.away:
            self.away -= 1
            raise ServerUnreachable("the server does not answer.")
        return OutsideAnswer(counted=len(report.starts), own=0)

    def remaining(self, question: LimitsQuestion) -> LimitsAnswer:
        self.calls.append("remaining")
        told = tuple(ProjectRemaining(project=one, known=True) for one in question.projects)
        return LimitsAnswer(site=SiteId("own-site"), projects=told, at=NOW)

    def tell_limits(self, report: LimitsReport) -> None:
        self.calls.append("limits")
        self.reports.append(report)


@pytest.fixture
def told(tmp_path: Path) -> ToldStarts:
    return ToldStarts(tmp_path / "outside.sqlite3")


def test_a_look_tells_who_went_round_before_it_asks_what_is_left(told: ToldStarts) -> None:
    server = Server()
    seen = limits.look(Wall(start(1)), server, told)
    assert server.calls == ["outside", "remaining", "limits"]
    assert seen.imported.counted == 1


def test_without_being_asked_nothing_is_set(told: ToldStarts) -> None:
    wall, server = Wall(stands=7), Server()
    seen = limits.look(wall, server, told)
    assert (wall.stands, seen.mended) == (7, ())
    assert server.reports[-1].drifts == seen.report.drifts != ()


def test_what_is_mended_is_compared_again_and_told(told: ToldStarts) -> None:
    wall, server = Wall(stands=7), Server()
    seen = limits.look(wall, server, told, mends=True)
    assert [drift.stands_minutes for drift in seen.mended] == [7]
    assert (wall.stands, seen.report.drifts, server.reports[-1].drifts) == (60, (), ())


def test_a_limit_that_slurm_does_not_take_is_a_problem(told: ToldStarts) -> None:
    wall = Wall()
    wall.refuses = True
    with pytest.raises(LimitsNotSet):
        limits.look(wall, Server(), told, mends=True)


def test_a_start_is_told_until_the_server_has_answered_and_then_no_more(told: ToldStarts) -> None:
    wall, server = Wall(start(1), start(2)), Server(away=2)
    for _ in range(2):
        with pytest.raises(ServerUnreachable):
            limits.import_outside(wall, server, told)
    assert limits.import_outside(wall, server, told).counted == 2
    assert limits.import_outside(wall, server, told).counted == 0
    assert server.sizes == [2, 2, 2]


def test_a_start_that_went_on_is_told_again(told: ToldStarts) -> None:
    wall, server = Wall(start(1, seconds=10)), Server()
    limits.import_outside(wall, server, told)
    wall.starts = [start(1, seconds=20)]
    assert limits.import_outside(wall, server, told).counted == 1
    assert server.taken["1"].device_milliseconds == 20_000


def test_many_starts_go_in_parts_and_a_part_that_was_taken_is_not_told_again(told: ToldStarts) -> None:
    wall, server = Wall(*(start(number) for number in range(STARTS_MAX + 7))), Server()
    assert limits.import_outside(wall, server, told).counted == STARTS_MAX + 7
    assert server.sizes == [STARTS_MAX, 7]


def test_a_look_goes_back_a_day_but_not_before_the_first(told: ToldStarts) -> None:
    now = int(NOW.timestamp())
    assert told.since(["proj_a"], now) == {"proj_a": now}
    told.looked(["proj_a"], now + DAY // 2)
    assert told.since(["proj_a"], now + DAY) == {"proj_a": now}
    told.looked(["proj_a"], now + 3 * DAY)
    assert told.since(["proj_a", "later"], now + 3 * DAY) == {"proj_a": now + 2 * DAY, "later": now + 3 * DAY}


def test_what_was_told_outlives_the_agent_and_is_dropped_when_no_look_brings_it_again(tmp_path: Path) -> None:
    file, now = tmp_path / "outside.sqlite3", int(NOW.timestamp())
    ToldStarts(file).taken([start(1)], now)
    again = ToldStarts(file)
    assert again.untold([start(1), start(2)]) == [start(2)]
    again.looked([], now + 3 * DAY)
    assert again.untold([start(1)]) == [start(1)]


def test_a_scheduler_that_is_silent_stops_nothing_and_is_looked_at_again(told: ToldStarts) -> None:
    wall, server, stop = Wall(stands=60), Server(), threading.Event()
    wall.silent_times = 3
    thread = threading.Thread(target=limits.keep_looking, args=(wall, server, told, stop, 0.01))
    thread.start()
    try:
        for _ in range(6000):
            if server.reports or stop.wait(0.01):
                break
    finally:
        stop.set()
        thread.join(30)
    assert server.reports
    assert wall.silent_times == 0
    assert not thread.is_alive()
