"""Filling: nothing is invented, every value has evidence, and each recipient is sent only what is theirs."""

from datetime import date
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fabrica.aiact import library
from fabrica.aiact.documents.evidence import Gathered, evidence
from fabrica.aiact.documents.fill import fill
from fabrica.aiact.documents.layout import COMPUTE_AND_ENERGY, KEPT_FROM, kinds, layouts
from fabrica.wire.documents import COMPLETE, NotForRecipient, Recipient, TemplateUnknown
from tests.aiact.samples import (
    ANA,
    NOW,
    event,
    gathered_from,
    items_of,
    make_answers,
    make_run,
    whole_evidence,
    whole_kind,
)

TEMPLATES = list(library.document_templates())
EMPTY = Gathered((), {}, ())
RECIPIENTS: tuple[Recipient, ...] = ("provider", "ai_office", "authority", "downstream", "deployer", "public")


@pytest.mark.parametrize("name", TEMPLATES)
def test_an_empty_project_gives_a_document_without_any_value(name: str) -> None:
    document = fill(name, EMPTY, None, now=NOW)
    assert document.rate.items == len(library.document_templates()[name].items)
    for item in items_of(document).values():
        assert item.state in ("missing", "to_type")
        assert (item.blocks, item.text, item.evidence, item.said_by) == ((), None, (), None)
    assert document.evidence_register == ()
    assert document.subject == "Not named yet"


@settings(max_examples=25, deadline=None)
@given(st.sets(st.sampled_from(list(kinds())), max_size=12), st.sampled_from(TEMPLATES))
def test_every_shown_value_stands_in_the_evidence(chosen: set[str], name: str) -> None:
    held = tuple(whole_kind(kind, "register") for kind in sorted(chosen))
    document = fill(name, Gathered(held, {}, ()), None, now=NOW)
    shown = {one.id for one in held}
    for item in items_of(document).values():
        assert set(item.evidence) <= shown
        assert bool(item.blocks) <= bool(item.evidence)
        assert (item.state in COMPLETE) <= bool(item.evidence and item.blocks)


@settings(max_examples=25, deadline=None)
@given(st.sets(st.sampled_from(list(kinds())), max_size=12), st.sampled_from(list(kinds())))
def test_more_evidence_never_loses_a_filled_item(chosen: set[str], more: str) -> None:
    def filled(names: set[str]) -> set[str]:
        held = tuple(whole_kind(kind, "register") for kind in sorted(names))
        items = items_of(fill("mdf", Gathered(held, {}, ()), None, now=NOW))
        return {name for name, item in items.items() if item.state in COMPLETE or item.state == "to_confirm"}

    assert filled(chosen) <= filled(chosen | {more})


def test_whole_records_fill_what_the_data_expects_of_them() -> None:
    """The ceiling of the data: 86 of 174 items from records, 45 assisted; four of them need only a person's word."""
    items = [one for name in TEMPLATES for one in items_of(fill(name, whole_evidence(), None, now=NOW)).values()]
    assert len(items) == 174
    assert {one.id for one in items if one.state == "automatic"} == {one.id for one in items if one.fill == "auto"}
    assert sum(one.state == "automatic" for one in items) == 86
    proposed = {one.id for one in items if one.state == "to_confirm"}
    assisted = {one.id for one in items if one.fill == "assisted"}
    assert len(assisted) == 45
    assert assisted - proposed == {"viii-b-5", "viii-c-3", "ts-3-1", "fria-b"}
    assert not [one.id for one in items if one.state == "missing"]


def test_a_no_that_follows_from_silence_is_only_proposed() -> None:
    """That the given records hold no licensed, crawled, user or synthetic data does not show that there is none."""
    held = (
        evidence("data.prov", [{"dataset": "a", "source_class": "public", "origin": "b"}], held_by="record", source="r",
                 method="m", at=NOW, sha256=None),
    )  # fmt: skip
    items = items_of(fill("training_summary", Gathered(held, {}, ()), None, now=NOW))
    for name in ("ts-2-2-1", "ts-2-2-2", "ts-2-3", "ts-2-4", "ts-2-5"):
        assert items[name].state == "to_confirm"
        assert items[name].blocks[0].rows[0][0].startswith("no")


@pytest.mark.parametrize("name", TEMPLATES)
def test_an_item_for_a_person_is_never_filled_by_a_record(name: str) -> None:
    held = whole_evidence()
    registers = tuple(one for one in held.evidence if one.held_by != "person")
    for item in items_of(fill(name, Gathered(registers, {}, ()), None, now=NOW)).values():
        if item.fill == "human":
            assert item.state == "to_type"


def test_what_a_person_entered_is_typed_and_not_automatic() -> None:
    held = Gathered((whole_kind("org.identity", "person"),), {}, ())
    item = items_of(fill("mdf", held, make_answers(), now=NOW))["mdf-1-1"]
    assert item.state == "typed"
    assert item.said_by == "Ana, Head of Models, on 2026-11-21"


def test_a_confirmation_counts_only_for_what_is_whole() -> None:
    answers = make_answers(confirm={"mdf-5-1": {}, "mdf-2-2": {}, "mdf-1-1": {}})
    held = Gathered((whole_kind("run.config", "record"), whole_kind("run.ids", "record")), {}, ())
    items = items_of(fill("mdf", held, answers, now=NOW))
    assert items["mdf-5-1"].state == "confirmed"
    assert items["mdf-2-2"].state == "to_type"
    assert items["mdf-1-1"].state == "missing"


