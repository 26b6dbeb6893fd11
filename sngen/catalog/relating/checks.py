"""Checks of arithmetic over the reported scores of all sources, as entries of the audit."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sngen.catalog import arithmetic
from sngen.catalog.arithmetic import Numbers
from sngen.catalog.audit import Audit, touched
from sngen.schema import DATASETS, LEADERBOARD, SCORES

TEST = arithmetic.headline_kind(LEADERBOARD.c.reported_test_accuracy)
TRAIN = arithmetic.headline_kind(LEADERBOARD.c.reported_train_accuracy)
TOP5 = arithmetic.headline_kind(LEADERBOARD.c.reported_top5_accuracy)
#: The authors' own number may lie this far above AutoAttack's before it is listed.
CLAIM_TOLERANCE = 0.01
#: Accuracies that hold against every attack tried, so they cannot exceed the clean one. Publications round
#: to a hundredth of a percent.
ROBUST = ("robust_accuracy", "certified_accuracy")
ROUNDING = 1e-4
_VALUE = SCORES.c.value


def check_numbers(
    scores: Sequence[Mapping[str, Any]], datasets: Iterable[Mapping[str, Any]], audit: Audit
) -> None:
    """Record every check and its exceptions; no value is altered."""
    rows = arithmetic.numbers_of_scores(scores)
    _check_range(rows, audit)
    _check_order(rows, audit)
    _check_claims(rows, audit)
    _check_identities(rows, audit)
    _check_chance(rows, scores, datasets, audit)
    _check_constant(rows, audit)
    _check_equal(rows, audit)


def _check_range(rows: Sequence[Numbers], audit: Audit) -> None:
    number = sum(len(row.values) for row in rows)
    words = f"Every score lies within the range of its metric. {number:,} scores."
    found = audit.open("value-in-range", "check", words, SCORES.name, _VALUE)
    for row, column in arithmetic.outside(rows, arithmetic.metric_range):
        found.append(touched(row.id_of(column), row[column], row[column]))


def _check_order(rows: Sequence[Numbers], audit: Audit) -> None:
    known = [row for row in rows if row.known(TEST, TOP5)]
    words = (
        "Top-1 accuracy is at most top-5 accuracy, at one source on one dataset. "
        f"{len(known):,} pairs; after is the top-5 accuracy."
    )
    found = audit.open("top-1-at-most-top-5", "check", words, SCORES.name, _VALUE)
    found.extend(touched(row.id_of(TEST), row[TEST], row[TOP5]) for row in known if row[TEST] > row[TOP5])
    robust = [
        (row, column)
        for row in rows
        if row.known(TEST)
        for column in row.values
        if column.rpartition("/")[2] in ROBUST
    ]
    words = (
        "Robust and certified accuracy are at most clean accuracy, at one source on one dataset (within a "
        f"hundredth of a percent, for rounding). {len(robust):,} pairs; after is the clean accuracy."
    )
    found = audit.open("robust-at-most-clean", "check", words, SCORES.name, _VALUE)
    found.extend(
        touched(row.id_of(column), row[column], row[TEST])
        for row, column in robust
        if row[column] > row[TEST] + ROUNDING
    )


def _check_claims(rows: Sequence[Numbers], audit: Audit) -> None:
    """A claim is a score of the method authors-claim with the setting and metric of one of AutoAttack's."""
    known = [
        (row, claim, ours)
        for row in rows
        for claim in row.values
        if "/authors-claim/" in claim and row.known(ours := claim.replace("/authors-claim/", "/autoattack/"))
    ]
    largest = max((row[claim] - row[ours] for row, claim, ours in known), default=0.0)
    words = (
        "What the authors claimed against what AutoAttack left of it (after). Listed are the claims more "
        f"than one percentage point above. {len(known):,} pairs; largest difference {100 * largest:.1f} "
        "points."
    )
    found = audit.open("authors-claim-above-autoattack", "check", words, SCORES.name, _VALUE)
    for row, claim, ours in known:
        if row[claim] > row[ours] + CLAIM_TOLERANCE:
            found.append(touched(row.id_of(claim), row[claim], row[ours]))


def _check_identities(rows: Sequence[Numbers], audit: Audit) -> None:
    for identity in arithmetic.IDENTITIES:
        stated = arithmetic.headline_kind(identity.column)
        distances = identity.distances(rows, TRAIN, TEST, stated)
        largest = max((distance for _, distance in distances), default=0.0)
        words = (
            f"{identity.words} Within {identity.tolerance:g}. {len(distances):,} rows, largest deviation "
            f"{largest:.2g}."
        )
        found = audit.open(identity.name, "check", words, SCORES.name, _VALUE)
        for row, distance in distances:
            if distance > identity.tolerance:
                found.append(touched(row.id_of(stated), row[stated], row[stated]))


def _check_chance(
    rows: Sequence[Numbers], scores: Sequence[Mapping[str, Any]], datasets: Iterable[Mapping[str, Any]],
    audit: Audit,
) -> None:  # fmt: skip
    """Only top-1 accuracy has a chance level that the number of classes alone gives."""
    classes = {row[DATASETS.c.dataset_id]: row[DATASETS.c.num_classes] for row in datasets}
    dataset_of = {score[SCORES.c.score_id]: score[SCORES.c.dataset_id] for score in scores}
    words = (
        "Accuracy of at most one over the number of classes: the model answers no better than a guess. After "
        "is that share."
    )
    found = audit.open("accuracy-at-most-chance", "check", words, SCORES.name, _VALUE)
    for row in rows:
        for column in row.values:
            number = classes.get(dataset_of[row.id_of(column)])
            top1 = column.startswith("utility/") and column.endswith("/accuracy")
            if top1 and number and row[column] <= 1 / number:
                found.append(touched(row.id_of(column), row[column], round(1 / number, 6)))


def _check_constant(rows: Sequence[Numbers], audit: Audit) -> None:
    words = (
        "A kind of score that has one value for all models of the dataset at one source, from "
        f"{arithmetic.MINIMUM_MODELS} models on. After is the source."
    )
    for group, column, value in arithmetic.constant(rows):
        source, dataset = group.split(arithmetic.GROUP_SEPARATOR)
        found = audit.open("column-constant-in-dataset", "check", words, DATASETS.name, column)
        found.append(touched(dataset, value, source))


def _check_equal(rows: Sequence[Numbers], audit: Audit) -> None:
    words = (
        "Two kinds of score that are equal for all models of the dataset at one source, from "
        f"{arithmetic.MINIMUM_MODELS} models on. Before and after are source and kind."
    )
    found = audit.open("columns-equal-in-dataset", "check", words, DATASETS.name, "pairs of columns")
    for group, first, second in arithmetic.equal(rows):
        source, dataset = group.split(arithmetic.GROUP_SEPARATOR)
        found.append(touched(dataset, f"{source}: {first}", f"{source}: {second}"))
