"""Ways of showing: two figures for the AI Office, one for authorities, sizes only when all are known."""

from typing import Any

import pytest

from fabrica.aiact.documents.evidence import Gathered, evidence
from fabrica.aiact.documents.fill import fill
from fabrica.wire.documents import Evidence, Recipient
from tests.aiact.samples import NOW, event, gathered_from, items_of, make_run


def _held(**rows: list[dict[str, Any]]) -> Gathered:
    return Gathered(tuple(_one(kind.replace("_", ".", 1), given) for kind, given in rows.items()), {}, ())


def _one(kind: str, rows: list[dict[str, Any]]) -> Evidence:
    return evidence(kind, rows, held_by="register", source="register", method="kept", at=NOW, sha256=None)


def _text(*tokens: int | None) -> Gathered:
    names = [f"set{number}" for number in range(len(tokens))]
    return _held(
        data_id=[{"dataset": name, "sha256": "1"} | ({"size_tokens": size} if size else {})
                 for name, size in zip(names, tokens, strict=True)],
        data_modality=[{"dataset": name, "modality": "text"} for name in names],
        data_prov=[{"dataset": name, "source_class": "public", "origin": "web"} for name in names],
    )  # fmt: skip


@pytest.mark.parametrize(("recipient", "shown"), [("ai_office", "1.2 × 10¹⁰"), ("authority", "1 × 10¹⁰")])
def test_data_points_are_finer_for_the_ai_office(recipient: Recipient, shown: str) -> None:
    item = items_of(fill("mdf", _text(12_300_000_000), None, now=NOW, recipient=recipient))["mdf-6-4"]
    assert item.blocks[0].rows == (("text", f"{shown} tokens"),)


def test_a_size_is_not_summed_while_one_is_unknown() -> None:
    item = items_of(fill("training_summary", _text(10, None), None, now=NOW))["ts-1-3-a"]
    assert item.state == "missing"
    assert item.blocks == ()
    assert "set1" in item.lacks[0]


def test_the_range_and_the_exact_size_are_both_told() -> None:
    item = items_of(fill("training_summary", _text(600_000_000, 500_000_000), None, now=NOW))["ts-1-3-a"]
    assert item.blocks[0].rows == (("text", "1 billion to 10 trillion tokens", "1,100,000,000 tokens"),)


def test_public_datasets_are_listed_with_their_share() -> None:
    item = items_of(fill("training_summary", _text(970, 30), None, now=NOW))["ts-2-1"]
    assert [row[-1] for row in item.blocks[0].rows] == ["97.0%, large", "3.0%"]


def test_crawled_data_without_a_record_of_the_crawler_is_missing() -> None:
    held = _held(data_prov=[{"dataset": "a", "source_class": "crawled", "origin": "web"}])
    item = items_of(fill("training_summary", held, None, now=NOW))["ts-2-3"]
    assert item.state == "missing"
    assert item.lacks == ("Crawling [data.web, crawler records]",)


def test_energy_of_two_facility_bases_is_left_to_a_person() -> None:
    rows = [{"boundary": "facility", "basis": basis, "megawatt_hours": 1.0, "method": "m"} for basis in ("a", "b")]
    item = items_of(fill("mdf", _held(run_energy=rows), None, now=NOW))["mdf-8-1"]
    assert item.state == "to_confirm"
    assert len(item.blocks[0].rows) == 2


def test_one_facility_figure_is_the_one_for_the_form() -> None:
    row = {"boundary": "facility", "basis": "measured", "megawatt_hours": 1234.5, "method": "m"}
    item = items_of(fill("mdf", _held(run_energy=[row]), None, now=NOW))["mdf-8-1"]
    assert item.state == "automatic"
    assert item.blocks[0].rows == (("facility", "measured", "1,200 MWh"),)


def test_the_summary_tells_its_earlier_versions() -> None:
    held = _held(model_id=[{"name": "m", "version": "2"}])
    item = items_of(fill("training_summary", held, None, now=NOW, version=3))["ts-0"]
    assert item.blocks[0].rows[0][-1] == "1, 2"


def test_a_notification_below_the_presumption_is_never_filled_by_itself() -> None:
    run = make_run(events=(event("run.flop_arch", operations_per_pass=1e20, passes=1),), flop=None)
    above = make_run(events=(event("run.flop_arch", operations_per_pass=2e25, passes=1),), flop=None)
    for one, state in ((run, "to_confirm"), (above, "automatic")):
        item = items_of(fill("systemic_notification", gathered_from(one), None, now=NOW))["sn-4"]
        assert item.state == state
