"""The whole study: limits, then criteria, the Pareto set and rank acceptability of those that stay."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

from fabrica.planning.siting.acceptability import DRAWS, SEED, Acceptability, acceptability
from fabrica.planning.siting.candidates import Candidate, Question
from fabrica.planning.siting.criteria import CRITERIA, Measures
from fabrica.planning.siting.derive import derived
from fabrica.planning.siting.limits import Verdict, judge
from fabrica.planning.siting.pareto import beaten_by

KNOWN_MIN = 2  # sites that must be known in a criterion, or it tells nobody from another


@dataclass(frozen=True, slots=True)
class Assessed:
    """One candidate with its verdicts. `beaten_by`: sites that are surely better; null where a limit is broken."""

    candidate: Candidate
    verdicts: tuple[Verdict, ...]
    beaten_by: tuple[str, ...] | None

    @property
    def refused(self) -> bool:
        return any(verdict.state == "broken" for verdict in self.verdicts)

    @property
    def in_pareto_set(self) -> bool:
        return self.beaten_by == ()


@dataclass(frozen=True, slots=True)
class Study:
    """What is known of where to build. `criteria` are compared; `left_out` are not known for two sites that stay."""

    question: Question
    sites: tuple[Assessed, ...]
    criteria: tuple[str, ...]
    left_out: tuple[str, ...]
    acceptability: Acceptability


def study(
    question: Question, outcomes: Mapping[str, Measures] | None = None, *, draws: int = DRAWS, seed: int = SEED
) -> Study:
    """Return the study. `outcomes`: by candidate, what runs of the network with it gave."""
    told = derived(question)
    sites = tuple(
        replace(one, measures=dict(one.measures) | dict((outcomes or {}).get(one.id, {}))) for one in told.candidates
    )
    told = replace(told, candidates=sites)
    verdicts = {one.id: judge(one, told) for one in sites}
    staying = {one.id: one.measures for one in sites if all(verdict.state != "broken" for verdict in verdicts[one.id])}
    known = {key: sum(key in measures for measures in staying.values()) for key in CRITERIA}
    criteria = tuple(key for key, count in known.items() if count >= KNOWN_MIN)
    beaten = beaten_by(staying, criteria)
    return Study(
        told,
        tuple(Assessed(one, verdicts[one.id], beaten.get(one.id)) for one in sites),
        criteria,
        tuple(key for key in CRITERIA if key not in criteria),
        acceptability(staying, criteria, draws=draws, seed=seed),
    )


def as_plain(found: Study) -> dict[str, Any]:
    """Return a study as plain values for JSON. A criterion that is not among a site's measures is unknown."""
    return {
        "power_megawatts": found.question.power_megawatts,
        "in_year": found.question.in_year,
        "assumed": list(found.question.assumed),
        "criteria": list(found.criteria),
        "left_out": list(found.left_out),
        "draws": found.acceptability.draws,
        "seed": found.acceptability.seed,
        "half_width": found.acceptability.half_width,
        "sites": [_site(one, found.acceptability) for one in found.sites],
    }


def _site(one: Assessed, ranked: Acceptability) -> dict[str, Any]:
    candidate, ranks = one.candidate, ranked.ranks.get(one.candidate.id)
    return {
        "id": candidate.id,
        "name": candidate.name,
        "country": candidate.country,
        "note": candidate.note,
        "measures": {key: asdict(measure) for key, measure in candidate.measures.items()},
        "limits": [
            {
                "criterion": verdict.limit.criterion,
                "state": verdict.state,
                "words": verdict.words,
                "reason": verdict.limit.reason,
                "source": verdict.limit.source,
            }
            for verdict in one.verdicts
        ],
        "refused": one.refused,
        "in_pareto_set": one.in_pareto_set,
        "beaten_by": list(one.beaten_by or ()),
        "rank_shares": list(ranks.shares) if ranks else None,
        "weights_when_first": dict(ranks.weights) if ranks and ranks.weights else None,
    }
