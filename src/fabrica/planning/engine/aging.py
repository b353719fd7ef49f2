"""Age: the longer a job waits, the less counts for it what its account used; in steps, so the order seldom changes.

Who is of one account, level and age stands in one line, so getting older is going over to another line.
"""

from fabrica.planning.engine.attempts import join, leave
from fabrica.planning.engine.compiling import compiled_apart
from fabrica.planning.engine.shares import IN_ORDER, put_in_order
from fabrica.planning.engine.site_rules import NEVER
from fabrica.planning.engine.site_state import Site
from fabrica.planning.engine.table import NOBODY


@compiled_apart
def grow_old(site: Site, now: int) -> None:
    """Let those who are older by now go over to the line of their age, and note when somebody gets older next."""
    state, shares, rules = site.state[0], site.shares, site.rules
    put_in_order(shares)
    state.ages_at = NEVER
    for place in range(shares.counts[IN_ORDER]):
        line = shares.lines[shares.order[place]]
        if line.age == rules.age_steps:
            continue
        lasts = (line.age + 1) * rules.age_seconds
        while line.root != NOBODY and site.jobs[line.first].submit + lasts <= now:
            job = line.first
            leave(site, job)
            join(site, job)
        if line.root != NOBODY:
            state.ages_at = min(state.ages_at, site.jobs[line.first].submit + lasts)
