"""Forecast how many bicycles a city will rent, hour by hour, one day ahead.

Twenty-four hours before each hour we know the calendar, the weather (its forecast; here, as it came) and the rentals
up to then. Gradient-boosted trees turn that into a forecast with an 80 % interval, and we measure whether the
interval holds what it claims.
"""

import csv
from collections.abc import Callable
from pathlib import Path

import lightgbm
import numpy
from numpy.typing import NDArray

from fabrica.run import data, log

Array = NDArray[numpy.float64]
Rows = NDArray[numpy.bool]  # which hours

HOURS = 365 * 24
VALIDATION_STARTS, TEST_STARTS = 274 * 24, 304 * 24  # days 275 to 304 choose the trees, days 305 to 365 judge
LAGS = (24, 48, 168)  # hours: a day, two days and a week ago
WEATHER = {"clear": 0.0, "cloudy/misty": 1.0, "light rain/snow": 2.0, "heavy rain/snow": 3.0}
CLAIMED_COVERAGE = 0.8

SETTINGS = {
    "learning_rate": 0.05,
    "num_leaves": 31,
    "min_data_in_leaf": 30,
    "seed": 7,
    "num_threads": 1,  # threads that wait for a busy core cost more than they bring on a table this small
    "deterministic": True,
    "force_row_wise": True,
    "verbosity": -1,
}
TREES_MAX = 1000
PATIENCE = 50  # trees without a better validation error
QUANTILE_TREES = 200


def main() -> None:
    log.parameters(SETTINGS)
    features, rentals = read_table(data("bikeshare"))
    hour = numpy.arange(HOURS)
    known = ~numpy.isnan(rentals)
    fitting = known & (hour < VALIDATION_STARTS)
    validation = known & (hour >= VALIDATION_STARTS) & (hour < TEST_STARTS)
    test = known & (hour >= TEST_STARTS)

    log.progress(1, 4, "choose the number of trees on days 275 to 304")
    trees = choose_trees(features, rentals, fitting, validation)
    log.parameter("trees", trees)

    log.progress(2, 4, f"fit {trees} trees on days 1 to 304")
    model = fit(features, rentals, fitting | validation, {"objective": "poisson"}, trees)
    forecast = predict(model, features[test])

    log.progress(3, 4, "fit the interval and measure what it holds")
    low, high = interval(features, rentals, fitting, validation, test)

    log.progress(4, 4, "compare with the same hour one week earlier")
    judge(forecast, rentals, test)
    save(model, hour[test], rentals[test], forecast, low, high)


def read_table(path: Path) -> tuple[Array, Array]:
    """Return features, shape (hours of the year, 12), and rentals, shape (hours,): NaN where an hour is missing.

    The columns `casual` and `registered` are left out: together they are the answer.
    """
    calendar_and_weather = numpy.full((HOURS, 8), numpy.nan)
    rentals = numpy.full(HOURS, numpy.nan)
    with path.open(newline="") as file:
        for row in csv.DictReader(file):
            hour = (int(row["day"]) - 1) * 24 + int(row["hr"])
            rentals[hour] = float(row["bikers"])
            calendar_and_weather[hour] = (
                int(row["hr"]),
                int(row["weekday"]),
                int(row["workingday"]),
                int(row["holiday"]),
                WEATHER[row["weathersit"]],
                float(row["temp"]),
                float(row["hum"]),
                float(row["windspeed"]),
            )
    # On the full grid of hours a lag of 24 is yesterday, even across the gaps.
    past = [before(rentals, lag) for lag in LAGS]
    return numpy.column_stack([calendar_and_weather, *past, week_mean_until_yesterday(rentals)]), rentals


def before(rentals: Array, lag: int) -> Array:
    return numpy.concatenate([numpy.full(lag, numpy.nan), rentals[:-lag]])


def week_mean_until_yesterday(rentals: Array) -> Array:
    """Return for every hour the mean of the 168 hours that ended 24 hours before it."""
    known = ~numpy.isnan(rentals)
    total = numpy.concatenate([[0.0], numpy.cumsum(numpy.where(known, rentals, 0.0))])
    count = numpy.concatenate([[0], numpy.cumsum(known)])
    end = numpy.maximum(numpy.arange(HOURS) - 24 + 1, 0)
    start = numpy.maximum(end - 168, 0)
    hours = count[end] - count[start]
    return numpy.where(hours > 0, (total[end] - total[start]) / numpy.maximum(hours, 1), numpy.nan)


