"""Accounts: a run executes as its person's own account of the site, or not at all."""

import time
from pathlib import Path

import pytest

from fabrica.agent.accounts import NoAccount, people, site_account
from fabrica.agent.loop import Agent
from fabrica.values.ids import UserId
from fabrica.values.states import EndReason
from fabrica.wire.agents import email_sha256
from tests.agent.builders import NOON, MemoryEngine, MemoryServer, make_order, make_settings

ADA, GRACE = UserId.new(), UserId.new()


def test_a_person_is_found_by_id_or_address(tmp_path: Path) -> None:
    table = {"Ada@Example.eu": "ada", str(GRACE): "grace"}
    settings = make_settings(tmp_path, engine="slurm", site_accounts=table)
    by_address = make_order(person=ADA, person_email_sha256=email_sha256("ada@example.eu"))
    assert site_account(settings, by_address) == "ada"
    assert site_account(settings, make_order(person=GRACE)) == "grace"
    assert people(settings) == tuple(sorted([email_sha256("ada@example.eu"), GRACE]))
    assert "ada@example.eu" not in str(people(settings)).lower()


@pytest.mark.parametrize("order", [{"person": GRACE}, {}, {"person_email_sha256": email_sha256("grace@example.eu")}])
def test_whoever_is_not_mapped_is_told_whom_to_ask(tmp_path: Path, order: dict[str, str]) -> None:
    settings = make_settings(tmp_path, engine="slurm", site_accounts={str(ADA): "ada"}, support="help@site.eu")
    with pytest.raises(NoAccount, match=r"Ask help@site\.eu"):
        site_account(settings, make_order(**order))


def test_a_personal_agent_takes_the_runs_of_its_person_only(tmp_path: Path) -> None:
    settings = make_settings(tmp_path, site_accounts="own", person="ada@example.eu")
    own = make_order(person=ADA, person_email_sha256=email_sha256("ada@example.eu"))
    assert site_account(settings, own) is None
    with pytest.raises(NoAccount, match="of its owner only"):
        site_account(settings, make_order(person=GRACE, person_email_sha256=email_sha256("grace@example.eu")))
    assert people(settings) == (email_sha256("ada@example.eu"),)


def test_an_embedded_network_asks_for_no_accounts(tmp_path: Path) -> None:
    settings = make_settings(tmp_path)
    assert site_account(settings, make_order()) is None
    assert people(settings) is None


def test_an_order_of_somebody_unknown_is_declined_in_words(tmp_path: Path) -> None:
    server, engine = MemoryServer(), MemoryEngine()
    settings = make_settings(tmp_path, site_accounts="own", person=str(ADA))
    agent = Agent(settings, server, engine, clock=lambda: NOON)
    try:
        unknown, nameless, own = make_order(person=GRACE), make_order(), make_order(person=ADA)
        for order in (unknown, nameless, own):
            server.offer(order)
        for _ in range(3):
            agent.conversation.exchange(0, tells=True)
        for order in (unknown, nameless):
            (declined,) = [event for event in server.events if event.attempt == order.attempt]
            assert (declined.kind, declined.reason) == ("declined", EndReason.SITE_DECLINED)
            assert "of its owner only" in declined.words
        assert server.kinds(own.attempt) == ["accepted"]
        assert engine.starts == []
    finally:
        agent.close()


def test_an_account_taken_away_before_the_start_ends_the_attempt_unstarted(tmp_path: Path) -> None:
    server, engine = MemoryServer(), MemoryEngine()
    order = server.offer(make_order(person=ADA))
    settings = make_settings(tmp_path, site_accounts="own", person=str(ADA))
    agent = Agent(settings, server, engine, clock=lambda: NOON)
    agent.conversation.exchange(0, tells=True)
    agent.close()
    agent = Agent(settings.model_copy(update={"person": str(GRACE)}), server, engine, clock=lambda: NOON)
    try:
        until = time.monotonic() + 60
        while "ended" not in server.kinds(order.attempt) and time.monotonic() < until:
            agent.run_once()
        assert server.ended(order.attempt).reason == EndReason.SITE_DECLINED
        assert engine.starts == []
        assert server.told_inventory().personal is True
    finally:
        agent.close()
