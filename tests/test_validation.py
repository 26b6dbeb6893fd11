"""The data contract, one broken rule at a time."""

from __future__ import annotations

import time
from typing import Any

import numpy as np
import pandas as pd
import pytest

from sngen.schema import (
    ALIASES,
    DATASETS,
    LEADERBOARD,
    MODELS,
    OUTCOMES,
    RELATIVES,
    SCORES,
    SOURCES,
    score_id,
)
from sngen.score_checks import MEASURED_NEEDS
from sngen.validation import validate

SHA = "0123456789abcdef" * 4
Tables = dict[str, list[dict[str, Any]]]


def reported(**values: Any) -> dict[str, Any]:
    row = SCORES.row(
        model_id="src/toy/m", dataset_id="toy", family="utility", method="clean", setting="test",
        metric="accuracy", value=0.9, unit="fraction", origin="reported", source_id="src",
    )  # fmt: skip
    return named(row | values)


def measured(**values: Any) -> dict[str, Any]:
    row = SCORES.row(
        model_id="src/toy/m", dataset_id="toy", family="utility", method="clean", setting="test",
        metric="accuracy", value=0.9, unit="fraction", ci_low=0.88, ci_high=0.92, ci_method="Wilson", n=1000,
        origin="measured", protocol="utility/1", tier="cpu", record_id=SHA, method_version=1,
        weights_sha256=SHA, data_fingerprint=SHA, date="2026-11-24T12:00:00Z",
    )  # fmt: skip
    return named(row | values)


def named(row: dict[str, Any]) -> dict[str, Any]:
    basis = row["protocol"] or f"reported/{row['source_id']}"
    parts = (row["model_id"], row["dataset_id"], basis, row["method"], row["setting"], row["metric"])
    return {**row, "score_id": row["score_id"] or score_id(*map(str, parts))}


def tables(*scores: dict[str, Any], **model: Any) -> Tables:
    model = {"model_id": "src/toy/m", "name": "m", "source_id": "src", "dataset_id": "toy"} | model
    return {
        SOURCES.name: [SOURCES.row(source_id="src", title="Source")],
        DATASETS.name: [DATASETS.row(dataset_id="toy", name="Toy", source_id="src")],
        MODELS.name: [MODELS.row(**model)],
        SCORES.name: list(scores),
    }


def test_valid_rows() -> None:
    assert validate(tables(reported(), measured())) == []


@pytest.mark.parametrize(
    ("column", "value", "expected"),
    [
        ("name", None, "found null, expected text"),
        ("name", "", "found '', expected text"),
        ("name", "  ", "found '  ', expected text"),
        ("name", 3, "found 3, expected text"),
        ("year", 1989, "found 1989, expected a whole number in [1990, 2100], or null"),
        ("year", 2020.0, "found 2020.0, expected a whole number"),
        ("year", True, "found True, expected a whole number"),
        ("year", "2020", "found '2020', expected a whole number"),
        ("parameters", -1, "found -1, expected a whole number of at least 0"),
        ("purpose", "fun", "found 'fun', expected one of benchmark, security, other, control, or null"),
        ("paper_url", "arxiv.org/abs/1", "found 'arxiv.org/abs/1', expected text matching https?"),
        ("paper_url", "https://a.org/\nx", "expected text matching"),
        ("weights_inferred", 1, "found 1, expected true or false, or null"),
        ("mean", [0.5, float("nan")], "expected a list of numbers"),
        ("mean", 0.5, "found 0.5, expected a list of numbers"),
        ("flags", [""], "found [''], expected a list of texts"),
        ("flags", "x;y", "found 'x;y', expected a list of texts"),
        ("dataset_id", "toi", "found 'toi', expected an id of the table datasets"),
    ],
)
def test_cells_of_a_model(column: str, value: Any, expected: str) -> None:
    (problem,) = validate(tables(**{column: value}))
    assert problem.startswith(f"table models, row src/toy/m, column {column}: ")
    assert expected in problem


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -float("inf")])
def test_numbers_are_finite(value: float) -> None:
    (problem,) = validate(tables(reported(value=value)))
    assert f"column value: found {value!r}, expected a number" in problem


