"""What an evaluation is evidence of, and what it is not."""

import io

from fabrica.aiact.documents.evidence import Gathered
from fabrica.aiact.documents.fill import fill
from fabrica.aiact.documents.rows import checked_row
from fabrica.aiact.evaluations.evidence import evaluation_evidence
from fabrica.aiact.evaluations.reading import read_evaluation
from fabrica.wire.evaluations import Evaluation
from tests.aiact.evaluations.logs import HEADER, deflate_log, inspect_header, packed
from tests.aiact.samples import NOW, items_of


def _read(content: bytes) -> Evaluation:
    return read_evaluation(io.BytesIO(content), "capitals.eval")


def test_the_results_are_rows_that_the_documents_know_and_show_with_their_hash() -> None:
    one = _read(deflate_log())
    held = evaluation_evidence(one)
    assert [checked_row(held.kind, row) for row in held.rows] == list(held.rows)
    assert {row["metric"]: row["value"] for row in held.rows} == {"accuracy (match)": 0.5, "accuracy (includes)": 0.5}
    assert held.rows[0]["data"] == "eu-capitals, task eu_capitals version 3, 4 samples"
    assert held.sha256 == one.sha256
    assert "mockllm/model" in held.method, "a reader sees which model the log names"
    item = items_of(fill("annex_iv", Gathered((held,), {}, ()), None, now=NOW))["iv-2-g"]
    assert held.id in item.evidence
    assert any("accuracy (match)" in row for block in item.blocks for row in block.rows)


def test_without_a_dataset_nothing_is_said_of_what_was_measured_on() -> None:
    held = evaluation_evidence(_read(packed({HEADER: inspect_header(eval={"task": "eu_capitals"})})))
    assert all("data" not in row for row in held.rows)


def test_a_value_that_is_not_finite_is_no_evidence() -> None:
    score = {"name": "match", "metrics": {"accuracy": {"value": float("inf")}, "f1": {"value": 0.5}}}
    held = evaluation_evidence(_read(packed({HEADER: inspect_header(results={"scores": [score]})})))
    assert [row["metric"] for row in held.rows] == ["f1 (match)"]


def test_the_same_log_is_the_same_evidence() -> None:
    assert evaluation_evidence(_read(deflate_log())) == evaluation_evidence(_read(deflate_log()))
