"""The Slurm engine: five verbs over one Slurm. It asks once for all attempts, and a silent Slurm ends nothing."""

import logging
import shutil
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

from fabrica.engines import containers
from fabrica.engines.contract import Finding, Handle, JobWait, Observation, StartOrder, StartRefused, declined
from fabrica.engines.slurm import past_waits, starting
from fabrica.engines.slurm.checks import check, uncounted_gres
from fabrica.engines.slurm.commands import run_slurm
from fabrica.engines.slurm.controller import Controller, Node, Refused, Reservation, Silent
from fabrica.engines.slurm.following import Following
from fabrica.engines.slurm.inventory import devices_of_node, partition_inventory, threads_of
from fabrica.engines.slurm.jobs import Garbled
from fabrica.engines.slurm.last_inventory import LastInventory
from fabrica.engines.slurm.maintenance import next_maintenance
from fabrica.engines.slurm.settings import SlurmPartition, SlurmSettings
from fabrica.engines.slurm.store import Store
from fabrica.engines.slurm.submission import joined
from fabrica.values.states import EndReason
from fabrica.wire.agents import Inventory, PartitionInventory
from fabrica.wire.runs import Usage

_SHAPES_SECONDS = 60.0
_APPTAINER_SECONDS = 600.0
_log = logging.getLogger("fabrica.engines.slurm")


