"""A maintenance reservation of a real Slurm holds the runs that would reach into it, in words with its times."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from fabrica.sdk import runs
from fabrica.values.states import RunState
from tests.flows.home import wait_until
from tests.flows.slurm.network import GpuStory, SlurmNetwork

pytestmark = pytest.mark.slurm


def test_a_run_that_reaches_into_maintenance_is_held_until_it_is_over_while_a_shorter_one_runs(
    network: SlurmNetwork, tmp_path: Path
) -> None:
    long = GpuStory(network, tmp_path / "long", time_limit="2 h")
    short = GpuStory(network, tmp_path / "short", time_limit="5 min")
    with _reserved(network, "StartTime=now+60minutes", "Duration=600", "Flags=MAINT,IGNORE_JOBS", "Users=root"):
        wait_until(lambda: network.inventory().partitions[0].maintenance, "the server knows of the maintenance")
        long.submit()
        network.wait_for_words(long, "will be in maintenance from", "the run can begin there when that is over")
        short.running()
        short.go_on.touch()
        network.check(short, "completed", states="COMPLETED")
        network.cluster.command("scontrol", "update", "ReservationName=upgrade", "StartTime=now")
        network.wait_for_words(long, "is in maintenance until", "the run can begin there when that is over")
        held = runs.run(network.client, long.run)
        assert (held.state, held.attempts) == (RunState.HELD, ())  # Slurm never had it
    long.wait_for_start()
    long.go_on.touch()
    network.check(long, "completed", states="COMPLETED")


def test_nodes_kept_for_others_hold_a_run_too_and_part_of_them_does_not(network: SlurmNetwork, tmp_path: Path) -> None:
    first, last = network.cluster.node_names[0], network.cluster.node_names[-1]
    network.cluster.add_account("others")
    with _reserved(network, "StartTime=now", "Duration=180", "Accounts=others", nodes=first):
        story = GpuStory(network, tmp_path / "beside", time_limit="2 h")
        story.running()
        story.go_on.touch()
        network.check(story, "completed", states="COMPLETED")
        network.cluster.command("scontrol", "update", "ReservationName=upgrade", f"Nodes={first},{last}")
        wait_until(lambda: network.inventory().partitions[0].maintenance, "the server knows that no node is open")
        kept_out = GpuStory(network, tmp_path / "kept-out")
        kept_out.submit()
        network.wait_for_words(kept_out, "is in maintenance until")
    kept_out.wait_for_start()
    kept_out.go_on.touch()
    network.check(kept_out, "completed", states="COMPLETED")


@contextmanager
def _reserved(network: SlurmNetwork, *how: str, nodes: str = "ALL") -> Iterator[None]:
    """Keep nodes from our runs meanwhile."""
    network.cluster.command("scontrol", "create", "reservation=upgrade", f"Nodes={nodes}", *how)
    try:
        yield
    finally:
        network.cluster.command("scontrol", "delete", "ReservationName=upgrade")
