"""Outputs: declared files come along, and nothing from outside the folder does."""

import errno
import os
from pathlib import Path
from typing import Any

import pytest

from fabrica.agent.failures import AttemptFailed
from fabrica.agent.outputs import Collected, clear_record, collect_outputs
from fabrica.values.states import EndReason


def _collect(work: Path, *declared: str, bytes_max: int = 1000, files_max: int = 10) -> Collected:
    return collect_outputs(work, declared, bytes_max=bytes_max, files_max=files_max)


def test_files_and_folders_are_collected_once_each(tmp_path: Path) -> None:
    (tmp_path / "model").mkdir()
    (tmp_path / "model" / "a").write_text("a")
    (tmp_path / "b").write_text("b")
    found = _collect(tmp_path, "model", "model/a", "b", "missing")
    assert [one.path for one in found.artifacts] == ["model/a", "b"]
    assert found.missing == ("missing",)


@pytest.mark.parametrize("declared", ["/etc/hostname", "../outside", "link", "folder", "deep/link/hostname", "pipe"])
def test_what_leads_out_of_the_folder_or_is_no_file_is_refused(tmp_path: Path, declared: str) -> None:
    work = tmp_path / "work"
    (work / "folder").mkdir(parents=True)
    (work / "deep").mkdir()
    (tmp_path / "outside").write_text("secret")
    (work / "link").symlink_to(tmp_path / "outside")
    (work / "folder" / "link").symlink_to("/etc")
    (work / "deep" / "link").symlink_to("/etc")
    os.mkfifo(work / "pipe")
    with pytest.raises(AttemptFailed) as refused:
        _collect(work, declared)
    assert refused.value.reason is EndReason.OUTPUTS_REFUSED


def test_a_link_inside_the_folder_is_followed(tmp_path: Path) -> None:
    (tmp_path / "best").write_text("weights")
    (tmp_path / "last").symlink_to("best")
    assert [one.bytes for one in _collect(tmp_path, "last").artifacts] == [7]


def test_outputs_over_a_limit_are_refused(tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / name).write_text("x" * 10)
    with pytest.raises(AttemptFailed):
        _collect(tmp_path, "a", "b", bytes_max=19)
    with pytest.raises(AttemptFailed):
        _collect(tmp_path, "a", "b", files_max=1)
    assert len(_collect(tmp_path, "a", "b", bytes_max=20, files_max=2).artifacts) == 2


def test_a_record_is_cleared_of_links_and_pipes(tmp_path: Path) -> None:
    record = tmp_path / "record"
    (record / "more").mkdir(parents=True)
    (record / "metrics.jsonl").write_text("{}\n")
    (record / "secret").symlink_to("/etc/hostname")
    (record / "more" / "etc").symlink_to("/etc")
    os.mkfifo(record / "pipe")
    words = clear_record(record, bytes_max=100)
    assert "'secret'" in words
    assert sorted(path.name for path in record.rglob("*")) == ["metrics.jsonl", "more"]


def _close(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let whatever is called `closed` be another account's own, as its mode 700 would; root reads even that."""
    opened, access, scandir = Path.open, os.access, os.scandir

    def check(place: object) -> None:
        if Path(str(place)).name == "closed":
            raise PermissionError(errno.EACCES, "Permission denied", str(place))

    def refuse_open(place: Path, *arguments: Any, **more: Any) -> Any:
        check(place)
        return opened(place, *arguments, **more)

    def refuse_list(place: Any = ".") -> Any:
        check(place)
        return scandir(place)

    monkeypatch.setattr(Path, "open", refuse_open)
    monkeypatch.setattr(os, "scandir", refuse_list)
    monkeypatch.setattr(os, "access", lambda place, mode: Path(place).name != "closed" and access(place, mode))


@pytest.mark.parametrize("declared", ["closed", "deep"])
def test_what_its_account_alone_may_read_is_refused_by_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, declared: str
) -> None:
    (tmp_path / "closed").write_text("weights")
    (tmp_path / "deep" / "closed").mkdir(parents=True)
    _close(monkeypatch)
    with pytest.raises(AttemptFailed, match="closed' may be read by the run's own account alone") as refused:
        _collect(tmp_path, declared)
    assert refused.value.reason is EndReason.OUTPUTS_REFUSED


def test_a_record_is_cleared_of_what_its_account_alone_may_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    record = tmp_path / "record"
    (record / "deep" / "closed").mkdir(parents=True)
    (record / "open" / "more").mkdir(parents=True)
    (record / "open" / "more" / "one").write_text("1")
    (record / "open" / "closed").write_text("2")
    (record / "metrics.jsonl").write_text("{}\n")
    _close(monkeypatch)
    words = clear_record(record, bytes_max=100)
    assert "'deep', 'open/closed'" in words
    assert sorted(path.relative_to(record).as_posix() for path in record.rglob("*") if path.is_file()) == [
        "metrics.jsonl",
        "open/more/one",
    ]
    (record / "metrics.jsonl").rename(tmp_path / "record-closed" / "metrics.jsonl")  # cut off before it came back
    assert "'deep'" in clear_record(record, bytes_max=100)
    assert (record / "metrics.jsonl").exists()


def test_a_record_that_was_replaced_by_a_link_is_made_anew(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "kept").write_text("kept")
    (tmp_path / "record").symlink_to(tmp_path / "elsewhere")
    clear_record(tmp_path / "record", bytes_max=100)
    assert not (tmp_path / "record").is_symlink()
    assert (tmp_path / "elsewhere" / "kept").exists()
