"""`fabrica aiact compute`: the account of one model, from records and what a person entered."""

import json
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import yaml

from fabrica.wire.accounts import SameComputeTwice, SourcesUnreadable
from fabrica.wire.problems import Malformed
from fabrica.wire.record import RecordRefused
from tests.cli.running import run
from tests.record.sample import RUN, make_record

EVIDENCE = {"reference": "https://example.eu/card", "entered_by": "Ana", "entered_on": "2026-11-21"}
SOURCES = {
    "sources": [
        {"id": "base", "what": "Base model", "tag": "initial_weights", "flop": 9e22, "method": "published",
         "evidence": EVIDENCE}
    ],
    "runs": {RUN["run"]: {"architecture": {"operations_per_pass": 1e22, "passes": 2}, "evidence": EVIDENCE}},
}  # fmt: skip


_run = partial(run, "aiact", "compute")


def _file(tmp_path: Path, content: Any) -> Path:
    file = tmp_path / "sources.yaml"
    file.write_text(content if isinstance(content, str) else yaml.safe_dump(content))
    return file


def test_the_json_object_holds_both_accounts(tmp_path: Path) -> None:
    record, _ = make_record(tmp_path, purpose="finetuning")
    result = _run(record, "--sources", _file(tmp_path, SOURCES), "--planned", "3e22", "--json")
    assert result.exit_code == 0, result.output
    found = json.loads(result.stdout)
    assert found["compute"]["training_compute"]["flop"] == pytest.approx(1.1e23)
    assert found["compute"]["modification_compute"]["flop"] == pytest.approx(2e22)
    states = {one["threshold"]: one["state"] for one in found["compute"]["margins"]}
    assert states == {"gpai_indicative": "within_margin", "modifier_ratio": "below", "systemic_presumption": "below"}
    assert any("modification compute would cross" in words for words in found["compute"]["warnings"])
    assert found["energy"]["counted"] == []


def test_the_page_tells_what_is_unknown(tmp_path: Path) -> None:
    record, _ = make_record(tmp_path, purpose="pretraining")
    result = _run(record)
    assert result.exit_code == 0
    page = " ".join(result.stdout.split())
    assert "at least 0 FLOP" in page
    assert f"unknown: {RUN['run']}" in page


def test_an_allocation_is_warned_of_before_it_is_granted(tmp_path: Path) -> None:
    result = _run("--allocation", "gpu.h100=50000")
    assert result.exit_code == 0
    assert "WARNING: With the planned" in result.stderr
    assert isinstance(_run("--allocation", "gpu.none=5").exception, Malformed)
    for wrong in ("gpu.h100", "gpu.h100=-1", "gpu.h100=nan", "gpu.h100=inf"):
        assert _run("--allocation", wrong).exit_code == 2


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("sources: [", "not YAML or JSON in line"),
        ({"source": []}, "source: Extra inputs"),
        ({"sources": [{"id": "a"}]}, "sources.0.what"),
        ({"sources": [{**SOURCES["sources"][0], "tag": "training"}]}, "sources.0.tag"),  # type: ignore[index]
        ({"sites": {"vega": {"pue": 0.5, "period": "2026", "source": "x"}}}, "sites.vega.pue"),
        ("- 3", "the file"),
    ],
)
def test_a_mistake_in_the_sources_is_named(tmp_path: Path, content: Any, said: str) -> None:
    problem = _run("--sources", _file(tmp_path, content)).exception
    assert isinstance(problem, SourcesUnreadable)
    assert said in problem.detail


def test_a_record_given_twice_or_changed_is_refused(tmp_path: Path) -> None:
    record, _ = make_record(tmp_path)
    assert isinstance(_run(record, record).exception, SameComputeTwice)
    (record / "run.json").write_text("{}")
    assert isinstance(_run(record).exception, RecordRefused)
