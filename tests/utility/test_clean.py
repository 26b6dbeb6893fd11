"""The utility family on a network whose every answer is known, and on one of the reference suite."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import yaml
from torch import nn

from evaluations.datasets import Images, load_images
from evaluations.reference import suite
from evaluations.target import Target
from evaluations.utility.clean import clean
from sngen.results import ScoreEntry
from sngen.schema import HEADLINES, METRICS, MODELS
from sngen.settings import Settings
from sngen.zoo.load import load_network

SETTINGS: dict[str, Any] = {"batch_size": 64, "calibration_bins": 15, "timing_batch": 50, "timing_rounds": 4}


class Reader(nn.Module):
    """Reads its answer off the image: pixel 0 is the label it gives, pixel 1 the probability it states."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        label = (x[:, 0, 0, 0] * 255).round().long()
        probability = x[:, 0, 0, 1]
        logits = torch.log((1 - probability) / 3)[:, None].repeat(1, 4)
        logits[torch.arange(len(x)), label] = torch.log(probability)
        return logits


def _told(split: str, answers: list[int], labels: list[int], stated: list[int]) -> Images:
    pixels = np.zeros((len(labels), 1, 1, 2), np.uint8)
    pixels[:, 0, 0, 0], pixels[:, 0, 0, 1] = answers, stated
    ids = np.arange(100, 100 + len(labels), dtype=np.int32)
    return Images("toy", split, pixels, 255, np.array(labels), ids, 4)


@pytest.fixture
def told() -> dict[str, Images]:
    """Test: 6 of 8 right, always 204/255 = 0.8 sure. Train: 9 of 10 right."""
    return {
        "test": _told("test", [0, 1, 2, 3, 0, 1, 2, 3], [0, 1, 2, 3, 0, 1, 3, 2], [204] * 8),
        "train": _told("train", [1] * 10, [1] * 9 + [0], [200] * 10),
    }


def _measure(
    images: dict[str, Images], seed: int = 0
) -> tuple[dict[tuple[str, str], ScoreEntry], Target, Any]:
    target = Target(Reader(), "a/b", "0" * 64, 1)
    measurement = clean.function(target, images, SETTINGS, seed)
    return {(score.setting, score.metric): score for score in measurement.scores}, target, measurement


def test_every_number_of_a_known_network(told: dict[str, Images]) -> None:
    scores, _, _ = _measure(told)
    values = {key: score.value for key, score in scores.items() if key != ("batch", "forward_time")}
    assert values == pytest.approx(
        {
            ("test", "accuracy"): 0.75,
            ("train", "accuracy"): 0.9,
            ("train-test", "overfitting_level"): 0.15,
            ("test", "expected_calibration_error"): 0.05,
            ("test", "mean_confidence"): 0.8,
            ("network", "parameters"): 0.0,
        },
        abs=1e-6,
    )
    assert [scores[key].n for key in values] == [8, 10, 8, 8, 8, 1]


def test_intervals_of_accuracy_are_the_closed_forms(told: dict[str, Images]) -> None:
    scores, _, _ = _measure(told)

    def wilson(p: float, n: int) -> tuple[float, float]:
        z = 1.959963984540054
        centre, spread = p + z * z / (2 * n), z * (p * (1 - p) / n + z * z / (4 * n * n)) ** 0.5
        return (centre - spread) / (1 + z * z / n), (centre + spread) / (1 + z * z / n)

    test, train, gap = (
        scores["test", "accuracy"], scores["train", "accuracy"], scores["train-test", "overfitting_level"]
    )  # fmt: skip
    assert (test.ci_low, test.ci_high) == pytest.approx(wilson(0.75, 8))
    assert (train.ci_low, train.ci_high) == pytest.approx(wilson(0.9, 10))
    (low_b, high_b), (low_a, high_a) = wilson(0.75, 8), wilson(0.9, 10)
    below = ((0.9 - low_a) ** 2 + (high_b - 0.75) ** 2) ** 0.5
    above = ((high_a - 0.9) ** 2 + (0.75 - low_b) ** 2) ** 0.5
    assert (gap.ci_low, gap.ci_high) == pytest.approx((0.15 - below, 0.15 + above))


