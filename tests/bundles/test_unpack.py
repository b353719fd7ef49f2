"""Unpacking what nobody vouches for: refused by name before the first file is written."""

import io
import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fabrica.bundles.limits import SOURCE, Limits
from fabrica.bundles.unpack import check, unpack
from fabrica.wire.runs import BundleRefused


def archive(path: Path, *members: tarfile.TarInfo | tuple[str, bytes], mode: str = "w") -> Path:
    with tarfile.open(path, mode) as tar:  # type: ignore[call-overload]
        for member in members:
            if isinstance(member, tuple):
                info = tarfile.TarInfo(member[0])
                info.size = len(member[1])
                tar.addfile(info, io.BytesIO(member[1]))
            else:
                tar.addfile(member)
    return path


def odd(name: str, kind: bytes, target: str = "") -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    info.type, info.linkname = kind, target
    return info


def refused(path: Path, words: str, limits: Limits = SOURCE) -> None:
    """Check that both doors refuse the bundle, and that nothing was written outside or inside."""
    before = sorted(path.parent.rglob("*"))
    with pytest.raises(BundleRefused, match=words):
        check(path, limits)
    with pytest.raises(BundleRefused, match=words):
        unpack(path, path.parent / "out", limits)
    assert sorted(path.parent.rglob("*")) == before


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("/etc/passwd", "absolute"),
        ("../x", "leads out"),
        ("a/../../x", "leads out"),
        ("a//b", "empty part"),
        ("./a", "empty part"),
        ("a\nb", "character"),
        ("a\\b", "character"),
        ("x" * 301, "longer"),
        ("ä" * 150, "longer"),
    ],
)
def test_an_unsafe_path_is_refused(tmp_path: Path, name: str, words: str) -> None:
    refused(archive(tmp_path / "b.tar", ("fine.py", b"1"), (name, b"x")), words)


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        (tarfile.SYMTYPE, "a link"),
        (tarfile.LNKTYPE, "a hard link"),
        (tarfile.CHRTYPE, "a device"),
        (tarfile.BLKTYPE, "a device"),
        (tarfile.FIFOTYPE, "a pipe"),
        (tarfile.CONTTYPE, "not a plain file"),
    ],
)
def test_what_is_no_plain_file_is_refused(tmp_path: Path, kind: bytes, words: str) -> None:
    refused(archive(tmp_path / "b.tar", ("fine.py", b"1"), odd("x", kind, "fine.py")), words)


def test_a_sparse_file_that_claims_a_terabyte_is_refused(tmp_path: Path) -> None:
    info = tarfile.TarInfo("x")
    info.pax_headers = {"GNU.sparse.major": "0", "GNU.sparse.size": str(2**40), "GNU.sparse.map": "0,0"}
    refused(archive(tmp_path / "b.tar", info), "not a plain file")


@pytest.mark.parametrize("names", [("a", "a"), ("a", "a/b"), ("a/b", "a")])
def test_a_path_that_comes_twice_is_refused(tmp_path: Path, names: tuple[str, str]) -> None:
    refused(archive(tmp_path / "b.tar", *((name, b"x") for name in names)), "twice")


def test_more_files_or_bytes_than_allowed_are_refused(tmp_path: Path) -> None:
    path = archive(tmp_path / "b.tar", ("a", b"12345"), ("b", b"12345"))
    refused(path, "holds more than", Limits(bytes_max=9, files_max=2))
    refused(path, "holds more than", Limits(bytes_max=10, files_max=1))
    assert check(path, Limits(bytes_max=10, files_max=2)) == ("a", "b")


def test_a_size_that_is_only_claimed_is_refused(tmp_path: Path) -> None:
    info = tarfile.TarInfo("big")
    info.size = 2**40
    (tmp_path / "b.tar").write_bytes(info.tobuf() + bytes(1024))
    refused(tmp_path / "b.tar", "holds more than")


@pytest.mark.parametrize("mode", ["w:gz", "w:xz"])
def test_a_compressed_bundle_is_refused_so_that_none_unfolds(tmp_path: Path, mode: str) -> None:
    refused(archive(tmp_path / "b.tar", ("zeros", bytes(10_000_000)), mode=mode), "not a plain tar")


@pytest.mark.parametrize("spoil", [lambda b: b"", lambda b: b"hello", lambda b: b + b"x" * 512, lambda b: bytes(100)])
def test_bytes_that_are_no_bundle_are_refused(tmp_path: Path, spoil: Callable[[bytes], bytes]) -> None:
    path = archive(tmp_path / "b.tar", ("a", b"1"))
    path.write_bytes(spoil(path.read_bytes()[:1024]))
    refused(path, "damaged")


@given(cut=st.integers(0, 3 * 1024 + 1023))
def test_a_bundle_cut_off_anywhere_is_refused(tmp_path_factory: pytest.TempPathFactory, cut: int) -> None:
    path = archive(tmp_path_factory.mktemp("cut") / "b.tar", ("a", b"1" * 600), ("b", b"2" * 600))
    path.write_bytes(path.read_bytes()[:cut])
    refused(path, "damaged")


@given(content=st.binary(max_size=3000), place=st.integers(0, 1200))
def test_noise_is_unpacked_safely_or_refused(
    tmp_path_factory: pytest.TempPathFactory, content: bytes, place: int
) -> None:
    home = tmp_path_factory.mktemp("noise")
    path = archive(home / "b.tar", ("a", b"1" * 600), ("b", b"2" * 600))
    whole = path.read_bytes()
    path.write_bytes(whole[:place] + content + whole[place + len(content) :])
    try:
        written = unpack(path, home / "out", SOURCE)
    except BundleRefused:
        assert not (home / "out").exists()
    else:
        assert {p.relative_to(home / "out").as_posix() for p in home.rglob("out/**/*") if p.is_file()} == set(written)


def test_a_full_folder_is_never_overwritten(tmp_path: Path) -> None:
    path = archive(tmp_path / "b.tar", ("a", b"new"))
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "a").write_text("old")
    with pytest.raises(OSError, match="not empty"):
        unpack(path, tmp_path / "out", SOURCE)
    assert (tmp_path / "out" / "a").read_text() == "old"
    assert not (tmp_path / ".out.part").exists()


def test_what_a_killed_call_left_is_cleared(tmp_path: Path) -> None:
    path = archive(tmp_path / "b.tar", ("a", b"new"))
    (tmp_path / ".out.part").mkdir()
    (tmp_path / ".out.part" / "half").write_text("x")
    assert unpack(path, tmp_path / "out", SOURCE) == ("a",)
    assert [p.name for p in (tmp_path / "out").iterdir()] == ["a"]
