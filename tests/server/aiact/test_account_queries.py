"""The account of a version counts each run and each ancestor once, and never takes silence for zero."""

import pytest

from fabrica.server.aiact import account_queries, queries, service, statement_service
from fabrica.server.core.actors import Actor
from fabrica.values.ids import ProjectId, VersionId
from fabrica.wire.accounts import ComputeAccount, OutsideSource, RunAddition, SameComputeTwice, SourceEvidence, Sources
from fabrica.wire.problems import NotFound
from fabrica.wire.systems import NewLineage, OutsideModel
from tests.aiact.samples import source_evidence
from tests.builders import make_member, make_placed_run, make_project, make_spec, make_user
from tests.server.aiact.builders import make_ended_run, make_lead_with_version, make_version, make_world

pytestmark = pytest.mark.django_db


def compute(by: Actor, version: VersionId) -> ComputeAccount:
    return account_queries.version_account(by, version).compute


def trained(lead: Actor, project: ProjectId, agent: Actor, flop: float, *parents: VersionId) -> VersionId:
    """Return a version with one run, made from parents."""
    version = make_version(lead, project)
    service.link_run(lead, version=version, run=make_ended_run(lead, project, agent, flop=flop))
    for parent in parents:
        service.state_lineage(lead, version=version, told=NewLineage(relation="finetuned_from", parent=parent))
    return version


def test_the_compute_of_a_linked_run_is_that_of_its_sealed_record() -> None:
    version = trained(*(world := make_world()), 1e20)
    found = compute(world[0], version)
    assert found.training_compute.flop == pytest.approx(1e20)
    assert found.training_compute.complete
    assert [line.method for line in found.lines] == ["hardware"]
    assert found.modification_compute is None


def test_a_version_without_a_run_is_unknown_and_never_below_a_threshold() -> None:
    lead, version = make_lead_with_version()
    found = compute(lead, version)
    assert (found.training_compute.flop, found.training_compute.complete) == (0, False)
    assert {margin.state for margin in found.margins} == {"unknown"}


def test_an_ancestor_counts_once_however_many_ways_lead_to_it() -> None:
    world = make_world()
    base = trained(*world, 4e20)
    left, right = trained(*world, 1e20, base), trained(*world, 2e20, base)
    merged = make_version(world[0], world[1])
    for parent in (left, right):
        service.state_lineage(world[0], version=merged, told=NewLineage(relation="merged_from", parent=parent))
    found = compute(world[0], merged)
    assert found.cumulative_training_compute.flop == pytest.approx(7e20)
    assert found.training_compute.complete
    assert found.modification_compute is not None
    assert found.modification_compute.flop == 0


def test_a_run_that_belongs_to_a_version_and_its_parent_counts_once() -> None:
    lead, project, agent = make_world()
    run = make_ended_run(lead, project, agent, flop=3e20)
    parent, child = make_version(lead, project), make_version(lead, project)
    for version in (parent, child):
        service.link_run(lead, version=version, run=run)
    service.state_lineage(lead, version=child, told=NewLineage(relation="finetuned_from", parent=parent))
    assert compute(lead, child).cumulative_training_compute.flop == pytest.approx(3e20)


def test_what_a_teacher_was_trained_with_does_not_count() -> None:
    world = make_world()
    teacher = trained(*world, 4e20)
    pupil = trained(*world, 1e20)
    service.state_lineage(world[0], version=pupil, told=NewLineage(relation="distilled_from", parent=teacher))
    found = compute(world[0], pupil)
    assert found.cumulative_training_compute.flop == pytest.approx(1e20)
    assert {line.tag: line.counts for line in found.lines}["teacher_training"] == "no"


def test_an_ancestor_that_is_teacher_and_gave_weights_counts_as_weights() -> None:
    world = make_world()
    base = trained(*world, 4e20)
    middle = trained(*world, 2e20, base)
    pupil = trained(*world, 1e20)
    for relation, parent in (("distilled_from", base), ("merged_from", middle)):
        told = NewLineage.model_validate({"relation": relation, "parent": parent})
        service.state_lineage(world[0], version=pupil, told=told)
    assert compute(world[0], pupil).cumulative_training_compute.flop == pytest.approx(7e20)


