"""`fabrica aiact calendar`: a table, one JSON object, a picture and an iCalendar file."""

import json
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.cli.running import run

CASES: dict[str, dict[str, Any]] = {
    case["id"]: case["answers"]
    for case in yaml.safe_load((Path(__file__).parents[1] / "aiact" / "cases.yaml").read_text())["cases"]
}


@pytest.fixture
def files(tmp_path: Path) -> list[Path]:
    for name in ("D06", "D12"):
        (tmp_path / f"{name}.yaml").write_text(yaml.safe_dump({"answers": CASES[name]}))
    return [tmp_path / "D06.yaml", tmp_path / "D12.yaml"]


_run = partial(run, "aiact", "calendar")


def test_the_systems_of_several_files_stand_in_one_calendar_by_day(files: list[Path]) -> None:
    result = _run("--answers", files[0], "--answers", files[1], "--as-of", "2026-11-21", "--json")
    assert result.exit_code == 0, result.output
    found = json.loads(result.stdout)
    assert {one["system"] for one in found["entries"]} == {"D06", "D12"}
    days = [one["day"] for one in found["entries"] if one["day"]]
    assert days == sorted(days)
    assert found["law"]["checked_on"] == "2026-11-20"


def test_the_table_marks_what_is_contested_and_claims_no_advice(files: list[Path]) -> None:
    words = _run("--answers", files[0]).output
    assert "CONTESTED" in words
    assert "2027-12-02" in words
    assert "This is no legal advice." in words


def test_a_picture_and_a_file_are_written(files: list[Path], tmp_path: Path) -> None:
    result = _run("--answers", files[0], "--ics", tmp_path / "a.ics", "--svg", tmp_path / "a.svg")
    assert result.exit_code == 0, result.output
    assert (tmp_path / "a.ics").read_bytes().startswith(b"BEGIN:VCALENDAR\r\n")
    assert (tmp_path / "a.svg").read_text().startswith("<svg")


def test_names_that_cannot_be_told_apart_are_refused(files: list[Path], tmp_path: Path) -> None:
    (tmp_path / "again").mkdir()
    again = tmp_path / "again" / "D06.yaml"
    again.write_bytes(files[0].read_bytes())
    assert _run("--answers", files[0], "--answers", again).exit_code == 2
    assert _run("--answers", files[0], "--answers", files[1], "--summary-updated", "2026-01-01").exit_code == 2
