"""One direction of an attachment: each byte once and in order, however often and in what order pieces come."""

from hypothesis import given
from hypothesis import strategies as st

from fabrica.server.attachments.rules import STREAM_BYTES_MAX, Stream

TEXT = bytes(range(256)) * 4


@given(st.lists(st.tuples(st.integers(0, 1024), st.integers(0, 300)), max_size=40))
def test_pieces_that_come_twice_late_or_too_early_change_nothing(pieces: list[tuple[int, int]]) -> None:
    stream, came = Stream(), b""
    for offset, length in pieces:
        before = stream.end
        taken = stream.write(offset, TEXT[offset : offset + length])
        assert taken == (stream.end > before)
        assert offset <= before or not taken
        came += stream.read(len(came), STREAM_BYTES_MAX)
        assert came == TEXT[: stream.end]


def test_what_was_read_but_not_confirmed_is_given_again() -> None:
    stream = Stream()
    stream.write(0, b"abcdef")
    assert stream.read(0, 3) == stream.read(0, 3) == b"abc"
    assert stream.read(3, 3) == b"def"
    assert stream.read(0, 3) == b""  # confirmed by the question before, and forgotten


def test_no_more_is_kept_than_fits_until_it_is_read() -> None:
    stream = Stream()
    assert stream.write(0, b"x" * (STREAM_BYTES_MAX + 5))
    assert stream.end == STREAM_BYTES_MAX
    assert not stream.write(STREAM_BYTES_MAX, b"y")
    stream.read(STREAM_BYTES_MAX, 0)
    assert stream.write(STREAM_BYTES_MAX, b"y")
