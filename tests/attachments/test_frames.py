"""Frames arrive whole and in order, wherever their bytes are cut."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fabrica.attachments import frames
from fabrica.attachments.frames import Frame, Garbled, Reader

FRAMES = st.builds(
    Frame,
    st.integers(frames.DATA, frames.EXIT),
    st.integers(0, 2**32 - 1),
    st.binary(max_size=200),
)


@given(st.lists(FRAMES, max_size=8), st.lists(st.integers(1, 50), min_size=1, max_size=8))
def test_frames_come_out_as_they_went_in_however_they_are_cut(sent: list[Frame], cuts: list[int]) -> None:
    text, reader, came, turn = b"".join(one.packed() for one in sent), Reader(), [], 0
    while text:
        cut = cuts[turn % len(cuts)]
        came += list(reader.feed(text[:cut]))
        text, turn = text[cut:], turn + 1
    assert came == sent


@given(st.binary(max_size=3 * frames.PAYLOAD_BYTES_MAX))
def test_long_text_is_cut_into_frames_that_say_the_same(text: bytes) -> None:
    cut = list(frames.data(3, text))
    assert b"".join(one.payload for one in cut) == text
    assert all(len(one.payload) <= frames.PAYLOAD_BYTES_MAX for one in cut)


@given(st.binary(max_size=400))
def test_bytes_that_are_no_frames_are_called_so_and_nothing_else(text: bytes) -> None:
    try:
        for frame in Reader().feed(text):
            assert frames.DATA <= frame.kind <= frames.EXIT
    except Garbled:
        pass


def test_a_size_and_values_are_read_as_they_were_told() -> None:
    assert frames.size_of(frames.resize(24, 80)) == (24, 80)
    assert frames.values_of(frames.told(frames.EXIT, status=3)) == {"status": 3}


@pytest.mark.parametrize("payload", [b"", b"\xff", b"[1]"])
def test_values_that_are_none_are_called_so(payload: bytes) -> None:
    with pytest.raises(Garbled):
        frames.values_of(Frame(frames.NOTE, 0, payload))
