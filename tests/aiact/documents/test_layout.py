"""The layout follows the law's data item by item, and names only evidence that there is."""

import pytest

from fabrica.aiact import library
from fabrica.aiact.documents.layout import COMPUTE_AND_ENERGY, item_layout, kinds, layouts
from fabrica.aiact.documents.notes import open_questions
from fabrica.aiact.documents.showing import WAYS

TEMPLATES = library.document_templates()


def test_every_document_is_laid_out() -> None:
    assert list(layouts()) == list(TEMPLATES)
    assert len(layouts()) == 16


@pytest.mark.parametrize("name", list(TEMPLATES))
def test_every_item_stands_once_in_the_official_order(name: str) -> None:
    laid_out = [item for section in layouts()[name].sections for item in section.items]
    assert laid_out == [item.id for item in TEMPLATES[name].items]


def test_the_training_summary_has_the_sections_of_the_official_template() -> None:
    numbers = [section.title.split()[0] for section in layouts()["training_summary"].sections[1:]]
    assert numbers == ["1.", "1.1", "1.2", "1.3", "2.", "2.1", "2.2", "2.2.1", "2.2.2", "2.3", "2.4", "2.5", "2.6",
                       "3.", "3.1", "3.2", "3.3"]  # fmt: skip


def test_the_form_has_the_sections_of_the_code_of_practice() -> None:
    assert [section.title for section in layouts()["mdf"].sections][1:] == [
        "General information",
        "Model properties",
        "Methods of distribution and licences",
        "Use",
        "Training process",
        "Information on the data used for training, testing and validation",
        "Computational resources during training",
        "Energy consumption during training and inference",
    ]


def test_the_kinds_are_those_of_the_catalogue() -> None:
    assert list(kinds()) == list(library.evidence_kinds())
    assert kinds().keys() >= COMPUTE_AND_ENERGY


@pytest.mark.parametrize("name", list(TEMPLATES))
def test_an_item_needs_only_evidence_and_ways_that_there_are(name: str) -> None:
    for item in TEMPLATES[name].items:
        layout = item_layout(name, item.id)
        assert layout.shown_as is None or layout.shown_as in WAYS
        for need in (*(one for group in layout.needs for one in group), *layout.also):
            known = (
                need.kind.removeprefix("doc:") in TEMPLATES if need.kind.startswith("doc:") else need.kind in kinds()
            )
            assert known, f"{item.id} needs {need}"
            assert need.field is None or need.field in kinds()[need.kind].fields, f"{item.id} needs {need}"


@pytest.mark.parametrize("name", list(TEMPLATES))
def test_the_open_questions_of_a_document_are_told_with_their_status(name: str) -> None:
    assert all(": " in words or "Effective date" in words for words in open_questions(name))
