"""A site's inventory from its nodes and its queue: what Fabrica's partitions have, and what is free."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from fabrica.engines.slurm.cluster_text import count_gres
from fabrica.engines.slurm.controller import Node, Waiting
from fabrica.engines.slurm.settings import SlurmPartition
from fabrica.wire.agents import Maintenance, NodeOut, PartitionInventory, QueueClass

_OUT = ("drain", "down", "fail", "unknown", "inval", "error", "power_down", "powered_down", "reboot", "maint")
_ASKED_CLASSES = ((1, 1), (2, 4), (5, 8), (9, 32), (33, 1_000_000))
_WORDS_MAX = 200


def is_out(node: Node) -> bool:
    """Say whether a node takes no work: drained, down or failing, by any of the words of its state."""
    return any(word in node.state for word in _OUT) or node.state.endswith("*")


def partition_inventory(
    mine: SlurmPartition,
    nodes: Sequence[Node],
    jobs: Sequence[Waiting] | None,
    *,
    disk_free_bytes: int | None,
    apptainer: str | None = None,
    maintenance: Maintenance | None = None,
) -> PartitionInventory:
    """Return one partition as the site has it now. Devices of nodes that are out count as there, never as free.

    `apptainer`: its version on the agent's own machine; None: there is none. `maintenance`: the present or the next.
    """
    own = nodes_of(mine, nodes)
    able = [node for node in own if not is_out(node)]
    per_node = min((devices_of_node(mine, node) for node in own), default=0)
    limits = [mine.time_limit_seconds_max, *(node.time_limit_seconds_max for node in own)]
    return PartitionInventory(
        name=mine.name,
        resource_class=mine.resource_class,
        accelerator=mine.accelerator,
        software_stack=mine.stack,
        nodes=len(own),
        devices_per_node=per_node,
        devices_total=sum(devices_of_node(mine, node) for node in own),
        devices_free=sum(_free(mine, node) for node in able),
        memory_bytes_per_node=min((node.memory_mib for node in own), default=0) * 2**20 or None,
        disk_free_bytes=disk_free_bytes,
        time_limit_seconds_max=min((limit for limit in limits if limit is not None), default=None),
        nodes_per_run_max=min(mine.nodes_per_run_max or len(own), len(own)) if own else None,
        jobs_running=None if jobs is None else sum(1 for job in _of(mine, jobs) if job.running),
        queue=None if jobs is None else _queue(mine, jobs, threads=threads_of(own)),
        nodes_out=tuple(_out(node) for node in own if is_out(node)),
        maintenance=maintenance,
        containers=mine.containers if mine.containers is not None else (True if apptainer else None),
        apptainer=apptainer if mine.containers is not False else None,
    )


def unknown_partition(mine: SlurmPartition) -> PartitionInventory:
    """Return a partition of which Slurm has told nothing yet: what the operator's settings say, no count."""
    return PartitionInventory(
        name=mine.name,
        resource_class=mine.resource_class,
        accelerator=mine.accelerator,
        software_stack=mine.stack,
        nodes=None,
        devices_per_node=None,
        devices_total=None,
        devices_free=None,
        time_limit_seconds_max=mine.time_limit_seconds_max,
        nodes_per_run_max=mine.nodes_per_run_max,
        containers=mine.containers,
    )


def nodes_of(mine: SlurmPartition, nodes: Sequence[Node]) -> list[Node]:
    """Return a partition's nodes: those of Slurm's partition that have devices of its kind."""
    return [node for node in nodes if node.partition == mine.slurm_name and devices_of_node(mine, node) > 0]


def devices_of_node(mine: SlurmPartition, node: Node) -> int:
    """Return the devices of one node: cores, or accelerators of the partition's kind."""
    if mine.on_cores:
        return node.cpus // max(1, node.threads_per_core)
    return count_gres(node.gres, mine.gres, mine.gres_type)


def _free(mine: SlurmPartition, node: Node) -> int:
    if mine.on_cores:
        return max(0, node.cpus - node.cpus_held) // max(1, node.threads_per_core)
    held = count_gres(node.gres_held, mine.gres, mine.gres_type)
    cpus_free = max(0, node.cpus - node.cpus_held) // mine.cpus_per_device
    return max(0, min(devices_of_node(mine, node) - held, cpus_free))


def threads_of(nodes: Sequence[Node]) -> int:
    """Return the hardware threads of one core; of unlike nodes the most."""
    return max((node.threads_per_core for node in nodes), default=1)


def _of(mine: SlurmPartition, jobs: Sequence[Waiting]) -> list[Waiting]:
    return [job for job in jobs if job.partition == mine.slurm_name]


def _queue(mine: SlurmPartition, jobs: Sequence[Waiting], *, threads: int) -> tuple[QueueClass, ...]:
    asked = [_devices_asked(mine, job, threads) for job in _of(mine, jobs) if not job.running]
    found = []
    for low, high in _ASKED_CLASSES:
        within = [devices for devices in asked if low <= devices <= high]
        if within:
            told = QueueClass(devices_min=low, devices_max=high, jobs_waiting=len(within), devices_waiting=sum(within))
            found.append(told)
    return tuple(found)


def _devices_asked(mine: SlurmPartition, job: Waiting, threads: int) -> int:
    if mine.on_cores:
        return -(-job.cpus // threads)
    return job.gres.get(mine.gres) or count_gres(_typed(job.gres), mine.gres, mine.gres_type)


def _typed(counts: Mapping[str, int]) -> dict[str, int]:
    return {name: count for name, count in counts.items() if ":" in name}


def _out(node: Node) -> NodeOut:
    since = None if node.since is None else datetime.fromtimestamp(node.since, UTC)
    return NodeOut(node=node.name, state=node.state, reason=node.reason[:_WORDS_MAX], since=since)
