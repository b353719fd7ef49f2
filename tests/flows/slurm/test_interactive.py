"""A person works in a job of a real Slurm, through an agent that only calls out."""

from pathlib import Path

import pytest

from fabrica.sdk import runs
from fabrica.values.ids import RunId
from fabrica.values.states import RunState
from tests.flows.home import wait_until, write_run
from tests.flows.slurm.network import SlurmNetwork
from tests.flows.terminal import terminals

pytestmark = pytest.mark.slurm

_ALIVE = "PENDING,CONFIGURING,RUNNING,COMPLETING"


def _shell(folder: Path) -> list[str]:
    write_run(folder, ["true"], resource_class="gpu.h100", memory="64 MiB", disk="64 MiB")
    (folder / "mine.txt").write_text("of the source")
    text = (folder / "fabrica.toml").read_text().replace('outputs = ["model.txt"]\n', "")
    (folder / "fabrica.toml").write_text(text)
    return ["shell", str(folder)]


def test_a_shell_is_a_job_with_its_gpu_which_leaving_for_good_frees_at_once(
    network: SlurmNetwork, tmp_path: Path
) -> None:
    with terminals(network) as opens:
        terminal = opens(*_shell(tmp_path / "work"))
        terminal.wait_for("Attached.")
        terminal.type("echo job-$SLURM_JOB_ID gpu-$CUDA_VISIBLE_DEVICES; cat mine.txt; stty size\r")
        terminal.wait_for("job-")
        job = terminal.wait_for(" gpu-")
        if not job.strip().isdecimal():  # that was the echo of what was typed
            terminal.wait_for("job-")
            job = terminal.wait_for(" gpu-")
        terminal.wait_for("of the source")
        terminal.wait_for("33 101")
        run = runs.runs(network.client, limit=1).runs[0].id
        assert job in network.jobs(runs.run(network.client, run).attempts[0].id)
        terminal.type("exit\r")
        terminal.wait_for("its devices are free")
    _check(network, run)


def test_a_shell_that_is_left_goes_on_and_a_cancel_ends_its_job(network: SlurmNetwork, tmp_path: Path) -> None:
    with terminals(network) as opens:
        terminal = opens(*_shell(tmp_path / "work"))
        terminal.wait_for("Attached.")
        terminal.type("mine=42\r\x1d")
        terminal.wait_for("fabrica attach")
        run = runs.runs(network.client, limit=1).runs[0].id
        again = opens("attach", run)
        again.type("echo is-$mine\r")
        again.wait_for("is-42")
        runs.cancel(network.client, run)
        again.wait_for("The site ends the run.")
    ended = wait_until(lambda: (seen := runs.run(network.client, run)).state.final and seen, "it ends")
    assert ended.reason == "cancelled_by_user"
    assert not network.jobs(ended.attempts[0].id, _ALIVE)


def _check(network: SlurmNetwork, run: RunId) -> None:
    """Check that the run is charged by Slurm's own rows, to the second."""
    ended = wait_until(lambda: (seen := runs.run(network.client, run)).state.final and seen, "it ends")
    assert ended.state is RunState.SUCCEEDED, ended.words
    rows = wait_until(lambda: network.rows(ended.attempts[0].id), "it is accounted")
    assert [state for _, state, _ in rows] == ["COMPLETED"]
    assert sum(milliseconds for *_, milliseconds in rows) == ended.charged_milliseconds
