"""Bands and ranges that the forms ask for: parameters, training time, sizes of data."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from fabrica.aiact import library

PARAMETER_BANDS = (
    (5e8, "500M"),
    (5e9, "5B"),
    (1.5e10, "15B"),
    (5e10, "50B"),
    (1e11, "100B"),
    (5e11, "500B"),
    (1e12, "1T"),
)
"""Upper ends of the bands. Source: Model Documentation Form, item on parameters."""

DAYS_PER_MONTH = 365.25 / 12
_MONTHS = ((1, "under 1 month"), (3, "1 to 3 months"), (6, "3 to 6 months"))


class Bins(NamedTuple):
    """The size ranges of one modality: what is counted, and where the first two ranges end."""

    field: str
    unit: str
    ends: tuple[float, float]


SIZE_BINS: Mapping[str, Bins] = {
    "text": Bins("size_tokens", "tokens", (1e9, 1e13)),
    "image": Bins("size_images_count", "images", (1e6, 1e9)),
    "audio": Bins("size_audio_hours", "hours", (1e4, 1e6)),
    "video": Bins("size_video_hours", "hours", (1e4, 1e6)),
}
"""Source: the ranges of the law's data under `training_summary.size_bins`, as numbers."""


def parameter_band(count: float) -> str:
    """Return the band a number of parameters falls in."""
    return next((f"up to {name}" for end, name in PARAMETER_BANDS if count <= end), "above 1T")


def time_band(days: float) -> str:
    """Return the band of a training time."""
    months = days / DAYS_PER_MONTH
    return next((words for end, words in _MONTHS if months < end), "over 6 months")


def size_range(modality: str, size: float) -> str:
    """Return the range of the training summary that a size falls in, in the words of the law's data."""
    template = library.document_templates()["training_summary"]
    assert template.size_bins is not None
    words: Sequence[str] = template.size_bins[modality if modality in template.size_bins else f"{modality}_hours"]
    first, second = SIZE_BINS[modality].ends
    return words[0] if size < first else words[1] if size <= second else words[2]
