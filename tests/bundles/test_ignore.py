"""What `.fabricaignore` leaves out."""

from pathlib import Path

import pytest

from fabrica.bundles.ignore import IGNORE_FILE, ignored_by
from fabrica.wire.runs import BundleRefused


@pytest.mark.parametrize(
    ("pattern", "path", "is_folder", "out"),
    [
        ("*.csv", "deep/down/table.csv", False, True),
        ("*.csv", "table.csv.txt", False, False),
        ("/data", "data", True, True),
        ("/data", "deep/data", True, False),
        ("data/", "deep/data", True, True),
        ("data/", "data", False, False),
        ("plots/*.svg", "plots/a.svg", False, True),
        ("plots/*.svg", "plots/deep/a.svg", False, False),
        ("plots/*.svg", "deep/plots/a.svg", False, False),
        ("run[0-9]", "run7", True, True),
        ("# data", "# data", False, False),
        ("/", "data", True, False),
    ],
)
def test_a_pattern_matches_names_as_described(
    tmp_path: Path, pattern: str, path: str, is_folder: bool, out: bool
) -> None:
    (tmp_path / IGNORE_FILE).write_text(f"\n  {pattern}  \n")
    assert ignored_by(tmp_path)(path, is_folder) is out


def test_a_pattern_that_takes_files_back_is_refused_with_its_line(tmp_path: Path) -> None:
    (tmp_path / IGNORE_FILE).write_text("*.csv\n!kept.csv\n")
    with pytest.raises(BundleRefused, match="line 2"):
        ignored_by(tmp_path)


def test_an_ignore_file_that_is_no_text_is_refused(tmp_path: Path) -> None:
    (tmp_path / IGNORE_FILE).write_bytes(b"\xff\xfe")
    with pytest.raises(BundleRefused, match="not UTF-8"):
        ignored_by(tmp_path)
