"""Engines by name."""

from pathlib import Path

import pytest

from fabrica.engines.registry import open_engine


def test_engines_open_by_their_names(tmp_path: Path) -> None:
    assert open_engine("local", tmp_path / "local").name == "local"
    assert open_engine("simulated", tmp_path / "simulated", partitions=[]).name == "simulated"


def test_unknown_engine_is_refused_with_the_names_there_are(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="there are local, slurm, simulated"):
        open_engine("kubernetes", tmp_path)
