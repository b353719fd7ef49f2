"""All partitions of the network as one set of arrays that one compiled loop works on, and the engine's site of each."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy

from fabrica.planning.engine.cluster import Cluster
from fabrica.planning.engine.ends import Ends
from fabrica.planning.engine.running import Running
from fabrica.planning.engine.shares import Shares
from fabrica.planning.engine.site_rules import NEVER, SiteRules
from fabrica.planning.engine.site_state import Site
from fabrica.planning.network.codes import SCANNED
from fabrica.planning.network.compiling import inlined
from fabrica.planning.network.front import Front, no_front
from fabrica.planning.network.waits import Waits, no_waits


class Fleet(NamedTuple):
    """Every partition. Its sites are of one type, so the loop is compiled once for any number of them.

    `whole`: a site whose arrays are those of all sites, one after another; what sites share stands in it once.
    `first`: shape (sites + 1, arrays), where the rows of each site begin, in the order of `_own`.
    `capacity` to `seed`: shape (sites,), in which they differ. `next_at`: shape (sites,), when something happens next
    at each. `waits`, `fronts`: of all, with one more axis before.
    """

    whole: Site
    first: Any
    capacity: Any
    node_devices: Any
    leaf_nodes: Any
    pod_leaves: Any
    within_leaf: Any
    leaf_stop_share: Any
    tells_apart: Any
    seed: Any
    next_at: Any
    waits: Waits
    fronts: Front


def join_sites(sites: Sequence[Site]) -> Fleet:
    """Return sites that share their jobs and grants as one fleet; they are not used any more."""
    rows = [_own(site) for site in sites]
    lengths = numpy.array([[len(array) for array in row] for row in rows], numpy.int64)
    first = numpy.concatenate((numpy.zeros((1, lengths.shape[1]), numpy.int64), numpy.cumsum(lengths, axis=0)))
    joined = [numpy.concatenate(arrays) for arrays in zip(*rows, strict=True)]
    one, rules = sites[0], [site.rules for site in sites]
    state, shares, cluster, ends, running, levels, windows, users, repairs, use = (
        joined[0],
        joined[1:6],
        joined[6:19],
        joined[19:22],
        joined[22:28],
        *joined[28:31],
        joined[31:34],
        joined[34],
    )
    whole = one._replace(
        state=state,
        shares=Shares._make((*shares, *one.shares[5:])),
        cluster=Cluster._make((*one.cluster[:5], *cluster, *one.cluster[18:])),
        ends=Ends(*ends),
        running=Running(*running),
        levels=levels,
        windows=windows,
        users=users,
        repairs=Ends(*repairs),
        use=use,
    )
    return Fleet(
        whole=whole,
        first=first,
        capacity=numpy.array([each.capacity for each in rules]),
        node_devices=numpy.array([each.node_devices for each in rules]),
        leaf_nodes=numpy.array([each.leaf_nodes for each in rules]),
        pod_leaves=numpy.array([each.pod_leaves for each in rules]),
        within_leaf=numpy.array([each.within_leaf for each in rules]),
        leaf_stop_share=numpy.array([each.leaf_stop_share for each in rules]),
        tells_apart=numpy.array([site.cluster.tells_apart for site in sites]),
        seed=numpy.array([each.seed for each in rules]),
        next_at=numpy.full(len(sites), NEVER),
        waits=no_waits(len(sites)),
        fronts=no_front(len(sites), len(one.shares.lines), SCANNED),
    )


def _own(site: Site) -> tuple[Any, ...]:
    """Return the arrays of a site that no other shares."""
    return (
        site.state,
        *site.shares[:5],
        *site.cluster[5:18],
        *site.ends,
        *site.running,
        site.levels,
        site.windows,
        site.users,
        *site.repairs,
        site.use,
    )


@inlined
def site_of(fleet: Fleet, row: int) -> Site:
    """Return one partition."""
    whole, a, b = fleet.whole, fleet.first[row], fleet.first[row + 1]
    shares, cluster, ends, running, repairs = whole.shares, whole.cluster, whole.ends, whole.running, whole.repairs
    return Site(
        _rules_of(fleet, row),
        whole.state[a[0] : b[0]],
        whole.jobs,
        Shares(
            shares.accounts[a[1] : b[1]],
            shares.lines[a[2] : b[2]],
            shares.order[a[3] : b[3]],
            shares.due[a[4] : b[4]],
            shares.counts[a[5] : b[5]],
            shares.powers,
            shares.half_life_seconds,
            shares.is_fair,
            shares.ages,
        ),
        whole.grants,
        Cluster(
            fleet.node_devices[row],
            fleet.leaf_nodes[row],
            fleet.pod_leaves[row],
            fleet.within_leaf[row],
            fleet.tells_apart[row],
            cluster.free[a[6] : b[6]],
            cluster.wholes[a[7] : b[7]],
            cluster.newest[a[8] : b[8]],
            cluster.older[a[9] : b[9]],
            cluster.newer[a[10] : b[10]],
            cluster.free_of[a[11] : b[11]],
            cluster.pool_of[a[12] : b[12]],
            cluster.leaf_newest[a[13] : b[13]],
            cluster.leaf_older[a[14] : b[14]],
            cluster.leaf_newer[a[15] : b[15]],
            cluster.leaf_wholes[a[16] : b[16]],
            cluster.whole_after[a[17] : b[17]],
            cluster.holders[a[18] : b[18]],
            cluster.first_whole,
            cluster.rest,
        ),
        Ends(ends.time[a[19] : b[19]], ends.job[a[20] : b[20]], ends.count[a[21] : b[21]]),
        Running(
            running.time[a[22] : b[22]],
            running.units[a[23] : b[23]],
            running.count[a[24] : b[24]],
            running.total[a[25] : b[25]],
            running.order[a[26] : b[26]],
            running.used[a[27] : b[27]],
        ),
        whole.levels[a[28] : b[28]],
        whole.windows[a[29] : b[29]],
        whole.users[a[30] : b[30]],
        Ends(repairs.time[a[31] : b[31]], repairs.job[a[32] : b[32]], repairs.count[a[33] : b[33]]),
        whole.rates,
        whole.use[a[34] : b[34]],
    )


@inlined
def _rules_of(fleet: Fleet, row: int) -> SiteRules:
    """Return the rules of one partition; compiled code knows no names of arguments here."""
    rules = fleet.whole.rules
    return SiteRules(
        fleet.capacity[row],
        fleet.node_devices[row],
        rules.accounts,
        rules.levels,
        rules.is_fair,
        rules.half_life_seconds,
        rules.age_seconds,
        rules.age_steps,
        rules.preempts,
        rules.saving_seconds,
        fleet.leaf_nodes[row],
        fleet.pod_leaves[row],
        fleet.within_leaf[row],
        rules.device_seconds_per_stop,
        fleet.leaf_stop_share[row],
        rules.checkpoint_seconds,
        rules.restart_seconds,
        rules.repair_seconds,
        rules.attempts_max,
        fleet.seed[row],
        rules.kinds,
        rules.use_from,
        rules.use_hours,
    )


@inlined
def front_of(fleet: Fleet, row: int) -> Front:
    """Return who waits foremost at one partition."""
    return Front(fleet.fronts.jobs[row], fleet.fronts.lines[row], fleet.fronts.looks[row])


@inlined
def waits_of(fleet: Fleet, row: int) -> Waits:
    """Return what is known of the waits at one partition."""
    waits = fleet.waits
    return Waits(
        waits.last[row],
        waits.started[row],
        waits.count[row],
        waits.kept[row],
        waits.steps[row],
        waits.told[row],
        waits.queued[row],
        waits.spare[row],
    )
