"""Tell phishing pages from honest ones by nine coded features, and count how many are caught at 5 % false alarms.

Half of the table are exact copies. Split at random, a copy of nearly every test page would be in training and the
result would be a dream; so pages with the same features stay together in one of five folds.
"""

import csv
import gzip
import io
from collections.abc import Iterator
from pathlib import Path

import lightgbm
import numpy
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.special import expit
from scipy.stats import rankdata

from fabrica.run import data, log

Array = NDArray[numpy.float64]
Labels = NDArray[numpy.int64]  # 1: phishing

SEED = 7
FOLDS = 5
FALSE_ALARM_RATE = 0.05
TREES = 200
SETTINGS = {
    "objective": "binary",
    "learning_rate": 0.05,
    "num_leaves": 15,
    "min_data_in_leaf": 10,
    "seed": SEED,
    "num_threads": 1,
    "deterministic": True,
    "force_row_wise": True,
    "verbosity": -1,
}


def main() -> None:
    log.parameters(SETTINGS | {"trees": TREES, "folds": FOLDS})
    names, features, labels = read_table(data("phishing"))
    pages = number_distinct_pages(features, labels)

    scores = {"logistic": numpy.zeros(len(labels)), "": numpy.zeros(len(labels))}
    for number, (train, test) in enumerate(folds(pages), start=1):
        log.progress(number, FOLDS, "folds")
        scores["logistic"][test] = logistic_regression(features[train], labels[train], features[test])
        scores[""][test] = boosted_trees(features[train], labels[train]).predict(features[test], num_threads=1)
        for model, score in scores.items():
            log.metric(name(model, "fold_auc"), auc(score[test], labels[test]), step=number)

    for model, score in scores.items():
        judge(model, score, labels)
    log.metric("majority_accuracy", float(max(labels.mean(), 1 - labels.mean())))
    save(names, boosted_trees(features, labels, names), scores[""], labels)


def read_table(path: Path) -> tuple[list[str], Array, Labels]:
    with io.TextIOWrapper(gzip.open(path), newline="") as file:
        names, *rows = list(csv.reader(file))
    table = numpy.array(rows, dtype=numpy.float64)
    return names[:-1], table[:, :-1], table[:, -1].astype(numpy.int64)


# The first gate: no page may be on both sides of a split.


def number_distinct_pages(features: Array, labels: Labels) -> Labels:
    """Return for each row the number of its distinct page, and record how many copies and contradictions there are."""
    _, pages = numpy.unique(features, axis=0, return_inverse=True)
    pages = pages.reshape(-1)
    distinct = int(pages.max()) + 1
    phishing = numpy.bincount(pages, weights=labels)
    contradictory = int(numpy.sum((phishing > 0) & (phishing < numpy.bincount(pages))))
    exact_copies = len(labels) - len(numpy.unique(numpy.column_stack([features, labels]), axis=0))
    log.event(
        "copies_checked",
        rows=len(labels),
        distinct_pages=distinct,
        exact_copies=exact_copies,
        pages_with_both_labels=contradictory,
    )
    return pages


def folds(pages: Labels) -> Iterator[tuple[NDArray[numpy.bool], NDArray[numpy.bool]]]:
    """Yield the rows to train on and to test on, all rows of a page on one side."""
    fold_of_page = numpy.random.default_rng(SEED).permutation(int(pages.max()) + 1) % FOLDS
    for fold in range(FOLDS):
        test = fold_of_page[pages] == fold
        if set(pages[test]) & set(pages[~test]):
            raise SystemExit("A page is in training and in test; the result would mean nothing.")
        yield ~test, test


# The two models


def boosted_trees(features: Array, labels: Labels, names: list[str] | None = None) -> lightgbm.Booster:
    return lightgbm.train(SETTINGS, lightgbm.Dataset(features, labels, feature_name=names or "auto"), TREES)


def logistic_regression(features: Array, labels: Labels, asked: Array) -> Array:
    """Return the chance of phishing for the pages asked: the simple model that trees must beat."""
    centre, spread = features.mean(axis=0), features.std(axis=0) + 1e-9

    def with_one(table: Array) -> Array:
        return numpy.column_stack([(table - centre) / spread, numpy.ones(len(table))])

    known = with_one(features)
    signs = 2 * labels - 1

    def cost_and_slope(weights: Array) -> tuple[float, Array]:
        margins = signs * (known @ weights)
        pull = numpy.append(weights[:-1], 0.0)  # the constant is not held back
        cost = numpy.logaddexp(0, -margins).sum() + pull @ pull / 2
        return float(cost), known.T @ (-signs * expit(-margins)) + pull

    best = minimize(cost_and_slope, numpy.zeros(known.shape[1]), jac=True, method="L-BFGS-B")
    return numpy.asarray(expit(with_one(asked) @ best.x))


# The verdict


def judge(model: str, scores: Array, labels: Labels) -> None:
    """Record how well the scores of all folds together tell the two kinds of page apart."""
    caught, false_alarms = caught_at(FALSE_ALARM_RATE, scores, labels)
    called = scores >= 0.5
    hits = int(numpy.sum(called & (labels == 1)))
    log.metric(name(model, "auc"), auc(scores, labels))
    log.metric(name(model, "recall_at_5pct_fpr"), caught)
    log.metric(name(model, "f1"), 2 * hits / int(called.sum() + labels.sum()))
    log.metric(name(model, "brier"), float(numpy.mean((scores - labels) ** 2)))
    log.evaluation(
        name(model, "false_alarm_rate"), claimed=FALSE_ALARM_RATE, measured=false_alarms, data="all five folds"
    )


def auc(scores: Array, labels: Labels) -> float:
    """Return the chance that a phishing page scores above an honest one."""
    phishing = int(labels.sum())
    ranks = rankdata(scores)[labels == 1].sum()
    return float((ranks - phishing * (phishing + 1) / 2) / (phishing * (len(labels) - phishing)))


def caught_at(rate: float, scores: Array, labels: Labels) -> tuple[float, float]:
    """Return the share of phishing caught, and of honest pages accused, at the lowest limit that keeps the rate."""
    best = (0.0, 0.0)
    for limit in numpy.unique(scores)[::-1]:
        accused = scores >= limit
        false_alarms = float(accused[labels == 0].mean())
        if false_alarms > rate:
            break
        best = (float(accused[labels == 1].mean()), false_alarms)
    return best


def name(model: str, metric: str) -> str:
    return f"{model}_{metric}" if model else metric


def save(names: list[str], model: lightgbm.Booster, scores: Array, labels: Labels) -> None:
    model.save_model("model.txt")
    with Path("scores.csv").open("w", newline="") as file:
        table = csv.writer(file)
        table.writerow(["row", "phishing", "score"])
        table.writerows(
            (row, label, f"{score:.6f}") for row, (label, score) in enumerate(zip(labels, scores, strict=True))
        )
    log.parameter("features", names)
    log.artifact("model.txt", "the trees, from all rows")
    log.artifact("scores.csv", "each row's score from the fold that did not see it")


if __name__ == "__main__":
    main()
