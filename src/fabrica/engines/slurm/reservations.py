"""What scontrol says of reservations, as plain values, and the names of nodes that Slurm writes in one expression."""

import re
from collections.abc import Iterator

from fabrica.engines.slurm.controller import Reservation
from fabrica.engines.slurm.jobs import Garbled

_ONE = re.compile(r"(?:[^,\[\]]|\[[^\[\]]*\])+")
_PIECE = re.compile(r"\[([^\[\]]*)\]|([^\[\]]+)")
_RANGE = re.compile(r"([0-9]+)(?:-([0-9]+))?", re.ASCII)
_NODES_MAX = 200_000
_NONE = ("", "(null)", "None")


def read_reservations(text: str) -> list[Reservation]:
    """Read what `scontrol --oneliner show reservation` printed, with times as epoch seconds.

    Raises:
        Garbled: a line tells no times, or its nodes cannot be read.
    """
    return [_read(line) for line in text.splitlines() if line.startswith("ReservationName=")]


def _read(line: str) -> Reservation:
    told: dict[str, str] = {}
    for word in line.split():
        key, _, value = word.partition("=")
        told.setdefault(key, value)  # a comment, which comes last, may look like anything
    starts, ends = told.get("StartTime", ""), told.get("EndTime", "")
    if not (starts.isdecimal() and ends.isdecimal()):
        raise Garbled(f"scontrol printed a reservation from {starts!r} to {ends!r}")
    cores = told.get("CoreCnt", "")
    return Reservation(
        name=told["ReservationName"],
        starts=int(starts),
        ends=int(ends),
        nodes=node_names(told.get("Nodes", "")),
        cores=int(cores) if cores.isdecimal() else 0,
        picks_cores="CoreIDs" in told,
        flags=listed(told.get("Flags", "")),
        accounts=listed(told.get("Accounts", "").lower()),
    )


def listed(text: str) -> frozenset[str]:
    """Return the words of a list with commas; Slurm writes `(null)` for none."""
    return frozenset(word for word in text.split(",") if word not in _NONE)


def node_names(text: str) -> frozenset[str]:
    """Return the nodes of an expression such as `n[01-03,7],rack[0-1]b[1-2]`.

    Raises:
        Garbled: it is no such expression, or names more nodes than any site has.
    """
    if text in _NONE:
        return frozenset()
    parts = _ONE.findall(text)
    if ",".join(parts) != text:
        raise Garbled(f"{text[:200]!r} are no names of nodes")
    return frozenset(name for part in parts for name in _expanded(part))


def _expanded(part: str) -> list[str]:
    names = [""]
    for ranges, literal in _PIECE.findall(part):
        endings = [literal] if literal else list(_numbers(ranges))
        if len(names) * len(endings) > _NODES_MAX:
            raise Garbled(f"{part[:200]!r} names more than {_NODES_MAX} nodes")
        names = [name + ending for name in names for ending in endings]
    return names


def _numbers(ranges: str) -> Iterator[str]:
    for one in ranges.split(","):
        match = _RANGE.fullmatch(one)
        first, last = (match[1], match[2] or match[1]) if match else ("1", "0")
        if not 0 <= int(last) - int(first) <= _NODES_MAX:
            raise Garbled(f"{one[:200]!r} are no numbers of nodes")
        yield from (str(number).zfill(len(first)) for number in range(int(first), int(last) + 1))
