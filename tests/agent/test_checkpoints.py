"""A run that was ended too early goes on from what it saved, at any site."""

from pathlib import Path

import pytest

from fabrica.agent.checkpoints import checkpoint_of, lay_out
from fabrica.agent.failures import AttemptFailed
from fabrica.agent.folders import AttemptFolder
from fabrica.values.states import EndReason
from fabrica.wire.problems import NotFound
from fabrica.wire.runs import Artifact
from tests.agent.builders import make_order, make_settings, sha256

SAVED = b"step 7"


@pytest.fixture
def folder(tmp_path: Path) -> AttemptFolder:
    made = AttemptFolder(tmp_path / "att")
    made.prepare()
    return made


def save(folder: AttemptFolder) -> None:
    (folder.work / "saved").mkdir()
    (folder.work / "saved" / "state.bin").write_bytes(SAVED)


def artifact(path: str = "saved/state.bin") -> Artifact:
    return Artifact(path=path, sha256=sha256(SAVED), bytes=len(SAVED), kind="checkpoint")


def bring(sha256: str, target: Path) -> None:
    target.write_bytes(SAVED)


@pytest.mark.parametrize("reason", [EndReason.PREEMPTED, EndReason.NODE_FAILED, EndReason.TIME_LIMIT])
def test_what_was_saved_is_kept_when_another_attempt_may_follow(
    folder: AttemptFolder, tmp_path: Path, reason: EndReason
) -> None:
    save(folder)
    order = make_order(checkpoint="saved")
    assert checkpoint_of(order, reason, folder, make_settings(tmp_path)) == (artifact(),)


@pytest.mark.parametrize("reason", [EndReason.COMPLETED, EndReason.EXIT_NONZERO, EndReason.CANCELLED_BY_USER])
def test_a_run_that_is_over_sends_no_checkpoint(folder: AttemptFolder, tmp_path: Path, reason: EndReason) -> None:
    save(folder)
    assert checkpoint_of(make_order(checkpoint="saved"), reason, folder, make_settings(tmp_path)) == ()


def test_a_checkpoint_that_is_too_large_or_leads_out_is_said_and_left(folder: AttemptFolder, tmp_path: Path) -> None:
    save(folder)
    order = make_order(checkpoint="saved")
    assert checkpoint_of(order, EndReason.PREEMPTED, folder, make_settings(tmp_path, outputs_bytes_max=3)) == ()
    (folder.work / "saved" / "out").symlink_to("/etc/passwd")
    assert checkpoint_of(order, EndReason.PREEMPTED, folder, make_settings(tmp_path)) == ()
    assert folder.log.read_text().count("The checkpoint is not kept.") == 2


def test_the_next_attempt_finds_the_files_where_they_were(folder: AttemptFolder) -> None:
    lay_out(make_order(checkpoint="saved", continues_from=(artifact("saved/deep/state.bin"),)), folder, bring)
    assert (folder.work / "saved" / "deep" / "state.bin").read_bytes() == SAVED
    assert "goes on from the checkpoint" in folder.log.read_text()


def test_the_first_attempt_finds_an_empty_folder(folder: AttemptFolder) -> None:
    lay_out(make_order(checkpoint="saved"), folder, bring)
    assert list((folder.work / "saved").iterdir()) == []


@pytest.mark.parametrize("path", ["../state.bin", "/etc/passwd", "elsewhere/state.bin", "saved/../train.py"])
def test_a_file_outside_the_checkpoint_folder_is_never_written(folder: AttemptFolder, path: str) -> None:
    with pytest.raises(AttemptFailed):
        lay_out(make_order(checkpoint="saved", continues_from=(artifact(path),)), folder, bring)
    assert not (folder.work / "train.py").exists()
    assert not (folder.root / "state.bin").exists()


def test_a_link_of_the_source_does_not_lead_a_checkpoint_out(folder: AttemptFolder, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (folder.work / "saved").symlink_to(outside)
    with pytest.raises(AttemptFailed):
        lay_out(make_order(checkpoint="saved", continues_from=(artifact(),)), folder, bring)
    assert list(outside.iterdir()) == []


def test_a_checkpoint_the_server_no_longer_has_ends_the_attempt_in_words(folder: AttemptFolder) -> None:
    def gone(sha256: str, target: Path) -> None:
        raise NotFound("No run of this site has that bundle.")

    with pytest.raises(AttemptFailed, match="The checkpoint cannot be had"):
        lay_out(make_order(checkpoint="saved", continues_from=(artifact(),)), folder, gone)
