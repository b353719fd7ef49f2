"""What is handed to Slurm: nothing of a user's text reaches a shell, an option or Slurm's own records."""

import shlex
import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fabrica.engines.contract import StartOrder
from fabrica.engines.slurm.settings import SlurmPartition, SlurmSettings
from fabrica.engines.slurm.submission import batch_script, make_submission, sbatch_options, time_limit
from fabrica.values.ids import AttemptId
from fabrica.wire.runs import Resources

_SETTINGS = SlurmSettings(partitions=(SlurmPartition(name="cpu"),), grace_seconds=30, signal_seconds=60)
_PATHS = st.text(st.characters(exclude_characters="\0\n\r", codec="utf-8"), min_size=1, max_size=60)


@given(_PATHS)
def test_a_folder_of_any_name_is_one_word_of_the_script(name: str) -> None:
    folder = Path("/site") / name.replace("/", "_")
    words = shlex.split(batch_script(folder, Path("/usr/bin/python3")).split("\n", 1)[1])
    assert words == ["exec", "/usr/bin/python3", "-I", "-S", str(folder / "engine" / "keeper.pyz"), str(folder)]


def test_a_shell_reads_a_hostile_folder_as_it_is(tmp_path: Path) -> None:
    folder = tmp_path / "$(touch owned) `id` 'q' \"x\" ;& *"
    script = batch_script(folder, Path("/bin/echo"))
    done = subprocess.run(["/bin/sh"], input=script, capture_output=True, text=True, check=True, cwd=tmp_path)
    assert str(folder) in done.stdout
    assert not (tmp_path / "owned").exists()


def test_a_line_break_in_a_folder_is_refused() -> None:
    with pytest.raises(ValueError, match="cannot be named"):
        batch_script(Path("/site/a\nrm"), Path("/usr/bin/python3"))


def test_command_name_and_environment_are_in_no_option() -> None:
    order = StartOrder(
        attempt=AttemptId.new(),
        name="secret-name",
        partition="cpu",
        command=("secret-command",),
        folder=Path("/site/attempt"),
        variables={"TOKEN": "secret-token"},
        resources=Resources(devices=3, nodes=2, memory_bytes=2**30 + 1),
    )
    limit = time_limit(600, _SETTINGS, None)
    made = make_submission(order, _SETTINGS.partitions[0], _SETTINGS, limit=limit, threads_per_core=2)
    options = sbatch_options(made)
    assert "secret" not in " ".join([*options, made.script])
    assert {"--mem=1025M", "--cpus-per-task=6", "--nodes=2", "--export=ALL", "--no-requeue"} <= set(options)


@given(st.integers(1, 31 * 86_400), st.one_of(st.none(), st.integers(120, 31 * 86_400)))
def test_slurms_limit_leaves_the_run_its_own(asked: int, most: int | None) -> None:
    limit = time_limit(asked, _SETTINGS, most)
    assert most is None or limit.minutes * 60 <= most
    assert limit.run_seconds <= asked
    assert limit.run_seconds + limit.grace_seconds < limit.minutes * 60 or limit.run_seconds == 1
    assert limit.signal_seconds * 10 <= asked
    if most is None:
        assert limit.run_seconds == asked
