"""What a site has and what is free: drained nodes are told, and give nothing."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from fabrica.engines.slurm.cluster_text import read_gres, read_nodes, read_waiting
from fabrica.engines.slurm.inventory import partition_inventory
from fabrica.engines.slurm.last_inventory import LastInventory, silent_inventory
from fabrica.engines.slurm.settings import SlurmPartition
from fabrica.wire.agents import Inventory

_MINE = SlurmPartition(name="h", slurm="gpu", resource_class="gpu.h100", gres_type="h100")
_NODES = (
    "n1|gpu|mixed|2/6/0/8|4000|1|gpu:h100:4(S:0-1)|gpu:h100:3(IDX:0-1,3)|1-00:00:00|Unknown|none|\n"
    "n2|gpu|idle+drain|0/0/8/8|4000|1|gpu:h100:4|gpu:h100:0(IDX:N/A)|1-00:00:00|1795261918|bad | fan|\n"
    "n3|gpu|idle|0/8/0/8|4000|1|gpu:a100:8|gpu:a100:0(IDX:N/A)|1-00:00:00|Unknown|none|\n"
    "n1|other|mixed|2/6/0/8|4000|1|gpu:h100:4|gpu:h100:3|infinite|Unknown|none|\n"
)
_JOBS = (
    "gpu|PENDING|2|cpu=2,node=2,gres/gpu=8|gres:gpu:h100:4|N/A|\n"
    "gpu|PENDING|1|cpu=1,node=1,gres/gpu:h100=1|N/A|N/A|\n"
    "gpu|RUNNING|1|cpu=2,node=1,gres/gpu=3|gres:gpu:3|N/A|\n"
)


def test_devices_of_one_type_are_counted_and_drained_nodes_give_none() -> None:
    told = partition_inventory(_MINE, read_nodes(_NODES), read_waiting(_JOBS), disk_free_bytes=1)
    assert (told.nodes, told.devices_total, told.devices_free, told.devices_per_node) == (2, 8, 1, 4)
    assert (told.time_limit_seconds_max, told.nodes_per_run_max, told.jobs_running) == (86_400, 2, 1)
    assert [(one.node, one.reason) for one in told.nodes_out] == [("n2", "bad | fan")]
    assert told.queue is not None
    assert [(one.devices_min, one.jobs_waiting, one.devices_waiting) for one in told.queue] == [(1, 1, 1), (5, 1, 8)]


@pytest.mark.parametrize("per_node", ["gres:gpu:h100:4", "gres/gpu:h100:4"], ids=["22.05", "24.11"])
def test_what_waits_is_counted_where_slurm_counts_no_devices(per_node: str) -> None:
    job = f"gpu|PENDING|2|cpu=2,node=2|{per_node}|N/A|\n"
    told = partition_inventory(_MINE, read_nodes(_NODES), read_waiting(job), disk_free_bytes=1)
    assert told.queue is not None
    assert [(one.devices_min, one.jobs_waiting, one.devices_waiting) for one in told.queue] == [(5, 1, 8)]


def test_cores_are_counted_by_whole_cores() -> None:
    text = "n1|cpu|mixed|3/5/0/8|4000|2|(null)|gpu:(null):0(IDX:N/A)|infinite|Unknown|none|\n"
    told = partition_inventory(SlurmPartition(name="cpu"), read_nodes(text), None, disk_free_bytes=None)
    assert (told.devices_total, told.devices_free, told.time_limit_seconds_max, told.queue) == (4, 2, None, None)


def test_gres_of_every_form_is_read() -> None:
    assert read_gres("gpu:h100:4(S:0,2),gpu:2,shard:8") == {"gpu:h100": 4, "gpu": 2, "shard": 8}
    assert read_gres("(null)") == read_gres("") == {}


def test_a_silent_slurm_has_what_it_told_last_and_since_when_it_is_silent(tmp_path: Path) -> None:
    told = _told(_MINE)
    LastInventory(tmp_path / "inventory.json", [_MINE]).keep(told)
    for minutes in (1, 2):  # each time by an agent that has just started
        silent = LastInventory(tmp_path / "inventory.json", [_MINE]).while_silent(_NOON + timedelta(minutes=minutes))
        assert silent == told.model_copy(update={"silent_since": _NOON + timedelta(minutes=1)})


def test_nothing_is_told_of_partitions_that_slurm_never_told_of() -> None:
    told = _told(_MINE)
    other = _MINE.model_copy(update={"name": "new"})
    changed = SlurmPartition(name="h", slurm="gpu", resource_class="gpu.a100")
    for last, partitions in ((None, [_MINE]), (told, [other]), (told, [changed])):
        silent = silent_inventory(last, partitions, now=_NOON)
        assert silent.silent_since == _NOON
        (only,) = silent.partitions
        assert (only.nodes, only.devices_per_node, only.devices_total, only.devices_free) == (None,) * 4
        assert (only.name, only.resource_class) == (partitions[0].name, partitions[0].resource_class)


def test_a_spoilt_file_of_the_last_inventory_is_as_none(tmp_path: Path) -> None:
    (tmp_path / "inventory.json").write_text('{"engine": "slurm"')
    assert LastInventory(tmp_path / "inventory.json", [_MINE]).while_silent(_NOON).partitions[0].nodes is None


_NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)


def _told(mine: SlurmPartition) -> Inventory:
    partition = partition_inventory(mine, read_nodes(_NODES), None, disk_free_bytes=1)
    return Inventory(engine="slurm", engine_version="22.05.8", partitions=(partition,), taken_at=_NOON)
