"""A year of the network in plain Python: the reference of the compiled loop, and what runs where Numba is missing.

The broker's kernel is the live one, not compiled; the sites are the engine's plain ones.
"""

import math
from collections.abc import Sequence
from typing import Any

import numpy

from fabrica.placement import columns as c
from fabrica.placement.kernel import answer_lists, choose
from fabrica.planning.engine.plain_jobs import PlainJob
from fabrica.planning.engine.plain_site import PlainSite
from fabrica.planning.engine.site_rules import NEVER, UNLIMITED
from fabrica.planning.network.arithmetic import scaled, size_class, tie
from fabrica.planning.network.asks import Ask
from fabrica.planning.network.codes import (
    ALL_CLOSED,
    ALL_FULL,
    AT_ONCE,
    CLOSES,
    COUNTED_EVERY_SECONDS,
    COUNTRY_ALLOWED,
    FOR_WINDOW,
    IN_REPAIR,
    IS_OVER,
    NO_GRANT,
    NOT_ITS_TURN,
    OTHER_CLASS,
    POOL,
    ROOM_FOR_OTHERS,
    ROOM_NOT_CHOSEN,
    SPEED,
    TOLD_EVERY_SECONDS,
)
from fabrica.planning.network.demand import Jobs
from fabrica.planning.network.facts import asks_table, facts_of, needs_of_none, policy_numbers
from fabrica.planning.network.partitions import Partition
from fabrica.planning.network.plain_waits import PlainWaits
from fabrica.planning.network.ran import NEVER_PLACED, Ran
from fabrica.planning.network.setting import Setting, changes_of, maintenance_of, site_rules, windows_of


def plain_year(
    partitions: Sequence[Partition], asks: Sequence[Ask], jobs: Jobs, setting: Setting, progress: Any
) -> Ran:
    """Return every job as it ran. `progress`: shape (1,), how many jobs have arrived so far."""
    year = _PlainYear(partitions, asks, jobs, setting)
    year.run(progress)
    return year.ran()