def test_a_model_from_outside_counts_with_its_evidence_and_unknown_compute_stays_unknown() -> None:
    world = make_world()
    version = trained(*world, 1e20)
    known = OutsideModel(name="Open base", source="https://models.example/base", flop=9e20, evidence="model card")
    service.state_lineage(world[0], version=version, told=NewLineage(relation="finetuned_from", outside=known))
    found = compute(world[0], version)
    assert found.training_compute.flop == pytest.approx(1e21)
    assert found.training_compute.complete
    assert [line.evidence for line in found.lines if line.tag == "initial_weights"] == ["model card"]
    third = next(margin for margin in found.margins if margin.threshold == "modifier_ratio")
    assert third.threshold_flop == pytest.approx(3e20)
    assert third.state == "below"
    other = OutsideModel(name="Closed base", source="https://models.example/closed")
    service.state_lineage(world[0], version=version, told=NewLineage(relation="merged_from", outside=other))
    assert not compute(world[0], version).training_compute.complete


def test_a_parent_of_a_project_that_the_reader_does_not_see_is_unknown_to_them() -> None:
    lead, project, agent = make_world()
    hidden = trained(lead, project, agent, 4e20)
    child = make_version(lead, make_project(lead))
    service.state_lineage(lead, version=child, told=NewLineage(relation="merged_from", parent=hidden))
    reader = make_member(queries.version(lead, child).project, "reader")
    assert compute(lead, child).training_compute.flop == pytest.approx(4e20)
    seen = compute(reader, child)
    assert (seen.training_compute.flop, seen.training_compute.complete) == (0, False)
    with pytest.raises(NotFound):
        compute(make_user(), child)


def test_what_is_entered_from_outside_counts_beside_the_runs() -> None:
    world = make_world()
    version = trained(*world, 1e20)
    evidence = SourceEvidence.model_validate(source_evidence())
    source = OutsideSource(id="cloud", what="Cloud", tag="pretraining", flop=5e20, method="Bill", evidence=evidence)
    statement_service.tell_sources(world[0], version=version, told=Sources(sources=(source,)))
    assert compute(world[0], version).training_compute.flop == pytest.approx(6e20)


def test_a_run_to_which_something_was_added_stays_linked() -> None:
    lead, project, agent = make_world()
    version, run = make_version(lead, project), make_ended_run(lead, project, agent, purpose="reinforcement_learning")
    service.link_run(lead, version=version, run=run)
    addition = RunAddition.model_validate({"counted_share": 0.5, "evidence": source_evidence()})
    statement_service.tell_sources(lead, version=version, told=Sources(runs={run: addition}))
    assert compute(lead, version).training_compute.flop == pytest.approx(5e19)
    with pytest.raises(SameComputeTwice):
        service.unlink_run(lead, version=version, run=run)
    statement_service.tell_sources(lead, version=version, told=Sources())
    service.unlink_run(lead, version=version, run=run)
    assert not compute(lead, version).training_compute.complete


def test_a_run_that_goes_on_is_planned_and_its_like_does_not_count_yet() -> None:
    lead, project, _ = make_world()
    version = make_version(lead, project)
    waiting, _ = make_placed_run(lead, project, make_spec(purpose="evaluation"))
    service.link_run(lead, version=version, run=waiting)
    assert compute(lead, version).planned_flop == 0.0


def test_a_run_without_a_readable_record_makes_the_account_a_lower_bound() -> None:
    lead, project, agent = make_world()
    version = make_version(lead, project)
    service.link_run(lead, version=version, run=make_ended_run(lead, project, agent, recorded=False))
    found = compute(lead, version)
    assert (found.training_compute.complete, found.training_compute.flop) == (False, 0)
    assert "no sealed record" in found.lines[0].what
