"""What is charged: Slurm's own seconds times what it allocated, over every start, each counted once."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from fabrica.engines.slurm.jobs import Row
from fabrica.engines.slurm.usage import Charged, distinct, usage_of

_ROWS = st.lists(
    st.builds(
        Row,
        cluster=st.just("beta"),
        job=st.just("7"),
        name=st.just("fab-att"),
        state=st.sampled_from(["REQUEUED", "PREEMPTED", "NODE_FAIL", "COMPLETED"]),
        started_at=st.integers(1, 10**9),
        elapsed_seconds=st.integers(0, 10**6),
        allocated=st.fixed_dictionaries({"cpu": st.integers(1, 128), "gres/gpu": st.integers(1, 64)}),
    ),
    min_size=1,
    max_size=6,
    unique_by=lambda row: row.started_at,
)


@given(_ROWS)
def test_the_charge_is_the_sum_over_starts(rows: list[Row]) -> None:
    usage = usage_of(rows, Charged(gres="gpu"), asked_devices=1, energy_counted=False)
    assert usage.charged_milliseconds == sum(row.allocated["gres/gpu"] * row.elapsed_seconds * 1000 for row in rows)
    assert usage.elapsed_seconds == sum(row.elapsed_seconds for row in rows)


@given(_ROWS)
def test_rows_told_twice_or_in_another_order_are_charged_once(rows: list[Row]) -> None:
    once = usage_of(rows, Charged(gres=None), asked_devices=1, energy_counted=False)
    again = usage_of([*reversed(rows), *rows], Charged(gres=None), asked_devices=1, energy_counted=False)
    assert once == again
    assert len(distinct([*rows, *rows])) == len(rows)


def test_a_part_of_a_core_counts_as_a_core() -> None:
    row = Row("beta", "1", "fab-att", "COMPLETED", started_at=1, elapsed_seconds=10, allocated={"cpu": 3})
    assert usage_of([row], Charged(None, 2), asked_devices=1, energy_counted=False).charged_milliseconds == 20_000


def test_what_never_started_costs_nothing() -> None:
    row = Row("beta", "1", "fab-att", "CANCELLED")
    usage = usage_of([row], Charged("gpu"), asked_devices=4, energy_counted=False)
    assert (usage.charged_milliseconds, usage.devices) == (0, 4)


def test_where_slurm_counts_no_gpus_those_asked_for_are_charged() -> None:
    held, never = {"cpu": 2, "node": 1}, Row("beta", "1", "fab-att", "CANCELLED")
    row = Row("beta", "1", "fab-att", "COMPLETED", started_at=1, elapsed_seconds=10, allocated=held)
    usage = usage_of([row, never], Charged("gpu", asked=4), asked_devices=4, energy_counted=False)
    assert (usage.charged_milliseconds, usage.devices) == (40_000, 4)
    counted = replace(row, allocated=held | {"gres/gpu": 8})
    assert usage_of([counted], Charged("gpu", asked=4), asked_devices=4, energy_counted=False).devices == 8


def test_energy_is_only_measured_where_the_site_measures_and_never_called_exact() -> None:
    row = Row(
        *("beta", "1", "fab-att", "COMPLETED"), started_at=1, elapsed_seconds=9, allocated={"gres/gpu": 2}, joules=5e3
    )
    counted = usage_of([row], Charged("gpu"), asked_devices=2, energy_counted=True).energy[0]
    assert (counted.basis, counted.joules, counted.boundary) == ("allocated", 5e3, "node")
    assert usage_of([row], Charged("gpu"), asked_devices=2, energy_counted=False).energy[0].joules is None
