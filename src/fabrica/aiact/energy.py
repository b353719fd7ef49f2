"""The energy account: three boundaries, measured, allocated and estimated apart, over the runs that count for compute.

Source: Regulation (EU) 2024/1689, Annex XI, section 1, point 2(e), and this project's rule for boundaries.
"""

from collections.abc import Iterable, Mapping, Sequence

from fabrica.aiact import library
from fabrica.wire.accounts import ComputeAccount, EnergyAccount, EnergyTotal, RecordedRun, SiteFactor
from fabrica.wire.runs import Energy

BOUNDARIES = ("accelerator", "node", "facility")
JOULES_PER_MEGAWATT_HOUR = 3.6e9


def energy_account(
    runs: Iterable[RecordedRun], compute: ComputeAccount, sites: Mapping[str, SiteFactor] | None = None
) -> EnergyAccount:
    """Return the energy of the runs that count for compute, and of the others apart.

    A facility figure is the recorded one, else the node's figure times the facility factor of the site, which makes it
    an estimate.
    """
    given = [run for run in runs if not run.simulated]
    counting = {line.id for line in compute.lines if line.counts in ("both", "cumulative_only")}
    counted = [run for run in given if run.run in counting]
    factors = sites or {}
    totals = _totals(counted, factors)
    unknown = {boundary: _without(boundary, counted, factors) for boundary in BOUNDARIES}
    form, words = _form(totals, unknown["facility"], bool(counted))
    return EnergyAccount(
        counted=totals,
        apart=_totals([run for run in given if run.run not in counting], factors),
        unknown=unknown,
        form=form,
        form_words=words,
        gap=library.energy_reporting().gap,
    )


def energies_of(run: RecordedRun, factors: Mapping[str, SiteFactor]) -> tuple[Energy, ...]:
    """Return the known figures of a run, with the facility's where the site's factor gives it."""
    known = tuple(one for one in run.energy if one.joules is not None)
    factor = factors.get(run.site)
    if factor is None or any(one.boundary == "facility" for one in known):
        return known
    nodes = [one for one in known if one.boundary == "node" and one.joules is not None]
    made = (
        Energy(
            boundary="facility",
            basis="estimated",
            joules=node.joules * factor.pue if node.joules is not None else None,
            method=(
                f"Node figure ({node.basis}) x facility factor {factor.pue:g} of {run.site} over {factor.period} "
                f"({factor.source})."
            ),
        )
        for node in nodes
    )
    return (*known, *made)


def _totals(runs: Sequence[RecordedRun], factors: Mapping[str, SiteFactor]) -> tuple[EnergyTotal, ...]:
    groups: dict[tuple[str, str], list[tuple[str, Energy]]] = {}
    for run in runs:
        for one in energies_of(run, factors):
            groups.setdefault((one.boundary, one.basis), []).append((run.run, one))
    found = []
    for (boundary, basis), figures in sorted(groups.items(), key=lambda item: (BOUNDARIES.index(item[0][0]), item[0])):
        joules = sum(one.joules for _, one in figures if one.joules is not None)
        found.append(
            EnergyTotal.model_validate(
                {
                    "boundary": boundary,
                    "basis": basis,
                    "joules": joules,
                    "megawatt_hours": joules / JOULES_PER_MEGAWATT_HOUR,
                    "runs": tuple(dict.fromkeys(name for name, _ in figures)),
                    "methods": tuple(dict.fromkeys(one.method for _, one in figures)),
                }
            )
        )
    return tuple(found)


def _without(boundary: str, runs: Sequence[RecordedRun], factors: Mapping[str, SiteFactor]) -> tuple[str, ...]:
    return tuple(run.run for run in runs if all(one.boundary != boundary for one in energies_of(run, factors)))


def _form(totals: tuple[EnergyTotal, ...], unknown: tuple[str, ...], any_run: bool) -> tuple[EnergyTotal | None, str]:
    """Return the figure for the form: the facility's of every counted run on one basis, else none and why."""
    facility = [one for one in totals if one.boundary == "facility"]
    if not any_run:
        return None, "No run counts, so there is no energy to report."
    if unknown:
        return None, f"No facility figure for {', '.join(unknown)}: the site's facility factor is not known."
    if len(facility) != 1:
        return None, "The facility figures stand on different bases, which are never added: report each."
    return facility[0], f"Facility boundary, {facility[0].basis}."
