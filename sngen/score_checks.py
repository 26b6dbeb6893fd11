"""What the cells of one score ask of each other: unit, range and interval, origin, name."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from numbers import Real
from operator import itemgetter
from typing import Any, TypeGuard

from sngen.schema import METRICS, SCORES, score_id

Row = Mapping[str, Any]

#: Slack for an interval that was computed in floating point around its value.
TOLERANCE = 1e-9
#: What a measured score cannot be published without, and a reported one cannot have.
MEASURED_ONLY = (
    SCORES.c.protocol, SCORES.c.tier, SCORES.c.record_id, SCORES.c.method_version, SCORES.c.weights_sha256,
    SCORES.c.data_fingerprint, SCORES.c.date,
)  # fmt: skip
MEASURED_NEEDS = (*MEASURED_ONLY, SCORES.c.n)
REPORTED_ONLY = (
    SCORES.c.source_id, SCORES.c.source_file, SCORES.c.source_row, SCORES.c.source_column,
    SCORES.c.source_date,
)  # fmt: skip


def score_faults(row: Row) -> Iterator[tuple[str, str]]:
    """Column and what was expected there, for everything in the row that contradicts the rest of it."""
    if not _is_plainly_right(row):
        yield from _in_unit(row)
        yield from _of_origin(row)
        yield from _named(row)


_absent_if_reported = itemgetter(*MEASURED_ONLY, SCORES.c.ci_low, SCORES.c.ci_high)
_NONE_OF_THEM = (None,) * (len(MEASURED_ONLY) + 2)
_name_parts = itemgetter(
    SCORES.c.model_id, SCORES.c.dataset_id, SCORES.c.source_id, SCORES.c.method, SCORES.c.setting,
    SCORES.c.metric,
)  # fmt: skip


def _is_plainly_right(row: Row) -> bool:
    """Quickly, for the most frequent row: a reported number without an interval, with nothing to explain."""
    try:
        if row[SCORES.c.origin] != "reported" or _absent_if_reported(row) != _NONE_OF_THEM:
            return False
        metric, value = METRICS[row[SCORES.c.metric]], row[SCORES.c.value]
        model_id, dataset_id, source_id, method, setting, name = _name_parts(row)
        return (
            type(value) is float
            and (metric.minimum is None or value >= metric.minimum)
            and (metric.maximum is None or value <= metric.maximum)
            and row[SCORES.c.unit] == metric.unit
            and source_id is not None
            and row[SCORES.c.score_id]
            == score_id(model_id, dataset_id, f"reported/{source_id}", method, setting, name)
        )
    except (KeyError, TypeError):
        return False


def _in_unit(row: Row) -> Iterator[tuple[str, str]]:
    metric = METRICS.get(str(row.get(SCORES.c.metric)))
    if metric is None:
        return
    if row.get(SCORES.c.unit) != metric.unit:
        yield SCORES.c.unit, f"{metric.unit}, the unit of {metric.name}"
    value, low, high = (row.get(part) for part in (SCORES.c.value, SCORES.c.ci_low, SCORES.c.ci_high))
    for column, number in ((SCORES.c.value, value), (SCORES.c.ci_low, low), (SCORES.c.ci_high, high)):
        if not is_number(number):
            continue  # null, or reported as a cell
        if metric.minimum is not None and number < metric.minimum:
            yield column, f"at least {metric.minimum:g}, as {metric.name} goes"
        if metric.maximum is not None and number > metric.maximum:
            yield column, f"at most {metric.maximum:g}, as {metric.name} goes"
    if (low is None) != (high is None):
        yield (SCORES.c.ci_low if low is None else SCORES.c.ci_high), "both ends of the interval, or none"
    if is_number(value) and is_number(low) and low > value + TOLERANCE:
        yield SCORES.c.ci_low, f"at most the value, {value!r}"
    if is_number(value) and is_number(high) and high < value - TOLERANCE:
        yield SCORES.c.ci_high, f"at least the value, {value!r}"


def _of_origin(row: Row) -> Iterator[tuple[str, str]]:
    origin = row.get(SCORES.c.origin)
    if origin == "reported":
        if row.get(SCORES.c.source_id) is None:
            yield SCORES.c.source_id, "the source that reports it"
        absent: tuple[str, ...] = MEASURED_ONLY
    elif origin == "measured":
        for column in MEASURED_NEEDS:
            if row.get(column) is None:
                yield column, "a value, because the score is measured"
        absent = REPORTED_ONLY
    else:
        return
    for column in absent:
        if row.get(column) is not None:
            yield column, f"null, because the score is {origin}"


def _named(row: Row) -> Iterator[tuple[str, str]]:
    basis = row.get(SCORES.c.protocol)
    if row.get(SCORES.c.origin) == "reported":
        basis = f"reported/{row.get(SCORES.c.source_id)}"
    columns = (SCORES.c.model_id, SCORES.c.dataset_id, SCORES.c.method, SCORES.c.setting, SCORES.c.metric)
    parts = [row.get(column) for column in columns]
    if all(isinstance(part, str) for part in (*parts, basis)):
        model_id, dataset_id, method, setting, metric = (str(part) for part in parts)
        expected = score_id(model_id, dataset_id, str(basis), method, setting, metric)
        if row.get(SCORES.c.score_id) != expected:
            yield SCORES.c.score_id, repr(expected)


def is_number(value: Any) -> TypeGuard[float]:
    """A finite number, and no truth value."""
    if type(value) is float:  # quick, and nearly always so
        return math.isfinite(value)
    return isinstance(value, Real) and not isinstance(value, bool) and math.isfinite(value)
