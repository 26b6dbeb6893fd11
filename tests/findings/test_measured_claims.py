"""The study's claims on membership inference and adversarial examples, on synthetic scores of known relation.

Scores are made by a rule whose answer is known; the claims are those of ``claims.yaml``, unchanged.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy import stats

from sngen.findings.claims import Quantity
from sngen.findings.findings import findings
from sngen.release.measured import with_training_split_flags
from sngen.schema import FINDINGS, MODELS, SCORES, score_id

F = FINDINGS.c
Rows = list[dict[str, Any]]
ACCURACY = Quantity("utility", "clean", "test", "accuracy")
OVERFITTING = Quantity("utility", "clean", "train-test", "overfitting_level")
MEMBERSHIP = (
    "correctness", "confidence", "loss", "entropy", "modified-entropy", "mlp-full", "mlp-top3", "label-only",
    "lira", "rmia",
)  # fmt: skip
EVASION = ("white-box", "pgd", "square", "transfer", "autoattack")
BUDGETS = ("linf-1-255", "linf-8-255", "l2-0.5", "linf-0.1", "linf-0.3")


def _models(
    n: int, dataset_id: str, purpose: str = "benchmark", split: str | None = "official-train"
) -> Rows:
    return [
        MODELS.row(
            model_id=f"s/{dataset_id}/{purpose}-{number:02}", dataset_id=dataset_id, purpose=purpose,
            source_id="s", name=str(number), trained_split=split,
        )
        for number in range(n)
    ]  # fmt: skip


def _auc(method: str) -> Quantity:
    return Quantity("membership", method, "default", "auc")


def _scores(models: Rows, quantity: Quantity, values: np.ndarray, origin: str = "measured") -> Rows:
    """One number a model, as protocols or a publication give it."""
    basis = f"{quantity.family}/1" if origin == "measured" else "reported/s"
    of_origin = (
        {"protocol": basis, "tier": "cpu"} if origin == "measured" else {"source_id": "s", "source_row": 1}
    )
    method = str(quantity.method)
    return [
        SCORES.row(
            score_id=score_id(
                model["model_id"], model["dataset_id"], basis, method, quantity.setting, quantity.metric
            ),
            model_id=model["model_id"], dataset_id=model["dataset_id"], family=quantity.family, method=method,
            setting=quantity.setting, metric=quantity.metric, value=float(value), unit="fraction",
            origin=origin, **of_origin,
        )
        for model, value in zip(models, values, strict=True)
    ]  # fmt: skip


def _pair(n: int, sign: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """x in (0, 0.5) and a y that goes with it (1), against it (-1) or has nothing to do with it (0)."""
    generator = np.random.Generator(np.random.Philox(seed))
    x = generator.uniform(0.02, 0.48, n)
    own = generator.uniform(0.02, 0.48, n)
    return x, 0.5 + 0.3 * sign * (x - 0.25) + (0.05 if sign else 0.3) * (own - 0.25)


def _tested(models: Rows, scores: Rows) -> dict[str, dict[str, Any]]:
    rows = findings(models, with_training_split_flags(scores, models), [])
    return {row[F.finding_id]: row for row in rows}


@pytest.mark.parametrize("purpose", ["benchmark", "security"])
@pytest.mark.parametrize(
    ("sign", "expected"),
    [(1, "supported"), (-1, "contradicted"), (0, "undecided")],
    ids=["up", "down", "none"],
)
def test_membership_auc_follows_overfitting(purpose: str, sign: int, expected: str) -> None:
    models = _models(20, "cifar10", purpose)
    x, y = _pair(20, sign, seed=3)
    scores = _scores(models, OVERFITTING, x)
    methods = MEMBERSHIP if sign == 1 else MEMBERSHIP[-1:]
    for method in methods:
        scores += _scores(models, _auc(method), y)
    rows = _tested(models, scores)
    prefix = "security/" if purpose == "security" else ""
    claim = f"{prefix}membership-auc-rises-with-overfitting:cifar10:measured"
    assert set(rows) == {f"{claim}:{method}" for method in methods}
    for row in rows.values():
        assert (row[F.verdict], row[F.n]) == (expected, 20)
        assert row[F.value] == pytest.approx(stats.spearmanr(x, y).statistic)
        assert "protocol == 'utility/1'" in row[F.query]
        assert "protocol == 'membership/1'" in row[F.query]


def test_models_of_another_training_split_are_left_out_and_named() -> None:
    models = _models(24, "cifar10")
    x, y = _pair(24, 1, seed=4)
    y[:5] = y[:5][::-1] - 0.4  # what is not known to be a member must not count
    for number, split in enumerate((None, None, "part-of-train", "other", "part-of-train")):
        models[number]["trained_split"] = split
    rows = _tested(models, _scores(models, OVERFITTING, x) + _scores(models, _auc("loss"), y))
    (row,) = rows.values()
    assert (row[F.verdict], row[F.n]) == ("supported", 19)
    assert row[F.value] == pytest.approx(stats.spearmanr(x[5:], y[5:]).statistic)
    names = [model["model_id"] for model in models]
    unknown, differs = row[F.left_out].split("; ")
    assert unknown.startswith("training-split-unknown (it is not known which images")
    assert unknown.endswith(": " + ", ".join(names[:2]))
    assert differs.startswith("training-split-differs (the model was not trained on exactly")
    assert differs.endswith(": " + ", ".join(names[2:5]))


def test_too_few_models_of_the_official_split_are_not_tested() -> None:
    models = _models(9, "mnist")
    strangers = [dict(m, model_id=m["model_id"] + "x", trained_split=None) for m in _models(6, "mnist")]
    models += strangers
    x, y = _pair(15, 1, seed=5)
    rows = _tested(models, _scores(models, OVERFITTING, x) + _scores(models, _auc("rmia"), y))
    (row,) = rows.values()
    assert (row[F.verdict], row[F.n], row[F.value]) == ("not-testable", 9, None)
    assert row[F.ci_method].startswith("none: 9 unrelated models, 10 are needed; 6 left out for the flag")


def test_reported_numbers_need_no_split_and_stay_apart() -> None:
    """A publication answers for its own members; only measured numbers carry the flags."""
    models = _models(20, "cifar10", split=None)
    x, y = _pair(20, 1, seed=6)
    scores = _scores(models, OVERFITTING, x, "reported") + _scores(models, _auc("correctness"), y, "reported")
    scores += _scores(models, OVERFITTING, x) + _scores(models, _auc("correctness"), 1 - y)
    rows = _tested(models, scores)
    claim = "membership-auc-rises-with-overfitting:cifar10"
    reported, measured = rows[f"{claim}:reported:correctness"], rows[f"{claim}:measured:correctness"]
    assert (reported[F.verdict], reported[F.n], reported[F.left_out]) == ("supported", 20, None)
    assert (measured[F.verdict], measured[F.n]) == ("not-testable", 0)
    assert reported[F.value] == pytest.approx(stats.spearmanr(x, y).statistic)


@pytest.mark.parametrize(
    ("shift", "expected"), [(-0.1, "supported"), (0.1, "contradicted"), (0.0, "undecided")]
)
def test_full_posterior_against_the_three_largest(shift: float, expected: str) -> None:
    models = _models(14, "imagenet-1k")
    generator = np.random.Generator(np.random.Philox(2))
    top3 = generator.uniform(0.6, 0.8, 14)
    full = top3 + shift + generator.normal(0, 0.03, 14)
    rows = _tested(models, _scores(models, _auc("mlp-top3"), top3) + _scores(models, _auc("mlp-full"), full))
    (row,) = rows.values()
    assert row[F.finding_id] == "full-posterior-fails-on-many-classes:imagenet-1k:measured:mlp-full"
    assert (row[F.verdict], row[F.statistic], row[F.n]) == (expected, "Mean difference", 14)
    assert row[F.value] == pytest.approx(np.mean(full - top3))
    assert row[F.p_value] == pytest.approx(stats.ttest_rel(full, top3).pvalue)


def test_the_claim_of_many_classes_is_not_made_of_few() -> None:
    models = _models(14, "cifar10")
    values = np.linspace(0.5, 0.7, 14)
    scores = _scores(models, _auc("mlp-top3"), values) + _scores(models, _auc("mlp-full"), values[::-1])
    assert _tested(models, scores) == {}


def test_an_equal_difference_everywhere_is_not_tested() -> None:
    models = _models(14, "imagenet-1k")
    values = np.linspace(0.5, 0.7, 14)
    scores = _scores(models, _auc("mlp-top3"), values) + _scores(models, _auc("mlp-full"), values - 0.125)
    (row,) = _tested(models, scores).values()
    assert row[F.verdict] == "not-testable"
    assert row[F.ci_method] == "none: the difference is -0.125 for all groups of related models"


@pytest.mark.parametrize("origin", ["measured", "reported"])
@pytest.mark.parametrize("purpose", ["benchmark", "security"])
def test_attacks_against_task_accuracy_at_each_budget(origin: str, purpose: str) -> None:
    """The drop falls with the accuracy and robust accuracy rises: both supported, by every attack."""
    models = _models(16, "cifar10", purpose)
    x, y = _pair(16, -1, seed=8)
    scores = _scores(models, ACCURACY, x + 0.5, origin)
    every = [(method, "linf-8-255") for method in EVASION] + [("square", budget) for budget in BUDGETS]
    for method, budget in dict.fromkeys(every):
        for metric, values in (("accuracy_drop", y - 0.3), ("robust_accuracy", 1 - y)):
            scores += _scores(models, Quantity("adversarial", method, budget, metric), values, origin)
    rows = _tested(models, scores)
    prefix = "security/" if purpose == "security" else ""
    expected = stats.spearmanr(x, y).statistic
    for claim, value in (
        ("accuracy-drop-falls-with-task-accuracy", expected),
        ("robust-accuracy-rises-with-task-accuracy", -expected),
    ):
        for method, budget in dict.fromkeys(every):
            row = rows.pop(f"{prefix}{claim}/{budget}:cifar10:{origin}:{method}")
            assert (row[F.verdict], row[F.n]) == ("supported", 16)
            assert row[F.value] == pytest.approx(value)
            assert f"setting == '{budget}'" in row[F.query]
    assert rows == {}


def test_adversarial_examples_need_no_training_split() -> None:
    models = _models(12, "mnist", split=None)
    x, y = _pair(12, -1, seed=9)
    drop = Quantity("adversarial", "white-box", "linf-0.3", "accuracy_drop")
    rows = _tested(models, _scores(models, ACCURACY, x) + _scores(models, drop, y))
    (row,) = rows.values()
    assert (row[F.verdict], row[F.n], row[F.left_out]) == ("supported", 12, None)
