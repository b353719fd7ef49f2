"""The verbs of sites, each with an actor who may and one who may not."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from fabrica.server.core import clock
from fabrica.server.core.actors import NOBODY, SYSTEM, Actor
from fabrica.server.core.codes import read_code
from fabrica.server.core.models import Fact
from fabrica.server.sites import keys, queries, rules, service
from fabrica.server.sites.models import Agent, AgentEvent, Invitation
from fabrica.values.ids import AgentId, AttemptId, SiteId, UserId
from fabrica.wire import enrolment as wire
from fabrica.wire.agents import SiteClaimed
from fabrica.wire.enrolment import AgentTokenRefused, CodeRefused, CodeUse
from fabrica.wire.problems import Malformed, NotAllowed, NotFound
from fabrica.wire.signatures import new_private_key, public_key_of, sign, thumbprint
from fabrica.wire.sites import SiteUnknown
from tests.builders import (
    agent_token,
    agent_with_token,
    make_agent,
    make_event,
    make_inventory,
    make_operator,
    make_site,
    make_sync,
    make_user,
)

pytestmark = pytest.mark.django_db
ATTEMPT = AttemptId.new()


def later(monkeypatch: pytest.MonkeyPatch, **time: float) -> None:
    then = clock.now() + timedelta(**time)
    monkeypatch.setattr(clock, "now", lambda: then)


def kinds() -> list[str]:
    return list(Fact.objects.order_by("sequence").values_list("kind", flat=True))


def invite(site: SiteId, **options: Any) -> wire.Invitation:
    return service.invite(SYSTEM, site=site, name="agent", **options)


def code_use(code: str, private_key: str) -> CodeUse:
    key = public_key_of(private_key)
    return CodeUse(code=code, public_key=key, proof=sign("fabrica-key-proof+jwt", {"nonce": key}, private_key))


def test_only_operators_add_sites_and_invite_drain_or_withdraw() -> None:
    site, stranger = make_site(), make_user()
    agent = make_agent(site).agent
    assert agent is not None
    asks: list[Callable[[Actor], Any]] = [
        lambda by: service.add_site(by, site=SiteId("new-site"), name="New"),
        lambda by: service.invite(by, site=site, name="other", replace=True),
        lambda by: service.set_draining(by, site=site, draining=True, reason="Repair"),
        lambda by: service.withdraw_agent(by, agent=agent),
    ]
    for ask in asks:
        with pytest.raises(NotAllowed):
            ask(stranger)
        ask(make_operator())


def test_only_the_service_itself_enrols_an_agent_without_a_code() -> None:
    site, key = make_site(), public_key_of(new_private_key())
    for by in (make_user(), make_operator(), NOBODY):
        with pytest.raises(NotAllowed):
            service.enrol_agent(by, site=site, name="agent", public_key=key)
    assert service.enrol_agent(SYSTEM, site=site, name="agent", public_key=key)


def test_a_person_does_not_speak_as_an_agent() -> None:
    for by in (make_user(), make_operator(), SYSTEM):
        with pytest.raises(NotAllowed):
            service.hear(by, request=make_sync())


def test_a_code_is_shown_once_and_not_stored() -> None:
    code = invite(make_site()).code
    read = read_code(code)
    assert read is not None
    stored = str(list(Invitation.objects.values()))
    assert code not in stored
    assert read.secret not in stored


def test_whoever_has_the_code_enrols_an_agent_by_its_key_and_once() -> None:
    site, key = make_site(), new_private_key()
    use = code_use(invite(site).code, key)
    enrolled = service.enrol_with_code(NOBODY, use=use)
    assert (enrolled.site, enrolled.server_key) == (site, service.server_key())
    agent = service.actor_of_agent(agent_token(enrolled.agent, key))
    assert (agent.agent, agent.site, agent.user) == (enrolled.agent, site, None)
    with pytest.raises(CodeRefused):
        service.enrol_with_code(NOBODY, use=use)
    assert kinds() == ["sites.agent_invited", "sites.agent_enrolled"]


def test_a_code_is_read_as_people_type_it() -> None:
    typed = invite(make_site()).code.lower().replace("-", " ").replace("0", "o").replace("1", "l")
    assert service.enrol_with_code(NOBODY, use=code_use(typed, new_private_key())).site == "own-site"


def test_a_code_ends_with_its_time(monkeypatch: pytest.MonkeyPatch) -> None:
    code = invite(make_site(), hours=2).code
    later(monkeypatch, hours=2, seconds=1)
    with pytest.raises(CodeRefused):
        service.enrol_with_code(NOBODY, use=code_use(code, new_private_key()))


def test_a_newer_code_ends_an_older_one() -> None:
    site = make_site()
    older, newer = invite(site).code, invite(site).code
    with pytest.raises(CodeRefused):
        service.enrol_with_code(NOBODY, use=code_use(older, new_private_key()))
    assert service.enrol_with_code(NOBODY, use=code_use(newer, new_private_key())).site == site


def test_a_code_may_be_mistyped_until_its_last_try() -> None:
    code = invite(make_site()).code
    wrong = code[:-1] + ("2" if code[-1] != "2" else "3")
    for _ in range(rules.CODE_TRIES_MAX - 1):
        with pytest.raises(CodeRefused):
            service.enrol_with_code(NOBODY, use=code_use(wrong, new_private_key()))
    assert service.enrol_with_code(NOBODY, use=code_use(code, new_private_key())).site == "own-site"


def test_a_code_that_was_guessed_at_too_often_works_no_more() -> None:
    code = invite(make_site()).code
    wrong = code[:-1] + ("2" if code[-1] != "2" else "3")
    for _ in range(rules.CODE_TRIES_MAX):
        with pytest.raises(CodeRefused):
            service.enrol_with_code(NOBODY, use=code_use(wrong, new_private_key()))
    with pytest.raises(CodeRefused):
        service.enrol_with_code(NOBODY, use=code_use(code, new_private_key()))
    assert Invitation.objects.get().tries == rules.CODE_TRIES_MAX


@pytest.mark.parametrize("code", ["", "short", "A" * 25, "-" * 25, "0" * 24, "é" * 25, "00000-00000-00000-00000-00000"])
def test_what_is_no_code_is_refused_alike(code: str) -> None:
    invite(make_site())
    with pytest.raises(CodeRefused):
        service.enrol_with_code(NOBODY, use=code_use("-", new_private_key()).model_copy(update={"code": code}))


def test_a_key_that_somebody_else_holds_is_not_enrolled() -> None:
    code, key, other = invite(make_site()).code, new_private_key(), new_private_key()
    for public_key, proof in (
        (public_key_of(other), sign("fabrica-key-proof+jwt", {"nonce": public_key_of(other)}, key)),
        (public_key_of(key), sign("fabrica-key-proof+jwt", {"nonce": public_key_of(other)}, key)),
        (public_key_of(key), sign("fabrica-assertion+jwt", {"nonce": public_key_of(key)}, key)),
        ("no key", "no proof"),
    ):
        with pytest.raises(Malformed):
            service.enrol_with_code(NOBODY, use=CodeUse(code=code, public_key=public_key, proof=proof))
    assert not Agent.objects.exists()


def test_one_agent_speaks_for_a_site_until_it_is_replaced() -> None:
    site, first_key, second_key = make_site(), new_private_key(), new_private_key()
    first = service.enrol_with_code(NOBODY, use=code_use(invite(site).code, first_key))
    token = agent_token(first.agent, first_key)
    with pytest.raises(SiteClaimed, match="agent"):
        invite(site)
    code = invite(site, replace=True).code
    assert service.actor_of_agent(token).site == site  # until the code is used
    second = service.enrol_with_code(NOBODY, use=code_use(code, second_key))
    with pytest.raises(NotAllowed, match="withdrawn"):
        service.actor_of_agent(token)
    assert service.actor_of_agent(agent_token(second.agent, second_key)).site == site
    with pytest.raises(NotAllowed, match="withdrawn"):
        agent_token(first.agent, first_key)


def test_a_code_of_before_does_not_push_out_an_agent_that_came_since() -> None:
    site = make_site()
    code = invite(site).code
    make_agent(site)
    with pytest.raises(SiteClaimed):
        service.enrol_with_code(NOBODY, use=code_use(code, new_private_key()))


def test_an_agent_enrolled_anew_goes_on_with_the_journal_it_has() -> None:
    site = make_site()
    first = make_agent(site)
    events = [make_event(ATTEMPT, "log", number, words=str(number)) for number in (1, 2, 3)]
    service.hear(first, request=make_sync(*events[:2]))
    key = new_private_key()
    enrolled = service.enrol_with_code(NOBODY, use=code_use(invite(site, replace=True).code, key))
    second = service.actor_of_agent(agent_token(enrolled.agent, key))
    assert service.hear(second, request=make_sync(*events)) == (events[2],)
    assert queries.acknowledged(second) == 3
    assert kinds().count("sites.event_altered") == 0


def test_withdrawing_twice_tells_it_once_and_an_unknown_agent_is_told() -> None:
    agent = make_agent().agent
    assert agent is not None
    for _ in range(2):
        service.withdraw_agent(SYSTEM, agent=agent)
    assert kinds().count("sites.agent_withdrawn") == 1
    with pytest.raises(NotFound):
        service.withdraw_agent(SYSTEM, agent=AgentId.new())


def test_a_token_works_for_ten_minutes(monkeypatch: pytest.MonkeyPatch) -> None:
    _, token = agent_with_token()
    later(monkeypatch, seconds=keys.TOKEN_SECONDS - 1)
    assert service.actor_of_agent(token).site == "own-site"
    later(monkeypatch, seconds=2)
    with pytest.raises(AgentTokenRefused, match="expired"):
        service.actor_of_agent(token)


@pytest.mark.parametrize("token", ["fbr_unknown", "", "a:b", "fbr_e30:AAAA"])
def test_an_unknown_token_is_refused_with_what_an_agent_from_before_keys_is_to_do(token: str) -> None:
    with pytest.raises(AgentTokenRefused) as refused:
        service.actor_of_agent(token)
    assert "update it, and enrol it anew" in refused.value.remedy


def test_withdrawal_ends_tokens_at_once() -> None:
    agent, token = agent_with_token()
    assert agent.agent is not None
    service.withdraw_agent(SYSTEM, agent=agent.agent)
    with pytest.raises(NotAllowed, match="withdrawn"):
        service.actor_of_agent(token)


def test_a_new_key_ends_the_tokens_of_the_old_and_lets_the_agent_in() -> None:
    agent, token = agent_with_token()
    assert agent.agent is not None
    key = new_private_key()
    change = {"public_key": public_key_of(key), "proof": sign("fabrica-key-proof+jwt", {"nonce": agent.agent}, key)}
    for _ in range(2):
        assert service.change_key(agent, **change).key == thumbprint(public_key_of(key))
    with pytest.raises(AgentTokenRefused, match="older key"):
        service.actor_of_agent(token)
    assert service.actor_of_agent(agent_token(agent.agent, key)) == agent
    assert kinds().count("sites.agent_key_changed") == 1


def test_only_the_agent_changes_its_key_and_only_to_one_it_holds() -> None:
    agent, _ = agent_with_token()
    key, other = new_private_key(), new_private_key()
    proof = sign("fabrica-key-proof+jwt", {"nonce": str(agent.agent)}, key)
    for by in (make_user(), make_operator(), SYSTEM, NOBODY):
        with pytest.raises(NotAllowed):
            service.change_key(by, public_key=public_key_of(key), proof=proof)
    with pytest.raises(Malformed):
        service.change_key(agent, public_key=public_key_of(other), proof=proof)


def test_a_site_of_the_reference_data_is_adopted_and_an_unknown_one_refused() -> None:
    assert invite(SiteId("lumi-aif")).site == "lumi-aif"
    with pytest.raises(SiteUnknown):
        invite(SiteId("nowhere"))


def test_whom_a_site_knows_is_kept_for_placement_and_shown_to_nobody() -> None:
    person = UserId.new()
    agent = make_agent(inventory=make_inventory().model_copy(update={"people": (person,)}))
    row = Agent.objects.get(pk=agent.agent)
    assert queries.people(row) == (person,)
    assert person not in queries.site(SiteId("own-site")).model_dump_json()
    service.hear(agent, request=make_sync(inventory=make_inventory()))
    assert queries.people(Agent.objects.get(pk=agent.agent)) is None


def test_a_clock_of_the_site_that_is_an_hour_off_is_shown() -> None:
    agent = make_agent()
    service.hear(agent, request=make_sync(sent_at=clock.now() - timedelta(hours=1)))
    speaker = queries.site(SiteId("own-site")).agent
    assert speaker is not None
    assert speaker.clock_difference_seconds == pytest.approx(3600, abs=60)


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
