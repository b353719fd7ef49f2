"""Bands and ranges of the forms, at their ends."""

import re

import pytest

from fabrica.aiact import library
from fabrica.aiact.documents.figures import DAYS_PER_MONTH, SIZE_BINS, parameter_band, size_range, time_band


@pytest.mark.parametrize(
    ("count", "band"), [(5e8, "up to 500M"), (5.1e8, "up to 5B"), (1e12, "up to 1T"), (1.1e12, "above 1T")]
)
def test_parameters_fall_in_the_bands_of_the_form(count: float, band: str) -> None:
    assert parameter_band(count) == band
    (note,) = (item.note for item in library.document_templates()["mdf"].items if item.id == "mdf-2-5")
    assert note is not None
    assert note.startswith("Bands: up to 500M, 5B, 15B, 50B, 100B, 500B, 1T")


@pytest.mark.parametrize(
    ("months", "band"), [(0.9, "under 1 month"), (1, "1 to 3 months"), (3, "3 to 6 months"), (6, "over 6 months")]
)
def test_training_time_falls_in_its_band(months: float, band: str) -> None:
    assert time_band(months * DAYS_PER_MONTH) == band


@pytest.mark.parametrize("modality", list(SIZE_BINS))
def test_the_ends_of_the_ranges_are_those_of_the_data(modality: str) -> None:
    first, second = SIZE_BINS[modality].ends
    words = [size_range(modality, size) for size in (first * 0.999, first, second, second * 1.001)]
    bins = library.document_templates()["training_summary"].size_bins
    assert bins is not None
    assert tuple(dict.fromkeys(words)) == bins.get(modality, bins.get(f"{modality}_hours"))
    assert words[1] == words[2]
    assert _number(words[0]) == first
    assert _number(words[3]) == second


def _number(words: str) -> float:
    found = re.search(r"([\d ]+)(thousand|million|billion|trillion)?", words.split("under")[-1].split("over")[-1])
    assert found is not None
    scale = {"million": 1e6, "billion": 1e9, "trillion": 1e12}.get(found[2] or "", 1)
    return float(found[1].replace(" ", "")) * scale
