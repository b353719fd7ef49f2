"""The energy account: boundaries and bases are never mixed, and only what counts for compute is counted."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fabrica.aiact.compute import account
from fabrica.aiact.energy import energy_account
from fabrica.wire.accounts import EnergyAccount, RecordedRun, SiteFactor
from fabrica.wire.runs import Energy
from tests.aiact.samples import make_run

FACTOR = {"vega": SiteFactor(pue=1.25, period="2026", source="site record")}
BOUNDARIES = ("accelerator", "node", "facility")
BASES = ("measured", "allocated", "estimated")


def _energy(boundary: str, basis: str, joules: float | None) -> Energy:
    return Energy.model_validate({"boundary": boundary, "basis": basis, "joules": joules, "method": f"{basis} so"})


def _account(*runs: RecordedRun, factors: dict[str, SiteFactor] | None = None) -> EnergyAccount:
    return energy_account(runs, account(runs), factors)


@given(st.lists(st.tuples(st.sampled_from(BOUNDARIES), st.sampled_from(BASES), st.floats(0, 1e12)), max_size=8))
def test_a_figure_is_added_only_to_its_own_boundary_and_basis(figures: list[tuple[str, str, float]]) -> None:
    runs = [make_run(f"run_{n}", energy=(_energy(*one),)) for n, one in enumerate(figures)]
    found: dict[tuple[str, str], float] = {(one.boundary, one.basis): one.joules for one in _account(*runs).counted}
    for boundary in BOUNDARIES:
        for basis in BASES:
            own = [joules for a, b, joules in figures if (a, b) == (boundary, basis)]
            assert found.get((boundary, basis), 0) == pytest.approx(sum(own))


def test_runs_that_do_not_count_for_compute_stand_apart() -> None:
    found = _account(make_run("run_a"), make_run("run_b", purpose="evaluation"))
    assert [one.runs for one in found.counted] == [("run_a",)]
    assert [one.runs for one in found.apart] == [("run_b",)]


def test_the_facility_figure_follows_from_the_factor_and_is_an_estimate() -> None:
    found = _account(make_run(), factors=FACTOR)
    assert found.form is not None
    assert (found.form.boundary, found.form.basis, found.form.joules) == ("facility", "estimated", 1.25 * 3.6e7)
    assert found.form.megawatt_hours == pytest.approx(0.0125)
    assert "1.25" in found.form.methods[0]


def test_without_a_factor_there_is_no_figure_for_the_form() -> None:
    found = _account(make_run())
    assert found.form is None
    assert "run_a" in found.form_words
    assert found.unknown["facility"] == ("run_a",)


def test_facility_figures_on_two_bases_are_not_added_for_the_form() -> None:
    measured = make_run("run_b", energy=(_energy("facility", "measured", 1.0),))
    found = _account(make_run("run_a"), measured, factors=FACTOR)
    assert found.form is None
    assert "never added" in found.form_words


def test_an_unknown_figure_is_named_and_not_a_zero() -> None:
    found = _account(make_run(energy=(_energy("accelerator", "estimated", None),)))
    assert found.counted == ()
    assert found.unknown["accelerator"] == ("run_a",)


def test_a_simulated_run_used_no_energy() -> None:
    found = _account(make_run(simulated=True))
    assert found.counted == ()
    assert found.form_words == "No run counts, so there is no energy to report."
