"""Many runs come with their records in few questions, and only to those who may see them."""

from collections.abc import Callable
from typing import Any

import pytest

from fabrica.server.core.actors import Actor
from fabrica.server.runs import record_queries, service, uploads
from fabrica.values.ids import RunId
from fabrica.wire.runs import Artifact
from tests.builders import make_agent, make_allocation, make_event, make_placed_run, make_project, make_user

pytestmark = pytest.mark.django_db
SEAL = Artifact(path="seal.json", sha256="ab" * 32, bytes=7, kind="record")
OUTPUT = Artifact(path="page.html", sha256="cd" * 32, bytes=7)


def test_runs_bring_their_records_and_no_other_files_in_few_questions(
    lead: Actor, django_assert_max_num_queries: Callable[[int], Any]
) -> None:
    agent = make_agent()
    project = make_project(lead)
    make_allocation(project)
    made = [make_placed_run(lead, project) for _ in range(4)]
    uploads.note(agent, hashes=[SEAL.sha256, OUTPUT.sha256])
    for _, attempt in made[1:]:
        service.record(agent, events=[make_event(attempt, "artifacts", artifacts=(SEAL, OUTPUT))])
    wanted = [run for run, _ in made]
    with django_assert_max_num_queries(6):
        found = record_queries.runs(lead, [*wanted, RunId.new()])
    assert found.keys() == set(wanted)
    assert [found[run].artifacts for run in wanted] == [(), (SEAL,), (SEAL,), (SEAL,)]
    assert record_queries.runs(make_user(), wanted) == {}
