"""The Slurm engine on a real Slurm: what is charged, what is never started twice, and what users are told."""

import errno
import json
import os
import pwd
import shutil
import signal
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from fabrica.engines.contract import Handle, StartRefused
from fabrica.engines.files import read_json
from fabrica.engines.slurm import store
from fabrica.engines.slurm.commands import Commands
from fabrica.values.states import EndReason
from tests.engines.slurm.bench import SlurmSite, fake_commands
from tests.services.slurm.cluster import SlurmCluster

pytestmark = pytest.mark.slurm


@pytest.fixture
def full(slurm_full: SlurmCluster, tmp_path: Path) -> SlurmSite:
    return SlurmSite(slurm_full, tmp_path)


@pytest.fixture
def mini(slurm_mini: SlurmCluster, tmp_path: Path) -> SlurmSite:
    return SlurmSite(slurm_mini, tmp_path)


def test_the_charge_is_what_slurm_allocated_to_the_second(full: SlurmSite) -> None:
    engine = full.open()
    order = full.order("sh", "-c", "echo $CUDA_VISIBLE_DEVICES; sleep 2", partition="gpu", devices=3)
    handle = engine.start(order)
    seen = full.wait_for(engine, handle, "ended")
    assert (seen.reason, seen.usage.devices) == (EndReason.COMPLETED, 3)
    assert len((order.folder / "log").read_text().strip().split(",")) == 3
    full.wait(engine, handle, lambda _: full.accounted_milliseconds(handle, "gres/gpu") > 0)
    assert seen.usage.charged_milliseconds == full.accounted_milliseconds(handle, "gres/gpu")


def test_a_site_whose_slurm_counts_no_gpus_charges_those_that_were_asked_for(mini: SlurmSite) -> None:
    engine = mini.open()
    order = mini.order("sh", "-c", "echo $CUDA_VISIBLE_DEVICES; sleep 2", partition="gpu", devices=3)
    handle = engine.start(order)
    mini.wait_for(engine, handle, "running")
    seen = mini.wait_for(engine, handle, "ended")
    assert len((order.folder / "log").read_text().strip().split(",")) == 3
    rows = [json.loads(line) for line in (order.folder / "record" / "slurm_rows.jsonl").read_text().splitlines()]
    assert "gres/gpu" not in rows[0]["allocated"]
    assert rows[0]["devices"] == seen.usage.devices == 3
    assert seen.usage.charged_milliseconds == 3 * rows[0]["elapsed_seconds"] * 1000 > 0


