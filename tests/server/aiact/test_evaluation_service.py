"""A log is evidence of a version once, until somebody takes it back with a reason."""

import hashlib

import pytest

from fabrica.server.aiact import document_queries, evaluation_queries, queries
from fabrica.server.aiact import evaluation_service as service
from fabrica.server.core.actors import NOBODY
from fabrica.server.core.models import Fact
from fabrica.values.ids import EvaluationId
from fabrica.wire.problems import NotAllowed, NotFound
from tests.builders import make_member, make_operator, make_user
from tests.server.aiact.builders import make_lead_with_version, make_version
from tests.server.aiact.evaluation_builders import make_evaluation
from tests.server.aiact.evaluator_builders import REPORT, make_evaluator
from tests.server.aiact.test_evaluator_service import _receive

pytestmark = pytest.mark.django_db


def test_a_log_is_imported_once_by_who_works_in_the_project() -> None:
    lead, version = make_lead_with_version()
    project = queries.version(lead, version).project
    member = make_member(project)
    first = service.import_evaluation(member, version=version, evaluation=make_evaluation())
    assert service.import_evaluation(lead, version=version, evaluation=make_evaluation()) == first
    assert Fact.objects.filter(kind="aiact.evaluation_imported", subject=version).count() == 1
    for other in (NOBODY, make_user(), make_member(project, "reader"), make_operator()):
        with pytest.raises(NotAllowed):
            service.import_evaluation(other, version=version, evaluation=make_evaluation())
        with pytest.raises(NotAllowed):
            service.take_back(other, version=version, evaluation=first, reason="x")
    with pytest.raises(NotFound):
        evaluation_queries.evaluations(make_user(), version)


def test_what_is_taken_back_is_listed_with_its_reason_and_is_evidence_no_more() -> None:
    lead, version = make_lead_with_version()
    evaluation = service.import_evaluation(lead, version=version, evaluation=make_evaluation())
    assert len(list(evaluation_queries.evidence(version))) == 1
    service.take_back(lead, version=version, evaluation=evaluation, reason="Of another model.")
    service.take_back(lead, version=version, evaluation=evaluation, reason="again")
    (listed,) = evaluation_queries.evaluations(lead, version)
    assert listed.taken_back_because == "Of another model."
    assert list(evaluation_queries.evidence(version)) == []
    again = service.import_evaluation(lead, version=version, evaluation=make_evaluation())
    assert again != evaluation, "the same log may be imported anew"


def test_an_evaluation_of_another_version_is_not_taken_back() -> None:
    lead, version = make_lead_with_version()
    other = make_version(lead, queries.version(lead, version).project)
    evaluation = service.import_evaluation(lead, version=other, evaluation=make_evaluation())
    for unknown in (evaluation, EvaluationId.new()):
        with pytest.raises(NotFound):
            service.take_back(lead, version=version, evaluation=unknown, reason="x")


def test_results_and_signed_reports_fill_items_of_the_documents() -> None:
    lead, version = make_lead_with_version()
    evaluation = make_evaluation()
    service.import_evaluation(lead, version=version, evaluation=evaluation)
    _receive(make_evaluator(lead, version))
    document = document_queries.document(lead, version, "annex_iv", "provider")
    (item,) = (item for section in document.sections for item in section.items if item.id == "iv-2-g")
    register = {one.id: (one.kind, one.sha256) for one in document.evidence_register}
    assert {register[one] for one in item.evidence} == {
        ("eval.results", evaluation.sha256),
        ("eval.signed", hashlib.sha256(REPORT).hexdigest()),
    }