def test_equal_values_of_different_types_are_told_apart() -> None:
    rows = tables()
    rows[MODELS.name] += [
        rows[MODELS.name][0] | {"model_id": "src/toy/n", "parameters": 1},
        rows[MODELS.name][0] | {"model_id": "src/toy/o", "parameters": 1.0},
        rows[MODELS.name][0] | {"model_id": "src/toy/p", "parameters": True},
    ]
    problems = validate(rows)
    assert [problem.split(", column")[0] for problem in problems] == [
        "table models, row src/toy/o", "table models, row src/toy/p",
    ]  # fmt: skip


def test_numpy_numbers_are_numbers() -> None:
    assert validate(tables(reported(value=np.float64(0.5), n=np.int64(3)))) == []


def test_keys_are_unique_and_both_rows_are_named() -> None:
    rows = tables()
    rows[MODELS.name] *= 2
    assert validate(rows) == [
        "row number 2, table models, row src/toy/m, column model_id: found it a second time (first in row "
        "number 1), expected a key that occurs once"
    ]


def test_a_key_of_several_columns() -> None:
    rows = tables()
    pair = RELATIVES.row(
        model_a="src/toy/m", model_b="src/toy/m", relation="same-weights", ground="g", source_id="src"
    )
    rows[RELATIVES.name] = [pair, pair | {"relation": "same-architecture"}]
    assert validate(rows) == []
    rows[RELATIVES.name].append(pair)
    (problem,) = validate(rows)
    assert "row src/toy/m, src/toy/m, same-weights, column model_a, model_b, relation" in problem


def test_references_need_their_table() -> None:
    rows = tables()
    del rows[DATASETS.name]
    (problem,) = validate(rows)
    assert "found 'toy', expected an id of the table datasets" in problem


def test_the_nearest_id_is_suggested() -> None:
    (problem,) = validate(tables(reported(), dataset_id="toy", model_id="src/toy/mm"))
    assert problem.endswith("found 'src/toy/m', expected an id of the table models (nearest: src/toy/mm)")


def test_unknown_tables_and_columns() -> None:
    rows = tables() | {"model": []}
    rows[MODELS.name][0]["licence"] = "MIT"
    problems = validate(rows)
    assert problems[0].startswith(
        "table model: found a table of this name, expected one of leaderboard, models"
    )
    assert problems[1].startswith(
        "table models, column licence: found a column of this name, expected one of"
    )
    assert len(problems) == 2


def test_an_absent_column_is_null() -> None:
    rows = tables()
    del rows[MODELS.name][0]["year"]
    assert validate(rows) == []
    del rows[MODELS.name][0]["name"]
    (problem,) = validate(rows)
    assert "column name: found null" in problem


@pytest.mark.parametrize(
    ("row", "column", "words"),
    [
        (reported(value=1.01), "value", "found 1.01, expected at most 1, as accuracy goes"),
        (reported(value=-0.01), "value", "found -0.01, expected at least 0, as accuracy goes"),
        (reported(metric="overfitting_level", value=-1.1), "value", "at least -1, as overfitting_level goes"),
        (reported(unit="percent"), "unit", "found 'percent', expected fraction, the unit of accuracy"),
        (reported(ci_low=0.5), "ci_high", "found null, expected both ends of the interval, or none"),
        (reported(ci_low=0.91, ci_high=0.95), "ci_low", "found 0.91, expected at most the value, 0.9"),
        (reported(ci_low=0.8, ci_high=0.89), "ci_high", "found 0.89, expected at least the value, 0.9"),
        (measured(ci_high=1.1), "ci_high", "found 1.1, expected at most 1"),
        (reported(source_id=None), "source_id", "found null, expected the source that reports it"),
        (reported(record_id=SHA), "record_id", "expected null, because the score is reported"),
        (measured(source_id="src"), "source_id", "expected null, because the score is measured"),
        (measured(source_column="x"), "source_column", "expected null, because the score is measured"),
        (reported(score_id="a:b"), "score_id",
         "found 'a:b', expected 'src/toy/m:toy:reported/src:clean:test:accuracy'"),
        (measured(score_id="src/toy/m:toy:utility/2:clean:test:accuracy"), "score_id",
         "expected 'src/toy/m:toy:utility/1:clean:test:accuracy'"),
        (measured(protocol="utility"), "protocol", "found 'utility', expected text matching"),
        (measured(date="24.11.2026"), "date", "found '24.11.2026', expected text matching"),
    ],
)  # fmt: skip
def test_scores(row: dict[str, Any], column: str, words: str) -> None:
    problems = [problem for problem in validate(tables(row)) if f"column {column}:" in problem]
    assert len(problems) == 1, validate(tables(row))
    assert words in problems[0]


