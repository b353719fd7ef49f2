"""Facts on a page: equal values once, wide tables as lists, nothing lost."""

from hypothesis import given
from hypothesis import strategies as st

from fabrica.aiact.documents.fill import fill
from fabrica.aiact.documents.shape import change_words, closed_by, facts_of, open_items, paragraphs
from fabrica.wire.documents import Block, ItemChange
from tests.aiact.samples import NOW, gathered_from, make_answers, make_run

CELLS = st.text("ab", max_size=2)


@st.composite
def blocks(draw: st.DrawFn) -> Block:
    columns = draw(st.integers(1, 8))
    row = st.tuples(*[CELLS] * columns)
    rows = draw(st.lists(row, min_size=1, max_size=6))
    return Block(title="t", columns=tuple(f"c{n}" for n in range(columns)), rows=tuple(rows))


@given(blocks())
def test_every_value_of_a_block_is_set(block: Block) -> None:
    facts = facts_of(block)
    shown = " ".join(
        [value for _, value in facts.shared]
        + [cell for row in facts.rows for cell in row]
        + [value for one in facts.lists for _, value in one]
    )
    assert all(cell in shown for row in block.rows for cell in row)


def test_rows_that_differ_only_by_name_become_one_line() -> None:
    facts = facts_of(Block(title="t", columns=("Dataset", "Modality"), rows=(("a", "text"), ("b", "text"))))
    assert facts.shared == (("Dataset", "a, b"), ("Modality", "text"))
    assert facts.rows == ()


def test_paragraphs_are_parted_by_empty_lines() -> None:
    assert paragraphs("a\nb\n\n\n c ") == ["a\nb", "c"]


def test_what_closes_an_open_item_is_told_by_its_state() -> None:
    document = fill("mdf", gathered_from(make_run()), make_answers(), now=NOW)
    told = {item.state: closed_by(item) for item in open_items(document)}
    assert told["to_confirm"].startswith("confirm what it shows")
    assert told["missing"].startswith("enter ")
    assert all("in your own words" in words for words in told.values())


def test_a_change_names_what_its_item_asks() -> None:
    change = ItemChange(item="mdf-1", asks="Name", what="added", before=None, after="Euro char")
    assert change_words(change) == ("Name [mdf-1]", "added", "–", "Euro char")
