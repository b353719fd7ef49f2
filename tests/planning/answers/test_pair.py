"""Two what-ifs as a pair: read strictly, run on the same jobs, told as differences."""

import pytest

from fabrica.planning.answers import pair
from fabrica.wire.planning import ScenarioMalformed
from fabrica.wire.problems import FabricaError
from fabrica.wire.scenarios import ScenarioRefused

TINY = "[period]\ndays = 2\nwarm_up_days = 0\nreplications = 2\n"
CLOSED = TINY + '[[change]]\nsite = "jaif"\nclosed_from_day = 0.0\nclosed_to_day = 2.0\n'


def test_a_pair_holds_any_two_texts() -> None:
    pair.check(pair.write_pair(TINY, CLOSED))
    pair.check(pair.write_pair(TINY, f"# '''\"\"\"\\ é\n{CLOSED}"))


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", ScenarioRefused),
        ("first = ", ScenarioRefused),
        ('first = ""', ScenarioRefused),
        ('first = ""\nsecond = 5', ScenarioRefused),
        ('first = ""\nsecond = ""\nthird = ""', ScenarioRefused),
        (pair.write_pair(TINY, "[period]\ndays = 3"), ScenarioRefused),
        (pair.write_pair(TINY, 'base = "x.toml"'), ScenarioRefused),
        (pair.write_pair(TINY, "[perod]"), ScenarioMalformed),
    ],
)
def test_what_is_no_pair_is_named(text: str, problem: type[FabricaError]) -> None:
    with pytest.raises(problem):
        pair.check(text)


@pytest.mark.processes  # the network's loop is compiled once on a machine, which takes half a minute
def test_a_pair_tells_what_the_second_changes_and_nothing_when_it_is_the_same() -> None:
    same = pair.answer(pair.write_pair(TINY, TINY), 3, lambda share, words: None)
    assert {figure.value for figure in same.figures if figure.value is not None} == {0.0}
    changed = pair.answer(pair.write_pair(TINY, CLOSED), 3, lambda share, words: None)
    assert any(figure.value for figure in changed.figures)
    assert "jaif is closed from day 0 to day 2." in changed.words
    back = pair.answer(pair.write_pair(CLOSED, TINY), 3, lambda share, words: None)
    assert "No longer: jaif is closed" in back.words
    assert "The network" in changed.report
    assert changed.tables[0].rows
