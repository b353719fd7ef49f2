"""Replay a trace on a site with rules beyond its policy, compiled or plain, and tell what came of it."""

from array import array
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from fabrica.planning.engine.plain_rates import CARBON, PRICE, PlainRate
from fabrica.planning.engine.site_rules import NEVER, SiteRules
from fabrica.planning.engine.site_rules import Window as EngineWindow
from fabrica.planning.options import Options
from fabrica.planning.trace import Trace

NOT_COUNTED = ("began_seconds", "end_seconds", "busy_carbon", "busy_price")
NO_RATES = ([0.0], [0.0])


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a replay beyond the starts; each second is one of a device.

    `began_seconds`, `end_seconds`: shape (jobs,), of the last attempt; -1 where there was none, or it never ended.
    `refused`: jobs whose account's grant had run out. `given_up`: jobs that were stopped too often. `stops`: of nodes;
    `stopped`: of jobs.
    `scattered`: attempts on more leaves than they need. `inside`: attempts in reservations.
    `lost`: work that was not saved, restarts and savings.
    `busy_carbon`, `busy_price`: the hourly series, summed over all device-seconds in use.
    """

    began_seconds: "array[int]"
    end_seconds: "array[int]"
    refused: int
    given_up: int
    stops: int
    stopped: int
    preempted: int
    scattered: int
    inside: int
    busy_device_seconds: int
    lost_device_seconds: int
    repair_device_seconds: int
    busy_carbon: float
    busy_price: float


Work = tuple[Callable[[], None], Callable[[], int], Callable[[], Outcome]]
"""What runs the replay, how many jobs are done, and what came of it."""


@dataclass(frozen=True, slots=True)
class SiteTask:
    """A trace to replay on a site. `limits`: what jobs are planned with. `rates`: carbon and price by the hour."""

    trace: Trace
    limits: "array[int]"
    rules: SiteRules
    options: Options
    start: "array[int]"
    rates: tuple[Sequence[float], Sequence[float]] = NO_RATES

    @property
    def windows(self) -> list[EngineWindow]:
        names = self.trace.account_names
        return [
            (one.start_seconds, one.end_seconds, one.units, tuple(sorted(map(names.index, one.accounts))))
            for one in self.options.windows
        ]

    def by_number(self, named: Mapping[str, Any]) -> dict[int, Any]:
        """Return what is said of accounts by their place in the trace."""
        return {self.trace.account_names.index(name): value for name, value in named.items()}


def plain_work(task: SiteTask) -> Work:
    """Return the work of the plain reference."""
    from fabrica.planning.engine.plain_jobs import PlainJob
    from fabrica.planning.engine.plain_site import PlainSite

    trace, options = task.trace, task.options
    none = array("q", bytes(8 * len(trace)))
    columns = (trace.submit_seconds, trace.runtime_seconds, task.limits, trace.units)
    rows = zip(*columns, trace.accounts or none, trace.levels or none, strict=True)
    jobs = [
        PlainJob(number, submit, runtime, max(limit, runtime, 1), units, account, level)
        for number, (submit, runtime, limit, units, account, level) in enumerate(rows)
    ]
    grants, shares = task.by_number(options.grants), task.by_number(options.shares)
    site = PlainSite(task.rules, task.windows, grants, shares, [PlainRate(values) for values in task.rates])

    def run() -> None:
        for job in jobs:
            site.offer(job, job.submit)
        site.advance(NEVER)
        for job in jobs:
            task.start[job.number] = job.start

    def outcome() -> Outcome:
        last = (array("q", (job.began for job in jobs)), array("q", (job.end for job in jobs)))
        return _outcome(last, lambda name: getattr(site.totals, name), site.busy_rates)

    return run, lambda: site.totals.done, outcome


def compiled_work(task: SiteTask) -> Work:
    """Return the work of the compiled site."""
    import numpy

    from fabrica.planning.engine.rates import hourly_rates
    from fabrica.planning.engine.site import advance, new_site, offer_all
    from fabrica.planning.engine.table import job_table

    trace, options = task.trace, task.options
    columns = (trace.submit_seconds, trace.runtime_seconds, trace.units, task.limits, trace.accounts, trace.levels)
    given = [0 if column is None else numpy.frombuffer(column, numpy.int64) for column in columns]
    grants, shares = task.by_number(options.grants), task.by_number(options.shares)
    site = new_site(task.rules, job_table(*given), task.windows, grants, shares, hourly_rates(*task.rates))
    advance(site, NEVER)  # nothing is offered yet: this only compiles, or reads what was compiled before
    offer_all(site, 0)

    def run() -> None:
        offer_all(site, len(task.trace))
        advance(site, NEVER)
        numpy.frombuffer(task.start, numpy.int64)[:] = site.jobs["start"]

    def outcome() -> Outcome:
        state = site.state[0]
        last = (array("q", site.jobs["began"].tobytes()), array("q", site.jobs["end"].tobytes()))
        return _outcome(last, lambda name: int(state[name]), [float(rate) for rate in state["busy_rates"]])

    return run, lambda: int(site.state["done"][0]), outcome


Columns = tuple["array[int]", "array[int]"]


def _outcome(last: Columns, total: Callable[[str], int], busy_rates: Sequence[float]) -> Outcome:
    counted: dict[str, Any] = {name: total(name) for name in Outcome.__slots__ if name not in NOT_COUNTED}
    return Outcome(*last, busy_carbon=busy_rates[CARBON], busy_price=busy_rates[PRICE], **counted)
