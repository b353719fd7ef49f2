"""All that a site keeps: its jobs and nodes, what runs, what waits, what is out of use, and what came of it."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy

from fabrica.planning.engine.cluster import OPEN, Cluster, empty_cluster, no_holds
from fabrica.planning.engine.ends import Ends, no_ends
from fabrica.planning.engine.rates import Rates, flat_rates
from fabrica.planning.engine.running import Running, nothing_running
from fabrica.planning.engine.shares import Shares, no_usage
from fabrica.planning.engine.site_rules import NEVER, UNLIMITED, SiteRules, Window
from fabrica.planning.engine.table import NOBODY
from fabrica.planning.engine.use import no_use

STATE = numpy.dtype(
    [
        ("now", "i8"),  # the last instant at which anything happened
        ("offered_first", "i8"),  # the jobs that are offered and have not arrived, linked by their `next`
        ("offered_last", "i8"),
        ("waiting", "i8"),  # jobs
        ("waiting_units", "i8"),  # that they ask for
        ("waiting_device_seconds", "i8"),  # that they are planned with
        ("running", "i8"),  # jobs, with those that save
        ("busy", "i8"),  # units
        ("saving", "i8"),  # units of jobs that were told to make room and still save
        ("done", "i8"),  # jobs
        ("refused", "i8"),  # jobs whose account's grant had run out
        ("given_up", "i8"),  # jobs that were stopped too often
        ("started_first", "i8"),  # jobs in the order of their first starts, linked by their `next_started`
        ("started_last", "i8"),
        ("is_closed", "i8"),  # 1 while no job may start
        ("opens", "i8"),  # when it opens again
        ("ages_at", "i8"),  # nobody who waits gets older before: see aging.py
        # The reservation of the head of the queue.
        ("reserved_for", "i8"),  # the head, or NOBODY
        ("at", "i8"),  # when it is expected to start
        ("spare", "i8"),  # units that are free then beyond what it needs
        ("for_block", "i8"),  # 1 when there are enough units for it, but not as whole nodes
        # Windows: see windows.py.
        ("opened", "i8"),  # how many windows have begun
        ("open", "i8"),  # how many of them have not ended
        ("boundary", "i8"),  # when the next one begins or ends
        ("taken", "i8"),  # units that open windows hold
        ("owed", "i8"),  # units that they still lack
        ("reserved", "i8"),  # open windows in which somebody may run
        ("reserved_due", "i8"),  # 1 when one of them has more room, or somebody waits again, since all were last asked
        # Stops: see stops.py.
        ("stop_number", "i8"),
        ("stop_clock", "f8"),
        ("down", "i8"),  # units in repair
        # What came of it all.
        ("stops", "i8"),  # failures, of a node or a leaf, that stopped a job
        ("stopped", "i8"),  # jobs they stopped
        ("preempted", "i8"),
        ("scattered", "i8"),  # attempts on more leaves than they need
        ("inside", "i8"),  # attempts in reservations
        ("busy_device_seconds", "i8"),  # of attempts that ended
        ("lost_device_seconds", "i8"),  # of these: work that was not saved, restarts and savings
        ("window_device_seconds", "i8"),  # taken by windows that ended
        ("repair_device_seconds", "i8"),  # of repairs that ended
        ("busy_rates", "f8", (2,)),  # the integral of each rate over busy device-seconds: see rates.py
    ],
    align=True,
)

GRANT = numpy.dtype([("granted", "i8"), ("used", "i8"), ("held", "i8")], align=True)
LEVEL = numpy.dtype([("first", "i8"), ("units", "i8")], align=True)
WINDOW = numpy.dtype(
    [
        ("start", "i8"),
        ("end", "i8"),
        ("units", "i8"),
        ("out", "i8"),  # units that all windows take when this one begins
        ("crossing", "i8"),  # units that are planned to be in use then
        ("taken", "i8"),
        ("pool", "i8"),  # of what it takes: see cluster.py
        ("users", "i8"),  # the row of `users` that tells who may run in it, or NOBODY
    ],
    align=True,
)


class Site(NamedTuple):
    """All that a site keeps. Every job, node and unit is told once.

    `state`: one record. `jobs`: the table of all sites. `windows`: in the order of their starts.
    `levels`: records, shape (levels + 1,): the jobs that run on each, the latest started first; last, those that nobody
    tells to make room: who saves already, and who runs in a reservation.
    `repairs`: when nodes come back. `grants`: records, shape (accounts,), in device-seconds; sites may share them.
    `users`: shape (rows x accounts,), one row for each set of accounts: 1 for those that are in it. `use`: see use.py.
    """

    rules: SiteRules
    state: Any
    jobs: Any
    shares: Shares
    grants: Any
    cluster: Cluster
    ends: Ends
    running: Running
    levels: Any
    windows: Any
    users: Any
    repairs: Ends
    rates: Rates
    use: Any


def new_site(
    rules: SiteRules,
    jobs: Any,
    windows: Sequence[Window] = (),
    grants: Mapping[int, int] | None = None,
    shares: Mapping[int, float] | None = None,
    rates: Rates | None = None,
    holds: tuple[Any, Any] | None = None,
) -> Site:
    """Return a site on which nothing runs.

    `windows`: times in which units are out of use, or reserved; whole nodes where there are nodes.
    `grants`: device-seconds of an account; one that is not named has no bound. `shares`: of an account; 1 if not named.
    `holds`: what jobs hold of nodes, where sites share it.

    Raises:
        ValueError: there is no account or no level, so no job could queue.
    """
    if min(rules.accounts, rules.levels) < 1:
        raise ValueError(f"A site has an account and a level at least, not {rules.accounts} and {rules.levels}.")
    state = numpy.zeros(1, STATE)
    for name in ("offered_first", "offered_last", "reserved_for", "started_first", "started_last"):
        state[name] = NOBODY
    state["opens"] = state["ages_at"] = NEVER
    table, users = window_table(windows, rules.accounts)
    state["boundary"] = table["start"][0] if len(table) else NEVER
    levels = numpy.zeros(rules.levels + 1, LEVEL)
    levels["first"] = NOBODY
    nodes = rules.capacity // rules.node_devices if rules.node_devices else 0
    running_max = min(len(jobs), rules.capacity)  # each job holds a unit at least
    kept = no_usage(rules.accounts, rules.levels, rules.half_life_seconds, rules.is_fair, rules.age_steps)
    for account, share in (shares or {}).items():
        kept.accounts[account]["share"] = share
    return Site(
        rules=rules,
        state=state,
        jobs=jobs,
        shares=kept,
        grants=grant_table(rules.accounts, grants or {}),
        cluster=empty_cluster(
            rules.capacity,
            rules.node_devices,
            no_holds(len(jobs) if rules.node_devices else 0) if holds is None else holds,
            rules.leaf_nodes,
            rules.within_leaf,
            bool(rules.leaf_nodes or rules.device_seconds_per_stop or windows),
            1 + int(table["pool"].max(initial=0)),
            rules.pod_leaves,
        ),
        ends=no_ends(running_max),
        running=nothing_running(running_max + nodes),
        levels=levels,
        windows=table,
        users=users,
        repairs=no_ends(nodes),
        rates=rates or flat_rates(),
        use=no_use(rules.kinds, rules.use_hours),
    )


def grant_table(accounts: int, grants: Mapping[int, int]) -> Any:
    """Return the grants of accounts as records; one that is not named has no bound."""
    table = numpy.zeros(accounts, GRANT)
    table["granted"] = UNLIMITED
    for account, granted in grants.items():
        table["granted"][account] = granted
    return table


def window_table(windows: Sequence[Window], accounts: int) -> tuple[Any, Any]:
    """Return windows as records, in the order of their starts, and who may run in them: see `users` of a site."""
    table = numpy.zeros(len(windows), WINDOW)
    rows: dict[tuple[int, ...], int] = {}
    free_from: list[int] = []  # of each pool: windows that are open together have pools of their own
    for row, (start, end, units, users) in enumerate(sorted(windows)):
        table["start"][row], table["end"][row], table["units"][row] = start, end, units
        table["users"][row] = rows.setdefault(users, len(rows)) if users else NOBODY
        pool = next((pool for pool, at in enumerate(free_from) if at <= start), len(free_from))
        free_from[pool : pool + 1] = [end]
        table["pool"][row] = OPEN + 1 + pool
    for row, start in enumerate(table["start"]):
        table["out"][row] = table["units"][(table["start"] <= start) & (table["end"] > start)].sum()
    may_run = numpy.zeros((len(rows), accounts), numpy.int8)
    for users, row in rows.items():
        may_run[row, list(users)] = 1
    return table, may_run.ravel()
