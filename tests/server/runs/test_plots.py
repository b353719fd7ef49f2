"""What of a run's metrics is shown, and how."""

import math

from fabrica.server.runs.plots import figures, headline, plots
from fabrica.wire.runs import Metric, MetricRule, MetricSeries


def curve(name: str, *values: float | None) -> MetricSeries:
    return MetricSeries(name=name, points=tuple(enumerate(values)))


def test_a_headline_stands_beside_its_baseline_and_says_whether_it_is_accepted() -> None:
    rule = MetricRule(name="mae", unit="rentals", baseline="week_before", accept_max=34)
    for value, accepted in ((31.9, True), (34.0, True), (34.1, False), (None, False)):
        metrics = (Metric(name="mae", value=value), Metric(name="week_before", value=47.7))
        (shown,) = headline((rule,), metrics)
        assert shown.accepted is accepted
        assert (shown.figure, shown.baseline, shown.unit) == (value, 47.7, "rentals")


def test_a_headline_must_meet_both_of_its_bounds() -> None:
    rule = MetricRule(name="recall", accept_min=0.5, accept_max=0.9)
    answers = [headline((rule,), (Metric(name="recall", value=value),))[0].accepted for value in (0.4, 0.7, 0.95)]
    assert answers == [False, True, False]


def test_a_metric_that_was_not_logged_yet_has_no_headline() -> None:
    assert headline((MetricRule(name="mae"),), ()) == ()


def test_without_a_bound_nothing_is_accepted_or_refused() -> None:
    assert headline((MetricRule(name="mae"),), (Metric(name="mae", value=1.0),))[0].accepted is None


def test_a_rival_is_drawn_beside_the_metric_its_name_ends_with() -> None:
    shown = plots((), (curve("loss", 2, 1), curve("baseline_loss", 3, 3), curve("rate", 1, 2)))
    assert [[one.name for one in plot.series] for plot in shown] == [["loss", "baseline_loss"], ["rate"]]


def test_a_baseline_of_one_value_is_a_level_across_the_plot() -> None:
    rule = MetricRule(name="loss", baseline="constant")
    (shown,) = plots((rule,), (curve("loss", 2, 1), curve("constant", 1.5)))
    assert (shown.baseline, shown.baseline_name) == (1.5, "constant")


def test_a_wide_span_of_positive_values_is_drawn_on_a_logarithmic_scale() -> None:
    scales = [plots((), (curve("x", *values),))[0].log_scale for values in ((1, 1000), (1, 50), (0, 1000), (-1, 1000))]
    assert scales == [True, False, False, False]


def test_values_that_are_missing_or_infinite_break_nothing() -> None:
    assert plots((), (curve("x", None, None),))[0].log_scale is False
    assert plots((), (curve("x", 1.0, math.inf),))[0].series


def test_a_metric_of_one_step_is_a_figure_unless_the_headline_tells_it() -> None:
    rule = MetricRule(name="mae", baseline="week_before")
    shown = figures((rule,), (curve("mae", 1), curve("week_before", 2), curve("f1", 0.9), curve("loss", 2, 1)))
    assert [(one.label, one.figure) for one in shown] == [("f1", 0.9)]
