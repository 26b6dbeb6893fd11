"""What a method may return: checked before a record is written, for a record is never changed."""

from __future__ import annotations

import math
import re
from collections import Counter

from evaluations.method import Measurement
from sngen.errors import CheckFailed
from sngen.results import ArrayEntry, PictureEntry, ScoreEntry
from sngen.schema import ID_PATTERN, METRICS


def check_measurement(measurement: object) -> None:
    """Raises ``CheckFailed`` naming everything in it that the data contract does not allow."""
    if not isinstance(measurement, Measurement):
        raise CheckFailed(f"the method returned a {type(measurement).__name__}, expected a Measurement.")
    problems = [problem for score in measurement.scores for problem in _problems(score)]
    scores = Counter((score.setting, score.metric) for score in measurement.scores)
    outcomes = Counter((outcome.setting, "outcomes") for outcome in measurement.outcomes)
    arrays = Counter((array.setting, array.name) for array in measurement.arrays)
    pictures = Counter((picture.setting, f"picture {picture.name}") for picture in measurement.pictures)
    twice = [name for name, count in (scores + outcomes + arrays + pictures).items() if count > 1]
    problems += [f"{setting} {what}: found twice, expected once" for setting, what in twice]
    problems += [
        f"outcomes of {outcome.setting!r}: expected a setting matching {ID_PATTERN}"
        for outcome in measurement.outcomes
        if not re.fullmatch(ID_PATTERN, outcome.setting)
    ]
    problems += [problem for array in measurement.arrays for problem in _array_problems(array)]
    problems += [
        problem
        for picture in measurement.pictures
        for problem in _name_problems(f"picture {picture.setting} {picture.name}", picture)
    ]
    if not measurement.scores:
        problems.append("no score at all")
    if problems:
        raise CheckFailed("the method returned what cannot be published: " + "; ".join(problems))


def _array_problems(array: ArrayEntry) -> list[str]:
    name = f"array {array.setting} {array.name}"
    problems = _name_problems(name, array)
    if len(array.x) != len(array.y):
        problems.append(f"{name}: {len(array.x)} x and {len(array.y)} y, expected as many of both")
    if not all(map(math.isfinite, (*array.x, *array.y))):
        problems.append(f"{name}: expected finite numbers")
    return problems


def _name_problems(name: str, entry: ArrayEntry | PictureEntry) -> list[str]:
    return [
        f"{name}: expected a {what} matching {ID_PATTERN}"
        for what, found in (("setting", entry.setting), ("name", entry.name))
        if not re.fullmatch(ID_PATTERN, found)
    ]


def _problems(score: ScoreEntry) -> list[str]:
    name = f"{score.setting} {score.metric}"
    metric = METRICS.get(score.metric)
    if metric is None:
        return [f"{name}: expected a metric of {', '.join(METRICS)}"]
    problems = []
    if not re.fullmatch(ID_PATTERN, score.setting):
        problems.append(f"{name}: expected a setting matching {ID_PATTERN}")
    low = -math.inf if metric.minimum is None else metric.minimum
    high = math.inf if metric.maximum is None else metric.maximum
    if not (math.isfinite(score.value) and low <= score.value <= high):
        problems.append(f"{name}: value {score.value}, expected a number in [{low:g}, {high:g}]")
    ends = (score.ci_low, score.ci_high)
    given = [end for end in ends if end is not None]
    if len(given) == 1 or not all(map(math.isfinite, given)) or given != sorted(given):
        problems.append(f"{name}: interval {ends}, expected two finite ends in order, or none")
    if score.n < 1:
        problems.append(f"{name}: n is {score.n}, expected at least 1")
    return problems
