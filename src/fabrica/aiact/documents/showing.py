"""Ways of showing an item that are more than its fields: bands, orders of magnitude, sources by class."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from fabrica.aiact import library
from fabrica.aiact.documents import figures
from fabrica.aiact.documents.layout import SOURCE_CLASSES
from fabrica.aiact.documents.text import show_value
from fabrica.aiact.figures import magnitude, significant
from fabrica.values.time import show_duration
from fabrica.wire.documents import Block, Recipient

_LARGE_SHARE = 0.03
"""A public dataset above this share of all public data of its modality is listed by name."""

Rows = Sequence[Mapping[str, Any]]


class Context(NamedTuple):
    """What a way of showing may look at: rows by kind, for whom, and the document's own version."""

    rows: Callable[[str], Rows]
    recipient: Recipient
    version: int | None
    made_at: datetime


class Shown(NamedTuple):
    """What an item shows. Not sure: it follows from what the records do not hold, so a person confirms it."""

    blocks: tuple[Block, ...] = ()
    sure: bool = True
    lacks: tuple[str, ...] = ()
    remark: str | None = None


def words(title: str, **values: str) -> Block:
    """Return a block of one row: words with their value."""
    return Block(title=title, columns=tuple(name.replace("_", " ") for name in values), rows=(tuple(values.values()),))


def document_version(context: Context) -> Shown:
    (model,) = context.rows("model.id")
    version = "draft, not issued" if context.version is None else str(context.version)
    made = context.made_at.date().isoformat()
    told = {"Version_of_this_document": version, "Last_update": made, "Model_version": show_value(model["version"])}
    return Shown((words("Document", **told),))


def summary_version(context: Context) -> Shown:
    shown = document_version(context)
    earlier = "none" if context.version in (None, 1) else ", ".join(str(n) for n in range(1, context.version))
    (block,) = shown.blocks
    return Shown((Block(title="Summary", columns=(*block.columns, "Earlier versions issued from this folder"),
                        rows=((*block.rows[0], earlier),)),))  # fmt: skip


def parameters(context: Context) -> Shown:
    (model,) = context.rows("model.arch")
    count = float(model["parameters_total_count"])
    shown = {"Parameters": significant(count, 2), "Band": figures.parameter_band(count)}
    return Shown((words("Parameters", **shown),))


def training_time_band(context: Context) -> Shown:
    days = _wall_clock_days(context.rows("run.time"))
    return Shown((words("Training time", Band=figures.time_band(days)),))


def training_time(context: Context) -> Shown:
    rows = context.rows("run.time")
    devices = sum(float(row["device_days"]) for row in rows)
    shown = {
        "Wall_clock_days": _days(_wall_clock_days(rows)),
        "Hardware_days": _days(devices),
        "Runs": str(len(rows)),
    }
    return Shown((words("Training time", **shown),))


def _days(days: float) -> str:
    return f"{significant(days, 2)} ({show_duration(days * 86_400)})"


def _wall_clock_days(rows: Rows) -> float:
    return sum(float(row["wall_clock_days"]) for row in rows)


def compute_magnitude(context: Context) -> Shown:
    (found,) = context.rows("run.flop_cumulative")
    return Shown((words("Training compute", Order_of_magnitude=f"{magnitude(found['cumulative_flop'])} FLOP"),))


def compute_figure(context: Context) -> Shown:
    (found,) = context.rows("run.flop_cumulative")
    shown = {
        "Training_compute": f"{significant(found['training_flop'], 2)} FLOP",
        "Cumulative_training_compute": f"{significant(found['cumulative_flop'], 2)} FLOP",
        "Margin_of_error": str(found.get("margin", "not stated")),
    }
    return Shown((words("Training compute", **shown),))


