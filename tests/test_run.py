"""The in-run API: lines that hold together whatever happens to the process that writes them."""

import errno
import hashlib
import json
import math
import os
import subprocess
import sys
from fractions import Fraction
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fabrica import run
from fabrica.run import CHAIN_START, append_line, chained_line, data, line_hash, log

RUN_FILE = Path(run.__file__)
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("FABRICA_RECORD", str(tmp_path / "record"))
    monkeypatch.setattr(run, "_started_in", tmp_path)
    monkeypatch.setattr(run, "_warned", set())
    monkeypatch.chdir(tmp_path)
    return tmp_path / "record"


def lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_bytes().splitlines()]


def test_each_line_carries_the_hash_of_the_line_before(folder: Path) -> None:
    for step in range(3):
        log.metric("loss", 1 / (step + 1), step=step, unit="nats")
    written = lines(folder / "metrics.jsonl")
    assert [line["previous"] for line in written] == [CHAIN_START, written[0]["hash"], written[1]["hash"]]
    assert [line["sequence"] for line in written] == [1, 2, 3]
    assert [line["value"] for line in written] == [1.0, 0.5, 1 / 3]


def test_a_record_is_written_beside_the_script_when_no_fabrica_runs_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("FABRICA_RECORD")
    log.event("trained", trees=395, folds=(1, 2))
    assert lines(tmp_path / "record" / "events.jsonl")[0]["facts"] == {"trees": 395, "folds": [1, 2]}


def test_the_module_needs_only_itself_and_the_package_file(tmp_path: Path) -> None:
    package = tmp_path / "alone" / "fabrica"
    package.mkdir(parents=True)
    for file in (RUN_FILE, RUN_FILE.parent / "__init__.py"):
        (package / file.name).write_bytes(file.read_bytes())
    code = "from fabrica.run import log; log.metric('mae', 31.9)"
    subprocess.run(
        [sys.executable, "-S", "-c", code],
        env={"PYTHONPATH": str(package.parent), "FABRICA_RECORD": str(tmp_path / "r")},
        check=True,
        cwd=tmp_path,
    )
    assert lines(tmp_path / "r" / "metrics.jsonl")[0]["value"] == 31.9


@pytest.mark.parametrize(("value", "words"), [(math.nan, "nan"), (math.inf, "inf"), (-math.inf, "-inf")])
def test_a_number_that_is_not_finite_is_recorded_as_such(folder: Path, value: float, words: str) -> None:
    log.metric("loss", value)
    log.parameter("limit", value)
    metric = lines(folder / "metrics.jsonl")[0]
    assert (metric["value"], metric["not_finite"]) == (None, words)
    assert lines(folder / "parameters.jsonl")[0]["value"] == words


def test_anything_that_is_a_number_is_a_metric(folder: Path) -> None:
    log.metrics({"a": Fraction(1, 4), "b": True}, step=2)  # type: ignore[dict-item]
    assert [(line["value"], line["step"]) for line in lines(folder / "metrics.jsonl")] == [(0.25, 2), (1.0, 2)]


@pytest.mark.parametrize("value", ["31.9", b"1", None, [1.0], {}, 10**400])
def test_a_metric_that_is_no_number_is_refused_by_name(folder: Path, value: Any) -> None:
    with pytest.raises(TypeError, match="'mae' needs a number"):
        log.metric("mae", value)
    assert not folder.exists()


@pytest.mark.parametrize(
    "name", ["", " ", "a" * 201, "../x", "a/../b", "/a", "a/", "a//b", "a\n", "ä", ".hidden", None]
)
def test_a_name_that_could_not_be_a_file_elsewhere_is_refused(name: Any) -> None:
    with pytest.raises(ValueError, match="is not a name"):
        log.metric(name, 1.0)


@pytest.mark.parametrize("step", [1.5, "3", True])
def test_a_step_that_is_no_whole_number_is_refused(step: Any) -> None:
    with pytest.raises(TypeError, match="step"):
        log.metric("mae", 1.0, step=step)


def test_what_json_cannot_hold_is_refused() -> None:
    with pytest.raises(TypeError, match="cannot be recorded"):
        log.parameter("model", object())


