"""Brings source, data and environment of one attempt to the site's disk, before the engine sees it."""

import os
import shutil
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from fabrica.agent.attachments import prepare_rings
from fabrica.agent.caches import note_use
from fabrica.agent.checkpoints import lay_out
from fabrica.agent.environments import environment_for, in_run_api, lock_inside
from fabrica.agent.failures import AttemptFailed, unavailable
from fabrica.agent.folders import AttemptFolder, SiteFolder, remove
from fabrica.agent.images import stage_image
from fabrica.agent.locks import held
from fabrica.agent.machine import describe_machine
from fabrica.agent.packages import CONTENT
from fabrica.agent.settings import AgentSettings
from fabrica.agent.sources import fetch
from fabrica.agent.transport import Transport
from fabrica.agent.variables import run_variables
from fabrica.bundles.limits import SOURCE
from fabrica.bundles.unpack import unpack
from fabrica.engines import containers
from fabrica.engines.files import read_json
from fabrica.values.files import sha256_of
from fabrica.values.quantities import show_bytes
from fabrica.values.states import EndReason
from fabrica.wire.agents import WorkOrder
from fabrica.wire.problems import NotFound, TooLarge
from fabrica.wire.runs import BundleRefused, Dataset


@dataclass(frozen=True, slots=True)
class Staged:
    """What a staged attempt runs with: its command's whole environment, and what its record says of it."""

    variables: dict[str, str]
    environment: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Stage:
    """Where and with what one attempt is staged."""

    site: SiteFolder
    settings: AgentSettings
    transport: Transport
    interrupted: Callable[[], bool]

    def prepare(self, order: WorkOrder) -> Staged:
        """Stage an attempt from nothing. May be done again.

        A simulated site runs nothing, so nothing is fetched or built there.

        Raises:
            AttemptFailed: source, data or environment cannot be had; the reason says which.
            Interrupted: `interrupted` came true.
            ServerUnreachable: the bundle cannot be fetched now.
            OSError: the disk is full or broken.
        """
        folder = self.site.attempt(order.attempt)
        folder.prepare()
        if self.settings.engine == "simulated":
            folder.say("This site is simulated: no source, data or packages are fetched, and nothing is computed.")
            return Staged({}, {"lock": order.environment.lock})
        self._stage_source(order, folder)
        lay_out(order, folder, self._fetch_checked)
        for dataset in order.datasets:
            self._stage_dataset(dataset, folder)
        if order.interactive is not None:
            prepare_rings(folder)
        place, environment = self._stage_environment(order, folder)
        machine = describe_machine() if self.settings.engine == "local" else None  # else it runs elsewhere
        variables = run_variables(order, folder, environment=place, in_run_api=in_run_api(self.site.environments))
        return Staged(variables, environment | {"machine": machine})

    def _stage_environment(self, order: WorkOrder, folder: AttemptFolder) -> tuple[Path | None, dict[str, Any]]:
        """Have the packages that a run finds, or its image; return the former's folder, and what the record says."""
        asked = order.environment
        if asked.image is not None:
            program = str(self.settings.engine_settings.get("apptainer", containers.PROGRAM))
            return None, stage_image(order, self.site, folder, program=program, interrupted=self.interrupted)
        lock = lock_inside(folder.work, asked.lock) if asked.lock else None
        place, key = environment_for(lock, self.site.environments, folder=folder, interrupted=self.interrupted)
        return place, {"lock": asked.lock, "environment_sha256": key, **(read_json(place / CONTENT) or {})}

    def _stage_source(self, order: WorkOrder, folder: AttemptFolder) -> None:
        bundle = self.site.cache / order.bundle_sha256
        guard = self.site.cache / f"{order.bundle_sha256}.lock"
        with held(guard, self.interrupted):
            if not bundle.exists():
                self._fetch_bundle(order.bundle_sha256, bundle)
            note_use(guard)
            try:
                unpack(bundle, folder.work, SOURCE)
            except BundleRefused as trouble:
                raise AttemptFailed(EndReason.SOURCE_REFUSED, str(trouble)) from trouble

    def _fetch_bundle(self, sha256: str, bundle: Path) -> None:
        temporary = bundle.with_name(f".{sha256}.{os.urandom(4).hex()}")
        try:
            came = self.transport.fetch_bundle(sha256, temporary, bytes_max=SOURCE.archive_bytes_max)
            if came != sha256:
                raise AttemptFailed(EndReason.SOURCE_REFUSED, "The source bundle is not the one that was submitted.")
            temporary.replace(bundle)
        except (TooLarge, NotFound) as trouble:
            raise AttemptFailed(EndReason.SOURCE_REFUSED, str(trouble)) from trouble
        finally:
            temporary.unlink(missing_ok=True)

    def _fetch_checked(self, sha256: str, target: Path) -> None:
        came = self.transport.fetch_bundle(sha256, target, bytes_max=self.settings.outputs_bytes_max)
        if came != sha256:
            raise AttemptFailed(EndReason.SOURCE_REFUSED, f"{target.name!r} of the checkpoint is not what was saved.")

    def _stage_dataset(self, dataset: Dataset, folder: AttemptFolder) -> None:
        """Put the dataset at `data/NAME/FILE`, read-only, from the site's cache or its source."""
        if dataset.name in (".", "..") or "/" in dataset.name or "\0" in dataset.name:
            raise unavailable(f"'{dataset.name}' is not the name of a dataset.")
        cached = self.site.cache / dataset.sha256
        place = folder.data / dataset.name / PurePosixPath(dataset.file).name
        place.parent.mkdir(exist_ok=True)
        guard = self.site.cache / f"{dataset.sha256}.lock"
        with held(guard, self.interrupted):
            if cached.exists() and sha256_of(cached) != dataset.sha256:
                remove(cached)  # it was harmed on the site's disk
            if not cached.exists():
                folder.say(f"Dataset '{dataset.name}' is fetched from {dataset.source}.")
                self._fetch_dataset(dataset, cached, folder.log)
            note_use(guard)
            # A copy, not a link: a run may change the mode of a file it owns, and would then write into the cache.
            shutil.copyfile(cached, place)  # under the lock, so that it is not swept meanwhile
        place.chmod(0o444)
        folder.say(f"Dataset '{dataset.name}' is here, {show_bytes(place.stat().st_size)}, SHA-256 as stated.")

    def _fetch_dataset(self, dataset: Dataset, cached: Path, log: Path) -> None:
        came = self.site.cache / f"partial-{dataset.sha256}"  # stays when we are cut off, so that it can go on
        with tempfile.TemporaryDirectory(prefix=".fetch-", dir=self.site.cache) as name:
            fetch(dataset, came, settings=self.settings, folder=Path(name), log=log, interrupted=self.interrupted)
        if (found := sha256_of(came)) != dataset.sha256:
            came.unlink()
            raise AttemptFailed(
                EndReason.DATA_MISMATCH,
                f"Dataset '{dataset.name}' from {dataset.source} has SHA-256 {found}, not {dataset.sha256}.",
            )
        came.chmod(0o444)
        came.replace(cached)
