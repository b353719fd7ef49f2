"""The verbs of sites, each with an actor who may and one who may not."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from fabrica.server.core import clock
from fabrica.server.core.actors import SYSTEM, Actor
from fabrica.server.core.models import Fact
from fabrica.server.sites import queries, service
from fabrica.server.sites.models import Agent, AgentEvent
from fabrica.values.ids import AgentId, AttemptId, SiteId
from fabrica.wire.agents import AgentRefused, SiteClaimed
from fabrica.wire.problems import Malformed, NotAllowed, NotFound
from fabrica.wire.sites import SiteUnknown
from tests.builders import make_agent, make_event, make_inventory, make_operator, make_site, make_sync, make_user

pytestmark = pytest.mark.django_db
ATTEMPT = AttemptId.new()


def later(monkeypatch: pytest.MonkeyPatch, **time: float) -> None:
    then = clock.now() + timedelta(**time)
    monkeypatch.setattr(clock, "now", lambda: then)


def kinds() -> list[str]:
    return list(Fact.objects.order_by("sequence").values_list("kind", flat=True))


def test_only_operators_add_sites_and_enrol_drain_or_withdraw() -> None:
    site, stranger = make_site(), make_user()
    agent = service.enrol_agent(SYSTEM, site=site, name="agent").agent
    asks: list[Callable[[Actor], Any]] = [
        lambda by: service.add_site(by, site=SiteId("new-site"), name="New"),
        lambda by: service.enrol_agent(by, site=site, name="other", replace=True),
        lambda by: service.set_draining(by, site=site, draining=True, reason="Repair"),
        lambda by: service.withdraw_agent(by, agent=agent.id),
    ]
    for ask in asks:
        with pytest.raises(NotAllowed):
            ask(stranger)
        ask(make_operator())


def test_a_person_does_not_speak_as_an_agent() -> None:
    for by in (make_user(), make_operator(), SYSTEM):
        with pytest.raises(NotAllowed):
            service.hear(by, request=make_sync())


def test_an_agent_s_token_is_shown_once_and_not_stored() -> None:
    enrolment = service.enrol_agent(SYSTEM, site=make_site(), name="agent")
    agent = service.actor_of_agent(enrolment.token)
    assert (agent.agent, agent.site) == (enrolment.agent.id, "own-site")
    assert enrolment.token not in str(list(Agent.objects.values()))
    assert agent.user is None


def test_one_agent_speaks_for_a_site_until_it_is_replaced() -> None:
    site = make_site()
    first = service.enrol_agent(SYSTEM, site=site, name="first")
    with pytest.raises(SiteClaimed, match="first"):
        service.enrol_agent(SYSTEM, site=site, name="second")
    second = service.enrol_agent(SYSTEM, site=site, name="second", replace=True)
    with pytest.raises(NotAllowed, match="withdrawn"):
        service.actor_of_agent(first.token)
    assert service.actor_of_agent(second.token).site == site
    assert kinds() == ["sites.agent_enrolled", "sites.agent_withdrawn", "sites.agent_enrolled"]


def test_withdrawing_twice_tells_it_once_and_an_unknown_agent_is_told() -> None:
    enrolment = service.enrol_agent(SYSTEM, site=make_site(), name="agent")
    for _ in range(2):
        service.withdraw_agent(SYSTEM, agent=enrolment.agent.id)
    assert kinds().count("sites.agent_withdrawn") == 1
    with pytest.raises(NotFound):
        service.withdraw_agent(SYSTEM, agent=AgentId.new())


def test_an_unknown_token_is_refused() -> None:
    with pytest.raises(AgentRefused):
        service.actor_of_agent("fbr_unknown")


def test_a_site_of_the_reference_data_is_adopted_and_an_unknown_one_refused() -> None:
    assert service.enrol_agent(SYSTEM, site=SiteId("lumi-aif"), name="agent").agent.site == "lumi-aif"
    with pytest.raises(SiteUnknown):
        service.enrol_agent(SYSTEM, site=SiteId("nowhere"), name="agent")


def test_an_agent_s_word_is_noted(monkeypatch: pytest.MonkeyPatch) -> None:
    agent = make_agent()
    service.hear(agent, request=make_sync(inventory=make_inventory(devices_free=3)))
    seen = queries.site(SiteId("own-site"))
    assert (seen.connected, seen.devices_total, seen.devices_free, seen.country) == (True, 16, 3, "NL")
    later(monkeypatch, seconds=46)
    seen = queries.site(SiteId("own-site"))
    assert not seen.connected
    assert seen.devices_free == 3


def test_events_are_taken_in_once() -> None:
    agent = make_agent()
    sent = [make_event(ATTEMPT, "log", number) for number in (1, 2)]
    assert service.hear(agent, request=make_sync(*sent)) == tuple(sent)
    assert service.hear(agent, request=make_sync(*sent)) == ()
    assert queries.acknowledged(agent) == 2
    assert AgentEvent.objects.count() == 2
    assert "sites.event_altered" not in kinds()


def test_an_altered_event_sounds_an_alarm_and_the_first_content_stands() -> None:
    agent = make_agent()
    first = make_event(ATTEMPT, "log", 1, words="first")
    service.hear(agent, request=make_sync(first))
    assert service.hear(agent, request=make_sync(first.model_copy(update={"words": "second"}))) == ()
    assert kinds().count("sites.event_altered") == 1


def test_an_event_altered_within_one_message_sounds_the_alarm_too() -> None:
    agent = make_agent()
    first = make_event(ATTEMPT, "log", 1, words="first")
    taken = service.hear(agent, request=make_sync(first, first.model_copy(update={"words": "second"})))
    assert taken == (first,)
    assert kinds().count("sites.event_altered") == 1


def test_a_second_journal_is_refused_and_adopted_after_silence(monkeypatch: pytest.MonkeyPatch) -> None:
    agent = make_agent()
    service.hear(agent, request=make_sync(make_event(ATTEMPT, "log", 1)))
    with pytest.raises(SiteClaimed):
        service.hear(agent, request=make_sync(epoch="second-journal"))
    later(monkeypatch, seconds=60)
    fresh = make_event(ATTEMPT, "log", 1, words="of the new journal")
    assert service.hear(agent, request=make_sync(fresh, epoch="second-journal")) == (fresh,)
    assert kinds().count("sites.journal_replaced") == 1
    assert kinds().count("sites.event_altered") == 0


def test_draining_is_announced_and_shown() -> None:
    site = make_site()
    service.set_draining(SYSTEM, site=site, draining=True, reason=" The cooling is repaired. ")
    assert queries.site(site).draining_reason == "The cooling is repaired."
    assert kinds() == ["sites.draining_set"]
    service.set_draining(SYSTEM, site=site, draining=False)
    assert (queries.site(site).draining, queries.site(site).draining_reason) == (False, None)


@pytest.mark.parametrize("reason", ["", "  ", "x" * 201])
def test_a_site_is_drained_for_a_reason(reason: str) -> None:
    site = make_site()
    with pytest.raises(Malformed, match="for a reason"):
        service.set_draining(SYSTEM, site=site, draining=True, reason=reason)
    assert not queries.site(site).draining
