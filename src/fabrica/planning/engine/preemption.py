"""Jobs of a lower level make room for the head of the queue: they save, then wait again in their old place."""

from fabrica.planning.engine.attempts import expect_until, keep_work, link_saving, lose, no_longer_until, unlink
from fabrica.planning.engine.cluster import OPEN
from fabrica.planning.engine.compiling import compiled, compiled_apart, compiled_within
from fabrica.planning.engine.ends import push_end, remove_end
from fabrica.planning.engine.shares import charge
from fabrica.planning.engine.site_state import Site
from fabrica.planning.engine.table import NOBODY, SAVING
from fabrica.planning.engine.windows import windows_allow


@compiled_apart
def make_room(site: Site, head: int, now: int) -> None:
    """Tell as many jobs of lower levels to save as the head needs, if that is enough.

    The lowest level goes first, in it who started last. Who is planned to end before it would have saved is let be.
    """
    one, state = site.jobs[head], site.state[0]
    saved_at = now + max(site.rules.saving_seconds, 1)
    if not windows_allow(site, one.units, now, saved_at + one.planned):
        return
    lower = 0
    for level in range(one.level):
        lower += site.levels[level].units
    lacking = one.units - site.cluster.free[OPEN] - state.saving
    if lacking > lower:
        return
    if state.saving == 0:
        lacking = max(lacking, 1)  # there is enough, but scattered: one job more
    for level in range(one.level):
        job = site.levels[level].first
        while job != NOBODY and lacking > 0:
            after = site.jobs[job].next
            lacking -= site.jobs[job].units
            if site.jobs[job].began + site.jobs[job].planned > saved_at:
                _save(site, job, level, now, saved_at)
            job = after


@compiled_within
def _save(site: Site, job: int, level: int, now: int, saved_at: int) -> None:
    """Let a job save and end; the seconds until then are no work."""
    one, state = site.jobs[job], site.state[0]
    worked = min(max(now - one.began - one.restart, 0), one.left)
    no_longer_until(site, one.began + one.planned, one.units)
    charge(site.shares, one.account, one.units * (saved_at - one.began - one.planned), one.began)
    one.planned = saved_at - one.began
    expect_until(site, saved_at, one.units)
    remove_end(site.ends, job)
    push_end(site.ends, saved_at, job)
    unlink(site, job, level)
    link_saving(site, job)
    keep_work(site, job, worked)
    one.state = SAVING
    state.saving += one.units
    state.preempted += 1
    one.preempted += 1
    lose(site, job, one.units * (saved_at - one.began - worked))


@compiled
def wait_again(site: Site, job: int) -> None:
    """Let a job that has saved plan its next attempt."""
    one = site.jobs[job]
    site.state[0].saving -= one.units
    one.planned = one.asked + one.restart
