"""A trace is read from a file, from a pipe and from standard input alike."""

import os
import threading
from pathlib import Path

import pytest
from click.testing import CliRunner

from fabrica.cli.main import fabrica
from fabrica.cli.plan_trace import read_and_tell, trace_name

JOBS = "job_id,submit_s,runtime_s,units\nb,3,5,4\na,0,10,9\n"


def test_a_pipe_is_read_as_a_file_is(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    writer = threading.Thread(target=lambda: pipe.write_text(JOBS))
    writer.start()
    trace = read_and_tell(pipe)
    writer.join()
    assert list(trace.ids) == ["a", "b"]
    assert "sorted" in capsys.readouterr().err


def test_a_dash_stands_for_standard_input() -> None:
    words = ["plan", "replay", "--trace", "-", "--capacity", "9", "--policy", "fifo"]
    done = CliRunner().invoke(fabrica, words, input=JOBS)
    assert done.exit_code == 0
    assert "2 jobs on 9 units" in done.stdout
    assert trace_name(Path("-")) == "standard input"
