"""What a site's agent asks and tells of allocations, and that nobody else does."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.test import Client

from fabrica.server.access import queries, service
from fabrica.server.core.actors import SYSTEM, Actor
from fabrica.server.ledger import queries as ledger
from fabrica.server.ledger import service as ledger_service
from fabrica.server.sites.service import server_key
from fabrica.values.ids import AttemptId, ProjectId, RunId, SiteId
from fabrica.values.quantities import DeviceTime
from fabrica.wire.ledger import OutsideStart
from fabrica.wire.limits import LimitDrift, LimitsReport, OutsideReport, OutsideReported
from fabrica.wire.problems import NotAllowed, NotFound
from fabrica.wire.signatures import NONCE_HEADER, SIGNATURE_HEADER, check_answer
from tests.builders import (
    agent_with_token,
    make_agent,
    make_allocation,
    make_member,
    make_operator,
    make_project,
    make_site,
    make_user,
)

pytestmark = pytest.mark.django_db
STARTED = datetime.now(UTC) - timedelta(hours=1)
H100 = "gpu.h100"
NONCE = "a-nonce-of-ours"


def told(project: ProjectId, seconds: int = 100, attempt: AttemptId | None = None, job: str = "7") -> OutsideReported:
    start = OutsideStart(
        cluster="alpha", job=job, started_at=STARTED, resource_class=H100, devices=1,
        device_milliseconds=seconds * 1000, slurm_account="proj_a", site_user="ada",
    )  # fmt: skip
    return OutsideReported(project=project, start=start, attempt=attempt)


def report(*starts: OutsideReported) -> OutsideReport:
    return OutsideReport(starts=starts)


def hold(allocation: Any, site: SiteId | None, seconds: int) -> AttemptId:
    attempt = AttemptId.new()
    assert site is not None
    ledger_service.reserve(
        SYSTEM,
        allocation=allocation,
        attempt=attempt,
        run=RunId.new(),
        site=site,
        amount=DeviceTime(seconds * 1000, H100),
    )
    return attempt


def limits_report(project: ProjectId) -> LimitsReport:
    drift = LimitDrift(
        project=project,
        slurm_account="proj_a",
        resource="gres/gpu",
        stands_minutes=None,
        wanted_minutes=60,
        words="None.",
    )
    return LimitsReport(checked_at=STARTED, cluster="alpha", drifts=(drift,), accounts=1)


def test_an_agent_is_told_what_a_project_may_still_use_at_its_own_site() -> None:
    agent, project, other = make_agent(), make_project(), make_site("other-site")
    soon = datetime.now(UTC) + timedelta(days=1)
    here = make_allocation(project, 1000, resource_class=H100, site=agent.site)
    make_allocation(project, 200, resource_class=H100)
    make_allocation(project, 5000, resource_class=H100, site=other)
    make_allocation(project, 7000, resource_class=H100, starts_at=soon)
    make_allocation(project, 30)
    attempt = hold(here, agent.site, 300)
    hold(here, other, 50)
    ledger_service.charge(SYSTEM, attempt=attempt, used_up_to=DeviceTime(100_000, H100))
    [found] = queries.remaining(agent, [project])
    cpu, gpu = found.classes
    assert (cpu.resource_class, cpu.available_milliseconds) == ("cpu.core", 30_000)
    assert (gpu.resource_class, gpu.available_milliseconds, gpu.of_network_milliseconds) == (H100, 850_000, 200_000)
    assert gpu.held_milliseconds == 200_000


def test_of_a_project_without_allocation_there_nothing_is_told() -> None:
    agent, elsewhere = make_agent(), make_project()
    make_allocation(elsewhere, 1000, site=make_site("other-site"))
    for project in (elsewhere, ProjectId.new()):
        [found] = queries.remaining(agent, [project])
        assert (found.known, found.classes) == (False, ())


def test_a_use_told_three_times_lowers_what_is_offered_once() -> None:
    agent, project = make_agent(), make_project()
    make_allocation(project, 1000, resource_class=H100)
    for _ in range(3):
        answer = service.count_outside(agent, report=report(told(project)))
    assert (answer.counted, answer.own, answer.refused) == (1, 0, ())
    assert queries.allocations(make_operator(), project)[0].free_milliseconds == 900_000
    assert queries.remaining(agent, [project])[0].classes[0].available_milliseconds == 900_000
    assert ledger.check_books() == []


def test_the_network_s_own_attempt_is_not_counted_and_a_forged_one_is() -> None:
    agent, project = make_agent(), make_project()
    allocation = make_allocation(project, 1000, resource_class=H100)
    ours, forged = hold(allocation, agent.site, 100), AttemptId.new()
    answer = service.count_outside(
        agent, report=report(told(project, attempt=ours), told(project, attempt=forged, job="8"))
    )
    assert (answer.counted, answer.own) == (1, 1)
    assert [use.job for use in ledger.outside_uses(project=project)] == ["8"]


def test_an_attempt_of_another_site_is_no_excuse() -> None:
    agent, project = make_agent(), make_project()
    allocation = make_allocation(project, 1000, resource_class=H100)
    elsewhere = hold(allocation, make_site("other-site"), 100)
    assert service.count_outside(agent, report=report(told(project, attempt=elsewhere))).counted == 1


def test_a_row_that_cannot_be_counted_is_answered_and_keeps_nothing_back() -> None:
    agent, project = make_agent(), make_project()
    make_allocation(project, 1000, resource_class=H100)
    answer = service.count_outside(agent, report=report(told(ProjectId.new()), told(project, job="9")))
    assert (answer.counted, len(answer.refused)) == (1, 1)


def test_only_an_agent_asks_and_tells() -> None:
    project = make_project()
    for by in (make_user(), make_operator(), Actor("nobody")):
        with pytest.raises(NotAllowed):
            service.count_outside(by, report=report(told(project)))
        with pytest.raises(NotAllowed):
            service.tell_limits(by, report=limits_report(project))
        with pytest.raises(NotAllowed):
            queries.remaining(by, [project])


def test_use_outside_is_for_members_and_the_office() -> None:
    agent, project = make_agent(), make_project()
    assert agent.site is not None
    make_allocation(project, 1000, resource_class=H100)
    service.count_outside(agent, report=report(told(project)))
    service.tell_limits(agent, report=limits_report(project))
    assert len(queries.outside_of(make_member(project), project)) == 1
    assert len(queries.outside_at(make_operator(), agent.site)) == 1
    seen = queries.limits_seen(make_operator(), agent.site)
    assert seen is not None
    assert seen.drifts[0].slurm_account == "proj_a"
    stranger = make_user()
    with pytest.raises(NotFound):
        queries.outside_of(stranger, project)
    for ask in (queries.outside_at, queries.limits_seen):
        with pytest.raises(NotAllowed):
            ask(stranger, agent.site)


def test_the_answers_are_signed_and_need_the_agent_s_token(client: Client) -> None:
    _, token = agent_with_token()
    project = make_project()
    make_allocation(project, 1000, resource_class=H100)
    asks = (
        ("post", "remaining", {"projects": [project]}, 200),
        ("post", "outside", report(told(project)).model_dump(mode="json"), 200),
        ("put", "limits", limits_report(project).model_dump(mode="json"), 204),
    )
    for method, name, body, status in asks:
        sent = {"data": json.dumps(body), "content_type": "application/json"}
        assert getattr(client, method)(f"/api/v1/agent/{name}", **sent).status_code == 401
        answer = getattr(client, method)(
            f"/api/v1/agent/{name}",
            **sent,
            headers={"Authorization": f"Bearer {token}", NONCE_HEADER: "a-nonce-of-ours"},
        )
        assert answer.status_code == status, answer.content
        check_answer(answer.content, answer.headers[SIGNATURE_HEADER], nonce=NONCE, public_key=server_key())
