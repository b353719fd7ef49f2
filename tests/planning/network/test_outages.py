"""Windows of a scenario become seconds of each partition, and none takes more than there is."""

import pytest

pytest.importorskip("numpy")

from fabrica.planning.network.outages import with_windows
from fabrica.planning.scenarios.scenario import Window
from fabrica.planning.workload_classes import DAY
from fabrica.wire.planning import NetworkImpossible
from tests.planning.network.builders import make_partition

PLACES = (make_partition("a", 16), make_partition("b", 24, 8))


def test_a_window_of_no_site_takes_every_partition_and_comes_again_to_the_end() -> None:
    found = with_windows(PLACES, [Window(from_day=1, hours=12, every_days=4)], 9)
    assert [one.windows for one in found] == [
        ((DAY, DAY + DAY // 2, devices, ()), (5 * DAY, 5 * DAY + DAY // 2, devices, ())) for devices in (16, 24)
    ]


def test_a_window_of_a_site_takes_as_many_devices_there_as_it_says_for_whom_it_says() -> None:
    found = with_windows(PLACES, [Window(site="b", from_day=0.5, hours=1, devices=8, accounts=("a",))], 9)
    assert [one.windows for one in found] == [(), ((DAY // 2, DAY // 2 + 3_600, 8, ("a",)),)]


@pytest.mark.parametrize(
    ("window", "words"),
    [
        (Window(site="c", from_day=1, hours=1), "no site 'c'"),
        (Window(site="a", partition="x", from_day=1, hours=1), "no partition 'x'"),
        (Window(partition="gpu", from_day=1, hours=1), "of no site"),
        (Window(site="b", from_day=1, hours=1, devices=12), "Take 8, or leave 'devices' out"),
        (Window(site="a", from_day=1, hours=1, devices=32), "Take 16, or leave"),
        (Window(site="a", from_day=1, hours=48, every_days=1), "windows take 32 devices"),
    ],
)
def test_a_window_that_cannot_be_is_a_named_problem(window: Window, words: str) -> None:
    with pytest.raises(NetworkImpossible, match=words):
        with_windows(PLACES, [window], 9)
