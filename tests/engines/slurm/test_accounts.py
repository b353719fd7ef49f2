"""Runs execute as people's own accounts: never as root, and by sudo only where the agent is not root."""

from pathlib import Path

import pytest

from fabrica.engines.contract import StartRefused
from fabrica.engines.slurm.accounts import account_or_refusal, command_as, needed_places, ways_to
from fabrica.values.states import EndReason


@pytest.mark.parametrize(("name", "words"), [("no-such-account-here", "no account"), ("root", "never execute as root")])
def test_no_account_and_root_are_declined(name: str, words: str) -> None:
    with pytest.raises(StartRefused, match=words) as refused:
        account_or_refusal(name)
    assert refused.value.reason == EndReason.SITE_DECLINED


def test_an_agent_that_is_not_root_asks_sudo_for_the_whole_path() -> None:
    command, keywords = command_as(["/usr/bin/sbatch", "--parsable"], "ada", root=False)
    assert command == ["sudo", "-n", "-u", "ada", "--", "/usr/bin/sbatch", "--parsable"]
    assert keywords == {}


def test_root_becomes_the_account_with_its_groups_alone() -> None:
    command, keywords = command_as(["sbatch"], "nobody", root=True)
    assert command == ["sbatch"]
    assert keywords["user"] != 0
    assert 0 not in keywords["extra_groups"]


def test_only_our_closed_folders_are_opened_for_passing(tmp_path: Path) -> None:
    closed = tmp_path / "closed"
    place = closed / "open" / "place"
    place.mkdir(parents=True)
    closed.chmod(0o700)
    (closed / "open").chmod(0o755)
    ways = ways_to([place])
    assert closed in ways
    assert closed / "open" not in ways


def test_places_outside_the_folder_come_from_the_environment() -> None:
    assert needed_places({"VIRTUAL_ENV": "/site/env", "PYTHONPATH": "/site/api:"}) == [
        Path("/site/env"),
        Path("/site/api"),
    ]