def systemic_condition(context: Context) -> Shown:
    """Show how the compute stands to the presumption; below it, a person confirms that a notification is due.

    Source: Regulation (EU) 2024/1689, Art. 51(2) and 52(1).
    """
    (found,) = context.rows("run.flop_cumulative")
    state = str(found["systemic_state"])
    block = words("Condition", State=state.replace("_", " "), Compute=show_value(found["thresholds"]))
    if state == "above":
        return Shown((block,))
    return Shown(
        (block,), sure=False, remark="The presumption is not shown to be met; a person confirms what is notified."
    )


def energy_megawatt_hours(context: Context) -> Shown:
    rows = context.rows("run.energy")
    table = tuple(
        (str(row["boundary"]), str(row["basis"]), f"{significant(float(row['megawatt_hours']), 2)} MWh") for row in rows
    )
    block = Block(title="Energy of training", columns=("Boundary", "Basis", "Energy"), rows=table)
    facility = [row for row in rows if row["boundary"] == "facility"]
    if len(facility) == 1:
        return Shown((block,), remark="For the form: the facility figure. Figures of two rows are never added.")
    why = "no facility figure is known" if not facility else "the facility figures stand on different bases"
    return Shown((block,), sure=False, remark=f"A person confirms which figure is reported: {why}.")


def size_ranges(context: Context) -> Shown:
    table, lacks = [], []
    for modality, datasets in _by_modality(context).items():
        size, missing = _size(context, modality, datasets)
        lacks += missing
        if size is not None:
            exact = f"{size:,.0f} {figures.SIZE_BINS[modality].unit}"
            table.append((modality, figures.size_range(modality, size), exact))
    block = Block(title="Size of the training data", columns=("Modality", "Range", "Exact figure"), rows=tuple(table))
    confidence = library.document_templates()["training_summary"].size_bins_confidence
    return Shown((block,) if table else (), lacks=tuple(lacks), remark=f"Ranges: {confidence}.")


def data_points(context: Context) -> Shown:
    digits = 1 if context.recipient == "authority" else 2
    table, lacks = [], []
    for modality, datasets in _by_modality(context).items():
        size, missing = _size(context, modality, datasets)
        lacks += missing
        if size is not None:
            table.append((modality, f"{significant(size, digits)} {figures.SIZE_BINS[modality].unit}"))
    block = Block(title="Data points", columns=("Modality", "Number"), rows=tuple(table))
    return Shown(
        (block,) if table else (), lacks=tuple(lacks), remark=f"{digits} significant figure{'s' * (digits > 1)}."
    )


def _by_modality(context: Context) -> Mapping[str, list[str]]:
    found: dict[str, list[str]] = {}
    for row in context.rows("data.modality"):
        given = row["modality"]
        for modality in given if isinstance(given, list) else [given]:
            found.setdefault(str(modality), []).append(str(row["dataset"]))
    return found


def _size(context: Context, modality: str, datasets: Sequence[str]) -> tuple[float | None, list[str]]:
    """Return the size of all datasets of a modality, or what is missing for it."""
    bins = figures.SIZE_BINS.get(modality)
    if bins is None:
        return None, [f"a size range for modality {modality!r}: the form has none"]
    sizes = {str(row.get("dataset")): row.get(bins.field) for row in context.rows("data.id")}
    missing = [f"data.id.{bins.field} of {name}" for name in datasets if sizes.get(name) is None]
    return (None, missing) if missing else (float(sum(sizes[name] or 0 for name in datasets)), [])


def provenance_classes(context: Context) -> Shown:
    classes = _classes(context)
    table = tuple(
        (SOURCE_CLASSES[name], ", ".join(str(row["dataset"]) for row in rows)) for name, rows in classes.items()
    )
    return Shown((Block(title="Provenance", columns=("Class", "Datasets"), rows=table),))


