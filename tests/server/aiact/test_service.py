"""Members register systems and versions; the lead answers for them; a stranger sees nothing."""

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest

from fabrica.server.aiact import queries, service
from fabrica.server.core.models import Fact
from fabrica.values.ids import RunId
from fabrica.wire.problems import NotAllowed, NotFound
from fabrica.wire.runs import Dataset
from fabrica.wire.systems import (
    LineageCircular,
    ModificationUndecided,
    NewLineage,
    NewRelease,
    NewSystem,
    NewVersion,
    OutsideModel,
    RunLinkedAlready,
    SystemChange,
    SystemNameTaken,
    VersionLabelTaken,
    VersionState,
    VersionStateWrong,
)
from tests.builders import (
    make_agent,
    make_allocation,
    make_member,
    make_operator,
    make_project,
    make_run,
    make_spec,
    make_user,
)
from tests.server.aiact.builders import make_ended_run, make_lead_with_version, make_system, make_version, make_world

pytestmark = pytest.mark.django_db
OUTSIDE = OutsideModel(name="Open base", source="https://models.example/open-base", flop=3e22, evidence="model card")


def test_a_member_registers_and_the_provider_is_their_organisation() -> None:
    project = make_project()
    member = make_member(project)
    told = NewSystem(kind="model", name="Euro char", purpose="Writes European place names.")
    system = service.register(member, project=project, told=told)
    found = queries.system(member, system)
    assert (found.name, found.kind, found.purpose) == ("Euro char", "model", "Writes European place names.")
    assert (found.provider.name, found.provider.ours, found.deployer) == ("Example Factory", True, None)
    assert Fact.objects.filter(kind="aiact.system_registered", subject=system).exists()


def test_a_provider_from_outside_has_only_a_name() -> None:
    project = make_project()
    system = make_system(make_member(project), project, kind="system", provider="Other AG", deployer="City of Ghent")
    found = queries.system(make_operator(), system)
    assert found.deployer is not None
    assert (found.provider.name, found.provider.ours, found.deployer.name) == ("Other AG", False, "City of Ghent")


def test_what_the_register_says_is_put_right_field_by_field() -> None:
    project = make_project()
    member = make_member(project)
    system = make_system(member, project, name="Euro char", deployer="City of Ghent")
    make_system(member, project, name="Other")
    service.amend(member, project=project, system=system, told=SystemChange(purpose="Teaches.", deployer=""))
    found = queries.system(member, system)
    assert (found.name, found.purpose, found.deployer, found.provider.ours) == ("Euro char", "Teaches.", None, True)
    assert found.amended_at is not None
    assert Fact.objects.get(kind="aiact.system_amended").body["fields"] == {"purpose": "Teaches.", "deployer_name": ""}
    service.amend(member, project=project, system=system, told=SystemChange(provider="Other AG"))
    assert queries.system(member, system).provider.ours is False
    with pytest.raises(SystemNameTaken):
        service.amend(member, project=project, system=system, told=SystemChange(name="Other"))
    for by in (make_user(), make_member(project, "reader"), make_operator()):
        with pytest.raises(NotAllowed):
            service.amend(by, project=project, system=system, told=SystemChange(purpose="No."))


def test_nobody_outside_the_project_registers_nor_a_reader_nor_an_operator() -> None:
    project = make_project()
    for by in (make_user(), make_member(project, "reader"), make_operator()):
        with pytest.raises(NotAllowed):
            service.register(by, project=project, told=NewSystem(kind="system", name="Screening"))
    assert queries.systems(make_operator(), project) == ()


def test_a_name_and_a_label_stand_for_one_thing() -> None:
    project = make_project()
    member = make_member(project)
    system = make_system(member, project, name="Euro char")
    make_version(member, project, system, label="1.0")
    with pytest.raises(SystemNameTaken):
        make_system(member, project, name="Euro char")
    with pytest.raises(VersionLabelTaken):
        make_version(member, project, system, label="1.0")
    assert [one.label for one in queries.system(member, system).versions] == ["1.0"]


def test_a_version_is_added_only_by_who_works_in_the_project_of_its_system() -> None:
    project, other = make_project(), make_project()
    system = make_system(make_member(project), project)
    told = NewVersion(label="2.0")
    with pytest.raises(NotAllowed):
        service.add_version(make_member(project, "reader"), project=project, system=system, told=told)
    with pytest.raises(NotFound):
        service.add_version(make_member(other), project=other, system=system, told=told)


