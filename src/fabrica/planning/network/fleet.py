"""All partitions of the network as arrays that one compiled loop works on, and the view of one of them."""

from typing import Any, NamedTuple

import numpy

from fabrica.planning.engine.ends import Ends
from fabrica.planning.engine.queue import NOTHING, Tree
from fabrica.planning.engine.running import CHUNK, Running
from fabrica.planning.network.compiling import inlined
from fabrica.planning.network.nodes import Nodes, free_nodes
from fabrica.planning.network.waits import Waits, no_waits

NOBODY = -1
HEAD, TAIL, AT, SPARE, FOR_BLOCK, CLOSED = range(6)
"""What `state` of a partition holds: the place of the head in the queue, the next free place, the head's reservation as
in the engine (when, how much is spare then, whether it waits for a block), and whether no job may start."""


class Fleet(NamedTuple):
    """Every partition. Shapes: (partitions, …) where a row is a partition's; else one run after another, cut by `from`.

    `rest`: shape (jobs,); a job is in one partition, so all share it.
    `queue`: shape (partitions, places), the job at each place of a queue.
    """

    node_devices: Any
    free: Any
    wholes: Any
    newest: Any
    node_from: Any
    older: Any
    newer: Any
    free_of: Any
    rest: Any
    end_from: Any
    end_time: Any
    end_job: Any
    end_count: Any
    chunk_from: Any
    run_time: Any
    run_units: Any
    run_count: Any
    run_total: Any
    run_order: Any
    run_used: Any
    queue_units: Any
    queue_seconds: Any
    queue: Any
    state: Any
    waits: Waits


class Site(NamedTuple):
    """The view of one partition. Invariant between two instants: nobody queues, the head does not fit, or it is closed.

    `queue_units`, `queue_seconds`: trees over the places of the queue: what a queued job asks for, and how long it is
    planned to run. `queue`: shape (places,). `state`: shape (6,).
    """

    nodes: Nodes
    ends: Ends
    running: Running
    queue_units: Tree
    queue_seconds: Tree
    queue: Any
    state: Any
    waits: Waits


def empty_fleet(devices: "list[int]", node_devices: "list[int]", jobs: int, places: int) -> Fleet:
    """Return partitions of so many devices on nodes of so many, all free. `places`: of a queue, a power of two."""
    count = len(devices)
    nodes = [total // per for total, per in zip(devices, node_devices, strict=True)]
    chunks = [4 * total // CHUNK + 4 for total in devices]
    node_from, end_from, chunk_from = _starts(nodes), _starts(devices), _starts(chunks)
    newest = numpy.empty((count, max(node_devices) + 1), numpy.int64)
    older, newer, free_of = (numpy.empty(node_from[-1], numpy.int64) for _ in range(3))
    order = numpy.empty(chunk_from[-1], numpy.int64)
    for row in range(count):
        own = slice(node_from[row], node_from[row + 1])
        free_nodes(node_devices[row], older[own], newer[own], free_of[own], newest[row])
        order[chunk_from[row] : chunk_from[row + 1]] = numpy.arange(chunks[row])
    state = numpy.zeros((count, 6), numpy.int64)
    state[:, HEAD] = NOBODY
    return Fleet(
        node_devices=numpy.array(node_devices, numpy.int64),
        free=numpy.array(devices, numpy.int64).reshape(count, 1),
        wholes=numpy.array(nodes, numpy.int64).reshape(count, 1),
        newest=newest,
        node_from=node_from,
        older=older,
        newer=newer,
        free_of=free_of,
        rest=numpy.empty(jobs, numpy.int32),
        end_from=end_from,
        end_time=numpy.empty(end_from[-1], numpy.int64),
        end_job=numpy.empty(end_from[-1], numpy.int64),
        end_count=numpy.zeros((count, 1), numpy.int64),
        chunk_from=chunk_from,
        run_time=numpy.empty((chunk_from[-1], CHUNK), numpy.int64),
        run_units=numpy.empty((chunk_from[-1], CHUNK), numpy.int64),
        run_count=numpy.zeros(chunk_from[-1], numpy.int64),
        run_total=numpy.zeros(chunk_from[-1], numpy.int64),
        run_order=order,
        run_used=numpy.zeros((count, 1), numpy.int64),
        queue_units=numpy.full((count, 2 * places), NOTHING, numpy.int64),
        queue_seconds=numpy.full((count, 2 * places), NOTHING, numpy.int64),
        queue=numpy.full((count, places), NOBODY, numpy.int64),
        state=state,
        waits=no_waits(count),
    )


def _starts(lengths: "list[int]") -> Any:
    return numpy.concatenate((numpy.zeros(1, numpy.int64), numpy.cumsum(numpy.array(lengths, numpy.int64))))


@inlined
def site_of(fleet: Fleet, row: int) -> Site:
    """Return the view of one partition."""
    first, last = fleet.node_from[row], fleet.node_from[row + 1]
    nodes = Nodes(
        fleet.node_devices[row],
        fleet.free[row],
        fleet.wholes[row],
        fleet.newest[row],
        fleet.older[first:last],
        fleet.newer[first:last],
        fleet.free_of[first:last],
        fleet.rest,
    )
    first, last = fleet.end_from[row], fleet.end_from[row + 1]
    ends = Ends(fleet.end_time[first:last], fleet.end_job[first:last], fleet.end_count[row])
    first, last = fleet.chunk_from[row], fleet.chunk_from[row + 1]
    running = Running(
        fleet.run_time[first:last],
        fleet.run_units[first:last],
        fleet.run_count[first:last],
        fleet.run_total[first:last],
        fleet.run_order[first:last],
        fleet.run_used[row],
    )
    return Site(
        nodes,
        ends,
        running,
        fleet.queue_units[row],
        fleet.queue_seconds[row],
        fleet.queue[row],
        fleet.state[row],
        Waits(
            fleet.waits.last[row],
            fleet.waits.started[row],
            fleet.waits.count[row],
            fleet.waits.kept[row],
            fleet.waits.steps[row],
            fleet.waits.told[row],
            fleet.waits.queued[row],
        ),
    )
