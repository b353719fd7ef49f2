"""What Slurm told last of the site, on disk. While it is silent that is what is known, and since when."""

import logging
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from pydantic import ValidationError

from fabrica.engines.files import read_json, write_json
from fabrica.engines.slurm.inventory import unknown_partition
from fabrica.engines.slurm.settings import SlurmPartition
from fabrica.wire.agents import Inventory

_log = logging.getLogger("fabrica.engines.slurm")


class LastInventory:
    """The file of the last inventory; it outlives the agent, so that one that starts beside a silent Slurm knows it."""

    def __init__(self, place: Path, partitions: Sequence[SlurmPartition]) -> None:
        self._place = place
        self._partitions = partitions
        self._last: Inventory | None = None

    def keep(self, inventory: Inventory) -> None:
        """Keep an inventory; a disk that takes nothing is said, and the agent goes on."""
        self._last = inventory
        try:
            write_json(self._place, inventory.model_dump(mode="json"))
        except OSError as trouble:
            _log.warning("what the site has cannot be kept: %s", trouble)

    def while_silent(self, now: datetime) -> Inventory:
        """Return what was told last, marked with the instant since which nothing was; it is kept so."""
        last = self._last or self._read()
        told = silent_inventory(last, self._partitions, now=now)
        if told != self._last:
            self.keep(told)
        return told

    def _read(self) -> Inventory | None:
        try:
            return Inventory.model_validate(read_json(self._place))
        except ValidationError:  # there is none yet, or another version wrote it
            return None


def silent_inventory(last: Inventory | None, partitions: Sequence[SlurmPartition], *, now: datetime) -> Inventory:
    """Return what is known of a site whose Slurm is silent: each partition as it was told last, if ever."""
    known = {one.name: one for one in last.partitions} if last else {}
    return Inventory(
        engine="slurm",
        engine_version=last.engine_version if last else "",
        partitions=tuple(
            told
            if (told := known.get(mine.name)) is not None and told.resource_class == mine.resource_class
            else unknown_partition(mine)
            for mine in partitions
        ),
        silent_since=(last.silent_since if last else None) or now,
        taken_at=last.taken_at if last else now,
    )
