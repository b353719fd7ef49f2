"""The shape of the law's data on compute and energy."""

from fabrica.aiact.schema import Part


class Quantity(Part):
    id: str
    use: str
    counts: str


class Line(Part):
    """Compute that counts, or does not."""

    id: str
    what: str
    example: str | None = None


class ErrorMargin(Part):
    overall: float
    relative_to: str
    standard: str
    must_document: tuple[str, ...]


class HardwareMethod(Part):
    """Devices x time x peak x utilisation."""

    formula: str
    N: str
    L: str
    H: str
    U: str
    pitfalls: tuple[str, ...]
    platform_rule: str


class ArchitectureMethod(Part):
    """Operations x passes."""

    formula: str
    dense_transformer: str
    valid_when: str
    moe: str


class WorkedExample(Part):
    """An example of the guidelines: parameters P, tokens D; or GPU-hours, peak, utilisation U; C in FLOP."""

    model: str
    C: float
    method: str
    P: float | None = None
    D: float | None = None
    gpu_hours: int | None = None
    peak: float | None = None
    U: float | None = None


class PurposeTag(Part):
    tag: str
    counts: bool | str


class Compute(Part):
    """How training compute is counted. Source: Commission guidelines on GPAI providers, Annex A.1 to A.3."""

    source: str
    url: str
    confidence: str
    quantities: tuple[Quantity, ...]
    include: tuple[Line, ...]
    exclude: tuple[Line, ...]
    precision: str
    error_margin: ErrorMargin
    note_on_5_percent: str
    hardware_based: HardwareMethod
    architecture_based: ArchitectureMethod
    reconcile: str
    threshold_guard: str
    worked_examples: tuple[WorkedExample, ...]
    run_purpose_tags: tuple[PurposeTag, ...]


class Energy(Part):
    """What the law asks about energy, and the platform's own rule."""

    law: tuple[str, ...]
    form: str
    gap: str
    platform_rule: tuple[str, ...]
    do_not_say: tuple[str, ...]


class ComputeAccounting(Part):
    compute_accounting: Compute


class EnergyReporting(Part):
    energy_reporting: Energy
