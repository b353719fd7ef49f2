"""Decide how a run's metrics are shown: the headline figures, the plots by step, the single figures."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _

from fabrica.wire.runs import Metric, MetricRule, MetricSeries

LOG_SCALE_FROM = 100.0
"""A plot whose values span more than this factor is drawn on a logarithmic scale."""


@dataclass(frozen=True, slots=True)
class Plot:
    """One picture: lines that belong together, beside a baseline where the run spec names one."""

    title: str
    unit: str
    series: tuple[MetricSeries, ...]
    baseline: float | None
    baseline_name: str
    log_scale: bool


@dataclass(frozen=True, slots=True)
class Figure:
    """One final value with its baseline, what is accepted, and whether it is: None where nothing was asked."""

    label: str
    figure: float | None
    unit: str
    baseline: float | None = None
    note: str = ""
    accepted: bool | None = None


def headline(rules: Sequence[MetricRule], metrics: Sequence[Metric]) -> tuple[Figure, ...]:
    """Return the metrics that the run spec names, as they are now, beside their baselines and bounds."""
    last = {metric.name: metric.value for metric in metrics}
    return tuple(_figure(rule, last) for rule in rules if rule.name in last)


def _figure(rule: MetricRule, last: dict[str, float | None]) -> Figure:
    value, baseline = last[rule.name], last.get(rule.baseline or "")
    words, accepted = [], None
    if baseline is not None:
        words.append(_("baseline %(value).4g") % {"value": baseline})
    if rule.accept_max is not None:
        accepted = value is not None and value <= rule.accept_max
        words.append(_("at most %(bound)g") % {"bound": rule.accept_max})
    if rule.accept_min is not None:
        accepted = accepted is not False and value is not None and value >= rule.accept_min
        words.append(_("at least %(bound)g") % {"bound": rule.accept_min})
    return Figure(rule.name, value, rule.unit, baseline, " · ".join(words), accepted)


def plots(rules: Sequence[MetricRule], series: Sequence[MetricSeries]) -> tuple[Plot, ...]:
    """Return the plots of all metrics with more than one step; `logistic_auc` is drawn beside `auc`."""
    curves = [one for one in series if len(one.points) > 1]
    by_name = {rule.name: rule for rule in rules}
    last = {one.name: one.points[-1][1] for one in series if one.points}
    shown = []
    for first in curves:
        if any(_belongs(first, other) for other in curves):
            continue
        together = (first, *(other for other in curves if _belongs(other, first)))
        rule = by_name.get(first.name)
        drawn = {one.name for one in together}
        name = rule.baseline if rule and rule.baseline and rule.baseline not in drawn else None
        shown.append(
            Plot(
                title=first.name,
                unit=rule.unit if rule else "",
                series=together,
                baseline=last.get(name) if name else None,
                baseline_name=name or "",
                log_scale=_spans_decades(together),
            )
        )
    return tuple(shown)


def _belongs(one: MetricSeries, other: MetricSeries) -> bool:
    """Return whether a line is another's rival or twin, as its name says: `baseline_loss` beside `loss`."""
    return one is not other and one.name.endswith(f"_{other.name}")


def _spans_decades(series: Sequence[MetricSeries]) -> bool:
    values = [value for one in series for _step, value in one.points if value is not None]
    return bool(values) and min(values) > 0 and max(values) / min(values) > LOG_SCALE_FROM


def figures(rules: Sequence[MetricRule], series: Sequence[MetricSeries]) -> tuple[Figure, ...]:
    """Return the metrics of a single step that stand neither in the headline nor beside it as a baseline."""
    told = {rule.name for rule in rules} | {rule.baseline for rule in rules if rule.baseline}
    return tuple(
        Figure(one.name, one.points[-1][1], "") for one in series if len(one.points) == 1 and one.name not in told
    )
