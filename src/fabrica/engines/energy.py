"""Energy and FLOP of one attempt: formulas with every input told. Measured and estimated are never mixed."""

from fabrica.wire.runs import Energy, Flop

WATTS_PER_CORE_ASSUMED = 6.0
"""A stated assumption, not a measurement: the processor package's share of one core that a run holds."""


def estimate_of_cores(*, cores: int, elapsed_seconds: float) -> Energy:
    """Return an estimate: cores held, times time held, times the watts assumed for one core."""
    return Energy(
        boundary="node",
        basis="estimated",
        joules=cores * elapsed_seconds * WATTS_PER_CORE_ASSUMED,
        method=(
            f"Estimated, not measured: {cores} core{'s' * (cores != 1)} held x {elapsed_seconds:.1f} s "
            f"x {WATTS_PER_CORE_ASSUMED:g} W per core. The watts are Fabrica's own assumption for a core's share "
            "of its processor package; memory, disks, power supply and cooling are not in it."
        ),
    )


def share_of_packages(package_joules: float, *, cores: int, cores_total: int) -> Energy:
    """Return the processor packages' counted energy: whole when the run held every core, else its share of cores."""
    alone = cores >= cores_total
    share = "the run held all cores" if alone else f"{cores} of {cores_total} cores are the run's share"
    return Energy(
        boundary="node",
        basis="measured" if alone else "allocated",
        joules=package_joules * min(1.0, cores / cores_total),
        method=(
            f"RAPL counters of all processor packages: {package_joules:.1f} J while the run ran; {share}. "
            "Memory, disks, power supply and cooling are not in it."
        ),
        interval_seconds=1.0,
    )


def of_gpus(gpu_joules: float | None, *, gpus: int, elapsed_seconds: float) -> Energy:
    """Return the counted energy of the GPUs a run held; null when their counters could not be read."""
    held = "the GPU" if gpus == 1 else f"the {gpus} GPUs"
    if gpu_joules is None:
        method = f"Unknown: the energy counters of {held} could not be read in {elapsed_seconds:.1f} s."
        return Energy(boundary="accelerator", basis="estimated", joules=None, method=method)
    return Energy(
        boundary="accelerator",
        basis="measured",
        joules=gpu_joules,
        method=(
            f"NVML total energy counters of {held} that the run held, last minus first, over {elapsed_seconds:.1f} s."
        ),
        interval_seconds=1.0,
    )


def flop_of_cores(*, cores: int, elapsed_seconds: float, cpu_seconds: float) -> Flop:
    """Return the FLOP of a run on cores: unknown, because no peak of a core can be read honestly."""
    held = cores * elapsed_seconds
    return Flop(
        flop=None,
        devices=cores,
        peak_flops=None,
        peak_source="Unknown: the processor does not tell how many operations a core does in a second.",
        utilisation=min(1.0, cpu_seconds / held) if held else None,
        utilisation_source=f"{cpu_seconds:.2f} CPU-seconds used of {held:.2f} core-seconds held.",
        seconds=elapsed_seconds,
    )


def flop_of_gpus(*, gpus: int, model: str, peak_flops: float | None, utilisation: float | None, seconds: float) -> Flop:
    """Return devices x peak x utilisation x time; null when the peak or the utilisation is unknown."""
    known = peak_flops is not None and utilisation is not None
    return Flop(
        flop=gpus * peak_flops * utilisation * seconds if known else None,  # type: ignore[operator]
        devices=gpus,
        peak_flops=peak_flops,
        peak_source=(
            "Unknown: Fabrica's reference of accelerators has no peak of this card."
            if peak_flops is None
            else f"Dense bf16 peak of one {model} in Fabrica's reference of accelerators."
        ),
        utilisation=utilisation,
        utilisation_source=(
            "Unknown: it was not measured." if utilisation is None else "NVML: mean share of time the GPUs were busy."
        ),
        seconds=seconds,
    )
