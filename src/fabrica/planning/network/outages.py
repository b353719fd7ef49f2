"""When devices of the network are out of use: a scenario's windows, as seconds of each partition."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from fabrica.planning.network.finding import find_partitions
from fabrica.planning.network.partitions import Outage, Partition
from fabrica.planning.scenarios.scenario import Window
from fabrica.planning.workload_classes import DAY, HOUR
from fabrica.wire.planning import NetworkImpossible


def with_windows(partitions: Sequence[Partition], windows: Sequence[Window], days: int) -> list[Partition]:
    """Return the partitions with the windows of a scenario, as often as each comes within its days.

    Raises:
        NetworkImpossible: a window is of a place that is not there, of no whole nodes, or beside others of too much.
    """
    found = {one.key: list[Outage]() for one in partitions}
    for window in windows:
        for one in _places(partitions, window):
            found[one.key] += _of_partition(one, window, days)
    for one in partitions:
        _check_together(one, found[one.key])
    return [replace(one, windows=tuple(sorted(found[one.key]))) for one in partitions]


def _places(partitions: Sequence[Partition], window: Window) -> Sequence[Partition]:
    if window.site is not None:
        return find_partitions(partitions, window.site, window.partition)
    if window.partition is not None:
        raise NetworkImpossible(f"A window names the partition {window.partition!r} of no site.", remedy="Add a site.")
    return partitions


def _of_partition(partition: Partition, window: Window, days: int) -> Iterator[Outage]:
    units = partition.devices if window.devices is None else window.devices
    if units > partition.devices or units % partition.node_devices:
        below = max(min(units, partition.devices) // partition.node_devices, 1) * partition.node_devices
        raise NetworkImpossible(
            f"A window takes {units:,} of the {partition.devices:,} devices of {partition.key}, whose nodes have "
            f"{partition.node_devices} each.",
            remedy=f"Take {below:,}, or leave 'devices' out for all.",
            site=partition.site,
        )
    day = window.from_day
    while day < days:
        start = round(day * DAY)
        yield start, start + max(round(window.hours * HOUR), 1), units, window.accounts
        day += window.every_days or days


def _check_together(partition: Partition, windows: Sequence[Outage]) -> None:
    for at, *_ in windows:
        units = sum(units for start, end, units, _ in windows if start <= at < end)
        if units > partition.devices:
            raise NetworkImpossible(
                f"On day {at / DAY:g} windows take {units:,} devices of {partition.key}, which has "
                f"{partition.devices:,}.",
                remedy="Let them come one after another, or take fewer devices.",
                site=partition.site,
            )