@pytest.mark.parametrize("column", MEASURED_NEEDS)
def test_what_a_measured_score_needs(column: str) -> None:
    row = measured() | {column: None}
    assert [
        problem.split(": ", 1)[1] for problem in validate(tables(row)) if f"column {column}:" in problem
    ] == ["found null, expected a value, because the score is measured"]


def test_a_reported_score_has_no_protocol() -> None:
    row = reported() | {"protocol": "utility/1"}
    (problem,) = validate(tables(row))
    assert "column protocol: found 'utility/1', expected null, because the score is reported" in problem


def test_a_count_may_exceed_1() -> None:
    assert (
        validate(tables(measured(metric="parameters", value=269722, unit="count", ci_low=None, ci_high=None)))
        == []
    )


def test_an_id_made_to_slow_the_pattern_down_does_not() -> None:
    row = reported(score_id="a_" * 3000 + "A")
    started = time.perf_counter()
    assert validate(tables(row))
    assert time.perf_counter() - started < 2


def test_bits_and_image_ids() -> None:
    outcome = OUTCOMES.row(
        outcome_id="src/toy/m:toy:utility/1:clean:test", model_id="src/toy/m", dataset_id="toy",
        protocol="utility/1", tier="cpu", method="clean", setting="test", split="test", meaning="right", n=3,
        image_ids=[0, 1, 2], bits=b"\xe0", record_id=SHA,
    )  # fmt: skip
    assert validate(tables() | {OUTCOMES.name: [outcome]}) == []
    wrong = validate(tables() | {OUTCOMES.name: [outcome | {"bits": "11100000", "image_ids": [0, 1.5]}]})
    assert ["column image_ids" in wrong[0], "column bits" in wrong[1], len(wrong)] == [True, True, 2]


def test_data_frames_of_a_release() -> None:
    rows = tables(reported(), measured(), year=2020, mean=[0.5], flags=["odd"])
    rows[MODELS.name].append(rows[MODELS.name][0] | {"model_id": "src/toy/n", "year": None, "mean": None})
    frames = {name: pd.DataFrame(found) for name, found in rows.items()}
    assert frames[MODELS.name]["year"].dtype == float  # a null among whole numbers makes them floats
    assert validate(frames) == []
    assert validate({name: frame.convert_dtypes() for name, frame in frames.items()}) == []
    frames[MODELS.name].loc[0, "year"] = 2020.5
    frames[SCORES.name].loc[0, "value"] = 3.0
    problems = validate(frames)
    assert len(problems) == 2
    assert "table models, row src/toy/m, column year: found 2020.5" in problems[0]
    assert "column value: found 3.0, expected at most 1, as accuracy goes" in problems[1]


def test_a_derived_table() -> None:
    row = LEADERBOARD.row(
        model_id="src/toy/m", name="m", dataset_id="toy", source_id="src", reported_test_accuracy=0.9,
        own_dataset=True,
    )  # fmt: skip
    assert validate(tables() | {LEADERBOARD.name: [row]}) == []
    (problem,) = validate(tables() | {LEADERBOARD.name: [row | {"reported_test_accuracy": 90.0}]})
    assert "row src/toy/m, toy, column reported_test_accuracy: found 90.0" in problem


def test_a_former_id_is_never_given_to_another_model() -> None:
    rows = {
        "sources": [SOURCES.row(source_id="src", title="Source")],
        "models": [MODELS.row(model_id="src/new", name="n", source_id="src")],
        "aliases": [
            ALIASES.row(
                alias=alias,
                model_id="src/new",
                since="2026-11-24",
                reason="renamed upstream",
                source_id="src",
            )
            for alias in ("src/old", "src/new")
        ],
    }
    (problem,) = validate(rows)
    assert "row src/new, column alias: found 'src/new', expected an id that no model has now" in problem
