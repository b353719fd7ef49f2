"""An agent dies at its submission, replies are lost, the site is cut off: each attempt is one job, and one start."""

from pathlib import Path

import pytest

from tests.engines.slurm.bench import fake_commands
from tests.flows.home import wait_until
from tests.flows.slurm.network import SLOW, GpuStory, SlurmNetwork
from tests.services.slurm.harmful_rest import HARMS, harmful_rest

pytestmark = pytest.mark.slurm

_TRIES = 15
_NEVER_A_REPLY = """
script=$(mktemp); cat > $script
case $(( ( $(date +%N | tail -c 5 | sed 's/^0*//;s/^$/0/') ) % 3 )) in
0) $REAL "$@" < $script > /dev/null ;;
1) ( sleep 3; $REAL "$@" < $script ) > /dev/null 2>&1 & ;;
2) ;;
esac
echo "the line went dead" >&2
exit 1
"""
"""The job comes through, or comes through after three seconds, or is lost; there is never an answer."""


def test_an_agent_killed_between_sbatch_and_its_journal_finds_its_job(network: SlurmNetwork, tmp_path: Path) -> None:
    network.make_whole("agent", dies=tmp_path, at="fabrica.engines.slurm.starting:Starter.adopt:before")
    story = GpuStory(network, tmp_path)
    (tmp_path / "armed").touch()
    story.submit()
    network.wait_for_death("agent")
    network.start("agent")
    story.wait_for_start()
    story.go_on.touch()
    network.check(story, "completed", states="COMPLETED")


@SLOW
def test_replies_of_sbatch_that_are_lost_or_late_make_no_double(network: SlurmNetwork, tmp_path: Path) -> None:
    commands = fake_commands(tmp_path / "bin", path=network.cluster.environment["PATH"], sbatch=_NEVER_A_REPLY)
    with network.engine_with(command_folder=str(commands)):
        stories = [GpuStory(network, tmp_path / str(number)) for number in range(_TRIES)]
        for story in stories:
            story.go_on.touch()
            story.submit()
        network.check_all(stories)


def test_failures_that_slurmrestd_tells_of_jobs_it_took_make_no_double(network: SlurmNetwork, tmp_path: Path) -> None:
    token = tmp_path / "token"
    token.write_text(network.cluster.token(network.cluster.site.user))
    with harmful_rest(network.cluster.rest_url) as rest:
        told = {"form": "rest", "rest_url": rest.url, "rest_token_file": str(token)}
        with network.engine_with(**told):
            stories = [GpuStory(network, tmp_path / str(number)) for number in range(2 * len(HARMS))]
            for story in stories:
                story.go_on.touch()
                story.submit()
            network.check_all(stories)
    assert rest.done == set(HARMS)


@SLOW
def test_munge_dead_at_submission_delays_the_run_and_says_so(network: SlurmNetwork, story: GpuStory) -> None:
    with network.engine_with(command_seconds=3):  # else every question waits for Slurm's own patience with munge
        network.cluster.kill("munged")
        story.submit()
        network.wait_for_words(story, "Slurm does not answer now")
        network.cluster.restart("munged")
        story.go_on.touch()
        network.check(story, "completed", states="COMPLETED")


def test_a_site_cut_off_for_the_whole_run_and_longer_tells_all_of_it(network: SlurmNetwork, story: GpuStory) -> None:
    port = network.open_relay()
    network.restart("agent", server=f"http://127.0.0.1:{port}")
    story.running()
    folder = story.attempt_folder()
    network.kill("relay")
    story.go_on.touch()
    wait_until((folder / "record" / "seal.json").exists, "the site seals the record by itself")
    network.restart("agent", server=f"http://127.0.0.1:{port}")
    network.open_relay(port)
    network.check(story, "completed", states="COMPLETED")
    network.restart("agent")


def test_a_second_agent_with_a_copied_key_is_refused_and_submits_nothing(
    network: SlurmNetwork, story: GpuStory
) -> None:
    settings = network.write_settings("copy.toml", network.home.folder / "copy")
    story.running()
    copy = network.start_program("copy", "-m", "fabrica.cli.main", "agent", "run", str(settings))
    wait_until(lambda: "agents.site_claimed" in network.said("copy"), "the copy is refused")
    story.go_on.touch()
    network.check(story, "completed", states="COMPLETED")
    copy.kill()
    copy.wait()
    assert not any((network.home.folder / "copy" / "attempts").iterdir())