def test_waits_are_not_read_from_an_accounting_that_cannot_tell_gpus_apart(
    full: SlurmSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    long_ago = datetime.now(UTC) - timedelta(hours=1)
    assert full.open().waits(long_ago) is not None
    monkeypatch.setattr(Commands, "counts_gres", lambda self, name: False)
    assert full.open().waits(long_ago) is None  # the agent then tells the waits that it has seen itself


def test_every_start_that_slurm_made_of_an_attempt_is_charged(full: SlurmSite) -> None:
    full.settings["partitions"] = [{"name": "cpu", "slurm": "gpu", "requeue": True}]
    engine = full.open()
    order = full.order("sh", "-c", "echo start $SLURM_RESTART_COUNT; sleep 3", devices=2)
    handle = engine.start(order)
    full.wait(engine, handle, lambda seen: "start" in _log(order.folder))
    before = full.wait_for(engine, handle, "running").usage.charged_milliseconds
    job = full.jobs(handle)[0]
    full.cluster.command("scontrol", "requeue", job)
    waiting = full.wait_for(engine, handle, "queued")
    assert waiting.usage.charged_milliseconds >= before
    full.cluster.start_soon(job)
    seen = full.wait_for(engine, handle, "ended")
    assert seen.reason == EndReason.COMPLETED
    assert "start 1" in _log(order.folder)
    rows = [json.loads(line) for line in (order.folder / "record" / "slurm_rows.jsonl").read_text().splitlines()]
    assert [row["state"] for row in rows] == ["REQUEUED", "COMPLETED"]
    assert seen.usage.charged_milliseconds == sum(row["device_milliseconds"] for row in rows)
    assert seen.usage.charged_milliseconds == full.accounted_milliseconds(handle, "cpu")


def _log(folder: Path) -> str:
    log = folder / "log"
    return log.read_text() if log.exists() else ""


def test_a_reply_that_is_lost_never_starts_a_second_job(full: SlurmSite, tmp_path: Path) -> None:
    lost = 'if [ ! -e "$HERE/once" ]; then touch "$HERE/once"; $REAL "$@" >/dev/null; exit 1; fi; exec $REAL "$@"'
    engine = full.open(command_folder=str(fake_commands(tmp_path / "bin", sbatch=lost)))
    handle = engine.start(full.order("sleep", "1"))
    assert full.wait_for(engine, handle, "ended").reason == EndReason.COMPLETED
    assert len(full.jobs(handle)) == 1


def test_a_submission_that_never_arrived_is_done_again_once(full: SlurmSite, tmp_path: Path) -> None:
    lost = 'if [ ! -e "$HERE/once" ]; then touch "$HERE/once"; exit 1; fi; exec $REAL "$@"'
    engine = full.open(command_folder=str(fake_commands(tmp_path / "bin", sbatch=lost)))
    handle = engine.start(full.order("true"))
    assert "looked for by its name" in full.wait(engine, handle, lambda seen: bool(seen.words)).words
    assert full.wait_for(engine, handle, "ended").reason == EndReason.COMPLETED
    assert len(full.jobs(handle)) == 1


def test_reservations_that_slurm_does_not_tell_now_are_those_that_it_told_last(mini: SlurmSite, tmp_path: Path) -> None:
    mute = 'case "$*" in *reservation*) [ ! -e "$HERE/mute" ] || exit 1;; esac; exec $REAL "$@"'
    engine = mini.open(command_folder=str(fake_commands(tmp_path / "bin", scontrol=mute)))
    made = ("reservation=upgrade", "StartTime=now+1hour", "Duration=60", "Nodes=ALL", "Flags=MAINT", "Users=root")
    mini.cluster.command("scontrol", "create", *made)
    told = [one.maintenance for one in engine.capacity().partitions]
    assert all(told)
    (tmp_path / "bin" / "mute").touch()
    assert [one.maintenance for one in engine.capacity().partitions] == told


def test_an_agent_killed_before_it_wrote_the_job_down_finds_it_by_its_name(mini: SlurmSite) -> None:
    handle = mini.open().start(mini.order("sleep", "2"))
    _record(mini, handle).with_suffix(".job").unlink()
    engine = mini.open()
    assert engine.start(mini.order("true")) != handle
    assert mini.wait_for(engine, handle, "ended").reason == EndReason.COMPLETED
    assert len(mini.jobs(handle)) == 1


def _record(site: SlurmSite, handle: Handle) -> Path:
    return site.folder / "engine" / "attempts" / f"{handle}.json"


def test_a_second_job_of_one_attempt_runs_nothing_and_is_cancelled(mini: SlurmSite) -> None:
    engine = mini.open()
    order = mini.order("sh", "-c", "echo began; sleep 3")
    handle = engine.start(order)
    mini.wait(engine, handle, lambda seen: "began" in _log(order.folder))
    record = read_json(_record(mini, handle))
    assert record is not None
    common = (f"--job-name=fab-{handle}", "--parsable", "--mem=64M", "--output=/dev/null")
    mini.cluster.command("sbatch", *common, stdin=record["submission"]["script"])
    held = mini.cluster.command("sbatch", "--hold", *common, stdin=record["submission"]["script"]).strip()
    assert mini.wait_for(engine, handle, "ended").reason == EndReason.COMPLETED
    assert _log(order.folder).count("began") == 1
    state = mini.cluster.command("squeue", "--noheader", "--states=all", f"--jobs={held}", "--format=%T").strip()
    assert state == "CANCELLED"


def test_a_dead_controller_ends_nothing_and_is_told(mini: SlurmSite) -> None:
    engine = mini.open()
    handle = engine.start(mini.order("sleep", "8"))
    mini.wait_for(engine, handle, "running")
    os.kill(mini.cluster.pid("slurmctld"), signal.SIGTERM)  # its own way, so that it has saved what it knows
    seen = mini.wait(engine, handle, lambda seen: "does not answer" in seen.words)
    assert seen.state == "running"
    late = engine.start(mini.order("true"))
    assert engine.observe([late])[late].state == "queued"
    mini.cluster.restart("slurmctld")
    assert mini.wait_for(engine, handle, "ended").reason == EndReason.COMPLETED
    assert mini.wait_for(engine, late, "ended").reason == EndReason.COMPLETED
    assert len(mini.jobs(late)) == 1


def test_a_job_that_slurm_has_forgotten_ends_by_its_own_last_word(
    make_slurm: Callable[..., SlurmCluster], tmp_path: Path
) -> None:
    site = SlurmSite(make_slurm(name="alpha", extra_conf="MinJobAge=2"), tmp_path)
    order = site.order("sh", "-c", "sleep 1; exit 4", devices=2)
    handle = site.open().start(order)
    engine = site.open()
    site.wait_for(engine, handle, "running")
    deaf = site.open()
    site.wait(deaf, Handle("att_x"), lambda _: bool(site.cluster) and not site.jobs(handle))
    seen = site.wait_for(engine, handle, "ended")
    assert (seen.reason, seen.exit_code) == (EndReason.EXIT_NONZERO, 4)
    assert seen.usage.devices == 2
    assert 1000 * 2 <= seen.usage.charged_milliseconds <= 3000 * 2
    assert "keeps no accounting" in seen.words


def test_a_job_that_slurm_lost_without_a_word_has_vanished(mini: SlurmSite) -> None:
    engine = mini.open(settle_seconds=1)
    order = mini.order("sleep", "600")
    handle = engine.start(order)
    mini.wait_for(engine, handle, "running")
    mini.cluster.kill("slurmctld")
    for saved in (mini.cluster.folder / "state").glob("job_state*"):
        saved.unlink()
    shutil.rmtree(mini.cluster.folder / "state" / "hash.0", ignore_errors=True)
    mini.cluster.restart("slurmctld")
    seen = mini.wait_for(engine, handle, "ended")
    assert seen.reason in (EndReason.PROCESS_VANISHED, EndReason.KILLED_BY_SIGNAL)


def test_a_job_that_the_site_cancels_says_who(full: SlurmSite) -> None:
    engine = full.open()
    handle = engine.start(full.order("sleep", "60"))
    full.wait_for(engine, handle, "running")
    full.cluster.command("scancel", full.jobs(handle)[0])
    seen = full.wait_for(engine, handle, "ended")
    assert seen.reason == EndReason.CANCELLED_AT_SITE
    assert f"user number {os.geteuid()}" in seen.words


def test_a_job_that_runs_to_its_limit_and_never_began_its_command_says_so(full: SlurmSite, tmp_path: Path) -> None:
    python = tmp_path / "python"
    python.write_text("#!/bin/sh\nexec sleep 60\n")  # as a start that the controller lost: Slurm says that it runs
    python.chmod(0o755)
    engine = full.open(python=str(python))
    handle = engine.start(full.order("true"))
    full.wait_for(engine, handle, "running")
    engine.stop(handle, EndReason.TIME_LIMIT)
    seen = full.wait_for(engine, handle, "ended")
    assert (seen.reason, "never said that the command began" in seen.words) == (EndReason.TIME_LIMIT, True)


def test_a_job_that_the_site_holds_waits_with_slurms_words(mini: SlurmSite) -> None:
    engine = mini.open()
    first = engine.start(mini.order("sleep", "60", devices=8, nodes=2))
    mini.wait_for(engine, first, "running")
    handle = engine.start(mini.order("true", devices=8, nodes=2))
    mini.cluster.command("scontrol", "hold", mini.jobs(handle)[0])
    seen = mini.wait(engine, handle, lambda seen: "holds it" in seen.words)
    assert seen.state == "queued"
    assert "JobHeld" in seen.words


def test_a_run_of_several_nodes_starts_once_on_each(full: SlurmSite) -> None:
    engine = full.open()
    script = 'echo "$FABRICA_NODE_RANK of $FABRICA_NODES, $CUDA_VISIBLE_DEVICES, $FABRICA_FIRST_NODE, $SECRET"; sleep 1'
    order = full.order("sh", "-c", script, partition="gpu", nodes=2, devices=2, variables={"SECRET": "s3"})
    handle = engine.start(order)
    seen = full.wait_for(engine, handle, "ended")
    lines = sorted(line.split(", ") for line in _log(order.folder).splitlines())
    assert (seen.reason, [line[0] for line in lines]) == (EndReason.COMPLETED, ["0 of 2", "1 of 2"])
    assert {(line[1], line[3]) for line in lines} == {("0,1", "s3")}
    assert seen.usage.devices == 4
    assert seen.usage.charged_milliseconds == full.accounted_milliseconds(handle, "gres/gpu")


def test_a_failing_node_ends_a_run_of_several(full: SlurmSite) -> None:
    engine = full.open()
    order = full.order("sh", "-c", 'test "$FABRICA_NODE_RANK" = 0 && sleep 60; exit 9', nodes=2)
    seen = full.wait_for(engine, engine.start(order), "ended")
    assert (seen.reason, seen.exit_code) == (EndReason.EXIT_NONZERO, 9)


def test_a_run_is_warned_before_its_time_limit_and_can_save(mini: SlurmSite) -> None:
    engine = mini.open(signal_seconds=60, grace_seconds=20)
    order = mini.order(
        "sh", "-c", "trap 'echo saved > saved; exit 0' TERM; while :; do sleep 0.1; done", time_limit_seconds=20
    )
    seen = mini.wait_for(engine, engine.start(order), "ended")
    assert (seen.reason, seen.exit_code) == (EndReason.TIME_LIMIT, 0)
    assert (order.folder / "work" / "saved").exists()
    assert seen.usage.elapsed_seconds <= 20
    assert "before its time limit of 20 s" in seen.words


def test_nothing_secret_is_told_to_slurm(full: SlurmSite) -> None:
    engine = full.open()
    order = full.order("sh", "-c", "sleep 2; true top-secret", variables={"TOKEN": "top-secret"})
    handle = engine.start(order)
    full.wait_for(engine, handle, "running")
    job = full.jobs(handle)[0]
    told = full.cluster.command("scontrol", "show", "job", "--details", job)
    told += full.cluster.command("scontrol", "write", "batch_script", job, "-")
    full.wait_for(engine, handle, "ended")
    for option in ("--batch-script", "--env-vars"):
        told += full.cluster.command("sacct", f"--jobs={job}", option)
    assert f"fab-{handle}" in told
    assert "top-secret" not in told
    assert (order.folder / "engine" / "order.json").stat().st_mode & 0o077 == 0


def test_a_log_keeps_its_first_bytes_and_counts_the_rest(mini: SlurmSite) -> None:
    engine = mini.open()
    order = mini.order("head", "-c", str(2**21), "/dev/zero")
    seen = mini.wait_for(engine, engine.start(order), "ended")
    assert seen.log_bytes_dropped == 2**20
    assert (order.folder / "log").read_bytes().startswith(bytes(2**20))


def test_what_slurm_refuses_is_declined_with_its_words(full: SlurmSite) -> None:
    full.settings["partitions"] = [{"name": "cpu", "slurm": "gpu", "account": "nobodys"}]
    engine = full.open()
    order = full.order("true")
    with pytest.raises(StartRefused, match="Invalid account") as refused:
        engine.start(order)
    assert refused.value.reason == EndReason.SITE_DECLINED
    assert engine.observe([Handle(order.attempt)])[Handle(order.attempt)].state == "unknown"


@pytest.mark.skipif(os.geteuid() != 0, reason="only root submits as another account without sudo")
def test_a_run_executes_as_the_persons_own_account(mini: SlurmSite) -> None:
    engine = mini.open(python="/usr/bin/python3")  # the tests' own may lie in a home that nobody else may enter
    mini.folder.chmod(0o700)
    script = "id -un; umask 077; echo mine > output; touch ../replaced; readlink -f ."
    order = mini.order("sh", "-c", script, site_account="nobody")
    handle = engine.start(order)
    seen = mini.wait_for(engine, handle, "ended")
    assert _log(order.folder).splitlines()[0] == "nobody", _log(order.folder)
    output = order.folder / "work" / "output"
    assert output.stat().st_uid == pwd.getpwnam("nobody").pw_uid
    assert not (order.folder / "replaced").exists()
    assert seen.reason == EndReason.COMPLETED


@pytest.mark.parametrize("account", ["no-such-account", "root"])
def test_an_account_that_is_none_or_root_is_declined(
    mini: SlurmSite, account: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("fabrica.engines.slurm.starting.is_other", lambda _: True)
    with pytest.raises(StartRefused) as refused:
        mini.open().start(mini.order("true", site_account=account))
    assert refused.value.reason == EndReason.SITE_DECLINED


def test_a_rest_service_that_is_down_leaves_a_doubt_and_never_a_second_job(
    make_slurm: Callable[..., SlurmCluster], tmp_path: Path
) -> None:
    site = _rest_site(make_slurm(name="alpha", accounting=True, rest=True), tmp_path)
    engine = site.open()
    assert engine.capacity().engine_version == "22.05.8"
    handle = engine.start(site.order("sleep", "3"))
    site.wait_for(engine, handle, "running")
    site.cluster.kill("slurmrestd")
    assert site.wait(engine, handle, lambda seen: "does not answer" in seen.words).state == "running"
    late = engine.start(site.order("true"))
    site.cluster.restart("slurmrestd")
    assert site.wait_for(engine, handle, "ended").reason == EndReason.COMPLETED
    assert site.wait_for(engine, late, "ended").reason == EndReason.COMPLETED
    assert len(site.jobs(late)) == 1


def _rest_site(cluster: SlurmCluster, folder: Path, **settings: Any) -> SlurmSite:
    token = folder / "token"
    token.write_text(cluster.token(cluster.site.user))
    form = {"form": "rest", "rest_url": cluster.rest_url, "rest_token_file": str(token)}
    return SlurmSite(cluster, folder, **form, **settings)


@pytest.mark.parametrize("form", ["commands", "rest"])
def test_preempted_work_says_so_or_goes_on_and_is_charged_for_both_starts(
    make_slurm: Callable[..., SlurmCluster], tmp_path: Path, form: str
) -> None:
    cluster = make_slurm(name="alpha", nodes=1, accounting=True, rest=True)
    cluster.command(
        "sacctmgr", "--immediate", "add", "qos", "high", "Preempt=normal", "PreemptMode=requeue", "Priority=9"
    )
    cluster.command("sacctmgr", "--immediate", "modify", "user", cluster.site.user, "set", "qos+=high")
    partitions = [
        {"name": "cpu", "slurm": "gpu"},
        {"name": "again", "slurm": "gpu", "requeue": True},
        {"name": "urgent", "slurm": "gpu", "qos": "high"},
    ]
    site = (_rest_site if form == "rest" else SlurmSite)(cluster, tmp_path, partitions=partitions)
    engine = site.open()
    for partition in ("cpu", "again"):
        low = engine.start(site.order("sleep", "4", partition=partition, devices=8))
        site.wait_for(engine, low, "running")
        high = engine.start(site.order("true", partition="urgent", devices=8))
        assert site.wait_for(engine, high, "ended").reason == EndReason.COMPLETED
        if partition == "cpu":
            assert site.wait_for(engine, low, "ended").reason == EndReason.PREEMPTED
        else:
            site.wait_for(engine, low, "queued")
            cluster.start_soon(site.jobs(low)[0])
            seen = site.wait_for(engine, low, "ended")
            assert seen.reason == EndReason.COMPLETED
            assert seen.usage.charged_milliseconds == site.accounted_milliseconds(low, "cpu")
            rows = (site.folder / "attempts" / low / "record" / "slurm_rows.jsonl").read_text()
            assert [json.loads(row)["state"] for row in rows.splitlines()] == ["PREEMPTED", "COMPLETED"]


def test_an_order_that_cannot_be_kept_is_refused_and_never_becomes_a_job(
    mini: SlurmSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine, order = mini.open(), mini.order("true")

    def full(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(store, "sync", full)
    with pytest.raises(StartRefused) as refused:
        engine.start(order)
    assert refused.value.reason == EndReason.SITE_DISK_FULL
    assert mini.jobs(Handle(order.attempt)) == []
