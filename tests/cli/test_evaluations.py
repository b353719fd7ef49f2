"""`fabrica evaluations read` needs no server: it shows what a log says, or names what is wrong with it."""

import json
from pathlib import Path

import pytest

from fabrica.wire.evaluations import EvaluationRefused
from tests.aiact.evaluations.logs import DATA
from tests.cli.running import run


def test_a_real_log_is_shown_with_its_hash() -> None:
    shown = run("evaluations", "read", DATA / "inspect-deflate.eval")
    assert shown.exit_code == 0
    for words in ("eu_capitals version 3", "eu-capitals", "mockllm/model", "Inspect AI 0.3.140", "4 of 4", "0.288675"):
        assert words in shown.stdout


def test_json_is_one_object_with_every_field() -> None:
    shown = run("evaluations", "read", DATA / "inspect.json", "--json")
    told = json.loads(shown.stdout)
    assert (told["form"], told["samples_logged"], len(told["metrics"])) == ("inspect_json", 4, 2)


@pytest.mark.parametrize("content", [b"", b"%PDF-1.7", (DATA / "inspect-deflate.eval").read_bytes()[:5000]])
def test_what_is_no_whole_log_is_refused_by_name(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "capitals.eval"
    file.write_bytes(content)
    assert isinstance(run("evaluations", "read", file).exception, EvaluationRefused)
