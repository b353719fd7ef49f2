"""Nodes that fail: their jobs stop and wait again with what they had saved, and the node is out of use until repaired.

Failures that could be come at the rate of all devices in use, each on a node drawn evenly; it is one if the node's
devices are in use, by their share. So the rate is that of the devices in use, and the failures that could be are the
same whatever was decided before. A share of them take the whole leaf of the node.
"""

import math

from fabrica.planning.engine.attempts import (
    expect_until,
    give_up_devices,
    join,
    keep_work,
    lose,
    no_longer_until,
)
from fabrica.planning.engine.cluster import OPEN, next_on, put_back, take_out
from fabrica.planning.engine.compiling import compiled, compiled_apart, compiled_within, int64
from fabrica.planning.engine.draws import draw
from fabrica.planning.engine.ends import pop_end, push_end, remove_end
from fabrica.planning.engine.grants import settle_grant
from fabrica.planning.engine.site_state import Site
from fabrica.planning.engine.table import GIVEN_UP, NOBODY, RUNNING
from fabrica.planning.engine.use import add_use
from fabrica.planning.engine.windows import lose_node

GAP, NODE, IN_USE = range(3)
DRAWS = 3


@compiled
def may_stop(site: Site, now: int) -> bool:
    """Return whether a failure that could be is due."""
    return bool(site.rules.device_seconds_per_stop and site.state[0].stop_clock < now + 1)


@compiled_apart
def stop_all(site: Site, now: int) -> bool:
    """Let fail what fails now, and return whether anything did. What could have failed before was not in use."""
    state, rules = site.state[0], site.rules
    failed = False
    while state.stop_clock < now + 1:
        number = state.stop_number
        if number and int(state.stop_clock) == now:
            node = int(draw(rules.seed, DRAWS * number + NODE) * len(site.cluster.free_of))
            if _is_in_use(site, node, draw(rules.seed, DRAWS * number + IN_USE)):
                state.stops += 1
                _fail(site, node, draw(rules.seed, -number), now)
                failed = True
        state.stop_number = number + 1
        gap = -math.log(draw(rules.seed, DRAWS * (number + 1) + GAP))
        state.stop_clock += gap * rules.device_seconds_per_stop / rules.capacity
    return failed


@compiled
def _is_in_use(site: Site, node: int, share: float) -> bool:
    """Return whether jobs have more than a share of a node."""
    devices = site.rules.node_devices
    if devices - site.cluster.free_of[node] <= share * devices:
        return False
    return next_on(site.cluster, node, int64(NOBODY)) != NOBODY  # else it is out of use


@compiled_within
def _fail(site: Site, node: int, share: float, now: int) -> None:
    """Let a node fail; all of its leaf, if that is drawn. Who is out of use already stays so for its own time."""
    if share >= site.rules.leaf_stop_share:
        _break(site, node, now)
        return
    first = node - node % site.cluster.leaf_nodes
    for one in range(first, first + site.cluster.leaf_nodes):
        _break(site, one, now)


@compiled_apart
def _break(site: Site, node: int, now: int) -> None:
    """Stop the jobs of a node, in the order of the queue, and send it to repair, if it is not out of use."""
    state, rules, devices = site.state[0], site.rules, site.rules.node_devices
    job = next_on(site.cluster, node, int64(NOBODY))
    while job != NOBODY:
        _stop(site, job, now)
        job = next_on(site.cluster, node, job)
    if site.cluster.free_of[node] < devices:
        return
    back = now + max(rules.repair_seconds, 1)
    take_out(site.cluster, int64(site.cluster.pool_of[node]), node)
    lose_node(site, node)
    push_end(site.repairs, back, node)
    expect_until(site, back, devices)
    add_use(site.use, rules.kinds, devices, now - rules.use_from, back - rules.use_from)
    state.down += devices


@compiled_within
def _stop(site: Site, job: int, now: int) -> None:
    """Stop a job: what it did since its last checkpoint is lost, and it waits again in its old place."""
    one, state, every = site.jobs[job], site.state[0], site.rules.checkpoint_seconds
    remove_end(site.ends, job)
    give_up_devices(site, job, now)
    state.stopped += 1
    one.stopped += 1
    if one.state == RUNNING:
        worked = max(now - one.began - one.restart, 0)
        saved = worked // every * every if every else 0
        keep_work(site, job, saved)
        lose(site, job, one.units * (now - one.began - saved))
    else:  # it had saved its work when it was told to make room, and all until then is counted as lost
        state.saving -= one.units
        lose(site, job, -one.units * (one.began + one.planned - now))
    if one.attempts >= site.rules.attempts_max:
        one.state = GIVEN_UP
        settle_grant(site, job)
        state.given_up += 1
        return
    one.planned = one.asked + one.restart
    join(site, job)


@compiled_apart
def end_repairs(site: Site, now: int) -> None:
    """Put the nodes back that are repaired now."""
    state, devices = site.state[0], site.rules.node_devices
    while site.repairs.count[0] and site.repairs.time[0] == now:
        node = pop_end(site.repairs)
        put_back(site.cluster, OPEN, node)
        no_longer_until(site, now, devices)
        state.down -= devices
        state.repair_device_seconds += devices * site.rules.repair_seconds
