"""The verbs of planning, each with an actor who may and one who may not."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from fabrica.server.core import clock
from fabrica.server.core.actors import SYSTEM
from fabrica.server.core.models import Fact
from fabrica.server.planning import queries, rules, service
from fabrica.server.planning.models import Scenario
from fabrica.values.ids import ScenarioId
from fabrica.wire.problems import FabricaError, NotAllowed, NotFound
from fabrica.wire.scenarios import ScenarioLinkRefused, ScenarioNotReady, ScenarioRefused, TooManyScenarios
from fabrica.wire.siting import CandidatesRefused
from tests.builders import make_member, make_operator, make_project, make_user
from tests.server.planning.questions import RESULT, make_scenario

pytestmark = pytest.mark.django_db


def claimed(scenario: ScenarioId, token: str = "mine") -> str:
    Scenario.objects.filter(pk=scenario).update(claim_token=token)
    return token


def done(scenario: ScenarioId) -> None:
    service.take_up(SYSTEM, scenario=scenario)
    assert service.settle(SYSTEM, scenario=scenario, claim_token=claimed(scenario), result=RESULT)


def test_a_saved_scenario_waits_and_says_with_what_it_is_run() -> None:
    person = make_user()
    found = queries.scenario(person, make_scenario(person, name=" Where  to? ", seed=7))
    assert (found.name, found.state, found.seed, found.mine) == ("Where to?", "queued", 7, True)
    assert len(found.data_version) == 12
    fact = Fact.objects.get(kind="planning.scenario_saved")
    assert found.name not in str(fact.body)


def test_nobody_and_agents_save_nothing() -> None:
    from fabrica.server.core.actors import NOBODY

    with pytest.raises(NotAllowed):
        make_scenario(NOBODY)


def test_a_text_with_a_mistake_is_not_saved() -> None:
    with pytest.raises(CandidatesRefused, match="line 2"):
        make_scenario(make_user(), text="\n[candidate.a]")
    assert not Scenario.objects.exists()


def test_a_person_has_few_scenarios_at_once_and_more_when_some_have_ended() -> None:
    person = make_user()
    first, *_ = [make_scenario(person) for _ in range(rules.LIVING_MAX)]
    with pytest.raises(TooManyScenarios):
        make_scenario(person)
    make_scenario(make_user("Somebody Else"))
    service.cancel(person, scenario=first)
    make_scenario(person)


def test_a_project_is_saved_into_by_whoever_works_in_it() -> None:
    project = make_project()
    make_scenario(make_member(project), project=project)
    for other in (make_member(project, "reader"), make_user("A Stranger"), make_operator()):
        with pytest.raises(NotAllowed):
            make_scenario(other, project=project)


def test_only_the_author_reads_until_it_is_shared() -> None:
    project = make_project()
    author, reader, operator = make_member(project), make_member(project, "reader"), make_operator()
    scenario = make_scenario(author)
    for other in (reader, operator, make_user("A Stranger")):
        with pytest.raises(NotFound):
            queries.scenario(other, scenario)
        assert not queries.scenarios(other)
    service.share(author, scenario=scenario, project=project)
    assert queries.scenario(reader, scenario).mine is False
    service.share(author, scenario=scenario, with_office=True)
    assert queries.scenario(operator, scenario)
    with pytest.raises(NotFound):
        queries.scenario(reader, scenario)


def test_the_author_alone_shares_links_and_deletes() -> None:
    author, operator = make_user(), make_operator()
    scenario = make_scenario(author, with_office=True)
    for act in (
        lambda: service.share(operator, scenario=scenario),
        lambda: service.draw_link(operator, scenario=scenario, days=1),
        lambda: service.withdraw_links(operator, scenario=scenario),
        lambda: service.delete(operator, scenario=scenario),
        lambda: service.share(author, scenario=scenario, project=make_project()),
    ):
        with pytest.raises(NotAllowed):
            act()
    service.delete(author, scenario=scenario)
    assert not queries.scenarios(author)


def test_the_author_alone_renames_and_facts_do_not_tell_the_name() -> None:
    person = make_user()
    scenario = make_scenario(person, with_office=True)
    for other in (make_operator(), make_user("Somebody Else")):
        with pytest.raises(NotAllowed):
            service.rename(other, scenario=scenario, name="Mine")
    service.rename(person, scenario=scenario, name="  Two   factories ")
    assert queries.scenario(person, scenario).name == "Two factories"
    with pytest.raises(ScenarioRefused):
        service.rename(person, scenario=scenario, name=" ")
    assert "factories" not in str(Fact.objects.get(kind="planning.scenario_renamed").body)


def test_the_author_and_operators_cancel_and_nobody_else() -> None:
    author = make_user()
    with pytest.raises(NotAllowed):
        service.cancel(make_user("A Stranger"), scenario=make_scenario(author))
    for by in (author, make_operator()):
        scenario = make_scenario(author)
        service.cancel(by, scenario=scenario)
        assert queries.scenario(author, scenario).state == "cancelled"
        with pytest.raises(ScenarioNotReady):
            service.cancel(by, scenario=scenario)


def test_only_the_service_takes_up_and_settles() -> None:
    author = make_operator()
    scenario = make_scenario(author)
    with pytest.raises(NotAllowed):
        service.take_up(author, scenario=scenario)
    with pytest.raises(NotAllowed):
        service.settle(author, scenario=scenario, claim_token="")


def test_a_run_gives_a_result_that_is_kept() -> None:
    author = make_user()
    scenario = make_scenario(author)
    asked = service.take_up(SYSTEM, scenario=scenario)
    assert asked is not None
    assert (asked["kind"], asked["seed"]) == ("siting", 1)
    assert service.settle(SYSTEM, scenario=scenario, claim_token=claimed(scenario), result=RESULT)
    found = queries.scenario(author, scenario)
    assert found.state == "done"
    assert found.result is not None
    assert found.result.figures[0].value == 0.5


def test_what_a_worker_gives_after_it_lost_its_claim_counts_for_nobody() -> None:
    author = make_user()
    scenario = make_scenario(author)
    service.take_up(SYSTEM, scenario=scenario)
    claimed(scenario, "another worker")
    assert not service.settle(SYSTEM, scenario=scenario, claim_token="mine", result=RESULT)
    assert queries.scenario(author, scenario).state == "running"


def test_what_a_dead_worker_left_is_taken_up_again_and_given_up_in_the_end() -> None:
    author = make_user()
    scenario = make_scenario(author)
    for _ in range(rules.ATTEMPTS_MAX):
        assert service.take_up(SYSTEM, scenario=scenario)
    assert service.take_up(SYSTEM, scenario=scenario) is None
    found = queries.scenario(author, scenario)
    assert found.state == "failed"
    assert found.problem is not None
    assert "3 times" in found.problem["detail"]


def test_cancelling_what_runs_ends_it_when_its_worker_died_too() -> None:
    author = make_user()
    scenario = make_scenario(author)
    service.take_up(SYSTEM, scenario=scenario)
    service.cancel(author, scenario=scenario)
    assert queries.state_of(scenario) == ("running", True)
    assert service.take_up(SYSTEM, scenario=scenario) is None
    assert queries.scenario(author, scenario).state == "cancelled"


def test_a_link_is_read_by_anybody_until_it_is_over_or_withdrawn(monkeypatch: pytest.MonkeyPatch) -> None:
    from fabrica.server.core.actors import NOBODY

    author = make_user("Ada Private")
    scenario = make_scenario(author, project=None)
    done(scenario)
    link = service.draw_link(author, scenario=scenario, days=2)
    token = link.address.rpartition("/")[2]
    found = queries.shared(NOBODY, token)
    assert found.result is not None
    assert (found.author, found.author_name, found.mine) == (None, "", False)
    with monkeypatch.context() as later:
        later.setattr(clock, "now", lambda: datetime.now(UTC) + timedelta(days=2, seconds=1))
        _refused(token)
    _refused(f"{token}x")
    _refused("")
    service.withdraw_links(author, scenario=scenario)
    _refused(token)
    again = service.draw_link(author, scenario=scenario, days=2).address.rpartition("/")[2]
    assert queries.shared(NOBODY, again)
    service.delete(author, scenario=scenario)
    _refused(again)


def _refused(token: str) -> None:
    from fabrica.server.core.actors import NOBODY

    with pytest.raises(ScenarioLinkRefused):
        queries.shared(NOBODY, token)


@pytest.mark.parametrize("fields", [{"name": " "}, {"text": "not toml ["}, {"kind": "siting", "text": ""}])
def test_what_is_refused_leaves_nothing(fields: dict[str, Any]) -> None:
    with pytest.raises(FabricaError):
        make_scenario(make_user(), **fields)
    assert not Scenario.objects.exists()