class _PlainYear:
    """The broker and its sites. See broker.py; the order of what happens at one instant is that of its page."""

    def __init__(self, partitions: Sequence[Partition], asks: Sequence[Ask], jobs: Jobs, setting: Setting) -> None:
        columns = (jobs.submit, jobs.runtime, jobs.limit, jobs.units, jobs.account, jobs.level, jobs.job_class)
        self._jobs = [
            PlainJob(number, submit, runtime, max(limit, runtime, 1), units, account, level, kind)
            for number, (submit, runtime, limit, units, account, level, kind) in enumerate(
                zip(*(column.tolist() for column in columns), strict=True)
            )
        ]
        self._asked = jobs
        self._grants = dict(setting.grants)
        self._sites = [
            PlainSite(site_rules(setting, one), windows_of(setting, one), self._grants, setting.shares)
            for one in partitions
        ]
        self._waits = [PlainWaits() for _ in partitions]
        self._changes = changes_of(partitions, setting)
        self._maintenance = [maintenance_of(setting, one) for one in partitions]
        self._asks = asks_table(asks, partitions)
        self._facts, self._needs = facts_of(partitions), needs_of_none()
        self._policy, self._answer = policy_numbers(setting.policy), answer_lists(len(partitions))
        self._held: list[PlainJob] = []
        self._partition = [NEVER_PLACED] * len(self._jobs)
        self._cause = [AT_ONCE] * len(self._jobs)

    def run(self, progress: Any) -> None:
        """Let all jobs arrive, and all that follows happen."""
        told_at, count_at = 0, 0
        for now, arrived in _by_instant(self._jobs):
            while min(told_at, self._next_change()) <= now:
                if told_at <= self._next_change():
                    self._tell_all(told_at)
                    told_at += TOLD_EVERY_SECONDS
                else:
                    self._change_all()
            if count_at <= now:
                count_at = now - now % COUNTED_EVERY_SECONDS
                self._count_all(count_at)
                count_at += COUNTED_EVERY_SECONDS
            self._advance_all(now)
            for job in arrived:
                self._decide(job, now)
            self._advance_all(now + 1)
            for job in arrived:
                self._note_cause(job, now)
            progress[0] += len(arrived)
        while self._changes:
            self._change_all()
        self._advance_all(NEVER)

    def _next_change(self) -> int:
        return self._changes[0][0] if self._changes else NEVER

    def _advance_all(self, until: int) -> None:
        for site, waits in zip(self._sites, self._waits, strict=True):
            site.advance(until)
            while site.started:
                waits.note(site.started.popleft())

    def _tell_all(self, now: int) -> None:
        self._advance_all(now)
        for site, waits in zip(self._sites, self._waits, strict=True):
            waits.tell(site, now)

    def _count_all(self, now: int) -> None:
        self._advance_all(now)
        for site, waits in zip(self._sites, self._waits, strict=True):
            waits.count_spare(site)

    def _change_all(self) -> None:
        now = self._next_change()
        self._advance_all(now)
        again, self._held = self._held, []
        while self._next_change() == now:
            _, row, what = self._changes.pop(0)
            if what == IS_OVER:
                continue
            self._facts[row][c.DRAINING] = float(what == CLOSES)
            if what == CLOSES:
                self._sites[row].close()
                while (job := self._sites[row].withdraw()) is not None:
                    again.append(job)
            else:
                self._sites[row].reopen(now)
        self._count_all(now)
        for job in again:
            self._decide(job, now)

    def _decide(self, job: PlainJob, now: int) -> None:
        asked, number = self._asked, job.number
        runtime, limit = int(asked.runtime[number]), int(asked.limit[number])
        asks = self._asks[asked.ask[number]]
        self._needs[c.NEEDS_NODES] = int(asked.nodes[number])
        self._needs[c.NEEDS_DEVICES_PER_NODE] = int(asked.node_devices[number])
        self._needs[c.NEEDS_TIME_LIMIT_SECONDS], self._needs[c.NEEDS_EXPECTED_SECONDS] = limit, runtime
        for row, facts in enumerate(self._facts):
            told = self._waits[row].told[size_class(job.units)]
            if told[2] < self._policy[c.POLICY_WAIT_SAMPLES_MIN]:
                told = self._waits[row].told[POOL]
            facts[c.RESOURCE_CLASS], facts[c.COUNTRY_ALLOWED], facts[c.RELATIVE_SPEED] = asks[row]
            facts[c.WAIT_Q50_SECONDS], facts[c.WAIT_Q90_SECONDS], facts[c.WAIT_SAMPLES] = told
            facts[c.DEVICES_SPARE] = self._waits[row].spare
            facts[c.MAINTENANCE_STARTS_IN_SECONDS] = self._maintenance_starts_in(row, now)
            facts[c.TIE] = tie(number, row)
            if self._grants:
                facts[c.RESERVE_MILLISECONDS] = 1000.0 * job.units * scaled(max(limit, runtime), asks[row][SPEED])
                facts[c.ALLOCATION_FREE_MILLISECONDS] = 1000.0 * self._grants.get(job.account, UNLIMITED)
        row = self._partition[number] = choose(self._facts, self._needs, self._policy, self._answer)
        if row == NEVER_PLACED:
            self._keep_or_refuse(job)
            return
        job.runtime = job.left = scaled(runtime, asks[row][SPEED])
        job.asked = job.planned = max(scaled(limit, asks[row][SPEED]), job.runtime)
        self._sites[row].offer(job, now)
        self._waits[row].spare -= job.units

    def _maintenance_starts_in(self, row: int, now: int) -> float:
        return next((float(start - now) for start, end in self._maintenance[row] if end > now), math.nan)

    def _keep_or_refuse(self, job: PlainJob) -> None:
        if self._grants and 1 << c.ALLOCATION in self._answer.refused:
            self._cause[job.number] = NO_GRANT
            job.is_refused = True
        else:
            kept_by_window = 1 << c.MAINTENANCE in self._answer.refused
            self._cause[job.number] = FOR_WINDOW if kept_by_window else ALL_CLOSED
            self._held.append(job)

    def _note_cause(self, job: PlainJob, now: int) -> None:
        if job.is_refused:
            self._cause[job.number] = NO_GRANT
        elif job.start < 0 and self._cause[job.number] == AT_ONCE:
            self._cause[job.number] = self._why(job, now)

    def _why(self, job: PlainJob, now: int) -> int:
        site = self._sites[self._partition[job.number]]
        taken = site.windows.held(now)
        if site.free >= job.units:
            return NOT_ITS_TURN if site.windows_allow(job, now) else FOR_WINDOW
        if site.free + taken >= job.units:
            return FOR_WINDOW
        if site.free + taken + site.down >= job.units:
            return IN_REPAIR
        with_room = [row for row, other in enumerate(self._sites) if self._has_room(row, other, job.units)]
        if any(self._would_do(job, row) for row in with_room):
            return ROOM_NOT_CHOSEN
        return ROOM_FOR_OTHERS if with_room else ALL_FULL

    def _has_room(self, row: int, site: PlainSite, units: int) -> bool:
        return self._facts[row][c.DRAINING] == 0.0 and site.most_units() >= units

    def _would_do(self, job: PlainJob, row: int) -> bool:
        asks, facts = self._asks[self._asked.ask[job.number]][row], self._facts[row]
        is_asked = asks[OTHER_CLASS] == 0.0 and asks[COUNTRY_ALLOWED] != 0.0
        per_node, nodes = self._asked.node_devices[job.number], self._asked.nodes[job.number]
        return bool(is_asked and facts[c.DEVICES_PER_NODE] >= per_node and facts[c.NODES] >= nodes)

    def ran(self) -> Ran:
        """Return what came of all jobs, as arrays."""
        jobs = self._jobs
        told = (
            "submit",
            "runtime",
            "asked",
            "units",
            "start",
            "began",
            "end",
            "attempts",
            "lost",
            "stopped",
            "preempted",
        )
        columns = [numpy.array([getattr(job, name) for job in jobs], numpy.int64) for name in told]
        refused = numpy.array([job.is_refused for job in jobs], bool)
        given_up = numpy.array([job.is_given_up for job in jobs], bool)
        places = (numpy.array(self._partition, numpy.int16), numpy.array(self._cause, numpy.int8))
        use = numpy.array([site.use for site in self._sites], numpy.int64)
        return Ran._make((*columns, refused, given_up, *places, use))


def _by_instant(jobs: Sequence[PlainJob]) -> "list[tuple[int, list[PlainJob]]]":
    found: dict[int, list[PlainJob]] = {}
    for job in jobs:
        found.setdefault(job.submit, []).append(job)
    return list(found.items())
