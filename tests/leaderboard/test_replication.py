"""Measured beside reported: which numbers meet, and what is said of them."""

from __future__ import annotations

from typing import Any

import pytest

from sngen.intervals import wilson
from sngen.leaderboard.replication import of_the_architecture, replications
from sngen.schema import MODELS, RELATIVES, SCORES


def score(model: str, origin: str, value: float, **cells: Any) -> dict[str, Any]:
    values = {
        "score_id": f"{model}:{origin}:{cells.get('source_id')}", "model_id": model, "dataset_id": "cifar10",
        "method": "clean", "setting": "test", "metric": "accuracy", "origin": origin, "value": value,
        "n": 10_000 if origin == "measured" else None,
    }  # fmt: skip
    return SCORES.row(**(values | cells))


def pair(model_a: str, model_b: str, relation: str = "same-weights") -> dict[str, Any]:
    return RELATIVES.row(model_a=model_a, model_b=model_b, relation=relation, ground="g", source_id="s")


@pytest.mark.parametrize(
    ("stated", "measured", "verdict"),
    [
        (0.9173, 0.9173, "equal"),
        (0.926, 0.9263, "equal"),  # three digits are reported
        (0.92, 0.9249, "within"),  # 92 %, or 92.00 %: the zeros are not kept
        (0.926, 0.9266, "within"),
        (0.9, 0.9051, "within"),
        (0.9173, 0.91, "outside"),
        (1.0, 0.9999, "equal"),
        (1.0, 0.9990, "outside"),
    ],
)
def test_verdicts(stated: float, measured: float, verdict: str) -> None:
    (found,) = replications([score("m", "reported", stated), score("m", "measured", measured)], [])
    assert found.verdict == verdict
    assert found.difference == pytest.approx(measured - stated)
    low, high = wilson(round(stated * 10_000), 10_000)
    if verdict != "equal":
        assert (low <= measured <= high) == (verdict == "within")


def test_standard_errors() -> None:
    (found,) = replications([score("m", "reported", 0.9), score("m", "measured", 0.906)], [])
    assert found.standard_errors == pytest.approx(0.006 / (0.9 * 0.1 / 10_000) ** 0.5)
    (sure,) = replications([score("m", "reported", 1.0), score("m", "measured", 0.99)], [])
    assert sure.standard_errors is None


def test_only_the_same_weights_dataset_and_quantity_meet() -> None:
    scores = [
        score("m", "measured", 0.9),
        score("twin", "reported", 0.91, source_id="a"),
        score("cousin", "reported", 0.92, source_id="b"),
        score("m", "reported", 0.8, source_id="c", setting="train"),
        score("m", "reported", 0.7, source_id="d", dataset_id="cifar100"),
        score("m", "reported", 40.0, source_id="e", metric="mean_corruption_error"),
    ]
    relatives = [pair("twin", "m"), pair("cousin", "m", "same-architecture")]
    found = replications(scores, relatives)
    assert [one.reported["source_id"] for one in found] == ["a"]


def auc(model: str, origin: str, value: float, **cells: Any) -> dict[str, Any]:
    given = {"method": "correctness", "setting": "default", "metric": "auc", "family": "membership"}
    interval = {"ci_low": value - 0.0098, "ci_high": value + 0.0098} if origin == "measured" else {}
    return score(model, origin, value, **(given | interval | cells))


def test_an_auc_is_judged_by_its_own_interval() -> None:
    (near,) = replications([auc("m", "reported", 0.525), auc("m", "measured", 0.531)], [])
    assert near.verdict == "within"
    assert near.standard_errors == pytest.approx(0.006 / 0.005, rel=1e-3)
    (far,) = replications([auc("m", "reported", 0.5), auc("m", "measured", 0.531)], [])
    assert far.verdict == "outside"


def test_other_weights_of_the_architecture_stand_in_for_those_nobody_reports_on() -> None:
    names = {
        "mine": "resnet20",
        "theirs": "ResNet20",
        "other": "resnet56",
        "known": "resnet20",
        "odd": "resnet20",
    }
    models = {name: MODELS.row(model_id=name, architecture=kind) for name, kind in names.items()}
    scores = [
        auc("mine", "measured", 0.54),
        auc("theirs", "reported", 0.52),
        auc("other", "reported", 0.53),
        auc("known", "measured", 0.55), auc("known", "reported", 0.55),
        auc("odd", "measured", 0.56, flags=["training-split-unknown"]),
    ]  # fmt: skip
    pairs = of_the_architecture(scores, models, [])
    found = {(pair.measured["model_id"], pair.reported["model_id"]) for pair in pairs}
    assert found == {("mine", "theirs"), ("mine", "known")}
