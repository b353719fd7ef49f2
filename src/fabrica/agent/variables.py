"""The whole environment of a run's command: nothing is inherited, so no secret of the site can leak into it."""

from pathlib import Path

from fabrica.agent.folders import AttemptFolder
from fabrica.values.quantities import CPU_CORE
from fabrica.wire.agents import WorkOrder

_SYSTEM_PATH = "/usr/local/bin:/usr/bin:/bin"
_THREAD_COUNTS = (
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "NUMEXPR_NUM_THREADS",
    "NUMBA_NUM_THREADS",
    "LOKY_MAX_CPU_COUNT",
)


def run_variables(
    order: WorkOrder, folder: AttemptFolder, *, environment: Path | None, in_run_api: Path
) -> dict[str, str]:
    """Return every variable the command sees. `in_run_api` is a Python path.

    `environment`: a virtual environment; None: the command runs in an image, which has its own programs.
    """
    variables = {
        "PATH": f"{environment / 'bin'}:{_SYSTEM_PATH}" if environment else _SYSTEM_PATH,
        **({"VIRTUAL_ENV": str(environment)} if environment else {}),
        "PYTHONPATH": str(in_run_api),
        "PYTHONUNBUFFERED": "1",  # the log is followed live
        "HOME": str(folder.temporary),
        "TMPDIR": str(folder.temporary),
        "LANG": "C.UTF-8",
        "TZ": "UTC",
        "FABRICA_RUN": order.run,
        "FABRICA_ATTEMPT": order.attempt,
        "FABRICA_RECORD": str(folder.record),
        "FABRICA_DATA": str(folder.data),
    }
    if order.checkpoint is not None:
        variables["FABRICA_CHECKPOINT"] = str(folder.work / order.checkpoint)
    if order.resources.resource_class == CPU_CORE:
        # Threads beyond the cores one holds spin while they wait and slow the whole node.
        variables |= dict.fromkeys(_THREAD_COUNTS, str(order.resources.devices))
    return {name: str(value) for name, value in variables.items()}
