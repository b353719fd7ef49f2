"""Two sides speak through two files: each byte once and in order, and a hostile file is never followed."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fabrica.attachments.rings import RING_BYTES, RingUnusable, Side


def _sides(folder: Path) -> tuple[Side, Side]:
    one, other = Side(f"{folder}/a", f"{folder}/b"), Side(f"{folder}/b", f"{folder}/a")
    one.create()
    other.create()
    return one, other


PATTERN = bytes(range(251)) * (RING_BYTES // 251 + 2)
SIZES = st.integers(0, RING_BYTES)


@given(st.lists(st.tuples(SIZES, SIZES), max_size=12))
def test_every_byte_comes_once_and_in_order(
    tmp_path_factory: pytest.TempPathFactory, turns: list[tuple[int, int]]
) -> None:
    sender, reader = _sides(tmp_path_factory.mktemp("ring"))
    sent, came = 0, 0
    for size, taken in turns:
        sender.look()
        given_now = min(size, sender.room)
        sender.send(PATTERN[sent % 251 :][:given_now])
        sent += given_now
        reader.look()
        received = reader.receive(taken)
        reader.publish()
        assert received == PATTERN[came % 251 :][: len(received)]
        came += len(received)
    assert sent - came <= RING_BYTES


def test_there_is_no_room_for_more_than_the_ring_holds_until_it_is_read(tmp_path: Path) -> None:
    sender, reader = _sides(tmp_path)
    sender.look()
    sender.send(b"x" * RING_BYTES)
    with pytest.raises(ValueError, match="room for 0"):
        sender.send(b"y")
    reader.look()
    assert len(reader.receive(RING_BYTES)) == RING_BYTES
    reader.publish()
    sender.look()
    assert sender.room == RING_BYTES


def test_a_newer_attachment_sees_nothing_of_the_one_before(tmp_path: Path) -> None:
    sender, reader = _sides(tmp_path)
    sender.look()
    sender.begin(1)
    sender.send(b"old")
    sender.begin(2)
    sender.send(b"new")
    reader.look()
    reader.skip()
    assert (reader.other.attachment, reader.receive(100)) == (2, b"new")


def test_a_side_that_starts_again_goes_on_where_it_was(tmp_path: Path) -> None:
    sender, reader = _sides(tmp_path)
    sender.look()
    sender.send(b"one")
    reader.look()
    assert reader.receive(10) == b"one"
    reader.publish()
    again, late = Side(f"{tmp_path}/a", f"{tmp_path}/b"), Side(f"{tmp_path}/b", f"{tmp_path}/a")
    again.look()
    again.send(b"two")
    late.look()
    assert late.receive(10) == b"two"


def _link(place: Path) -> None:
    (place.parent / "secret").write_text("secret" * 100)
    place.symlink_to(place.parent / "secret")


def _hard_link(place: Path) -> None:
    (place.parent / "secret").write_text("secret" * 100)
    place.hardlink_to(place.parent / "secret")


def _impossible(place: Path) -> None:
    other = Side(str(place), "/nowhere")
    other.create()
    other.head.written = RING_BYTES + 1
    other.publish()


@pytest.mark.parametrize("spoil", [_link, _hard_link, os.mkfifo, Path.mkdir, _impossible])
def test_a_file_that_a_run_has_put_in_place_of_its_own_is_refused(
    tmp_path: Path, spoil: Callable[[Path], None]
) -> None:
    side = Side(f"{tmp_path}/a", f"{tmp_path}/b")
    side.create()
    assert not side.look()
    spoil(tmp_path / "b")
    with pytest.raises(RingUnusable):
        side.look()
