"""When reservations of Slurm leave a partition no node that takes new work of its users, and until when."""

from collections.abc import Collection, Sequence
from datetime import UTC, datetime

from fabrica.engines.slurm.controller import Node, Reservation
from fabrica.engines.slurm.inventory import is_out, nodes_of
from fabrica.engines.slurm.settings import SlurmPartition
from fabrica.wire.agents import Maintenance

_NAME_MAX = 200
_OPTION = "--reservation="


def next_maintenance(
    mine: SlurmPartition,
    nodes: Sequence[Node],
    reservations: Sequence[Reservation],
    *,
    accounts: Collection[str],
    now: float,
) -> Maintenance | None:
    """Return when every node of a partition is next reserved for others; None: some node is never, as far as planned.

    A node that is out for another reason counts as reserved: nobody knows when it is back. `accounts`: those of Slurm
    that our jobs may be charged to. `now`: epoch seconds.
    """
    cores = {node.name: node.cpus // max(1, node.threads_per_core) for node in nodes}
    own = {node.name for node in nodes_of(mine, nodes)}
    windows = [
        one
        for one in reservations
        if one.ends > now and own & one.nodes and takes_whole_nodes(one, cores) and not is_for_us(one, mine, accounts)
    ]
    reserved_now = _reserved(windows, now)
    out = {node.name for node in nodes_of(mine, nodes) if is_out(node)} - reserved_now

    def closed(at: float) -> bool:
        reserved = _reserved(windows, at)
        return bool(own & reserved) and own <= reserved | out

    starts = next((at for at in sorted({one.starts for one in windows}) if closed(at)), None)
    if starts is None:
        return None
    ends = next(at for at in sorted({one.ends for one in windows}) if at > starts and not closed(at))
    names = sorted(one.name for one in windows if one.starts <= starts < one.ends)
    return Maintenance(
        starts_at=datetime.fromtimestamp(starts, UTC),
        ends_at=datetime.fromtimestamp(ends, UTC),
        name=", ".join(names)[:_NAME_MAX],
    )


def _reserved(windows: Sequence[Reservation], at: float) -> set[str]:
    return set().union(*(one.nodes for one in windows if one.starts <= at < one.ends))


def takes_whole_nodes(reservation: Reservation, cores: dict[str, int]) -> bool:
    """Say whether a reservation leaves nothing of its nodes to others. `cores`: of each node that is known."""
    if "MAINT" in reservation.flags or not reservation.cores:
        return True
    return not reservation.picks_cores and reservation.cores >= sum(cores.get(one, 0) for one in reservation.nodes)


def is_for_us(reservation: Reservation, mine: SlurmPartition, accounts: Collection[str]) -> bool:
    """Say whether our jobs run in a reservation: they name it, or it draws those of one of our accounts in.

    That it is for our account alone does not do: Slurm keeps a job out of each reservation that it does not name.
    """
    asked = (option.removeprefix(_OPTION) for option in mine.options if option.startswith(_OPTION))
    if reservation.name in ",".join(asked).split(","):
        return True
    return "MAGNETIC" in reservation.flags and not reservation.accounts.isdisjoint(accounts)
