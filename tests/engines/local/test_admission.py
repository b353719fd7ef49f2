"""Which waiting attempt fits beside the claims that are held."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from fabrica.engines.local.admission import fitting_devices

_MACHINE: dict[str, Any] = {"cores": [0, 1, 2, 3], "gpus": {"a": "h200", "b": "h200", "c": "a100"}, "memory_bytes": 100}
_ASKS = st.builds(
    lambda resource_class, devices, memory: {
        "partition": resource_class.removeprefix("gpu."),
        "resource_class": resource_class,
        "devices": devices,
        "memory_bytes": memory,
    },
    st.sampled_from(["cpu.core", "gpu.h200", "gpu.a100"]),
    st.integers(1, 5),
    st.integers(1, 120),
)


@given(st.lists(_ASKS, max_size=12))
def test_no_device_and_no_byte_is_given_twice(asks: list[dict[str, Any]]) -> None:
    claims: dict[str, dict[str, Any]] = {}
    for number, asked in enumerate(asks):
        devices = fitting_devices(asked, _MACHINE, claims)
        if devices is not None:
            claims[str(number)] = devices
            assert len(devices["cores"]) + len(devices["gpus"]) == asked["devices"]
            assert {_MACHINE["gpus"][gpu] for gpu in devices["gpus"]} <= {asked["partition"]}
    for kind in ("cores", "gpus"):
        held = [device for claim in claims.values() for device in claim[kind]]
        assert len(held) == len(set(held))
        assert set(held) <= set(_MACHINE[kind])
    assert sum(claim["memory_bytes"] for claim in claims.values()) <= _MACHINE["memory_bytes"]


def test_run_that_needs_what_is_held_does_not_fit() -> None:
    held = {"one": {"cores": [0, 1, 2], "gpus": [], "memory_bytes": 1}}
    asked = {"resource_class": "cpu.core", "devices": 2, "memory_bytes": 1}
    assert fitting_devices(asked, _MACHINE, held) is None
    assert fitting_devices(asked | {"devices": 1}, _MACHINE, held) == {"cores": [3], "gpus": [], "memory_bytes": 1}
