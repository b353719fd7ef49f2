"""What sinfo and squeue say of a whole cluster, as plain values: its nodes, and all that runs or waits."""

import re
from collections.abc import Mapping

from fabrica.engines.slurm.controller import Node, Waiting
from fabrica.engines.slurm.jobs import Garbled, read_tres, span_seconds

NODE_FIELDS = (
    *("NodeList", "PartitionName", "StateComplete", "CPUsState", "Memory", "Threads", "Gres", "GresUsed"),
    *("Time", "Timestamp", "Reason"),
)
NODE_FORMAT = ",".join(f"{one}:|" for one in NODE_FIELDS)
WAITING_FIELDS = ("Partition", "State", "NumNodes", "tres-alloc", "tres-per-node", "ArrayTaskID")
WAITING_FORMAT = ",".join(f"{one}:|" for one in WAITING_FIELDS)

_GRES = re.compile(r"([a-zA-Z0-9_./-]+)(?::([a-zA-Z0-9_.\\-]+|\(null\)))?:([0-9]+)", re.ASCII)
_IN_BRACKETS = re.compile(r"\([^()]*\)")


def read_nodes(text: str) -> list[Node]:
    """Read what `sinfo --Node --Format` printed: each node once for each of its partitions.

    Raises:
        Garbled: a line has another number of fields, or a number is none.
    """
    nodes = []
    for line in text.splitlines():
        parts = line.rstrip().removesuffix("|").split("|", len(NODE_FIELDS) - 1)
        if len(parts) != len(NODE_FIELDS):
            raise Garbled(f"sinfo printed a line of {len(parts)} fields")
        told = dict(zip(NODE_FIELDS, (part.strip() for part in parts), strict=True))
        held, idle, other, total = _cpu_counts(told["CPUsState"])
        nodes.append(
            Node(
                name=told["NodeList"],
                partition=told["PartitionName"].rstrip("*"),
                state=told["StateComplete"].lower(),
                cpus=total,
                cpus_held=total - idle if other else held,
                memory_mib=int(told["Memory"].rstrip("+") or 0),
                threads_per_core=int(told["Threads"]) if told["Threads"].isdecimal() else 1,
                gres=read_gres(told["Gres"]),
                gres_held=read_gres(told["GresUsed"]),
                time_limit_seconds_max=_limit(told["Time"]),
                reason="" if told["Reason"] in ("none", "N/A") else told["Reason"],
                since=int(told["Timestamp"]) if told["Timestamp"].isdecimal() else None,
            )
        )
    return nodes


def _cpu_counts(text: str) -> tuple[int, int, int, int]:
    match = re.fullmatch(r"([0-9]+)/([0-9]+)/([0-9]+)/([0-9]+)", text, re.ASCII)
    if not match:
        raise Garbled(f"{text!r} are no counts of CPUs")
    held, idle, other, total = (int(part) for part in match.groups())
    return held, idle, other, total


def _limit(text: str) -> int | None:
    return None if text.lower() in ("infinite", "unlimited", "n/a") else int(span_seconds(text) or 0) or None


def read_gres(text: str) -> dict[str, int]:
    """Read `gpu:h100:4(S:0-1),gpu:a100:2(IDX:0,1)` as counts by `gpu:h100`; a kind without a type is `gpu`."""
    counts: dict[str, int] = {}
    for part in _IN_BRACKETS.sub("", text.replace("(null)", "null")).split(","):
        match = _GRES.fullmatch(part.strip())
        if match:
            name = match[1] if match[2] in (None, "null") else f"{match[1]}:{match[2]}"
            counts[name] = counts.get(name, 0) + int(match[3])
    return counts


def count_gres(counts: dict[str, int], name: str, kind: str | None) -> int:
    """Return how many devices of a name there are, of one type or of any."""
    if kind is not None:
        return counts.get(f"{name}:{kind}", 0)
    return sum(count for one, count in counts.items() if one.partition(":")[0] == name)


def read_waiting(text: str) -> list[Waiting]:
    """Read what `squeue --Format` printed of all jobs; a job of a form we do not know is left out."""
    jobs = []
    for line in text.splitlines():
        parts = line.rstrip().removesuffix("|").split("|")
        if len(parts) < 5 or not parts[2].isdecimal():
            continue
        asked, nodes = read_tres(parts[3]), int(parts[2])
        gres = asked_gres(asked, parts[4], nodes=nodes)
        running = parts[1].upper() in ("RUNNING", "COMPLETING", "SUSPENDED", "CONFIGURING")
        jobs.append(Waiting(parts[0].partition(",")[0], running, nodes, asked.get("cpu", 0), gres))
    return jobs


def asked_gres(asked: Mapping[str, int], per_node: str, *, nodes: int) -> dict[str, int]:
    """Return the devices of a job by `gpu` and `gpu:h100`: as counted, or from `gres:gpu:2` where Slurm counts none."""
    counted = {name.removeprefix("gres/"): count for name, count in asked.items() if name.startswith("gres/")}
    each = re.sub(r"\bgres[:/]", "", per_node)
    return counted or {name: count * nodes for name, count in read_gres(each).items()}
