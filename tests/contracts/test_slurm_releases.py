"""What differs between releases of Slurm, on each that is asked for: devices, nodes, warnings, counts, waits."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from fabrica.values.files import write_private
from fabrica.values.states import EndReason
from tests.engines.slurm.bench import SlurmSite
from tests.services.slurm import releases
from tests.services.slurm.cluster import SlurmCluster
from tests.services.slurm.fixtures import cluster

pytestmark = pytest.mark.slurm


@pytest.fixture(scope="module", params=releases.RELEASES)
def newer(request: pytest.FixtureRequest) -> Iterator[SlurmCluster]:
    if request.param not in releases.wanted():
        pytest.skip(f"name {request.param} in {releases.WANTED} to try it; it is a download")
    with cluster(release=request.param, name="newer", accounting=True, rest=True) as started:
        yield started


@pytest.fixture(params=["commands", "rest"])
def site(newer: SlurmCluster, tmp_path: Path, request: pytest.FixtureRequest) -> SlurmSite:
    settings = dict(newer.engine_settings)
    if request.param == "rest":
        token = tmp_path / "token"
        write_private(token, newer.token(newer.site.user))
        settings |= {"form": "rest", "rest_url": newer.rest_url, "rest_token_file": str(token)}
    return SlurmSite(newer, tmp_path, **settings)


def test_devices_of_several_nodes_are_held_counted_and_charged_as_slurm_does(site: SlurmSite) -> None:
    engine = site.open()
    order = site.order("sh", "-c", 'echo "$CUDA_VISIBLE_DEVICES"; sleep 3', partition="gpu", nodes=2, devices=3)
    handle = engine.start(order)
    site.wait_for(engine, handle, "running")
    gpus = next(one for one in engine.capacity().partitions if one.name == "gpu")
    assert (gpus.nodes, gpus.devices_per_node, gpus.devices_total) == (2, 4, 8)
    site.wait(engine, handle, lambda _: next(iter(engine.capacity().partitions)).devices_free == 2)
    seen = site.wait_for(engine, handle, "ended")
    assert (seen.reason, seen.usage.devices) == (EndReason.COMPLETED, 6)
    assert (order.folder / "log").read_text() == "0,1,2\n" * 2
    site.wait(engine, handle, lambda _: site.accounted_milliseconds(handle, "gres/gpu") > 0)
    assert seen.usage.charged_milliseconds == site.accounted_milliseconds(handle, "gres/gpu")
    waits = engine.waits(datetime.now(UTC) - timedelta(hours=1))
    assert waits is not None
    assert any((one.partition, one.devices) == ("gpu", 6) for one in waits)


def test_a_run_is_warned_before_its_time_limit_and_can_save(site: SlurmSite) -> None:
    engine = site.open(signal_seconds=60, grace_seconds=20)
    saving = "trap 'echo saved > saved; exit 0' TERM; while :; do sleep 0.1; done"
    order = site.order("sh", "-c", saving, time_limit_seconds=20)
    seen = site.wait_for(engine, engine.start(order), "ended")
    assert (seen.reason, seen.exit_code) == (EndReason.TIME_LIMIT, 0)
    assert (order.folder / "work" / "saved").exists()


def test_a_requeued_start_is_charged_too_and_one_that_the_site_cancels_says_who(site: SlurmSite) -> None:
    site.settings["partitions"] = [{"name": "cpu", "slurm": "gpu", "requeue": True}]
    engine = site.open()
    handle = engine.start(site.order("sleep", "60", devices=2))
    site.wait(engine, handle, lambda seen: seen.usage.charged_milliseconds >= 1000)
    job = site.jobs(handle)[0]
    site.cluster.command("scontrol", "requeue", job)
    site.wait_for(engine, handle, "queued")
    site.cluster.start_soon(job)
    site.wait_for(engine, handle, "running")
    site.cluster.command("scancel", job)
    seen = site.wait_for(engine, handle, "ended")
    assert seen.reason == EndReason.CANCELLED_AT_SITE
    assert seen.usage.charged_milliseconds == site.accounted_milliseconds(handle, "cpu")


def test_a_reservation_of_all_nodes_is_told_as_maintenance_with_its_times(site: SlurmSite) -> None:
    engine = site.open()
    when = ("StartTime=now+2days", "Duration=10:00:00")
    site.cluster.command("scontrol", "create", "reservation=upgrade", *when, "Nodes=ALL", "Flags=MAINT", "Users=root")
    try:
        told = [one.maintenance for one in engine.capacity().partitions]
    finally:
        site.cluster.command("scontrol", "delete", "ReservationName=upgrade")
    for one in told:
        assert one is not None
        assert (one.name, one.ends_at - one.starts_at) == ("upgrade", timedelta(hours=10))
        assert timedelta(hours=47) < one.starts_at - datetime.now(UTC) < timedelta(hours=49)
    assert [one.maintenance for one in engine.capacity().partitions] == [None] * len(told)
