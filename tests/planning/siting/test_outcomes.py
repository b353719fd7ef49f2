"""Outcomes are written and read back; what cannot be is named."""

from pathlib import Path

import pytest

from fabrica.planning.siting.outcomes import read_outcomes, write_outcomes
from fabrica.wire.siting import OutcomesRefused
from tests.planning.siting.sites import measure


def test_outcomes_are_read_as_they_were_written(tmp_path: Path) -> None:
    file = tmp_path / "outcomes.json"
    file.write_text(write_outcomes({"a": {"network_wait_hours": measure(2, 4)}}, "runs of a test"))
    (row,) = read_outcomes(file, {"a", "b"}).values()
    found = row["network_wait_hours"]
    assert (found.low, found.high, found.shown) == (2, 4, 3)
    assert found.source.addresses == ("runs of a test",)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("{", "is no JSON"),
        ("[]", "no table 'sites'"),
        ('{"sites": {}}', "no 'source'"),
        ('{"source": "x", "sites": {"c": {}}}', "is no candidate"),
        ('{"source": "x", "sites": {"a": {"pue": {}}}}', "unknown outcome"),
        ('{"source": "x", "sites": {"a": {"network_eur": 5}}}', "Write low, high"),
        ('{"source": "x", "sites": {"a": {"network_eur": {"low": 2, "high": 1}}}}', "from low over value to high"),
        ('{"source": "x", "sites": {"a": {"network_eur": {"low": NaN, "high": 1}}}}', "from low over value to high"),
        ('{"source": "x", "sites": {"a": {"network_eur": {"low": "1", "high": 1}}}}', "Write low, high"),
    ],
)
def test_a_mistake_is_named(tmp_path: Path, text: str, told: str) -> None:
    file = tmp_path / "outcomes.json"
    file.write_text(text)
    with pytest.raises(OutcomesRefused) as refused:
        read_outcomes(file, {"a"})
    assert told in str(refused.value)
