"""Run the network with each candidate: how long all jobs wait, what happens when it closes, its carbon and its bill."""

from dataclasses import replace

from fabrica.planning.network.figures import Figures, Values, estimate, figures
from fabrica.planning.network.runs import run_scenario
from fabrica.planning.progress import Progress, of_part, to_nobody
from fabrica.planning.scenarios.scenario import Change, OwnSite, Period, Policy, Scenario, Work
from fabrica.planning.siting.candidates import Candidate, NetworkRuns, Question
from fabrica.planning.siting.criteria import Measure, Measures
from fabrica.planning.siting.derive import derived
from fabrica.reference.sources import Source

NEW_SITE = "candidate"
HOUR_SECONDS = 3600


def outcomes_of(
    question: Question, *, seed: int, cores: int | None = None, progress: Progress = to_nobody
) -> dict[str, Measures]:
    """Return what the network's runs gave by candidate; one whose country is unknown has none. Results are kept.

    All candidates get the same work. Intervals hold the mean of replications with 95 %; the bill's holds the price's
    too.

    Raises:
        NetworkImpossible: the network cannot be run like this.
        CompilerMissing: Numba is not installed.
    """
    runs = question.network
    assert runs is not None, "the question asks for runs of the network"
    candidates = [one for one in derived(question).candidates if one.country is not None]
    found: dict[str, Measures] = {}
    each = 1 / max(len(candidates), 1)
    for done, one in enumerate(candidates):
        begin, half, end = done * each, (done + 0.5) * each, (done + 1) * each
        tell = of_part(progress, begin, half, f"{one.name}: the network with it")
        whole = figures(run_scenario(_scenario(one, runs, seed), cores=cores, progress=tell))
        tell = of_part(progress, half, end, f"{one.name}: the network while it is closed")
        closed = figures(run_scenario(_closed(_scenario(one, runs, seed)), cores=cores, progress=tell))
        found[one.id] = _measures(one, runs, whole, closed)
    return found


def _scenario(candidate: Candidate, runs: NetworkRuns, seed: int) -> Scenario:
    """Return the network with a candidate, and work for the whole of it: the same wherever the new site stands."""
    pue = candidate.measures.get("pue")
    site = OwnSite(
        id=NEW_SITE,
        country=candidate.country or "",
        accelerator=runs.accelerator,
        devices=runs.devices,
        basis="the file of candidates",
        pue=pue.shown if pue else None,
        gco2e_per_kwh=_shown(candidate, "carbon_grams_per_kilowatt_hour"),
        eur_per_kwh=_per_kilowatt_hour(_shown(candidate, "price_eur_per_megawatt_hour")),
    )
    return Scenario(
        name="with a new site",
        period=Period(days=runs.days, replications=runs.replications, seed=seed),
        work=Work(load=runs.load, portable_share=runs.portable_share),
        policy=Policy(pue_assumed=runs.pue_assumed),
        sites=(site,),
    )


def _shown(candidate: Candidate, key: str) -> float | None:
    measure = candidate.measures.get(key)
    return measure.shown if measure else None


def _per_kilowatt_hour(price: float | None) -> float | None:
    return None if price is None else price / 1000


def _closed(scenario: Scenario) -> Scenario:
    """Return the same work with the new site closed for the second half."""
    half = scenario.period.days / 2
    change = Change(site=NEW_SITE, closed_from_day=half, closed_to_day=float(scenario.period.days))
    return replace(scenario, base=scenario, changes=(change,))


def _measures(candidate: Candidate, runs: NetworkRuns, whole: Figures, closed: Figures) -> Measures:
    source = Source(
        (
            f"simulated: {runs.replications} replications of {runs.days} days of the network with {runs.devices:,} "
            f"{runs.accelerator} more, load {runs.load:g}, {runs.portable_share:.0%} of the jobs on any accelerator",
        ),
        None,
        None,
    )
    own = whole.partitions[-1]  # a scenario's own sites come last
    told = {
        "network_wait_hours": _measure(whole.network.mean_wait_s, 1 / HOUR_SECONDS, source),
        "network_closed_wait_hours": _measure(closed.network.mean_wait_s, 1 / HOUR_SECONDS, source),
        "network_tonnes_co2e": _measure(own.tonnes_co2e, 1.0, source),
        "network_eur": _bill(candidate, own.megawatt_hours, source),
    }
    return {key: measure for key, measure in told.items() if measure is not None}


def _measure(values: Values, factor: float, source: Source) -> Measure | None:
    found = estimate(values)
    if found is None or found.low is None or found.high is None:
        return None
    return Measure(max(found.low, 0.0) * factor, found.high * factor, source, found.mean * factor)


def _bill(candidate: Candidate, megawatt_hours: Values, source: Source) -> Measure | None:
    energy, price = _measure(megawatt_hours, 1.0, source), candidate.measures.get("price_eur_per_megawatt_hour")
    if energy is None or price is None:
        return None
    return Measure(energy.low * price.low, energy.high * price.high, source, energy.shown * price.shown)
