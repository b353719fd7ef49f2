"""A person works in a job of a real Slurm, through an agent that only calls out."""

import os
from dataclasses import replace
from pathlib import Path

import pytest

from fabrica.agent.attachments import hosted_command, prepare_rings
from fabrica.agent.environments import in_run_api
from fabrica.agent.folders import AttemptFolder
from fabrica.attachments.frames import data
from fabrica.attachments.host import FROM_RUN, TO_RUN
from fabrica.attachments.rings import Side
from fabrica.sdk import runs
from fabrica.values.ids import RunId
from fabrica.values.states import EndReason, RunState
from fabrica.wire.attachments import Interactive
from tests.agent.builders import make_order
from tests.engines.slurm.bench import SlurmSite
from tests.flows.home import wait_until, write_run
from tests.flows.slurm.network import SlurmNetwork
from tests.flows.terminal import terminals
from tests.services.slurm.cluster import SlurmCluster

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


@pytest.mark.skipif(os.geteuid() != 0, reason="only root submits as another account without sudo")
def test_a_shell_runs_as_the_persons_own_account_and_the_agent_still_reaches_it(
    slurm_mini: SlurmCluster, tmp_path: Path
) -> None:
    tmp_path.chmod(0o700)
    site = SlurmSite(slurm_mini, tmp_path, python="/usr/bin/python3")
    source = {"PYTHONPATH": str(in_run_api(tmp_path / "in-run"))}
    order = site.order(site_account="nobody", variables=source)
    folder = AttemptFolder(order.folder)
    prepare_rings(folder)
    asked = make_order(command=("sh", "-i"), interactive=Interactive(kind="shell"))
    engine = site.open()
    handle = engine.start(replace(order, command=hosted_command(asked, folder)))
    site.wait_for(engine, handle, "running")
    agent = Side(str(folder.attached / TO_RUN), str(folder.attached / FROM_RUN))
    agent.begin(1)
    wait_until(lambda: agent.look() and agent.other.attachment == 1, "the shell sees who is attached")
    agent.skip()
    agent.send(b"".join(one.packed() for one in data(0, b"id -un; exit\n")))
    shown = b""

    def shows() -> bool:
        nonlocal shown
        agent.look()
        shown += agent.receive(2**16)
        agent.publish()
        return b"nobody\r\n" in shown

    wait_until(shows, "the shell is nobody's")
    assert site.wait_for(engine, handle, "ended").reason == EndReason.COMPLETED
