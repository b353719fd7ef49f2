"""Images of runs: found in the source or among the data, or fetched from a registry once and kept."""

import hashlib
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path, PurePosixPath
from typing import Any

from fabrica.agent.caches import note_use
from fabrica.agent.commands import run_command
from fabrica.agent.failures import AttemptFailed
from fabrica.agent.folders import AttemptFolder, SiteFolder
from fabrica.agent.locks import held
from fabrica.values.states import EndReason
from fabrica.wire.agents import WorkOrder
from fabrica.wire.environments import IMAGE_OF_DATA

_PULL_SECONDS_MAX = 7200
_OF_A_REGISTRY = ("docker://", "oras://")
_MAGIC_AT, _MAGIC = 32, b"SIF_MAGIC"


def image_place(order: WorkOrder, folder: AttemptFolder) -> Path | None:
    """Return the file of the image that an attempt's command runs in; None: it runs in none."""
    image = order.environment.image
    if image is None:
        return None
    if image.startswith(_OF_A_REGISTRY):
        return folder.image
    if image.startswith(IMAGE_OF_DATA):
        dataset = next(one for one in order.datasets if one.name == image.removeprefix(IMAGE_OF_DATA))
        return folder.data / dataset.name / PurePosixPath(dataset.file).name
    return folder.work / image


def stage_image(
    order: WorkOrder, site: SiteFolder, folder: AttemptFolder, *, program: str, interrupted: Callable[[], bool]
) -> dict[str, Any]:
    """Have an attempt's image on the disk, and return what its record says of it: the reference, and its own SHA-256.

    `program`: Apptainer on this machine, for an image from a registry.

    Raises:
        AttemptFailed: ENVIRONMENT_FAILED; there is no such image, or it cannot be fetched.
        Interrupted: `interrupted` came true.
    """
    image, place = order.environment.image, image_place(order, folder)
    if image is None or place is None:
        return {}
    if image.startswith(_OF_A_REGISTRY):
        _from_registry(image, site, folder, program, interrupted)
    elif not place.resolve().is_relative_to(folder.root.resolve()) or not place.is_file():
        raise _failed(f"There is no image '{image}' in the source.")
    with place.open("rb") as file:
        if not file.read(_MAGIC_AT + len(_MAGIC)).endswith(_MAGIC):
            raise _failed(f"'{image}' is no image of Apptainer; 'apptainer build' makes one.")
        file.seek(0)
        sha256 = hashlib.file_digest(file, "sha256").hexdigest()
    return {"image": {"reference": image, "sha256": sha256}}


def _from_registry(
    image: str, site: SiteFolder, folder: AttemptFolder, program: str, interrupted: Callable[[], bool]
) -> None:
    """Copy an image from the site's cache, into which it is fetched when it is not there yet."""
    key = hashlib.sha256(image.encode()).hexdigest()
    kept, guard = site.cache / key, site.cache / f"{key}.lock"
    with held(guard, interrupted):
        if not kept.exists():
            folder.say(f"The image {image} is fetched.")
            _pull(image, kept, folder.log, program, interrupted)
        note_use(guard)
        shutil.copyfile(kept, folder.image)  # a copy for the reason that datasets are: a link could be written through
    folder.image.chmod(0o444)


def _pull(image: str, kept: Path, log: Path, program: str, interrupted: Callable[[], bool]) -> None:
    with tempfile.TemporaryDirectory(prefix=".pull-", dir=kept.parent) as name:
        came = Path(name) / "image.sif"
        run_command(
            [program, "--silent", "pull", "--disable-cache", str(came), image],
            folder=Path(name),
            log=log,
            interrupted=interrupted,
            seconds_max=_PULL_SECONDS_MAX,
            reason=EndReason.ENVIRONMENT_FAILED,
        )
        came.chmod(0o444)
        came.replace(kept)


def _failed(words: str) -> AttemptFailed:
    return AttemptFailed(EndReason.ENVIRONMENT_FAILED, words)