def test_it_measures_exactly_the_headlines_of_its_family(told: dict[str, Images]) -> None:
    scores, _, measurement = _measure(told)
    assert (clean.family, clean.name, clean.version) == ("utility", "clean", 1)
    headlines = {
        (headline.setting, headline.metric)
        for headline in HEADLINES
        if headline.origin == "measured" and (headline.family, headline.method) == ("utility", "clean")
    }
    assert headlines | {("network", "parameters")} == set(scores)
    assert len(scores) == len(measurement.scores)


def test_values_and_intervals_respect_the_contract(told: dict[str, Images]) -> None:
    for (_, name), score in _measure(told)[0].items():
        metric = METRICS[name]
        assert metric.minimum is None or score.value >= metric.minimum
        assert metric.maximum is None or score.value <= metric.maximum
        assert score.n >= 1 and score.ci_method
        if name != "parameters":
            assert score.ci_low is not None and score.ci_high is not None
            assert score.ci_low <= score.value <= score.ci_high, name


def test_one_bit_per_image(told: dict[str, Images]) -> None:
    outcomes = {outcome.setting: outcome for outcome in _measure(told)[2].outcomes}
    assert outcomes["test"].flags().tolist() == [True] * 6 + [False] * 2
    assert outcomes["train"].flags().tolist() == [True] * 9 + [False]
    assert outcomes["test"].image_ids == tuple(range(100, 108))
    assert {(o.split, o.meaning) for o in outcomes.values()} == {
        ("test", "top-1 label is right"), ("train", "top-1 label is right"),
    }  # fmt: skip


def test_every_image_goes_forward_once_and_then_for_the_clock(told: dict[str, Images]) -> None:
    _, target, _ = _measure(told)
    assert target.forwards == 8 + 10 + 8 * (SETTINGS["timing_rounds"] + 1)
    assert target.forward_backwards == 0 and target.queries == 0


def test_all_but_the_time_repeats(told: dict[str, Images]) -> None:
    def exact(seed: int) -> list[ScoreEntry]:
        return [s for s in _measure(told, seed)[0].values() if METRICS[s.metric].repeats == "exactly"]

    assert exact(0) == exact(0)
    assert [s.value for s in exact(0)] == [s.value for s in exact(1)]
    assert len(exact(0)) == 6


def test_the_first_images_of_the_suite_by_the_protocol(reference_cache: Settings, repository: Path) -> None:
    """With the protocol's own settings; the numbers are those that a plain loop finds."""
    protocol = yaml.safe_load((repository / "evaluations/protocols/utility-1.yaml").read_text())
    model_id = "reference/digits/mlp-256-overfit"
    path, sha256 = suite.weights_for(model_id, reference_cache)
    row = MODELS.row(model_id=model_id, loader=suite.recipe(model_id).loader, mean=[0.0], std=[1.0])
    network = load_network(row, path, 10)
    data = {
        "test": load_images("digits", "test", reference_cache.data),
        "train": suite.training_images(model_id, reference_cache.data),
    }
    target = Target(network, model_id, sha256, 1)
    measurement = clean.function(target, data, protocol["methods"]["clean"], protocol["seed"])
    scores = {(score.setting, score.metric): score for score in measurement.scores}
    with torch.no_grad():
        for role, images in data.items():
            right = network(images.tensor()).argmax(dim=1).numpy() == images.labels
            assert scores[role, "accuracy"].value == right.mean()
    gap = scores["train-test", "overfitting_level"]
    assert gap.value > 0.25 and gap.ci_low is not None and gap.ci_low > 0.2
    assert scores["network", "parameters"].value == 65 * 256 + 257 * 10
    # What it learnt by heart it states with confidence, and is wrong: badly calibrated.
    assert scores["test", "expected_calibration_error"].value > 0.15
    assert 0 < scores["batch", "forward_time"].value < 0.01
