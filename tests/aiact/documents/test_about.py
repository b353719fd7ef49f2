"""What a person asks first: which documents, which items, which evidence."""

from fabrica.aiact.documents.about import about_template, about_templates


def test_every_document_is_listed() -> None:
    found = about_templates()
    assert len(found) == 16
    assert sum(one["items"] for one in found) == 174


def test_an_item_tells_the_fields_of_its_evidence() -> None:
    items = {one["id"]: one for one in about_template("annex_xi_s1")}
    assert items["xi-1-d"]["needs"] == ["model.arch (architecture, parameters_total_count)"]
    assert "run.flop_arch (run, formula, flop) or run.flop_hw (run, formula, flop)" in items["xi-2-d"]["needs"]
