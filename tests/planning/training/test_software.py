"""A source's software is of the year the source tells."""

import pytest

from fabrica.planning.training.software import UNKNOWN, software_of, year_of


@pytest.mark.parametrize(
    ("source", "year"),
    [
        ("a vendor's performance summary, 25.11 container", 2025.92),
        ("recipes, 24.x READMEs", 2024.0),
        ("Somebody et al. 2021 (arXiv:2104.04473)", 2021.33),
        ("benchmark note llama3_h100_202412", 2025.0),
        ("Somebody 2023, release note", 2023.5),
        ("a model card", UNKNOWN),
    ],
)
def test_the_year_is_read_from_the_source(source: str, year: float) -> None:
    assert year_of(source) == pytest.approx(year, abs=0.01)


def test_attention_is_fused_from_2023_on() -> None:
    assert software_of(2022.9, "bf16").fused_attention == 0
    assert software_of(2023.0, "bf16").fused_attention == 1
    assert software_of(2025.0, "fp8").linear_bytes == 1
