"""The compute and energy account of a version: its own runs, what people entered, and what it descends from."""

from collections.abc import Iterable
from typing import NamedTuple

from fabrica.aiact.compute import INITIAL_WEIGHTS, account
from fabrica.aiact.compute_methods import ceiling_flop
from fabrica.aiact.energy import energy_account
from fabrica.reference.purposes import load_purposes
from fabrica.server.aiact import queries
from fabrica.server.aiact.models import Version
from fabrica.server.aiact.record_queries import Records, records
from fabrica.server.core import clock
from fabrica.server.core.actors import Actor
from fabrica.server.people import queries as people
from fabrica.values.ids import RunId, VersionId
from fabrica.wire.accounts import (
    ComputeAccount,
    ComputeTotal,
    EnergyAccount,
    OutsideSource,
    SourceEvidence,
    Sources,
    SourceTag,
)
from fabrica.wire.problems import Malformed
from fabrica.wire.runs import Run, RunPurpose, RunSpec
from fabrica.wire.systems import OutsideModel, VersionAccount


class Own(NamedTuple):
    """What belongs to one version itself: its runs, their records, and what people entered."""

    runs: tuple[Run, ...]
    records: Records
    sources: Sources


class Accounts(NamedTuple):
    """Both accounts of a version with what they were made from; `sources` hold what it descends from as well."""

    own: Own
    sources: Sources
    compute: ComputeAccount
    energy: EnergyAccount


def version_account(by: Actor, version: VersionId, *, more_flop: float | None = None) -> VersionAccount:
    """Return both accounts of a version; what runs on or waits is planned, and `more_flop` beside it.

    Raises:
        NotFound: no such version, or the actor may not see it.
        SameComputeTwice: what was entered counts something twice.
    """
    row = queries.version_row(by, version)
    found = accounts(by, row, more_flop=more_flop)
    return VersionAccount(version=version, compute=found.compute, energy=found.energy)


def accounts(by: Actor, row: Version, *, more_flop: float | None = None) -> Accounts:
    """Return both accounts of a version that the actor sees.

    Raises:
        SameComputeTwice: what was entered counts something twice.
    """
    own = own_of(by, row)
    lines = (*own.sources.sources, *_unread(own), *_inherited(by, row, own), *_untold(row, own))
    sources = own.sources.model_copy(update={"sources": lines})
    planned = _planned(own.runs)
    total = None if planned is None and more_flop is None else (planned or 0) + (more_flop or 0)
    compute = account(own.records.runs, sources, planned_flop=total)
    return Accounts(own, sources, compute, energy_account(own.records.runs, compute, sources.sites))


def own_of(by: Actor, row: Version) -> Own:
    """Return what belongs to a version itself."""
    runs = tuple(run for _, run in queries.linked_runs(by, row))
    return Own(runs, records(runs), sources_of(row.pk))


def sources_of(version: VersionId) -> Sources:
    """Return what people entered of compute from outside for a version; none where nobody did."""
    told = queries.standing(version, "sources")
    return Sources.model_validate(told[0].body) if told else Sources()


def _unread(own: Own) -> Iterable[OutsideSource]:
    """Yield runs whose record nobody can read as what they were for, of unknown compute."""
    for run in own.runs:
        if run.id in own.records.unread:
            yield _source(run.id, f"{run.name}: {own.records.unread[run.id]}", run.spec.purpose, None)


def _inherited(by: Actor, row: Version, own: Own) -> Iterable[OutsideSource]:
    """Yield the compute of everything the version was made from, each ancestor once however many ways lead to it.

    Weights come before teachers, so that who is both counts as weights.
    """
    counted = {run.id for run in own.runs}
    seen: set[object] = {row.pk}
    front = [(line, tag_of(line.relation)) for line in queries.lineage_rows(row.pk)]
    while front:
        front.sort(key=lambda one: one[1] != INITIAL_WEIGHTS)
        line, tag = front.pop(0)
        if line.parent is None:
            outside = OutsideModel.model_validate(line.outside)
            if (key := (outside.name, outside.source)) not in seen:
                seen.add(key)
                yield _from_outside(outside, tag)
            continue
        if line.parent_id in seen:
            continue
        seen.add(line.parent_id)
        yield from _of_ancestor(by, line.parent, tag, counted)
        front += [
            (one, tag if tag != INITIAL_WEIGHTS else tag_of(one.relation))
            for one in queries.lineage_rows(line.parent_id)
        ]


