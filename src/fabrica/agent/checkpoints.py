"""What a run saves to go on from: sent when an attempt ends too early, and laid out again for the next one."""

from collections.abc import Callable
from pathlib import Path, PurePosixPath

from fabrica.agent.failures import AttemptFailed
from fabrica.agent.folders import AttemptFolder
from fabrica.agent.outputs import collect_outputs
from fabrica.agent.settings import AgentSettings
from fabrica.values.quantities import show_bytes
from fabrica.values.states import ENDS, EndReason
from fabrica.wire.agents import WorkOrder
from fabrica.wire.problems import NotFound, TooLarge
from fabrica.wire.runs import Artifact


def checkpoint_of(
    order: WorkOrder, reason: EndReason, folder: AttemptFolder, settings: AgentSettings
) -> tuple[Artifact, ...]:
    """Return the files of the checkpoint folder of an attempt after which another may follow; else nothing.

    A checkpoint that cannot be sent, for it is too large or leads out of the folder, is said in the log and left.
    """
    if order.checkpoint is None or not (ENDS[reason].retried or reason is EndReason.TIME_LIMIT):
        return ()
    try:
        collected = collect_outputs(
            folder.work,
            (order.checkpoint,),
            bytes_max=settings.outputs_bytes_max,
            files_max=settings.outputs_files_max,
        )
    except AttemptFailed as failure:
        folder.say(f"The checkpoint is not kept. {failure.words}")
        return ()
    return tuple(one.model_copy(update={"kind": "checkpoint"}) for one in collected.artifacts)


def lay_out(order: WorkOrder, folder: AttemptFolder, fetch: Callable[[str, Path], None]) -> None:
    """Put the checkpoint of the attempt before into the working folder, and make the folder if there is none.

    `fetch` brings the file of a SHA-256 to a place.

    Raises:
        AttemptFailed: SOURCE_REFUSED; the server no longer has a file, or names one outside the checkpoint folder.
    """
    if order.checkpoint is None:
        return
    place = _inside(folder.work, order.checkpoint)
    place.mkdir(parents=True, exist_ok=True)
    for artifact in order.continues_from:
        target = _inside(folder.work, artifact.path)
        if not target.is_relative_to(place):
            raise AttemptFailed(EndReason.SOURCE_REFUSED, f"{artifact.path!r} is not in the checkpoint folder.")
        target.parent.mkdir(parents=True, exist_ok=True)
        try:
            fetch(artifact.sha256, target)
        except (TooLarge, NotFound) as trouble:
            raise AttemptFailed(EndReason.SOURCE_REFUSED, f"The checkpoint cannot be had: {trouble}") from trouble
    if order.continues_from:
        size = show_bytes(sum(artifact.bytes for artifact in order.continues_from))
        folder.say(f"It goes on from the checkpoint of an earlier attempt: {len(order.continues_from)} files, {size}.")


def _inside(work: Path, name: str) -> Path:
    path = PurePosixPath(name)
    if path.is_absolute() or ".." in path.parts or not path.parts:
        raise AttemptFailed(EndReason.SOURCE_REFUSED, f"{name!r} leads out of the working folder.")
    place = work / path
    if not place.resolve().is_relative_to(work.resolve()):
        raise AttemptFailed(EndReason.SOURCE_REFUSED, f"{name!r} is a link that leads out of the working folder.")
    return place
