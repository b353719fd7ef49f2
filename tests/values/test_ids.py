"""Promises of ids."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fabrica.values.ids import AttemptId, ProjectId, RunId, SiteId


def test_ids_of_one_process_sort_in_the_order_they_were_made() -> None:
    made = [RunId.new() for _ in range(1000)]
    assert made == sorted(made)
    assert len(set(made)) == 1000


def test_an_id_reads_back_as_itself_and_as_no_other_kind() -> None:
    run = RunId.new()
    assert RunId.parse(str(run)) == run
    with pytest.raises(ValueError, match="att_"):
        AttemptId.parse(str(run))


@given(st.text(max_size=60))
def test_no_other_text_is_taken_for_an_id(text: str) -> None:
    try:
        assert ProjectId.parse(text) == text
    except ValueError:
        return
    assert text.startswith("prj_")
    assert len(text) == 30


@pytest.mark.parametrize("text", ["", "-a", "a-", "Lumi", "a" * 41, "../etc", "a b", "é"])
def test_a_site_name_of_another_form_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="not a site name"):
        SiteId.parse(text)
