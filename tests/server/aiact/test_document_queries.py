"""Documents are filled from what the server holds, nothing is invented, and compute never goes downstream."""

import json
from collections.abc import Callable
from datetime import date
from typing import Any

import pytest

from fabrica.aiact import library
from fabrica.aiact.documents.layout import layouts
from fabrica.server.aiact import document_queries, queries, service, statement_service
from fabrica.wire.documents import Document
from fabrica.wire.problems import NotFound
from fabrica.wire.systems import NewAnswers, NewFacts, NewRelease
from tests.builders import make_user
from tests.server.aiact.builders import make_ended_run, make_issue, make_lead_with_version, make_version, make_world

pytestmark = pytest.mark.django_db


def texts(document: Document) -> str:
    return json.dumps([section.model_dump(mode="json") for section in document.sections], ensure_ascii=False)


def test_an_empty_version_fills_only_what_the_register_tells() -> None:
    lead, version = make_lead_with_version(name="Euro char")
    lines = document_queries.documents(lead, version)
    assert [one.template for one in lines] == list(library.document_templates())
    for line in lines:
        draft = document_queries.document(lead, version, line.template)
        items = [item for section in draft.sections for item in section.items]
        sources = {one.source for one in draft.evidence_register}
        assert sources <= {"register of systems and models"}
        assert {item.state for item in items} <= {"automatic", "to_confirm", "to_type", "missing"}
        assert all(item.evidence for item in items if item.state == "automatic")
        assert line.issued == {}


def test_what_records_tell_comes_first_and_the_register_says_where_it_differs() -> None:
    lead, project, agent = make_world()
    version = make_version(lead, project)
    told = NewAnswers(function="Head", evidence={"model.id": [{"name": "Other name", "version": "9"}]})
    statement_service.say(lead, version=version, told=told)
    service.link_run(lead, version=version, run=make_ended_run(lead, project, agent))
    draft = document_queries.document(lead, version, "mdf")
    assert draft.subject == "Other name 9"
    assert any("calls it Other name 9" in one for one in draft.notices)


def test_the_register_adds_fields_of_one_thing_and_nothing_beside_a_list_that_a_person_told() -> None:
    lead, version = make_lead_with_version(name="Euro char")
    service.release(lead, version=version, told=NewRelease(market_on=date(2026, 1, 1)))
    release = {"channel": "Hub", "released_on": "2026-01-01", "union_market_on": "2026-01-01"}
    said = {"model.release": [release], "org.identity": [{"address": "1 Example Street"}]}
    statement_service.say(lead, version=version, told=NewAnswers(function="Head", evidence=said))
    held = document_queries.held(lead, queries.version_row(lead, version)).gathered.evidence
    told = {kind: [row for one in held if one.kind == kind for row in one.rows] for kind in said}
    assert [row["channel"] for row in told["model.release"]] == ["Hub"]
    assert {key: value for row in told["org.identity"] for key, value in row.items()} == {
        "address": "1 Example Street",
        "legal_name": "Example Factory",
        "country": "NL",
    }


@pytest.mark.parametrize("recipient", ["downstream", "public"])
def test_compute_and_energy_never_go_downstream(recipient: Any) -> None:
    lead, project, agent = make_world()
    version = make_version(lead, project)
    service.link_run(lead, version=version, run=make_ended_run(lead, project, agent, flop=1.2345e20))
    own = document_queries.document(lead, version, "mdf")
    assert "1.2" in texts(own)
    assert {"run.flop_cumulative", "run.time"} & {one.kind for one in own.evidence_register}
    sent = [name for name, layout in layouts().items() if recipient in layout.recipients]
    assert sent
    for name in sent:
        draft = document_queries.document(lead, version, name, recipient)
        assert not {"run.flop_cumulative", "run.flop_hw", "run.time", "run.energy"} & {
            one.kind for one in draft.evidence_register
        }
        assert "FLOP" not in texts(draft)


def test_facts_and_issued_documents_are_evidence_of_their_own() -> None:
    lead, version = make_lead_with_version()
    statement_service.tell_facts(lead, version=version, told=NewFacts(answers={"artefact": "model"}))
    make_issue(lead, version)
    kinds = {one.kind for one in document_queries.held(lead, queries.version_row(lead, version)).gathered.evidence}
    assert {"cls.record", "doc:fria"} <= kinds


def test_a_stranger_gets_no_document() -> None:
    _, version = make_lead_with_version()
    for ask in (
        lambda: document_queries.documents(make_user(), version),
        lambda: document_queries.document(make_user(), version, "mdf"),
    ):
        with pytest.raises(NotFound):
            ask()


def test_many_statements_do_not_cost_many_questions(django_assert_max_num_queries: Callable[[int], Any]) -> None:
    lead, version = make_lead_with_version()
    items = {item.id: "Typed." for item in library.document_templates()["mdf"].items}
    statement_service.say(lead, version=version, told=NewAnswers(function="Head", items=items))
    with django_assert_max_num_queries(30):
        assert len(document_queries.documents(lead, version)) == 16
