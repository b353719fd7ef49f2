"""The disk of a real site is full: no run is charged for it, none is lost, and outputs follow once there is room."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.flows.home import Home, wait_until
from tests.flows.slurm.network import GpuStory, SlurmNetwork
from tests.services.disk import fill, small_disk
from tests.services.slurm.cluster import SlurmCluster

pytestmark = pytest.mark.slurm


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    with small_disk(tmp_path / "disk") as place:
        yield place


@pytest.fixture
def network(slurm_template: Home, site: SlurmCluster, tmp_path: Path, disk: Path) -> Iterator[SlurmNetwork]:
    """Yield a network of this test alone, whose site's folder is on the small disk."""
    if site.root is not None:
        pytest.skip("a disk that is mounted now is not seen in the folder of another release")
    site.mend()
    made = SlurmNetwork(slurm_template, tmp_path / "home", site, site=disk / "site")
    try:
        made.make_whole()
        yield made
    finally:
        made.close()


def test_a_command_that_fails_on_a_full_disk_is_not_charged_and_is_tried_again(
    network: SlurmNetwork, tmp_path: Path, disk: Path
) -> None:
    story = GpuStory(network, tmp_path, last="head -c 500000 /dev/zero > model.txt", disk="2 MiB")
    story.running()
    folder = story.attempt_folder()
    filler = fill(disk)
    story.go_on.touch()
    wait_until((folder / "engine" / "ended-0.json").exists, "the command ends on the full disk")
    filler.unlink()
    ended = network.check(story, "site_disk_full", "completed", states="FAILED COMPLETED")
    assert "The command failed while the site's disk was full." in ended.attempts[0].words
    assert ended.attempts[0].charged_milliseconds == 0


def test_outputs_of_a_run_that_ends_on_a_full_disk_are_stored_once_there_is_room(
    network: SlurmNetwork, tmp_path: Path, disk: Path
) -> None:
    story = GpuStory(network, tmp_path, last="true", disk="2 MiB")
    story.running()
    folder = story.attempt_folder()
    (folder / "work" / "model.txt").write_bytes(b"\0" * 500_000)
    filler = fill(disk)
    story.go_on.touch()
    wait_until((folder / "engine" / "ended-0.json").exists, "the command ends on the full disk")
    filler.unlink()
    ended = network.check(story, "completed", states="COMPLETED")
    assert [(one.path, one.bytes) for one in ended.artifacts if one.kind == "output"] == [("model.txt", 500_000)]