def tag_of(relation: str) -> SourceTag:
    """Return how the compute of what a version was made from counts: a teacher's does not, that of weights does."""
    return "teacher_training" if relation == "distilled_from" else "initial_weights"


def _from_outside(model: OutsideModel, tag: SourceTag) -> OutsideSource:
    """Return the compute of a model from outside as a source."""
    words = f"{model.name}, from {model.source}"
    found = _source(words, words, tag, model.flop, model.evidence or "No evidence entered")
    return found.model_copy(update={"systemic": model.systemic})


def _of_ancestor(by: Actor, row: Version, tag: SourceTag, counted: set[RunId]) -> Iterable[OutsideSource]:
    """Yield the compute of an ancestor itself; nothing is told of one whose project the actor does not see."""
    name = f"{row.system.name} {row.label}"
    if not people.sees(by, row.system.project_id):
        yield _source(row.pk, "A version of a project that you do not see", tag, None)
        return
    own = own_of(by, row)
    fresh = tuple(one for one in own.records.runs if one.run not in counted)
    counted |= {RunId(one.run) for one in fresh}
    lines = (*own.sources.sources, *_unread(own), *_untold(row, own))
    additions = {run: one for run, one in own.sources.runs.items() if run in {found.run for found in fresh}}
    found = account(fresh, own.sources.model_copy(update={"sources": lines, "runs": additions}))
    yield from _total(row.pk, name, tag, found.training_compute)
    more = found.cumulative_training_compute.flop - found.training_compute.flop
    if more > 0 and tag == INITIAL_WEIGHTS:
        yield _source(
            f"cumulative part of {name} ({row.pk[-6:]})", "Counts toward cumulative only", "synthetic_nonpublic", more
        )


def _total(key: str, name: str, tag: SourceTag, total: ComputeTotal) -> Iterable[OutsideSource]:
    """Yield what is known of a total, and what is not known beside it."""
    if total.flop or total.complete:
        yield _source(key, name, tag, total.flop)
    if not total.complete:
        yield _source(f"unknown part of {name} ({key[-6:]})", ", ".join(total.unknown), tag, None)


def _untold(row: Version, own: Own) -> Iterable[OutsideSource]:
    """Yield an unknown source where nothing tells of a version's own training: silence is not zero."""
    trains = any(
        load_purposes()[run.spec.purpose].counts in ("counts", "in_part") and not run.simulated for run in own.runs
    )
    entered = any(source.tag != "initial_weights" and counts(source.tag) for source in own.sources.sources)
    only_merged = {line.relation for line in queries.lineage_rows(row.pk)} == {"merged_from"}
    if not (trains or entered or only_merged):
        name = f"training of {row.system.name} {row.label}"
        yield _source(name, "No run is linked and nothing is entered", "pretraining", None)


def _source(
    key: str, what: str, tag: SourceTag, flop: float | None, reference: str = "Register of systems and models"
) -> OutsideSource:
    return OutsideSource(
        id=key[:200],
        what=what[:200],
        tag=tag,
        flop=flop,
        method="Taken from the register of systems and models",
        evidence=SourceEvidence(reference=reference, entered_by="the register", entered_on=clock.now().date()),
    )


def _planned(runs: Iterable[Run]) -> float | None:
    """Return the most that linked runs can still compute; None: none is left, or no peak is known."""
    ceilings = [most_flop(run.spec) for run in runs if not run.state.final]
    known = [one for one in ceilings if one is not None]
    return sum(known) if known else None


def most_flop(spec: RunSpec) -> float | None:
    """Return the most that a run can add to a model's compute within its time limit; None: no peak is known."""
    if not counts(spec.purpose):
        return 0.0
    return most_flop_of(spec.resources.resource_class, spec.resources.reserved_milliseconds)


def counts(purpose: RunPurpose) -> bool:
    """Return whether runs of a purpose count toward a model's compute, or may."""
    return load_purposes()[purpose].counts != "does_not_count"


def most_flop_of(resource_class: str, device_milliseconds: int) -> float | None:
    """Return the most that device time can compute; None: no peak of the class is known."""
    try:
        return ceiling_flop(resource_class, device_milliseconds / 3_600_000)
    except Malformed:
        return None