def test_a_stranger_does_not_learn_of_a_system_or_version() -> None:
    lead, version = make_lead_with_version()
    stranger = make_user()
    assert queries.systems(stranger) == ()
    with pytest.raises(NotFound):
        queries.system(stranger, queries.version(lead, version).system)
    with pytest.raises(NotFound):
        queries.version(stranger, version)


def test_a_lineage_names_a_version_here_or_a_model_from_outside_and_is_corrected_in_place() -> None:
    lead, parent = make_lead_with_version()
    version = make_version(lead, queries.version(lead, parent).project)
    service.state_lineage(lead, version=version, told=NewLineage(relation="finetuned_from", parent=parent))
    first = service.state_lineage(lead, version=version, told=NewLineage(relation="merged_from", outside=OUTSIDE))
    better = OUTSIDE.model_copy(update={"flop": 4e22})
    again = service.state_lineage(lead, version=version, told=NewLineage(relation="distilled_from", outside=better))
    lines = queries.version(lead, version).lineage
    assert first == again
    assert [(one.relation, one.parent, one.outside and one.outside.flop) for one in lines] == [
        ("finetuned_from", parent, None),
        ("distilled_from", None, 4e22),
    ]
    service.remove_lineage(lead, version=version, line=first)
    assert len(queries.version(lead, version).lineage) == 1


def test_a_lineage_never_runs_in_a_circle() -> None:
    lead, oldest = make_lead_with_version()
    project = queries.version(lead, oldest).project
    middle, newest = make_version(lead, project), make_version(lead, project)
    service.state_lineage(lead, version=middle, told=NewLineage(relation="finetuned_from", parent=oldest))
    service.state_lineage(lead, version=newest, told=NewLineage(relation="finetuned_from", parent=middle))
    for version in (oldest, middle, newest):
        with pytest.raises(LineageCircular):
            service.state_lineage(lead, version=version, told=NewLineage(relation="merged_from", parent=newest))


def test_a_parent_that_the_actor_does_not_see_is_not_there() -> None:
    _, parent = make_lead_with_version()
    lead, version = make_lead_with_version()
    with pytest.raises(NotFound):
        service.state_lineage(lead, version=version, told=NewLineage(relation="finetuned_from", parent=parent))


def test_a_linked_run_brings_its_datasets_once() -> None:
    make_agent()
    lead, version = make_lead_with_version()
    project = queries.version(lead, version).project
    make_allocation(project)
    names = Dataset(name="names", source="https://data.example/names.txt", file="names.txt", sha256="a" * 64)
    spec = make_spec(purpose="pretraining", datasets=(names,))
    runs = [make_run(lead, project, spec), make_run(lead, project, spec)]
    for run in runs:
        service.link_run(lead, version=version, run=run)
    found = queries.version(lead, version)
    assert [(one.run, one.purpose, one.record_sha256) for one in found.runs] == [
        (run, "pretraining", None) for run in runs
    ]
    assert [(one.name, one.sha256, one.runs) for one in found.datasets] == [("names", "a" * 64, tuple(runs))]
    with pytest.raises(RunLinkedAlready):
        service.link_run(lead, version=version, run=runs[0])
    service.unlink_run(lead, version=version, run=runs[0])
    assert [one.run for one in queries.version(lead, version).runs] == [runs[1]]


def test_a_run_of_another_project_is_not_linked() -> None:
    make_agent()
    lead, version = make_lead_with_version()
    other = make_project(lead)
    make_allocation(other)
    run = make_run(lead, other)
    for one in (run, RunId.new()):
        with pytest.raises(NotFound):
            service.link_run(lead, version=version, run=one)


def test_readers_change_nothing_and_members_do_not_withdraw() -> None:
    lead, version = make_lead_with_version()
    project = queries.version(lead, version).project
    line = NewLineage(relation="merged_from", outside=OUTSIDE)
    for by in (make_member(project, "reader"), make_operator(), make_user()):
        with pytest.raises(NotAllowed):
            service.state_lineage(by, version=version, told=line)
        with pytest.raises(NotAllowed):
            service.remove_lineage(by, version=version, line=1)
        with pytest.raises(NotAllowed):
            service.link_run(by, version=version, run=RunId.new())
        with pytest.raises(NotAllowed):
            service.unlink_run(by, version=version, run=RunId.new())
    for by in (make_member(project), make_operator()):
        with pytest.raises(NotAllowed):
            service.withdraw(by, version=version, on=date(2026, 11, 1), reason="no more use")


