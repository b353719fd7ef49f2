"""What two scenarios say otherwise of rules is told, each difference once."""

from fabrica.planning.rule_changes import rule_changes
from fabrica.planning.scenarios.scenario import Account, Accounts, Rules, Scenario, Window

PLAIN = Scenario(name="a")
RULED = Scenario(
    name="b",
    rules=Rules(fair_share=True, half_life_hours=24.0),
    accounts=Accounts(count=40, device_hours=1e6),
    named_accounts=(Account(name="account 1", share=2.0, device_hours=5.0),),
    windows=(
        Window(site="a", partition="gpu", from_day=3.5, hours=4, devices=8, every_days=30),
        Window(from_day=1, hours=9, accounts=("account 1", "account 2")),
    ),
)


def test_every_difference_is_a_sentence_and_back_again() -> None:
    assert list(rule_changes(PLAIN, RULED)) == [
        "fair share of the rules goes from off to on.",
        "half life hours of the rules goes from 168 to 24.",
        "count of the accounts goes from 1 to 40.",
        "device hours of the accounts goes from no bound to 1,000,000.",
        "8 devices of a (gpu) are out of use for 4 hours from day 3.5, and every 30 days after.",
        "all devices of every site are reserved for account 1, account 2 for 9 hours from day 1.",
        "account 1 has a share of 2 and a grant of 5 device-hours.",
    ]
    assert len(list(rule_changes(RULED, PLAIN))) == 7
    assert list(rule_changes(RULED, RULED)) == []
