"""The two ways the Commission's guidelines count compute, each formula with its inputs written out.

Source: Commission guidelines on the scope of obligations of providers of general-purpose AI models, Annex A.2.
"""

from collections.abc import Iterable

from fabrica.aiact.figures import significant
from fabrica.reference.accelerators import load_accelerators
from fabrica.wire.accounts import Architecture, Hardware
from fabrica.wire.problems import Malformed

FEW_PARAMETERS_FACTOR = 10
"""How far P must be above a twelfth of the context for 6 x P x D: this project's reading of "well above"."""


def hardware_flop(periods: Iterable[Hardware]) -> float:
    """Return the sum over periods of devices x seconds x peak x utilisation."""
    return sum(one.devices * one.seconds * one.peak_flops * one.utilisation for one in periods)


def hardware_formula(period: Hardware) -> str:
    """Return the formula of one period with every input, its meaning and its source."""
    definition = period.utilisation_definition.replace("_", " ")
    peak = f"{significant(period.peak_flops, 4)} FLOP/s ({period.precision}, {period.sparsity}"
    return (
        f"{period.devices} devices × {period.seconds:,.1f} s × {peak}; {period.peak_source.rstrip('.')}) × "
        f"{period.utilisation:.4g} ({definition}; {period.utilisation_source.rstrip('.')})"
    )


def architecture_flop(inputs: Architecture) -> float:
    """Return 6 x parameters x tokens, or operations of one full pass x passes."""
    if inputs.parameters_active is not None and inputs.training_tokens is not None:
        return 6 * inputs.parameters_active * inputs.training_tokens
    assert inputs.operations_per_pass is not None
    assert inputs.passes is not None
    return inputs.operations_per_pass * inputs.passes


def architecture_formula(inputs: Architecture) -> str:
    """Return the formula with its inputs."""
    told = {name: significant(value, 4) for name, value in inputs.model_dump(exclude_none=True).items()}
    if inputs.parameters_active is not None:
        return f"6 × {told['parameters_active']} parameters × {told['training_tokens']} tokens"
    return f"{told['operations_per_pass']} FLOP in one full pass × {told['passes']} passes"


def ceiling_flop(resource_class: str, device_hours: float) -> float:
    """Return the most that an allocation can compute: every device-hour at the full dense bf16 peak.

    Where a class has several parts, the fastest counts.

    Raises:
        Malformed: no accelerator of this class has a known peak.
    """
    parts = (one for one in load_accelerators().values() if one.resource_class == resource_class)
    peaks = [peak for one in parts if (peak := one.peak_flops_per_device()) is not None]
    if not peaks:
        raise Malformed(
            f"No accelerator of class {resource_class} has a known peak.",
            remedy="Give the planned FLOP as a number.",
        )
    return device_hours * 3600 * max(peaks)
