"""A scenario moves only as the table says, and what ended stays as it is."""

import pytest

from fabrica.server.planning import rules
from fabrica.wire.scenarios import ScenarioNotReady, ScenarioRefused, ScenarioState, TooManyScenarios

ENDED = (ScenarioState.DONE, ScenarioState.FAILED, ScenarioState.CANCELLED)


@pytest.mark.parametrize("state", ENDED)
@pytest.mark.parametrize("wanted", ScenarioState)
def test_nothing_leaves_an_end(state: ScenarioState, wanted: ScenarioState) -> None:
    with pytest.raises(ScenarioNotReady):
        rules.check_move(state, wanted)


def test_every_state_is_in_the_table() -> None:
    assert set(rules.NEXT) == set(ScenarioState)


def test_a_name_needs_letters() -> None:
    assert rules.check_name("  two\n words ") == "two words"
    for name in (" \n ", "a\x00b", "\x7f"):
        with pytest.raises(ScenarioRefused):
            rules.check_name(name)


def test_few_scenarios_of_one_person_wait_or_run() -> None:
    rules.check_living(rules.LIVING_MAX - 1)
    with pytest.raises(TooManyScenarios):
        rules.check_living(rules.LIVING_MAX)


@pytest.mark.parametrize("days", [0, -1, rules.LINK_DAYS_MAX + 1])
def test_a_link_holds_for_some_days(days: int) -> None:
    assert rules.check_link_days(1).days == 1
    with pytest.raises(ScenarioRefused):
        rules.check_link_days(days)
