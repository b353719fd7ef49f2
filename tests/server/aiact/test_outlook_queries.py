"""The warning comes before a run or a grant can cross a threshold, for each model it could go into."""

from datetime import date

import pytest

from fabrica.server.aiact import outlook_queries, queries, service, statement_service
from fabrica.values.ids import ProjectId
from fabrica.wire.accounts import OutsideSource, SourceEvidence, Sources
from fabrica.wire.problems import NotFound
from fabrica.wire.runs import RunPurpose
from fabrica.wire.systems import ComputeOutlook
from tests.aiact.samples import source_evidence
from tests.builders import make_member, make_user
from tests.server.aiact.builders import make_lead_with_version

pytestmark = pytest.mark.django_db
H100_HOUR_FLOP = 3600 * 9.89e14


def ahead(by: object, project: ProjectId, flop: float, purpose: RunPurpose | None = None) -> ComputeOutlook:
    seconds = round(flop / H100_HOUR_FLOP * 3600)
    return outlook_queries.compute_outlook(
        by,  # type: ignore[arg-type]
        project,
        resource_class="gpu.h100",
        device_seconds=seconds,
        purpose=purpose,
    )


def test_a_grant_is_warned_of_for_the_model_that_it_could_lift_over_a_threshold() -> None:
    lead, version = make_lead_with_version(name="Big")
    project = queries.version(lead, version).project
    evidence = SourceEvidence.model_validate(source_evidence())
    spent = OutsideSource(id="a", what="Cloud", tag="pretraining", flop=6e22, method="Bill", evidence=evidence)
    statement_service.tell_sources(lead, version=version, told=Sources(sources=(spent,)))
    small, large = ahead(lead, project, 1e21), ahead(lead, project, 5e22)
    assert [one.warnings for one in small.ahead] == [(), ()]
    alone, big = large.ahead
    assert (alone.version, alone.warnings, big.version) == (None, (), version)
    assert "1.00e+23" in big.warnings[0] or "10" in big.warnings[0]
    assert "1 of 2" in large.words


def test_a_model_whose_compute_nobody_told_cannot_be_ruled_out() -> None:
    lead, version = make_lead_with_version()
    found = ahead(lead, queries.version(lead, version).project, 1e21)
    assert found.words.endswith("Of 1 the compute so far is not known, so it cannot be ruled out.")
    assert [one.warnings for one in found.ahead] == [(), ()]


def test_what_does_not_count_is_not_warned_of_and_an_unknown_peak_is_said_to_be_unknown() -> None:
    lead, version = make_lead_with_version()
    project = queries.version(lead, version).project
    found = ahead(lead, project, 1e26, "evaluation")
    assert (found.most_flop, found.ahead) == (0.0, ())
    cores = outlook_queries.compute_outlook(
        lead, project, resource_class="cpu.core", device_seconds=10**9, purpose="pretraining"
    )
    assert (cores.most_flop, cores.ahead) == (None, ())
    assert "not known" in cores.words


def test_a_withdrawn_version_is_not_asked_for() -> None:
    lead, version = make_lead_with_version()
    service.withdraw(lead, version=version, on=date(2026, 1, 1), reason="Dropped.")
    assert [one.version for one in ahead(lead, queries.version(lead, version).project, 1e24).ahead] == [None]


def test_readers_ask_and_strangers_learn_nothing() -> None:
    lead, version = make_lead_with_version()
    project = queries.version(lead, version).project
    assert ahead(make_member(project, "reader"), project, 1e21).ahead
    with pytest.raises(NotFound):
        ahead(make_user(), project, 1e21)
