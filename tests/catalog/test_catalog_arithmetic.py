from __future__ import annotations

from typing import Any

from relating_rows import autoattack, clean, model

from sngen.catalog import arithmetic
from sngen.catalog.arithmetic import Numbers
from sngen.catalog.audit import Audit
from sngen.catalog.relating.checks import check_numbers
from sngen.catalog.reported import reported_score
from sngen.schema import DATASETS

Row = dict[str, Any]


def _entries(scores: list[Row], classes: int | None = None) -> dict[str, list[Row]]:
    audit = Audit()
    check_numbers(scores, [DATASETS.row(dataset_id="cifar10", num_classes=classes)], audit)
    return {entry["rule"]: entry["rows"] for entry in audit.entries}


def _score(model_id: str, family: str, method: str, setting: str, metric: str, value: float) -> Row:
    return reported_score("one", model_id, "cifar10", (family, method, setting, metric), value)


def test_sound_numbers_have_no_exception() -> None:
    one = model("one/x", dataset_id="cifar10")
    scores = [
        clean(one, 0.9),
        autoattack(one, 0.5),
        _score("one/x", "utility", "clean", "test", "top5_accuracy", 0.99),
    ]
    assert {rule: rows for rule, rows in _entries(scores, 10).items() if rows} == {}


def test_order_and_range() -> None:
    one = model("one/x", dataset_id="cifar10")
    found = _entries([
        clean(one, 0.5), autoattack(one, 0.6),
        _score("one/x", "utility", "clean", "test", "top5_accuracy", 0.4),
        _score("one/x", "corruption", "common-corruptions", "default", "accuracy", 1.2),
        _score("one/x", "corruption", "common-corruptions", "default", "mean_corruption_error", 120.0),
    ])  # fmt: skip
    assert [row["before"] for row in found["value-in-range"]] == [1.2]
    assert [(row["before"], row["after"]) for row in found["top-1-at-most-top-5"]] == [(0.5, 0.4)]
    assert [(row["before"], row["after"]) for row in found["robust-at-most-clean"]] == [(0.6, 0.5)]


def test_rounding_and_another_source_are_no_exception() -> None:
    one, other = model("one/x", dataset_id="cifar10"), model("two/x", dataset_id="cifar10")
    found = _entries([clean(one, 0.5), autoattack(one, 0.50005), autoattack(other, 0.9)])
    assert found["robust-at-most-clean"] == []


def test_claims() -> None:
    one, other = model("one/x", dataset_id="cifar10"), model("one/y", dataset_id="cifar10")
    claim = ("adversarial", "authors-claim", "linf-8-255", "robust_accuracy")
    found = _entries([
        autoattack(one, 0.40), _score("one/x", *claim, 0.55),
        autoattack(other, 0.40), _score("one/y", *claim, 0.41),
    ])  # fmt: skip
    (row,) = found["authors-claim-above-autoattack"]
    assert row["row_id"].startswith("one/x:") and (row["before"], row["after"]) == (0.55, 0.40)


def test_identities() -> None:
    def member(model_id: str, gap: float, auc: float) -> list[Row]:
        return [
            _score(model_id, "utility", "clean", "test", "accuracy", 0.8),
            _score(model_id, "utility", "clean", "train", "accuracy", 0.9),
            _score(model_id, "utility", "clean", "train-test", "overfitting_level", gap),
            _score(model_id, "membership", "correctness", "default", "auc", auc),
        ]

    found = _entries([*member("one/x", 0.1, 0.55), *member("one/y", 0.11, 0.56)])
    assert [row["row_id"].split(":")[0] for row in found["gap-is-train-minus-test"]] == ["one/y"]
    assert [row["before"] for row in found["correctness-auc-is-half-plus-half-gap"]] == [0.56]


def test_chance() -> None:
    scores = [
        clean(model(f"one/{name}", dataset_id="cifar10"), value) for name, value in (("x", 0.1), ("y", 0.11))
    ]
    assert [row["before"] for row in _entries(scores, 10)["accuracy-at-most-chance"]] == [0.1]
    assert _entries(scores)["accuracy-at-most-chance"] == []


def test_columns_are_compared_within_one_source_and_dataset() -> None:
    names = ("x", "y", "z")
    claim = ("adversarial", "authors-claim", "linf-8-255", "robust_accuracy")
    scores = [_score(f"one/{name}", *claim, 0.4) for name in names]
    scores += [autoattack(model(f"one/{name}", dataset_id="cifar10"), 0.4) for name in names]
    found = _entries(scores)
    constant = [(row["row_id"], row["before"]) for row in found["column-constant-in-dataset"]]
    assert constant == [("cifar10", 0.4)]
    (equal,) = found["columns-equal-in-dataset"]
    assert (
        equal["row_id"] == "cifar10" and "authors-claim" in equal["before"] and "autoattack" in equal["after"]
    )


def test_constant_and_equal_columns() -> None:
    def rows(values: list[tuple[float, float]]) -> list[Numbers]:
        return [
            Numbers(str(number), "g", {"a": one, "b": other}) for number, (one, other) in enumerate(values)
        ]

    same = rows([(0.5, 0.5), (0.5, 0.5), (0.5, 0.5)])
    assert list(arithmetic.constant(same)) == [("g", "a", 0.5), ("g", "b", 0.5)]
    assert list(arithmetic.equal(same)) == [("g", "a", "b")]
    assert list(arithmetic.constant(same[:2])) == [] and list(arithmetic.equal(same[:2])) == []
    varied = rows([(0.5, 0.5), (0.6, 0.6), (0.7, 0.8)])
    assert list(arithmetic.constant(varied)) == [] and list(arithmetic.equal(varied)) == []
