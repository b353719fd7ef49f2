"""What people say is checked, kept with who said it, and never changed; the newest stands."""

from typing import Any

import pytest
from django.db import DatabaseError, transaction

from fabrica.server.aiact import document_queries, queries, service, statement_service
from fabrica.server.aiact.models import Result, Statement
from fabrica.server.core.actors import Actor
from fabrica.server.core.models import Fact
from fabrica.values.ids import VersionId
from fabrica.wire.accounts import RunAddition, SameComputeTwice, Sources
from fabrica.wire.aiact import UnknownFact
from fabrica.wire.documents import DocumentAnswersWrong, DocumentItem, EvidenceContradicts
from fabrica.wire.problems import NotAllowed, NotFound
from fabrica.wire.systems import EvidenceMoved, KindContradicts, NewAnswers, NewFacts
from tests.aiact.samples import source_evidence
from tests.builders import make_member, make_operator, make_user
from tests.server.aiact.builders import make_ended_run, make_lead_with_version, make_version, make_world

pytestmark = pytest.mark.django_db
MODEL = {"artefact": "model", "actor_does": ["trains_model"], "actor_based_in": "EU"}


def say(by: Actor, version: VersionId, **told: Any) -> None:
    statement_service.say(by, version=version, told=NewAnswers(**{"function": "Head of Models"} | told))


def item(by: Actor, version: VersionId, name: str, template: str = "mdf") -> DocumentItem:
    draft = document_queries.document(by, version, template)
    return next(one for section in draft.sections for one in section.items if one.id == name)


def test_facts_are_kept_with_their_history_and_what_the_desk_finds() -> None:
    lead, version = make_lead_with_version()
    statement_service.tell_facts(lead, version=version, told=NewFacts(answers={"artefact": "model"}))
    statement_service.tell_facts(lead, version=version, told=NewFacts(answers=MODEL))
    assert queries.answers(lead, version) == MODEL
    history = queries.statements(lead, version, "facts")
    assert [one.body["answers"] for one in history] == [MODEL, {"artefact": "model"}]
    assert {one.said_by for one in history} == {"Ada Example"}
    found = queries.newest_result(version)
    assert found is not None
    assert found.as_of == queries.results(lead, version)[0].result.as_of
    assert Fact.objects.filter(kind="aiact.stated", subject=version).count() == 2


def test_wrong_facts_leave_nothing() -> None:
    lead, version = make_lead_with_version()
    for answers, problem in (({"artifact": "model"}, UnknownFact), ({"artefact": "system"}, KindContradicts)):
        with pytest.raises(problem):
            statement_service.tell_facts(lead, version=version, told=NewFacts(answers=answers))
    assert not Statement.objects.exists()
    with pytest.raises(NotFound):
        queries.answers(lead, version)


def test_an_addition_to_a_run_that_is_not_linked_is_refused_and_leaves_nothing() -> None:
    lead, version = make_lead_with_version()
    addition = RunAddition.model_validate({"counted_share": 0.5, "evidence": source_evidence()})
    with pytest.raises(SameComputeTwice):
        statement_service.tell_sources(lead, version=version, told=Sources(runs={"run_a": addition}))
    assert not Statement.objects.exists()


def test_a_typed_text_stands_until_it_is_taken_back_and_says_who_typed_it() -> None:
    lead, version = make_lead_with_version()
    say(lead, version, items={"ts-2-6": "None."})
    typed = item(lead, version, "ts-2-6", "training_summary")
    assert (typed.state, typed.text) == ("typed", "None.")
    assert typed.said_by is not None
    assert typed.said_by.startswith("Ada Example, Head of Models, on ")
    say(lead, version, take_back=["ts-2-6"])
    assert item(lead, version, "ts-2-6", "training_summary").text is None
    assert len(queries.statements(lead, version, "item", "ts-2-6")) == 2


def test_entered_evidence_fills_items_and_replaces_what_was_entered_before() -> None:
    lead, version = make_lead_with_version()
    say(lead, version, evidence={"model.licence": [{"licence": "MIT"}]})
    say(lead, version, evidence={"model.licence": [{"licence": "Apache-2.0"}]})
    rows = document_queries.held(lead, queries.version_row(lead, version)).gathered.evidence
    assert [one.rows for one in rows if one.kind == "model.licence"] == [({"licence": "Apache-2.0"},)]


def test_a_wrong_kind_field_or_item_names_the_nearest_and_leaves_nothing() -> None:
    lead, version = make_lead_with_version()
    wrong: list[dict[str, Any]] = [
        {"evidence": {"model.licences": [{"licence": "MIT"}]}},
        {"evidence": {"model.licence": [{"license": "MIT"}]}},
        {"items": {"mdf-99": "None."}},
        {"items": {"ts-2-6": "None."}, "confirm": {"mdf-999": ["ev-1"]}},
    ]
    for told in wrong:
        with pytest.raises(DocumentAnswersWrong):
            say(lead, version, **told)
    assert not Statement.objects.exists()


def test_a_consent_holds_for_the_evidence_that_was_shown_and_no_other() -> None:
    lead, project, agent = make_world()
    version = make_version(lead, project)
    service.link_run(lead, version=version, run=make_ended_run(lead, project, agent))
    proposed = next(
        one
        for section in document_queries.document(lead, version, "systemic_notification").sections
        for one in section.items
        if one.state == "to_confirm"
    )
    with pytest.raises(EvidenceMoved):
        say(lead, version, confirm={proposed.id: ["ev-other"]})
    say(lead, version, confirm={proposed.id: proposed.evidence})
    assert item(lead, version, proposed.id, "systemic_notification").state == "confirmed"
    service.link_run(lead, version=version, run=make_ended_run(lead, project, agent, flop=2e20))
    assert item(lead, version, proposed.id, "systemic_notification").state == "to_confirm"


def test_evidence_against_a_record_is_refused_and_both_are_named() -> None:
    lead, project, agent = make_world()
    version = make_version(lead, project)
    service.link_run(lead, version=version, run=make_ended_run(lead, project, agent))
    with pytest.raises(EvidenceContradicts, match="CC0"):
        say(lead, version, evidence={"data.licence": [{"dataset": "names", "licence": "Secret"}]})
    assert not Statement.objects.exists()


def test_readers_operators_and_strangers_say_nothing() -> None:
    lead, version = make_lead_with_version()
    project = queries.version(lead, version).project
    for by in (make_member(project, "reader"), make_operator(), make_user()):
        with pytest.raises(NotAllowed):
            statement_service.tell_facts(by, version=version, told=NewFacts(answers=MODEL))
        with pytest.raises(NotAllowed):
            statement_service.tell_sources(by, version=version, told=Sources())
        with pytest.raises(NotAllowed):
            say(by, version, items={"ts-2-6": "None."})
    say(make_member(project), version, items={"ts-2-6": "None."})
    with pytest.raises(NotFound):
        queries.statements(make_user(), version, "item", "ts-2-6")


def test_what_was_said_and_found_never_changes_in_the_database() -> None:
    lead, version = make_lead_with_version()
    statement_service.tell_facts(lead, version=version, told=NewFacts(answers=MODEL))
    for table in (Statement, Result):
        with pytest.raises(DatabaseError), transaction.atomic():
            table.objects.update(body={})
        with pytest.raises(DatabaseError), transaction.atomic():
            table.objects.all()._raw_delete("default")
