"""What pages of the desk read."""

import itertools

import pytest

from fabrica.aiact import library
from fabrica.server.aiact import page_queries, queries, service
from fabrica.server.aiact.models import Result, Statement
from fabrica.server.core import clock
from fabrica.wire.systems import NewLineage
from tests.builders import make_member, make_project, make_user
from tests.server.aiact.builders import make_lead_with_version, make_system, make_version
from tests.server.aiact.desk_reader import make_desk

pytestmark = pytest.mark.django_db


def test_a_family_is_told_over_generations_and_what_is_not_seen_has_no_name() -> None:
    lead, grandparent = make_lead_with_version(name="Secret grandparent")
    project = make_project(lead)
    parent = make_version(lead, project)
    child = make_version(lead, project)
    service.state_lineage(lead, version=parent, told=NewLineage(relation="finetuned_from", parent=grandparent))
    service.state_lineage(lead, version=child, told=NewLineage(relation="distilled_from", parent=parent))
    member = make_member(project)
    (seen,) = page_queries.family(lead, queries.version(lead, child).lineage)
    assert [one.name is not None for one in seen.parents] == [True]
    (narrowed,) = page_queries.family(member, queries.version(member, child).lineage)
    assert narrowed.seen
    (hidden,) = narrowed.parents
    assert (hidden.name, hidden.seen, hidden.parents) == (None, False, ())


def test_a_family_ends_after_some_generations() -> None:
    lead = make_user()
    project = make_project(lead)
    versions = [make_version(lead, project) for _ in range(page_queries.GENERATIONS_MAX + 3)]
    for older, younger in itertools.pairwise(versions):
        service.state_lineage(lead, version=younger, told=NewLineage(relation="continued_from", parent=older))
    found, generations = page_queries.family(lead, queries.version(lead, versions[-1]).lineage), 0
    while found:
        generations, found = generations + 1, found[0].parents
    assert generations == page_queries.GENERATIONS_MAX


def test_systems_stand_by_their_nearest_day_and_those_without_one_last() -> None:
    desk = make_desk()
    make_system(desk.lead, desk.project, name="A system without a version")
    make_version(desk.lead, desk.project, make_system(desk.lead, desk.project, name="B without facts"))
    lines = page_queries.system_lines(desk.lead, clock.now().date())
    assert lines[0].system.id == desk.system
    assert [line.next_due is None for line in lines] == [False, True, True]


def test_a_change_of_the_laws_data_is_told_on_the_list_on_the_page_and_in_the_story() -> None:
    desk = make_desk()
    last = Result.objects.get()
    Result.objects.create(
        version_id=desk.version,
        statement=Statement.objects.get(kind="facts"),
        law_sha256=library.digest(),
        as_of=last.as_of,
        body=last.body,
        differences=["New: a duty <script>."],
        found_at=clock.now(),
    )
    (line,) = page_queries.system_lines(desk.lead, clock.now().date())
    assert line.changed
    assert page_queries.events(desk.lead, desk.version)[0].words == ("New: a duty <script>.",)
    page = desk.reader.get(desk.address).content.decode()
    assert "and with it this result" in page
    assert "New: a duty &lt;script&gt;." in page