def test_a_withdrawn_version_stays_as_it_was() -> None:
    lead, version = make_lead_with_version()
    service.withdraw(lead, version=version, on=date(2026, 11, 1), reason="no more use")
    found = queries.version(lead, version)
    assert (found.state, found.withdrawn_on) == (VersionState.WITHDRAWN, date(2026, 11, 1))
    with pytest.raises(VersionStateWrong):
        service.state_lineage(lead, version=version, told=NewLineage(relation="merged_from", outside=OUTSIDE))
    with pytest.raises(VersionStateWrong):
        service.withdraw(lead, version=version, on=date(2026, 11, 1), reason="again")


def test_a_release_over_another_version_is_checked_and_the_check_is_kept() -> None:
    lead, first = make_lead_with_version(kind="system")
    system = queries.version(lead, first)
    service.release(lead, version=first, told=NewRelease(market_on=date(2026, 1, 1)))
    second = make_version(lead, system.project, system.system)
    told = NewRelease(replaces=first, market_on=date(2026, 11, 1))
    with pytest.raises(ModificationUndecided):
        service.release(lead, version=second, told=told)
    assert queries.version(lead, second).state == VersionState.DRAFT
    service.release(lead, version=second, told=told.model_copy(update={"reason": "Facts follow next week."}))
    found = queries.version(lead, second)
    assert (found.state, found.replaces, found.market_on) == (VersionState.RELEASED, first, date(2026, 11, 1))
    assert found.modification is not None
    assert found.modification.verdict == "open"
    assert queries.version(lead, first).state == VersionState.REPLACED
    assert Fact.objects.filter(kind="aiact.version_moved").count() == 3


def test_a_model_tuned_from_another_provider_s_is_checked_against_a_third_of_its_compute() -> None:
    lead, project, agent = make_world()
    version = make_version(lead, project)
    service.link_run(lead, version=version, run=make_ended_run(lead, project, agent, purpose="finetuning", flop=9e22))
    service.state_lineage(lead, version=version, told=NewLineage(relation="finetuned_from", outside=OUTSIDE))
    service.release(lead, version=version, told=NewRelease(market_on=date(2026, 1, 1)))
    check = queries.version(lead, version).modification
    assert check is not None
    assert check.verdict == "substantial"
    assert "provider of the modified model" in check.consequences[0]


def test_a_first_version_from_scratch_modifies_nothing() -> None:
    lead, version = make_lead_with_version()
    service.release(lead, version=version, told=NewRelease(service_on=date(2026, 1, 1)))
    assert queries.version(lead, version).modification is None


def test_a_release_replaces_only_a_released_version_of_the_same_system() -> None:
    lead, version = make_lead_with_version()
    row = queries.version(lead, version)
    draft, other = make_version(lead, row.project, row.system), make_version(lead, row.project)
    for replaced, problem in ((other, NotFound), (draft, VersionStateWrong)):
        told = NewRelease(replaces=replaced, market_on=date(2026, 1, 1), reason="Soon.")
        with pytest.raises(problem):
            service.release(lead, version=version, told=told)
    assert queries.version(lead, version).state == VersionState.DRAFT


def test_only_the_lead_releases() -> None:
    lead, version = make_lead_with_version()
    project = queries.version(lead, version).project
    for by in (make_member(project), make_member(project, "reader"), make_operator(), make_user()):
        with pytest.raises(NotAllowed):
            service.release(by, version=version, told=NewRelease(market_on=date(2026, 1, 1)))


def test_many_systems_and_runs_do_not_cost_many_questions(django_assert_max_num_queries: Callable[[int], Any]) -> None:
    lead, project, agent = make_world()
    version = make_version(lead, project)
    for _ in range(4):
        service.link_run(lead, version=version, run=make_ended_run(lead, project, agent))
        make_version(lead, project)
    with django_assert_max_num_queries(6):
        assert len(queries.systems(lead)) == 5
    with django_assert_max_num_queries(16):
        assert len(queries.version(lead, version).runs) == 4
