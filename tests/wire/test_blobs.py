"""Files packed into one body come out as they went in, and a body that was cut off or altered is refused."""

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fabrica.wire import blobs
from fabrica.wire.problems import Malformed

FILES = st.lists(st.binary(max_size=200), max_size=8)


def named(contents: list[bytes]) -> list[tuple[str, bytes]]:
    return [(hashlib.sha256(content).hexdigest(), content) for content in contents]


@given(FILES)
def test_what_is_packed_comes_out_again(contents: list[bytes]) -> None:
    assert list(blobs.unpack(blobs.pack(named(contents)))) == named(contents)


@given(FILES.filter(bool), st.data())
def test_a_body_that_was_cut_off_is_refused_or_lacks_whole_files(contents: list[bytes], data: st.DataObject) -> None:
    body = blobs.pack(named(contents))
    cut = body[: data.draw(st.integers(0, len(body) - 1))]
    try:
        assert list(blobs.unpack(cut)) == named(contents)[: len(list(blobs.unpack(cut)))]
    except Malformed:
        return
    assert len(list(blobs.unpack(cut))) < len(contents)


@given(st.binary(max_size=300))
def test_any_bytes_are_files_or_refused(body: bytes) -> None:
    try:
        files = list(blobs.unpack(body))
    except Malformed:
        return
    assert blobs.pack(files) == body


@pytest.mark.parametrize(
    "line", [b"../../etc/passwd 1\n", b"A" * 64 + b" 1\n", b"a" * 64 + b" -1\n", b"a" * 64 + b" 01\n"]
)
def test_a_line_that_is_none_is_refused(line: bytes) -> None:
    with pytest.raises(Malformed, match="begins no file"):
        list(blobs.unpack(line + b"x"))
