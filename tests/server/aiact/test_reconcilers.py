"""A change of the law's data finds saved results again and tells their owners what changed."""

from datetime import date

import pytest

from fabrica.aiact import library
from fabrica.aiact.classify import classify
from fabrica.server.aiact import queries, reconcilers, result_service, statement_service
from fabrica.server.aiact.models import Result
from fabrica.server.core.actors import SYSTEM
from fabrica.server.core.models import Fact
from fabrica.wire.aiact import Classification, UnknownFact
from fabrica.wire.problems import NotAllowed
from fabrica.wire.systems import NewFacts
from tests.builders import make_operator
from tests.server.aiact.builders import make_lead_with_version

pytestmark = pytest.mark.django_db
ANSWERS = {"artefact": "model", "actor_does": ["trains_model"], "model_outputs": ["text"], "training_flop": 2e23}


def test_a_change_of_the_data_is_told_once_and_only_where_it_changes_something(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    lead, version = make_lead_with_version()
    other_lead, other = make_lead_with_version()
    for by, one, answers in ((lead, version, ANSWERS), (other_lead, other, {"artefact": "model"})):
        statement_service.tell_facts(by, version=one, told=NewFacts(answers=answers))
    assert reconcilers.find_results_again() == 0

    def other_law(answers: dict[str, object], as_of: date) -> Classification:
        found = classify(answers, as_of)
        return found.model_copy(update={"tiers": (), "standing": {}, "roles": ()}) if len(answers) > 1 else found

    monkeypatch.setattr(library, "digest", lambda: "f" * 64)
    monkeypatch.setattr(result_service, "classify", other_law)
    assert reconcilers.find_results_again() == 2
    assert reconcilers.find_results_again() == 0
    told = queries.version(lead, version).differences
    assert any(one.startswith("No longer: ") for one in told)
    assert queries.version(other_lead, other).differences == ()
    assert [fact.subject for fact in Fact.objects.filter(kind="aiact.result_changed")] == [version]
    assert [len(one.differences) > 0 for one in queries.results(lead, version)] == [True, False]


def test_facts_that_the_data_no_longer_takes_keep_their_result_and_say_so(monkeypatch: pytest.MonkeyPatch) -> None:
    lead, version = make_lead_with_version()
    statement_service.tell_facts(lead, version=version, told=NewFacts(answers=ANSWERS))
    before = queries.newest_result(version)

    def refused(*_: object) -> Classification:
        raise UnknownFact("There is no fact 'training_flop'.")

    monkeypatch.setattr(library, "digest", lambda: "f" * 64)
    monkeypatch.setattr(result_service, "classify", refused)
    assert reconcilers.find_results_again() == 1
    assert queries.newest_result(version) == before
    assert "no longer fit" in queries.version(lead, version).differences[0]


def test_only_the_service_finds_results_again() -> None:
    lead, version = make_lead_with_version()
    statement_service.tell_facts(lead, version=version, told=NewFacts(answers=ANSWERS))
    for by in (lead, make_operator()):
        with pytest.raises(NotAllowed):
            result_service.find_again(by, version=version)
    assert result_service.find_again(SYSTEM, version=version) is False
    assert Result.objects.count() == 1