def choose_trees(features: Array, rentals: Array, fitting: Rows, validation: Rows) -> int:
    """Return the number of trees after which the validation days get no better."""
    train = lightgbm.Dataset(features[fitting], rentals[fitting])
    held_out = lightgbm.Dataset(features[validation], rentals[validation], reference=train)
    model = lightgbm.train(
        SETTINGS | {"objective": "poisson", "metric": "l1"},
        train,
        TREES_MAX,
        valid_sets=[held_out],
        valid_names=["validation"],
        callbacks=[lightgbm.early_stopping(PATIENCE, verbose=False), record_every(25)],
    )
    return int(model.best_iteration)


def record_every(trees: int) -> Callable[[lightgbm.callback.CallbackEnv], None]:
    def record(state: lightgbm.callback.CallbackEnv) -> None:
        if (state.iteration + 1) % trees == 0:
            log.metric("validation_mae", state.evaluation_result_list[0][2], step=state.iteration + 1, unit="rentals")

    return record


def fit(features: Array, rentals: Array, rows: Rows, objective: dict[str, object], trees: int) -> lightgbm.Booster:
    return lightgbm.train(SETTINGS | objective, lightgbm.Dataset(features[rows], rentals[rows]), trees)


def predict(model: lightgbm.Booster, features: Array) -> Array:
    return numpy.asarray(model.predict(features, num_threads=1), dtype=numpy.float64)


def interval(features: Array, rentals: Array, fitting: Rows, validation: Rows, test: Rows) -> tuple[Array, Array]:
    """Return the lower and upper bound for the test hours, and record how often they hold.

    Two quantile models alone promise more than they keep. Split conformal prediction widens both by the one width
    that would have made them right on the validation days.
    """
    quantiles = ((1 - CLAIMED_COVERAGE) / 2, (1 + CLAIMED_COVERAGE) / 2)
    models = [
        fit(features, rentals, fitting, {"objective": "quantile", "alpha": alpha}, QUANTILE_TREES)
        for alpha in quantiles
    ]
    low, high = (predict(model, features[test]) for model in models)
    low_seen, high_seen = (predict(model, features[validation]) for model in models)

    misses = numpy.maximum(low_seen - rentals[validation], rentals[validation] - high_seen)
    rank = min(1.0, numpy.ceil((len(misses) + 1) * CLAIMED_COVERAGE) / len(misses))
    width = float(numpy.quantile(misses, rank, method="higher"))
    wide_low, wide_high = numpy.maximum(low - width, 0.0), high + width

    for name, lower, upper in (("interval_80_raw", low, high), ("interval_80_conformal", wide_low, wide_high)):
        held = float(numpy.mean((lower <= rentals[test]) & (rentals[test] <= upper)))
        log.evaluation(name, claimed=CLAIMED_COVERAGE, measured=held, data="days 305 to 365")
        log.metric(name, held)
    return wide_low, wide_high


def judge(forecast: Array, rentals: Array, test: Rows) -> None:
    """Record the error of the forecast beside those of two people who need no model."""
    for name, guess in (
        ("", forecast),
        ("baseline_", before(rentals, 168)[test]),
        ("day_before_", before(rentals, 24)[test]),
    ):
        comparable = ~numpy.isnan(guess)
        errors = numpy.abs(guess - rentals[test])[comparable]
        log.metric(f"{name}mae", float(errors.mean()), unit="rentals")
        log.metric(f"{name}wape", float(errors.sum() / rentals[test][comparable].sum()))


def save(
    model: lightgbm.Booster, hours: NDArray[numpy.int64], rentals: Array, forecast: Array, low: Array, high: Array
) -> None:
    model.save_model("model.txt")
    with Path("forecast.csv").open("w", newline="") as file:
        table = csv.writer(file)
        table.writerow(["day", "hour", "rentals", "forecast", "low_80", "high_80"])
        for hour, *values in zip(hours, rentals, forecast, low, high, strict=True):
            table.writerow([hour // 24 + 1, hour % 24, *(f"{value:.1f}" for value in values)])
    log.artifact("model.txt", "the trees")
    log.artifact("forecast.csv", "days 305 to 365, with the interval")


if __name__ == "__main__":
    main()
