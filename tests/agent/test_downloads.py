"""Downloads in parts: cut off anywhere, harmed on the disk or changed at the source, the whole file comes, or none."""

import hashlib
import random
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fabrica.agent.downloads import Partial, download
from fabrica.agent.failures import AttemptFailed, Interrupted

PART = 1_000
CONTENT = random.Random(5).randbytes(10 * PART + 123)
URL = "https://data.example.eu/rides.parquet"


class Source:
    """A source over HTTP in memory that may break off after so many bytes of an answer, and counts what it sent."""

    def __init__(self, *breaks: int, content: bytes = CONTENT, tag: str = '"one"', ranges: bool = True) -> None:
        self.content, self.tag, self.ranges = content, tag, ranges
        self.breaks = list(breaks)
        self.sent = 0
        self.asked: list[str] = []

    @contextmanager
    def opened(self, headers: Mapping[str, str]) -> Iterator[httpx.Response]:
        start, status = 0, 200
        told = {"ETag": self.tag} if self.tag else {}
        self.asked.append(headers.get("Range", ""))
        if self.ranges and "Range" in headers and headers.get("If-Range") == self.tag:
            start, status = int(headers["Range"].removeprefix("bytes=").removesuffix("-")), 206
            told["Content-Range"] = f"bytes {start}-{len(self.content) - 1}/{len(self.content)}"
        yield httpx.Response(status, headers=told, stream=_Stream(self, start))


class _Stream(httpx.SyncByteStream):
    def __init__(self, source: Source, start: int) -> None:
        self.source, self.start = source, start

    def __iter__(self) -> Iterator[bytes]:
        body = self.source.content[self.start :]
        length = self.source.breaks.pop(0) if self.source.breaks else len(body) + 1
        for place in range(0, min(length, len(body)), 333):
            piece = body[place : min(place + 333, length)]
            self.source.sent += len(piece)
            yield piece
        if length <= len(body):
            raise httpx.RemoteProtocolError("cut off")


def get(source: Source, file: Path, *, bytes_max: int = 10**9, stop: bool = False) -> bytes:
    download(
        URL,
        file,
        source.opened,
        bytes_max=bytes_max,
        interrupted=lambda: stop,
        wait=lambda seconds: None,
        part_bytes=PART,
    )
    return file.read_bytes()


@settings(max_examples=40, deadline=None)
@given(breaks=st.lists(st.integers(PART + 1, 11 * PART), max_size=8))
def test_however_often_it_is_cut_off_the_whole_file_comes(
    tmp_path_factory: pytest.TempPathFactory, breaks: list[int]
) -> None:
    file = tmp_path_factory.mktemp("download") / "file"
    assert get(Source(*breaks), file) == CONTENT
    assert [one.name for one in file.parent.iterdir()] == ["file"]


def test_what_is_here_is_not_sent_again(tmp_path: Path) -> None:
    source = Source(9 * PART + 500)
    assert get(source, tmp_path / "file") == CONTENT
    assert source.asked == ["", f"bytes={9 * PART}-"]
    assert source.sent == len(CONTENT) + 500


def test_the_next_agent_goes_on_where_the_last_one_was_ended(tmp_path: Path) -> None:
    with pytest.raises(AttemptFailed):
        get(Source(4 * PART + 1, 1, 1, 1, 1, 1, 1), tmp_path / "file")
    source = Source()
    assert get(source, tmp_path / "file") == CONTENT
    assert source.asked == [f"bytes={4 * PART}-"]


def test_a_part_that_the_disk_harmed_is_fetched_again(tmp_path: Path) -> None:
    with pytest.raises(AttemptFailed):
        get(Source(6 * PART, *([1] * 6)), tmp_path / "file")
    harmed = bytearray((tmp_path / "file").read_bytes())
    harmed[2 * PART + 7] ^= 1
    (tmp_path / "file").write_bytes(harmed)
    source = Source()
    assert get(source, tmp_path / "file") == CONTENT
    assert source.asked == [f"bytes={2 * PART}-"]


@pytest.mark.parametrize("tag", ['"two"', 'W/"one"', ""])
def test_a_source_that_changed_or_promises_nothing_is_read_from_the_start(tmp_path: Path, tag: str) -> None:
    with pytest.raises(AttemptFailed):
        get(Source(6 * PART, *([1] * 6)), tmp_path / "file")
    other = CONTENT[::-1]
    assert get(Source(content=other, tag=tag), tmp_path / "file") == other


def test_a_source_without_ranges_is_read_whole(tmp_path: Path) -> None:
    assert get(Source(5 * PART, ranges=False), tmp_path / "file") == CONTENT


def test_another_part_than_was_asked_for_is_never_glued_on(tmp_path: Path) -> None:
    class Wrong(Source):
        @contextmanager
        def opened(self, headers: Mapping[str, str]) -> Iterator[httpx.Response]:
            with super().opened(headers) as response:
                if response.status_code == 206:
                    response.headers["Content-Range"] = "bytes 1-2/3"
                yield response

    assert get(Wrong(3 * PART, 3 * PART), tmp_path / "file") == CONTENT


def test_a_source_that_never_brings_a_part_is_given_up_in_words(tmp_path: Path) -> None:
    with pytest.raises(AttemptFailed, match="cannot be read"):
        get(Source(*([PART // 2] * 20)), tmp_path / "file")


def test_a_file_larger_than_the_site_takes_is_refused_while_it_comes(tmp_path: Path) -> None:
    source = Source()
    with pytest.raises(AttemptFailed, match="larger"):
        get(source, tmp_path / "file", bytes_max=3 * PART)
    assert source.sent < 5 * PART


def test_an_interruption_is_not_a_failure_and_keeps_what_came(tmp_path: Path) -> None:
    with pytest.raises(Interrupted):
        get(Source(), tmp_path / "file", stop=True)
    assert get(Source(), tmp_path / "file") == CONTENT


@pytest.mark.parametrize("notes", ["", "[]", '{"url": 1}', '{"url": "' + URL + '", "tag": "x", "hashes": 5}', "\0"])
def test_notes_that_a_crash_left_half_written_only_cost_time(tmp_path: Path, notes: str) -> None:
    (tmp_path / "file").write_bytes(CONTENT[: 3 * PART])
    (tmp_path / "file.parts").write_text(notes)
    assert get(Source(), tmp_path / "file") == CONTENT


def test_each_part_is_noted_with_its_hash(tmp_path: Path) -> None:
    partial = Partial(tmp_path / "file", URL, PART)
    partial.begin('"one"')
    partial.take(iter([CONTENT[: 2 * PART + 5]]))
    assert partial.bytes_here == 2 * PART
    again = Partial(tmp_path / "file", URL, PART)
    assert again.bytes_here == 2 * PART
    assert hashlib.sha256(again.file.read_bytes()).digest() == hashlib.sha256(CONTENT[: 2 * PART]).digest()