def test_a_person_may_type_an_item_or_say_why_it_does_not_apply() -> None:
    answers = make_answers(
        items={"mdf-4-1": {"text": "None.", "by": {"name": "Eva", "function": "Counsel"}, "day": date(2026, 11, 1)}},
        not_applicable={"mdf-8-3": {"reason": "No inference."}},
    )
    items = items_of(fill("mdf", EMPTY, answers, now=NOW))
    assert (items["mdf-4-1"].text, items["mdf-4-1"].said_by) == ("None.", "Eva, Counsel, on 2026-11-01")
    assert items["mdf-8-3"].text == "Not applicable. No inference."
    assert {items["mdf-4-1"].state, items["mdf-8-3"].state} == {"typed"}


@pytest.mark.parametrize("recipient", RECIPIENTS)
@pytest.mark.parametrize("name", TEMPLATES)
def test_a_document_goes_only_to_its_recipients(name: str, recipient: Recipient) -> None:
    if recipient == "provider" or recipient in layouts()[name].recipients:
        assert fill(name, EMPTY, None, now=NOW, recipient=recipient).recipient == recipient
    else:
        with pytest.raises(NotForRecipient, match="does not go to"):
            fill(name, EMPTY, None, now=NOW, recipient=recipient)


def test_the_form_sends_each_recipient_the_items_of_the_data() -> None:
    law = library.document_templates()["mdf"].items
    for recipient, key in (
        ("ai_office", "ai_office"),
        ("authority", "national_authorities"),
        ("downstream", "downstream"),
    ):
        sent = items_of(fill("mdf", whole_evidence(), None, now=NOW, recipient=recipient))  # type: ignore[arg-type]
        assert list(sent) == [item.id for item in law if item.recipients and item.recipients[key] is True]


@pytest.mark.parametrize("recipient", sorted(KEPT_FROM))
@pytest.mark.parametrize("name", TEMPLATES)
def test_compute_and_energy_reach_nobody_downstream(name: str, recipient: Recipient) -> None:
    if recipient not in layouts()[name].recipients:
        return
    secret = 98_765_432_123_456.0
    held = tuple(
        _with(one.kind, secret) if one.kind in COMPUTE_AND_ENERGY else one for one in whole_evidence().evidence
    )
    absent = dict.fromkeys(COMPUTE_AND_ENERGY, "9.8765e13 FLOP")
    document = fill(name, Gathered(held, absent, (f"a notice with {secret}",)), None, now=NOW, recipient=recipient)
    text = document.model_dump_json()
    assert not COMPUTE_AND_ENERGY & {entry.kind for entry in document.evidence_register}
    for shown in ("98765432123456", "98,765", "9.877 × 10", "9.9 × 10", "9.8765e13", "secret method"):
        assert shown not in text


def _with(kind: str, value: float) -> Any:
    row = {name: value if one.kind == "number" else "secret method" for name, one in kinds()[kind].fields.items()}
    row |= {name: "run_a" for name in row if name == "run"}
    return evidence(kind, [row], held_by="record", source="usage.json", method="secret method", at=NOW, sha256="9" * 64)


def test_a_section_of_which_nothing_is_sent_is_not_named() -> None:
    downstream = fill("mdf", whole_evidence(), None, now=NOW, recipient="downstream")
    assert all(section.items for section in downstream.sections)
    assert "Energy" not in " ".join(section.title for section in downstream.sections)
    summary = fill("training_summary", EMPTY, None, now=NOW, recipient="public")
    assert "2. List of data sources" in [section.title for section in summary.sections]


def test_no_row_of_evidence_leaves_with_the_register() -> None:
    document = fill("annex_xii", whole_evidence(), None, now=NOW, recipient="downstream")
    assert "rows" not in document.evidence_register[0].model_dump()
    assert "run.hardware devices_count" not in document.model_dump_json()


def test_a_run_that_does_not_count_fills_nothing_about_training() -> None:
    items = items_of(fill("mdf", gathered_from(make_run(purpose="exploratory")), None, now=NOW))
    assert items["mdf-7-1-a"].state == "missing"
    assert "exploratory" in items["mdf-7-1-a"].lacks[0]


def test_the_records_of_a_training_run_fill_compute_time_and_energy() -> None:
    stated = event("run.flop_arch", parameters_active=4e5, training_tokens=1e6)
    items = items_of(fill("mdf", gathered_from(make_run(events=(stated,))), None, now=NOW))
    assert items["mdf-7-2-a"].state == "automatic"
    assert items["mdf-7-2-a"].blocks[0].rows[0][0] == "2.4 × 10¹² FLOP"
    assert items["mdf-7-2-n"].blocks[0].rows[0][0] == "10¹² FLOP"
    assert items["mdf-7-1-n"].blocks[0].rows[0][0] == "under 1 month"
    assert items["mdf-8-1"].state == "to_confirm"  # no facility figure
    assert items["mdf-8-1"].blocks[0].rows == (("node", "measured", "0.010 MWh"),)


def test_days_and_citations_are_those_of_the_data() -> None:
    document = fill("annex_iv", EMPTY, None, now=NOW)
    assert document.checked_on == library.about().as_of
    assert document.law == f"{library.about().id} {library.about().schema_version}"
    assert document.retention_years == 10
    assert document.article == "Art. 11(1), Annex IV"
    assert any("2027-08-02" in note for note in fill("training_summary", EMPTY, None, now=NOW).notices)


def test_an_unknown_document_names_the_nearest() -> None:
    with pytest.raises(TemplateUnknown) as unknown:
        fill("annex_ix", EMPTY, None, now=NOW)
    assert "Did you mean" in unknown.value.remedy


def test_the_signatory_is_the_person_of_the_answers() -> None:
    assert fill("annex_v", EMPTY, make_answers(), now=NOW).signatory == f"{ANA.name}, {ANA.function}"