def public_datasets(context: Context) -> Shown:
    rows = _classes(context).get("public", [])
    if not rows:
        return _none("public")
    modality = {str(row["dataset"]): show_value(row["modality"]) for row in context.rows("data.modality")}
    licence = {str(row["dataset"]): show_value(row.get("licence", "")) for row in context.rows("data.licence")}
    sizes = {str(row.get("dataset")): row for row in context.rows("data.id")}
    table = []
    for row in rows:
        name = str(row["dataset"])
        share = _share(name, modality.get(name, ""), [str(one["dataset"]) for one in rows], modality, sizes)
        table.append(
            (name, modality.get(name, ""), show_value(row.get("link", "not stated")), licence.get(name, ""), share)
        )
    columns = ("Dataset", "Modality", "Link", "Licence", "Share of public data of its modality")
    remark = f"Datasets above {_LARGE_SHARE:.0%} are large and must be listed; here every dataset is listed."
    return Shown((Block(title="Public datasets", columns=columns, rows=tuple(table)),), remark=remark)


def _share(
    name: str,
    modality: str,
    public: Sequence[str],
    modalities: Mapping[str, str],
    sizes: Mapping[str, Mapping[str, Any]],
) -> str:
    bins = figures.SIZE_BINS.get(modality)
    if bins is None:
        return "unknown"
    peers = [sizes.get(one, {}).get(bins.field) for one in public if modalities.get(one) == modality]
    known = [float(one) for one in peers if one is not None]
    if len(known) < len(peers) or not sum(known):
        return "unknown"
    share = float(sizes[name][bins.field]) / sum(known)
    return f"{share:.1%}{', large' if share > _LARGE_SHARE else ''}"


def licensed_datasets(context: Context) -> Shown:
    rows = _classes(context).get("licensed", [])
    if not rows:
        return _none("licensed")
    modality = {str(row["dataset"]): show_value(row["modality"]) for row in context.rows("data.modality")}
    kinds = sorted({modality.get(str(row["dataset"]), "unknown") for row in rows})
    return Shown((words("Commercially licensed data", Answer="yes", Modalities=", ".join(kinds)),))


def private_datasets(context: Context) -> Shown:
    return _listed(context, "private_third_party")


def crawled_data(context: Context) -> Shown:
    return _with_kind(context, "crawled", "data.web")


def user_data(context: Context) -> Shown:
    return _with_kind(context, "user", "data.user")


def synthetic_data(context: Context) -> Shown:
    return _with_kind(context, "synthetic", "run.synth")


def _with_kind(context: Context, name: str, kind: str) -> Shown:
    """Return the datasets of a class, which need evidence of a kind, shown beside them; else a proposed no."""
    held = bool(context.rows(kind))
    if name in _classes(context):
        shown = _listed(context, name)
        return shown if held else Shown(shown.blocks, lacks=(kind,))
    return Shown() if held else _none(name)  # the item shows the evidence itself


def _listed(context: Context, name: str) -> Shown:
    rows = _classes(context).get(name, [])
    if not rows:
        return _none(name)
    table = tuple((str(row["dataset"]), show_value(row.get("origin", "not stated"))) for row in rows)
    return Shown((Block(title=SOURCE_CLASSES[name], columns=("Dataset", "Origin"), rows=table),))


def _none(name: str) -> Shown:
    """Return a proposed no: that the given records hold none does not show that there is none."""
    block = words(SOURCE_CLASSES[name], Answer="no: no dataset of the given records is of this class")
    return Shown((block,), sure=False, remark="The given records may not be all; a person confirms this.")


def _classes(context: Context) -> Mapping[str, list[Mapping[str, Any]]]:
    found: dict[str, list[Mapping[str, Any]]] = {}
    for row in context.rows("data.prov"):
        found.setdefault(str(row["source_class"]), []).append(row)
    return found


WAYS: Mapping[str, Callable[[Context], Shown]] = {
    way.__name__: way
    for way in (
        compute_figure, compute_magnitude, crawled_data, data_points, document_version, energy_megawatt_hours,
        licensed_datasets, parameters, private_datasets, provenance_classes, public_datasets, size_ranges,
        summary_version, synthetic_data, systemic_condition, training_time, training_time_band, user_data,
    )
}  # fmt: skip