def test_progress_prints_one_plain_line(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    log.progress(50, 200, "steps")
    assert capsys.readouterr().out == " 25 %  50 of 200  steps\n"
    assert lines(folder / "progress.jsonl")[0]["done"] == 50


@pytest.mark.parametrize(("done", "total"), [(1, 0), (-1, 5), (6, 5)])
def test_impossible_progress_is_refused(done: int, total: int) -> None:
    with pytest.raises(ValueError, match="progress needs"):
        log.progress(done, total)


def test_an_evaluation_keeps_the_claim_beside_the_measurement(folder: Path) -> None:
    log.evaluation("interval_80", claimed=0.8, measured=0.577, data="days 305 to 365")
    line = lines(folder / "evaluations.jsonl")[0]
    assert (line["claimed"], line["measured"], line["data"]) == (0.8, 0.577, "days 305 to 365")


def test_an_artifact_is_recorded_with_its_size_and_hash(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "model.txt").write_bytes(b"trees")
    log.artifact("model.txt")
    line = lines(folder / "artifacts.jsonl")[0]
    assert (line["path"], line["bytes"]) == ("model.txt", 5)
    assert line["sha256"] == hashlib.sha256(b"trees").hexdigest()


def test_an_artifact_that_is_missing_or_elsewhere_is_refused(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"no file model\.txt"):
        log.artifact("model.txt")
    with pytest.raises(ValueError, match="outside the working folder"):
        log.artifact("/etc/hostname")
    with pytest.raises(ValueError, match="not a plain file"):
        log.artifact(tmp_path)
    (tmp_path / "link").symlink_to("/etc/hostname")
    with pytest.raises(ValueError, match="outside the working folder"):
        log.artifact("link")


def test_a_disk_that_refuses_never_ends_the_run(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("FABRICA_RECORD", "/dev/null/record")
    log.metric("mae", 1.0)
    log.metric("mae", 2.0)
    assert capsys.readouterr().err.count("cannot be written") == 1


def test_a_full_disk_leaves_no_half_line(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    log.metric("mae", 1.0)
    before = (folder / "metrics.jsonl").read_bytes()
    real_write = os.write
    room = iter((10,))

    def nearly_full(descriptor: int, content: bytes) -> int:
        for free in room:
            return real_write(descriptor, content[:free])
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "write", nearly_full)
    log.metric("mae", 2.0)
    assert (folder / "metrics.jsonl").read_bytes() == before


@given(kept=st.integers(0, 3), cut=st.integers(0, 400))
def test_a_torn_line_is_left_and_the_chain_goes_on(
    tmp_path_factory: pytest.TempPathFactory, kept: int, cut: int
) -> None:
    path = tmp_path_factory.mktemp("torn") / "metrics.jsonl"
    for number in range(kept):
        append_line(path, {"value": number})
    whole = path.read_bytes() if kept else b""
    last = whole.splitlines()[-1] if kept else b'{"sequence":0}'
    path.write_bytes(whole + last[: min(cut, len(last) - 1)])
    append_line(path, {"value": "after"})
    after = json.loads(path.read_bytes().splitlines()[-1])
    assert after["sequence"] == kept + 1
    assert after["previous"] == (line_hash(last) if kept else CHAIN_START)


def test_a_line_cut_only_before_its_end_of_line_still_counts(folder: Path) -> None:
    path = folder / "events.jsonl"
    first = append_line(path, {"name": "a"})
    path.write_bytes(path.read_bytes().rstrip(b"\n"))
    append_line(path, {"name": "b"})
    assert [(line["name"], line["previous"]) for line in lines(path)] == [("a", CHAIN_START), ("b", first)]


def test_a_line_longer_than_any_tail_is_still_followed(folder: Path) -> None:
    path = folder / "events.jsonl"
    long = append_line(path, {"name": "x" * 100_000})
    append_line(path, {"name": "after"})
    assert lines(path)[1]["previous"] == long


@given(content=st.dictionaries(st.text(min_size=1).map(lambda key: f"_{key}"), json_values, max_size=4))
def test_a_line_changed_in_any_byte_has_no_hash(content: dict[str, Any]) -> None:
    line = chained_line(1, CHAIN_START, content)
    assert line_hash(line)
    assert b"\n" not in line
    for place in range(0, len(line), max(1, len(line) // 50)):
        changed = line[:place] + bytes([line[place] ^ 1]) + line[place + 1 :]
        assert line_hash(changed) is None


def test_many_processes_write_one_chain(folder: Path) -> None:
    context = get_context("fork")  # the way data loaders are started
    workers = [context.Process(target=_write_fifty, args=(folder / "events.jsonl", who)) for who in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(60)
    written = lines(folder / "events.jsonl")
    assert [line["sequence"] for line in written] == list(range(1, 201))
    assert [line["previous"] for line in written[1:]] == [line["hash"] for line in written[:-1]]


def _write_fifty(path: Path, who: int) -> None:
    for number in range(50):
        append_line(path, {"who": who, "number": number})


def test_data_is_the_one_file_of_the_dataset(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FABRICA_DATA", str(tmp_path / "data"))
    (tmp_path / "data" / "bikeshare").mkdir(parents=True)
    (tmp_path / "data" / "bikeshare" / "Bikeshare.csv").write_text("a,b")
    (tmp_path / "data" / "plain").write_text("x")
    assert data("bikeshare").name == "Bikeshare.csv"
    assert data("plain").read_text() == "x"
    with pytest.raises(FileNotFoundError, match="there is: bikeshare, plain"):
        data("bikes")
    with pytest.raises(ValueError, match="not a name"):
        data("../data")


def test_data_says_when_no_place_is_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("FABRICA_DATA", raising=False)
    with pytest.raises(FileNotFoundError, match="FABRICA_DATA is not set"):
        data("bikeshare")


def test_a_run_saves_where_its_next_attempt_looks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FABRICA_CHECKPOINT", str(tmp_path / "work" / "saved"))
    assert run.checkpoint() == tmp_path / "work" / "saved"
    assert run.checkpoint().is_dir()
