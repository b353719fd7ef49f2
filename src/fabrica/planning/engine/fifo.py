"""First in, first out: the head of the queue waits until it fits, and nothing passes it."""

from typing import Any

from fabrica.planning.engine.cluster import OPEN, Cluster, give_back, most_units, place
from fabrica.planning.engine.compiling import compiled
from fabrica.planning.engine.ends import Ends, pop_end, push_end
from fabrica.planning.engine.jobs import Jobs


@compiled
def fifo(jobs: Jobs, cluster: Cluster, ends: Ends, progress: Any) -> None:
    """Fill `jobs.start`. `progress`: shape (1,), how many jobs have arrived so far."""
    count, arrived, head = len(jobs.submit), 0, 0
    while arrived < count or ends.count[0]:
        if ends.count[0] and (arrived == count or ends.time[0] <= jobs.submit[arrived]):
            now = ends.time[0]
        else:
            now = jobs.submit[arrived]
        while ends.count[0] and ends.time[0] == now:
            job = pop_end(ends)
            give_back(cluster, OPEN, job, jobs.units[job])
        while arrived < count and jobs.submit[arrived] == now:
            arrived += 1
        while head < arrived and jobs.units[head] <= most_units(cluster, OPEN):
            place(cluster, OPEN, head, jobs.units[head])
            jobs.start[head] = now
            push_end(ends, now + jobs.runtime[head], head)
            head += 1
        progress[0] = arrived
