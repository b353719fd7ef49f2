"""Packing: the same source gives the same bytes, and what does not belong stays out."""

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fabrica.bundles.limits import SOURCE, Limits
from fabrica.bundles.pack import pack_source
from fabrica.bundles.unpack import check, unpack
from fabrica.wire.runs import BundleRefused

names = st.text("abcäß x", min_size=1, max_size=6).map(str.strip).filter(bool)
trees = st.dictionaries(
    st.lists(names, min_size=1, max_size=3).map(tuple), st.binary(max_size=2000), min_size=1, max_size=6
)


@pytest.fixture
def source(tmp_path: Path) -> Path:
    folder = tmp_path / "source"
    folder.mkdir()
    (folder / "train.py").write_text("print(1)")
    return folder


def test_the_same_files_give_the_same_bundle_whatever_their_times(source: Path, tmp_path: Path) -> None:
    first = pack_source(source, tmp_path / "a.tar", SOURCE)
    os.utime(source / "train.py", (1, 1))
    second = pack_source(source, tmp_path / "b.tar", SOURCE)
    assert first.sha256 == second.sha256
    assert first.bytes == (tmp_path / "a.tar").stat().st_size


@given(tree=trees)
def test_what_is_packed_is_what_is_unpacked(
    tmp_path_factory: pytest.TempPathFactory, tree: dict[tuple[str, ...], bytes]
) -> None:
    home = tmp_path_factory.mktemp("bundle")
    folder = home / "source"
    kept = {}
    for parts, content in tree.items():
        place = folder.joinpath(*parts)
        if any(parent.is_file() for parent in place.parents) or place.is_dir():
            continue
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(content)
        kept["/".join(parts)] = content
    bundle = pack_source(folder, home / "b.tar", SOURCE)
    unpack(home / "b.tar", home / "out", SOURCE)
    there = {
        path.relative_to(home / "out").as_posix(): path.read_bytes()
        for path in (home / "out").rglob("*")
        if path.is_file()
    }
    assert there == kept
    assert sorted(bundle.files) == sorted(kept)


def test_a_program_stays_executable(source: Path, tmp_path: Path) -> None:
    (source / "run.sh").write_text("#!/bin/sh\n")
    (source / "run.sh").chmod(0o750)
    pack_source(source, tmp_path / "b.tar", SOURCE)
    unpack(tmp_path / "b.tar", tmp_path / "out", SOURCE)
    assert os.access(tmp_path / "out" / "run.sh", os.X_OK)
    assert not os.access(tmp_path / "out" / "train.py", os.X_OK)


def test_histories_environments_and_secrets_stay_out(source: Path, tmp_path: Path) -> None:
    for path in (".git/config", ".venv/bin/python", "part/__pycache__/x.pyc", ".env", "part/.env", "record/run.json"):
        (source / path).parent.mkdir(parents=True, exist_ok=True)
        (source / path).write_text("x")
    (source / "part" / "record").mkdir()
    (source / "part" / "record" / "kept.py").write_text("x")
    assert pack_source(source, tmp_path / "b.tar", SOURCE).files == ("part/record/kept.py", "train.py")


def test_an_ignored_link_does_no_harm_and_any_other_is_refused(source: Path, tmp_path: Path) -> None:
    (source / "data").symlink_to("/etc")
    with pytest.raises(BundleRefused, match="'data' is a link"):
        pack_source(source, tmp_path / "b.tar", SOURCE)
    (source / ".fabricaignore").write_text("data\n")
    assert pack_source(source, tmp_path / "b.tar", SOURCE).files == (".fabricaignore", "train.py")


def test_a_pipe_is_refused_and_not_waited_for(source: Path, tmp_path: Path) -> None:
    os.mkfifo(source / "pipe")
    with pytest.raises(BundleRefused, match="'pipe' is neither"):
        pack_source(source, tmp_path / "b.tar", SOURCE)


@pytest.mark.parametrize("name", [b"a\nb", b"a\\b", b"\xff"])
def test_a_name_that_cannot_travel_is_refused(source: Path, tmp_path: Path, name: bytes) -> None:
    (source / os.fsdecode(name)).write_text("x")
    with pytest.raises(BundleRefused, match="cannot be packed"):
        pack_source(source, tmp_path / "b.tar", SOURCE)


@pytest.mark.parametrize("limits", [Limits(bytes_max=7, files_max=9), Limits(bytes_max=99, files_max=0)])
def test_a_folder_beyond_the_limits_is_refused_and_leaves_nothing(source: Path, tmp_path: Path, limits: Limits) -> None:
    with pytest.raises(BundleRefused, match="holds more than"):
        pack_source(source, tmp_path / "b.tar", limits)
    assert [path.name for path in tmp_path.iterdir()] == ["source"]


def test_an_empty_or_missing_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BundleRefused, match="no file to pack"):
        pack_source(tmp_path, tmp_path / "b.tar", SOURCE)
    with pytest.raises(BundleRefused, match="no folder"):
        pack_source(tmp_path / "nowhere", tmp_path / "b.tar", SOURCE)


def test_a_packed_bundle_passes_the_check(source: Path, tmp_path: Path) -> None:
    (source / ("x" * 200)).mkdir()
    (source / ("x" * 200) / ("ä" * 80)).write_bytes(b"long")
    bundle = pack_source(source, tmp_path / "b.tar", SOURCE)
    assert check(bundle.path, SOURCE) == bundle.files
