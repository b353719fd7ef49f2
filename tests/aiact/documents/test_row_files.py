"""Rows of evidence from files: read as they are, and what is wrong is named with its place."""

import json
from contextlib import suppress
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fabrica.aiact.documents.row_files import BYTES_MAX, ROWS_MAX, read_rows
from fabrica.wire.documents import DocumentAnswersWrong

LICENCES = [
    {"dataset": "names", "licence": "CC0", "rights_holder": "A; B"},
    {"dataset": "faq", "licence": "CC-BY-4.0"},
]


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("rows.csv", "dataset,licence,rights_holder\nnames,CC0,A; B\nfaq,CC-BY-4.0,\n"),
        ("rows.CSV", '\ufeffDataset;Licence;Rights holder\r\nnames;CC0;"A; B"\r\n\r\nfaq;CC-BY-4.0\r\n'),
        ("rows.tsv", "dataset\tlicence\trights_holder\nnames\tCC0\tA; B\nfaq\tCC-BY-4.0\n"),
        ("rows.json", json.dumps(LICENCES)),
        ("rows.json", json.dumps({"data.licence": LICENCES})),
        ("rows.yaml", "- {dataset: names, licence: CC0, rights_holder: A; B}\n- {dataset: faq, licence: CC-BY-4.0}\n"),
    ],
)
def test_the_same_rows_are_read_from_every_form(name: str, content: str) -> None:
    assert list(read_rows("data.licence", content.encode(), name)) == LICENCES


def test_numbers_and_days_are_read_as_such_and_one_row_may_stand_alone() -> None:
    table = b"dataset,sha256,size_tokens,size_audio_hours\nnames,aa,173570,1.5\n"
    (row,) = read_rows("data.id", table, "a.csv")
    assert (row["size_tokens"], row["size_audio_hours"], row["sha256"]) == (173570, 1.5, "aa")
    (row,) = read_rows("model.release", b"channel: shop\nreleased_on: 2026-11-20\n", "a.yaml")
    assert row == {"channel": "shop", "released_on": date(2026, 11, 20)}


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("a.csv", b"dataset,licens\nnames,CC0\n", "row 1: data.licence has no field 'licens'; did you mean 'licence'"),
        ("a.csv", b"dataset,licence,Dataset\nnames,CC0,x\n", "line 1: 'dataset' is written twice"),
        ("a.csv", b"dataset,licence\nnames,CC0,more\n", "line 2 has 3 cells, and the first line 2"),
        ("a.csv", b"\xff\xfe\x00", "cannot be read"),
        ("a.csv", b"dataset,licence\n", "holds 0 rows"),
        ("a.csv", b"", "holds 0 rows"),
        ("a.csv", b"dataset,licence\n" + b"names,CC0\n" * (ROWS_MAX + 1), "holds 501 rows"),
        ("a.json", b'[{"dataset": "a", "dataset": "b"}]', "'dataset' is written twice"),
        ("a.json", b'[{"dataset": ', "cannot be read"),
        ("a.json", b"[" * 60_000, "cannot be read"),
        ("a.json", b'["names"]', "a row is fields with values"),
        ("a.json", b'[{"dataset": [["a"]]}]', "row 1: data.licence.dataset"),
        ("a.yaml", b"dataset: a\ndataset: b\n", "line 2: 'dataset' is written twice"),
        ("a.yaml", b"dataset: &a [x]\nlicence: *a\n", "cannot be read"),
        ("a.yaml", b"a: [\n", "cannot be read in line 2"),
        ("a.yaml", b"x" * (BYTES_MAX + 1), "larger than"),
    ],
)
def test_what_is_wrong_with_a_file_is_named_with_its_place(name: str, content: bytes, words: str) -> None:
    with pytest.raises(DocumentAnswersWrong) as refused:
        read_rows("data.licence", content, name)
    assert words in str(refused.value)
    assert refused.value.remedy


def test_a_number_that_is_none_is_named() -> None:
    for text in (b"many", b"-1", b"1e999", b"nan", b"9" * 400):
        with pytest.raises(DocumentAnswersWrong, match=r"data\.id\.size_tokens is a number"):
            read_rows("data.id", b"dataset,size_tokens\nnames," + text, "a.csv")


@given(st.binary(max_size=200), st.sampled_from(["a.csv", "a.json", "a.yaml"]))
def test_any_bytes_are_rows_or_a_named_problem(content: bytes, name: str) -> None:
    with suppress(DocumentAnswersWrong):
        assert read_rows("data.licence", content, name)
