"""Presets are published models, and what is written of them reads back as the same model."""

import pytest

from fabrica.planning.training.model import Model, Window
from fabrica.planning.training.model_file import parse_training, write_document
from fabrica.planning.training.presets import PRESETS, document_of, load_presets
from fabrica.planning.training.runs import OWN_FILE, read_runs


@pytest.mark.parametrize("name", PRESETS)
def test_a_preset_written_and_read_is_the_published_model(name: str) -> None:
    published = next(run.model for run in read_runs(OWN_FILE).runs if run.model.name == name)
    read = parse_training(write_document(load_presets()[name]), "the preset", "unnamed").model
    assert read.columns() == published.columns()
    assert read.name == name


def test_every_kind_of_table_survives_being_written() -> None:
    model = Model('a "model"\n\x7f \\ é😀', 8, 512, 2048, 8, 4, 1000, 128, head_width=96, window=Window(64, 0.5))
    assert parse_training(write_document(document_of(model)), "the text", "unnamed").model == model
