"""What a decision was made from can be read by whoever may see the run, and by nobody else."""

import json
from typing import Any

import pytest
from django.test import Client

from fabrica.planning.decisions import replay_decisions
from fabrica.server.core.actors import Actor
from fabrica.server.people import service as people
from fabrica.values.ids import RunId
from fabrica.wire.placement import KeptDecision
from tests.builders import make_agent, make_allocation, make_placed_run, make_project, make_user

pytestmark = pytest.mark.django_db


def _ask(by: Actor, run: RunId) -> Any:
    assert by.user is not None
    token = people.make_token(by, user=by.user, name="tests")
    return Client().get(f"/api/v1/runs/{run}/placement/snapshots", headers={"Authorization": f"Bearer {token}"})


def test_a_runs_owner_can_make_its_decisions_again_and_a_stranger_sees_none() -> None:
    lead = make_user()
    project = make_project(lead)
    make_allocation(project)
    make_agent()
    run, _ = make_placed_run(lead, project)
    told = _ask(lead, run)
    assert told.status_code == 200
    kept = [KeptDecision.model_validate(one) for one in told.json()]
    assert json.loads(kept[0].snapshot)["needs"]["run"] == run
    assert replay_decisions(kept, plain=True).equal_share == 1.0
    assert _ask(make_user(), run).status_code == 404
