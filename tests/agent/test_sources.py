"""Sources of datasets: only the named file is taken, and nothing leads where it should not."""

import io
import subprocess
import tarfile
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from fabrica.agent import sources
from fabrica.agent.failures import AttemptFailed
from fabrica.values.states import EndReason
from fabrica.wire.runs import Dataset
from tests.agent.builders import make_settings

CONTENT = b"hour,rentals\n0,16\n"


def _wheel(folder: Path) -> None:
    with zipfile.ZipFile(folder / "rides-1.0-py3-none-any.whl", "w") as wheel:
        wheel.writestr("rides/data/bikes.csv", CONTENT)
        wheel.writestr("rides/__init__.py", "raise SystemExit('never run')")


def _sdist(folder: Path) -> None:
    with tarfile.open(folder / "rides-1.0.tar.gz", "w:gz") as archive:
        member = tarfile.TarInfo("rides-1.0/rides/data/bikes.csv")
        member.size = len(CONTENT)
        archive.addfile(member, io.BytesIO(CONTENT))


def _deb(folder: Path) -> None:
    root = folder.with_name("deb-root")
    (root / "DEBIAN").mkdir(parents=True)
    (root / "DEBIAN" / "control").write_text(
        "Package: rides\nVersion: 1\nArchitecture: all\nMaintainer: A Test <test@example.eu>\nDescription: rides\n"
    )
    (root / "rides" / "data").mkdir(parents=True)
    (root / "rides" / "data" / "bikes.csv").write_bytes(CONTENT)
    subprocess.run(["dpkg-deb", "--build", str(root), str(folder / "rides.deb")], check=True, capture_output=True)


def _fetch(tmp_path: Path, source: str, file: str = "rides/data/bikes.csv", **settings: Any) -> bytes:
    work = tmp_path / "work"
    work.mkdir(exist_ok=True)
    sources.fetch(
        Dataset(name="bikes", source=source, file=file, sha256="0" * 64),
        tmp_path / "came",
        settings=make_settings(tmp_path, **settings),
        folder=work,
        log=tmp_path / "log",
        interrupted=lambda: False,
    )
    return (tmp_path / "came").read_bytes()


@pytest.mark.parametrize(
    ("source", "package"), [("pypi:rides==1.0", _wheel), ("pypi:rides==1.0", _sdist), ("deb:rides=1", _deb)]
)
def test_the_named_file_is_taken_out_of_a_package(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, source: str, package: Any
) -> None:
    asked: list[str] = []

    def download(arguments: Sequence[str], *, folder: Path, **_: Any) -> None:
        asked.append(arguments[-1])
        package(folder)

    monkeypatch.setattr(sources, "run_command", download)
    assert _fetch(tmp_path, source) == CONTENT
    assert asked == [source.partition(":")[2]]


def test_a_file_that_a_package_lacks_is_named_with_its_likeness(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sources, "run_command", lambda *_, folder, **__: _wheel(folder))
    with pytest.raises(AttemptFailed, match=r"did you mean rides/data/bikes\.csv") as failed:
        _fetch(tmp_path, "pypi:rides==1.0", "data/rides/bikes.csv")
    assert failed.value.reason is EndReason.DATA_UNAVAILABLE


@pytest.mark.parametrize(
    "source",
    [
        "pypi:--index-url=https://evil.example==1",
        "pypi:rides",
        "pypi:rides==1.0 other==2",
        "deb:-o=x",
        "deb:rides",
        "ftp://example.eu/bikes.csv",
        "http://example.eu/bikes.csv",
        "bikes.csv",
        "file:bikes.csv",
        "file:/etc/hostname",
        "https://127.0.0.1/bikes.csv",
        "https://[::1]/bikes.csv",
        "https://169.254.169.254/latest/meta-data",
        "https:///bikes.csv",
    ],
)
def test_an_unsafe_or_unknown_source_is_refused_before_anything_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, source: str
) -> None:
    def never(*_: object, **__: object) -> None:
        pytest.fail("a program was started")

    monkeypatch.setattr(sources, "run_command", never)
    with pytest.raises(AttemptFailed) as failed:
        _fetch(tmp_path, source)
    assert failed.value.reason is EndReason.DATA_UNAVAILABLE


def test_a_local_file_comes_only_from_folders_the_site_offers(tmp_path: Path) -> None:
    shared = tmp_path / "shared"
    shared.mkdir()
    (shared / "bikes.csv").write_bytes(CONTENT)
    (shared / "out").symlink_to("/etc/hostname")
    assert _fetch(tmp_path, f"file:{shared}/bikes.csv", file_sources=(shared,)) == CONTENT
    for source in (f"file:{shared}/out", f"file:{shared}/../shared/../../etc/hostname", f"file:{shared}/missing"):
        with pytest.raises(AttemptFailed):
            _fetch(tmp_path, source, file_sources=(shared,))


def test_a_file_larger_than_the_site_takes_is_refused(tmp_path: Path) -> None:
    (tmp_path / "large").write_bytes(b"x" * 2000)
    source = f"file:{tmp_path}/large"
    assert len(_fetch(tmp_path, source, file_sources=(tmp_path,), dataset_bytes_max=2000)) == 2000
    with pytest.raises(AttemptFailed, match="larger than this site takes"):
        _fetch(tmp_path, source, file_sources=(tmp_path,), dataset_bytes_max=1999)


def test_a_package_that_unfolds_beyond_the_limit_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def download(_: Sequence[str], *, folder: Path, **__: Any) -> None:
        with zipfile.ZipFile(folder / "rides.whl", "w", zipfile.ZIP_DEFLATED) as wheel:
            wheel.writestr("rides/data/bikes.csv", b"0" * 10_000_000)

    monkeypatch.setattr(sources, "run_command", download)
    with pytest.raises(AttemptFailed, match="larger than this site takes"):
        _fetch(tmp_path, "pypi:rides==1.0", dataset_bytes_max=1_000_000)
