"""Promises of quantities."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fabrica.values.quantities import (
    CPU_CORE,
    ClassesMixed,
    DeviceTime,
    check_resource_class,
    parse_bytes,
    show_bytes,
)


def test_two_resource_classes_never_meet_in_one_sum() -> None:
    with pytest.raises(ClassesMixed, match=r"cpu\.core and gpu\.h100"):
        DeviceTime(1, CPU_CORE) + DeviceTime(1, "gpu.h100")
    with pytest.raises(ClassesMixed):
        assert DeviceTime(1, CPU_CORE) < DeviceTime(1, "gpu.h100")


@given(st.integers(-(10**15), 10**15), st.integers(-(10**15), 10**15))
def test_adding_and_taking_away_is_exact(one: int, other: int) -> None:
    amount = DeviceTime(one, CPU_CORE)
    assert amount + DeviceTime(other, CPU_CORE) - DeviceTime(other, CPU_CORE) == amount


@pytest.mark.parametrize(
    ("milliseconds", "resource_class", "words"),
    [
        (0, CPU_CORE, "0 core-hours"),
        (100, "gpu.h100", "0.1 h100-seconds"),
        (164_800, CPU_CORE, "164.8 core-seconds"),
        (3_600_000, "gpu.mi250x", "1 mi250x-hours"),
        (3_600_000 * 1911, "gpu.h100", "1,911 h100-hours"),
    ],
)
def test_an_amount_is_told_in_hours_and_below_an_hour_in_seconds(
    milliseconds: int, resource_class: str, words: str
) -> None:
    assert str(DeviceTime(milliseconds, resource_class)) == words


@pytest.mark.parametrize("text", ["cpu", "gpu.", "GPU.h100", "gpu.h 100", "cpu.core\n", ""])
def test_a_resource_class_of_another_form_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="not a resource class"):
        check_resource_class(text)


@pytest.mark.parametrize(("text", "count"), [("2 GiB", 2**31), ("500 MB", 5 * 10**8), ("1024", 1024), ("1.5kib", 1536)])
def test_sizes_are_read_with_their_unit(text: str, count: int) -> None:
    assert parse_bytes(text) == count


@pytest.mark.parametrize("text", ["", "lots", "-1 GiB", "2 gigabytes", "1e9", "2\u00a0GiB extra"])
def test_no_size_is_guessed(text: str) -> None:
    with pytest.raises(ValueError, match="is not a size"):
        parse_bytes(text)


def test_sizes_are_shown_with_a_unit_that_fits() -> None:
    assert [show_bytes(count) for count in (812, 1536, 3 * 2**40)] == ["812 B", "1.5 KiB", "3.0 TiB"]