class SlurmEngine:
    """Runs as jobs of a site's Slurm. Any number of engine objects share one folder; Slurm and the folder know all."""

    name: Literal["slurm"] = "slurm"
    starts_at_once = 4

    def __init__(self, folder: Path, *, settings: SlurmSettings, connect: Callable[[], Controller]) -> None:
        self._settings = settings
        self._store = Store(folder.absolute())
        self._store.make()
        self._store.forget_removed()
        self._connect = connect
        self._connected: Controller | None = None
        self._starter = starting.Starter(self._store, settings, self._controller)
        self._following = Following(self._store, settings, self._starter, self._controller)
        self._nodes: tuple[float, list[Node]] | None = None
        self._reservations: list[Reservation] = []
        self._last_inventory = LastInventory(self._store.folder / "inventory.json", settings.partitions)
        self._apptainer_version: str | None = None
        self._apptainer_due = 0.0

    def _controller(self) -> Controller:
        """Return the way to Slurm, found at the first question that it answers."""
        if self._connected is None:
            self._connected = self._connect()
        return self._connected

    def capacity(self) -> Inventory:
        """Return the site's partitions. While Slurm is silent: what it told last, and since when it is silent."""
        try:
            told = self._told_now()
        except Silent as trouble:
            _log.warning("what the site has is not known now: %s", trouble)
            return self._last_inventory.while_silent(datetime.now(UTC))
        self._last_inventory.keep(told)
        return told

    def _told_now(self) -> Inventory:
        controller = self._controller()
        nodes = controller.nodes()
        self._nodes = (time.monotonic(), nodes)
        disk_free_bytes = shutil.disk_usage(self._store.folder).free
        try:
            jobs = controller.waiting()
        except Silent:
            jobs = None
        reservations = self._reservations_told(controller)
        return Inventory(
            engine="slurm",
            engine_version=controller.version,
            partitions=tuple(
                partition_inventory(
                    one,
                    nodes,
                    jobs,
                    disk_free_bytes=disk_free_bytes,
                    apptainer=self._apptainer(),
                    maintenance=next_maintenance(
                        one, nodes, reservations, accounts=self._settings.accounts_of(one), now=time.time()
                    ),
                )
                for one in self._settings.partitions
            ),
            taken_at=datetime.now(UTC),
        )

    def _reservations_told(self, controller: Controller) -> list[Reservation]:
        """Return Slurm's reservations; when it does not tell them, those that it told last."""
        try:
            self._reservations = controller.reservations()
        except Silent as trouble:
            _log.warning("what is reserved at the site is not known now: %s", trouble)
        return self._reservations

    def _apptainer(self) -> str | None:
        """Return the version of Apptainer on this machine, looked for every ten minutes."""
        if time.monotonic() >= self._apptainer_due:
            self._apptainer_version = containers.version_of(self._settings.apptainer)
            self._apptainer_due = time.monotonic() + _APPTAINER_SECONDS
        return self._apptainer_version

    def check(self, accounts: Sequence[str]) -> Iterator[Finding]:
        """Try what the engine needs, for `fabrica agent check`."""
        return check(self._settings, self._connect, accounts)

    def start(self, order: StartOrder) -> Handle:
        """Submit the attempt once, however often and from however many processes this is called."""
        with self._store.locked(order.attempt):
            if self._store.read(order.attempt) is None:
                self._submit(order)
        return Handle(order.attempt)

    def _submit(self, order: StartOrder) -> None:
        partition, nodes = self._refuse_what_can_never_run(order)
        record = starting.prepare(
            order,
            partition,
            self._settings,
            limit_seconds_max=_told_partition(partition, nodes).time_limit_seconds_max,
            threads_per_core=threads_of(nodes),
        )
        try:
            wait_until_kept = self._store.create(order.attempt, record)
        except OSError as problem:
            self._store.forget(order.attempt)
            raise _not_kept(problem) from problem
        begun = self._starter.begin(record)  # beside the disk; the job itself comes after
        try:
            wait_until_kept()
        except OSError as problem:
            begun.drop()
            self._store.forget(order.attempt)
            raise _not_kept(problem) from problem
        try:
            self._starter.submit(order.attempt, record, begun)
        except Refused as refusal:
            self._store.forget(order.attempt)
            raise declined(f"Slurm does not take it: {refusal}") from refusal

    def _refuse_what_can_never_run(self, order: StartOrder) -> tuple[SlurmPartition, list[Node]]:
        """Return the partition and its nodes, none while Slurm is silent."""
        partition = self._settings.by_name.get(order.partition)
        if partition is None:
            names = ", ".join(self._settings.by_name)
            raise declined(f"This site has no partition {order.partition!r}; it has {names}.")
        asked = order.resources
        if partition.resource_class != asked.resource_class:
            raise declined(f"Partition {order.partition} has {partition.resource_class}, not {asked.resource_class}.")
        if order.image and partition.containers is False:
            raise declined(f"Partition {order.partition} has no Apptainer, which running an image needs.")
        self._refuse_too_large_an_array(asked.tasks)
        own = [node for node in self._shapes() if node.partition == partition.slurm_name]
        if not own:
            return partition, []
        fitting = [
            node
            for node in own
            if devices_of_node(partition, node) >= asked.devices and node.memory_mib * 2**20 >= asked.memory_bytes
        ]
        told = _told_partition(partition, own)
        nodes_max = min(partition.nodes_per_run_max or len(fitting), len(fitting))
        if asked.nodes > nodes_max:
            raise declined(
                f"Partition {order.partition} has {nodes_max} nodes for one run with {asked.devices} devices and "
                f"{asked.memory_bytes} bytes of memory; {asked.nodes} were asked."
            )
        limit = told.time_limit_seconds_max
        if limit is not None and asked.time_limit_seconds > limit:
            raise declined(
                f"Partition {order.partition} lets a run take {limit} s; {asked.time_limit_seconds} s were asked."
            )
        return partition, own

    def _refuse_too_large_an_array(self, tasks: int) -> None:
        try:
            most = self._controller().array_size_max
        except Silent:
            return
        if tasks > 1 and most is not None and tasks > most:
            words = f"one array of {most} tasks at most" if most else "no job arrays"
            raise declined(f"This site's Slurm takes {words} (MaxArraySize); {tasks} were asked.")

    def _shapes(self) -> list[Node]:
        """Return the nodes, not older than a minute when Slurm answers."""
        if self._nodes is None or time.monotonic() - self._nodes[0] > _SHAPES_SECONDS:
            try:
                self._nodes = (time.monotonic(), self._controller().nodes())
            except Silent as trouble:
                _log.warning("the site's nodes are not known now: %s", trouble)
        return self._nodes[1] if self._nodes else []

    def waits(self, since: datetime) -> list[JobWait] | None:
        """Return how long everybody's jobs waited, as accounting has it.

        None: there is none, it is silent, or it cannot tell which jobs waited for devices.
        """
        now = time.time()
        past = max(1, int(now - since.timestamp()))
        try:
            controller = self._controller()
            if not controller.has_accounting or uncounted_gres(controller, self._settings):
                return None
            done = run_slurm(self._settings, ["sacct", *past_waits.sacct_options(past)])
            if done.returncode != 0:
                raise Silent(joined([done.stderr, done.stdout]))
            return past_waits.read_waits(
                done.stdout, self._settings.partitions, now=int(now), threads=lambda: threads_of(self._shapes())
            )
        except (Silent, Garbled) as trouble:
            _log.warning("how long jobs waited is not known now: %s", trouble)
            return None

    def observe(self, handles: Iterable[Handle]) -> dict[Handle, Observation]:
        """Return the state of each handle, from one look at the queue and at most one at accounting."""
        return self._following.observe(handles)

    def stop(self, handle: Handle, reason: EndReason) -> None:
        """Cancel a job: at once when it waits, else Slurm tells it, waits and kills. The first reason stays."""
        with self._store.locked(handle):
            record = self._store.read(handle)
            if record is None or record["ended"] or record["stop"]:
                return
            record["stop"] = {"reason": reason.value, "at": time.time()}
            self._store.write(handle, record)
        self._following.cancel(handle, record)

    def usage(self, handle: Handle) -> Usage:
        """Return what the attempt has used so far, over all its starts."""
        return self.observe([handle])[handle].usage


def _not_kept(problem: OSError) -> StartRefused:
    return StartRefused(EndReason.SITE_DISK_FULL, f"The order cannot be kept: {problem}.")


def _told_partition(partition: SlurmPartition, nodes: Sequence[Node]) -> PartitionInventory:
    return partition_inventory(partition, nodes, None, disk_free_bytes=None)
