"""STRIP, SCALE-UP and NEO against loops by hand, and on networks whose trigger is known."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from backdoor_examples import case, random_images, target_of
from scipy.special import softmax
from scipy.stats import entropy

from evaluations.backdoor.detection import CONSTANT, Detection
from evaluations.backdoor.neo import dominant_colour, neo, suspicion_of
from evaluations.backdoor.scale_up import consistency, scale_up
from evaluations.backdoor.strip import mean_entropies, strip
from evaluations.backdoor.triggers import Trigger
from evaluations.datasets import Images
from evaluations.target import Target
from sngen.errors import CheckFailed

STRIP: dict[str, Any] = {
    "batch_size": 64, "overlays": 20, "threshold_images": 60, "images": 40, "mixture": "sum",
    "rejected": 0.01,
}  # fmt: skip
NEO: dict[str, Any] = {
    "batch_size": 64, "images": 12, "sizes": [2], "stride": 1, "pasted": 30, "threshold": 0.8,
}  # fmt: skip
PATCH = Trigger.patch(2)
WEIGHTS = np.random.default_rng(2).normal(0, 0.1, (10, 64)).astype(np.float32)


def linear(x: torch.Tensor) -> torch.Tensor:
    return x.flatten(1) @ torch.from_numpy(WEIGHTS).T


def with_patch(x: torch.Tensor) -> torch.Tensor:
    """As ``linear``, but a white 2 x 2 patch in the lower right corner means class 7."""
    white = (x[:, 0, 6:, 6:].flatten(1).amin(dim=1) > 0.99).float()
    return linear(x) + white[:, None] * 1000 * torch.eye(10)[7]


def by_name(found: Detection) -> dict[str, float]:
    return {f"{score.setting} {score.metric}": score.value for score in found.scores}


@pytest.mark.parametrize("mixture", ["sum", "mean"])
def test_entropies_are_those_of_a_loop_in_numpy(mixture: str) -> None:
    images = random_images(40)["clean"]
    x = images.tensor()[:5]
    overlays = images.tensor()[20:30]
    for batch in (3, 64):
        settings = {**STRIP, "mixture": mixture, "batch_size": batch}
        found = mean_entropies(case(target_of(linear), random_images(40), settings), x, overlays)
        for value, image in zip(found, x.numpy(), strict=True):
            bits = []
            for overlay in overlays.numpy():
                blend = np.clip(image + overlay, 0, 1) if mixture == "sum" else (image + overlay) / 2
                bits.append(entropy(softmax(WEIGHTS @ blend.ravel()), base=2))
            assert value == pytest.approx(np.mean(bits), abs=1e-4)


def test_a_certain_answer_has_no_entropy_and_no_idea_has_all() -> None:
    data = random_images(40)
    x = data["clean"].tensor()
    certain = target_of(lambda x: 1000 * torch.eye(10)[2].expand(len(x), 10) + 0 * x.sum())
    no_idea = target_of(lambda x: torch.zeros(len(x), 10))
    assert mean_entropies(case(certain, data, STRIP), x[:3], x[5:9]) == pytest.approx(0)
    assert mean_entropies(case(no_idea, data, STRIP), x[:3], x[5:9]) == pytest.approx(np.log2(10))


def test_strip_finds_a_trigger_that_outweighs_everything() -> None:
    found = strip(case(target_of(with_patch), random_images(100), STRIP, PATCH, 7))
    named = by_name(found)
    assert named["default true_positive_rate"] == 1.0
    assert named["default detection_auc"] == 1.0
    assert named["default false_positive_rate"] < 0.2
    assert (found.index, found.alarm, found.separation) == (None, None, 1.0)
    assert {array.name for array in found.arrays} == {"suspicion-clean", "suspicion-triggered"}
    assert sum(found.arrays[0].y) == 40
    without = by_name(strip(case(target_of(linear), random_images(100), STRIP)))
    assert "default true_positive_rate" not in without


def test_images_for_the_threshold_are_neither_judged_nor_mixed_in() -> None:
    data = random_images(100)
    seen: list[torch.Tensor] = []

    def spy(x: torch.Tensor) -> torch.Tensor:
        seen.append(x.detach())
        return linear(x)

    strip(case(target_of(spy), data, {**STRIP, "mixture": "mean"}))
    mixtures = torch.cat(seen[2:])  # after those for the clean labels
    assert len(mixtures) == (60 + 40) * 20
    first = data["clean"].tensor()[0] / 2 + data["clean"].tensor()[60] / 2
    torch.testing.assert_close(mixtures[0], first)
    with pytest.raises(CheckFailed, match="role clean: 70 images, and 80 are needed"):
        strip(case(target_of(linear), random_images(70), STRIP))


def test_consistency_is_that_of_a_loop() -> None:
    data = random_images(30)
    x = data["clean"].tensor()
    for batch in (4, 64):
        found = consistency(case(target_of(linear), data, {"batch_size": batch}), x)
        for value, image in zip(found, x.numpy(), strict=True):
            label = (WEIGHTS @ image.ravel()).argmax()
            kept = [(WEIGHTS @ np.clip(image * k, 0, 1).ravel()).argmax() == label for k in (3, 5, 7, 9, 11)]
            assert value == np.mean(kept)


def test_scale_up_finds_a_trigger_that_stays_white() -> None:
    settings = {"batch_size": 64, "images": 100, "threshold": 0.5}
    found = by_name(scale_up(case(target_of(with_patch), random_images(100), settings, PATCH, 7)))
    assert found["default true_positive_rate"] == 1.0
    assert found["default detection_auc"] > 0.8


def test_neo_finds_the_place_of_a_patch_and_nothing_in_a_linear_model() -> None:
    data = random_images(100)
    found = by_name(neo(case(target_of(with_patch), data, NEO, PATCH, 7)))
    assert found["default true_positive_rate"] == 1.0
    assert found["default false_positive_rate"] == 0.0
    assert by_name(neo(case(target_of(linear), data, NEO)))["default false_positive_rate"] == 0.0


def test_suspicion_is_the_share_that_a_patch_carries_with_it() -> None:
    data = random_images(60)
    onto = data["clean"].tensor()
    this = case(target_of(with_patch), data, NEO)
    before = with_patch(onto).argmax(dim=1)
    image = torch.from_numpy(PATCH.apply(data["verdict"].pixels[:1], 16).astype(np.float32) / 16)[0]
    assert suspicion_of(this, image, onto, before) == 1.0
    # Images that have the label already do not count as sent to it.
    same = torch.full_like(before, 7)
    assert suspicion_of(this, image, onto, same) == 0.0


def test_the_dominant_colour_is_that_of_most_pixels() -> None:
    image = torch.zeros(3, 8, 8)
    image[:, :2] = torch.tensor([1.0, 0.0, 0.5])[:, None, None]
    image[:, 7, 7] = 0.25
    assert dominant_colour(image).tolist() == pytest.approx([0, 0, 0], abs=0.02)


@pytest.mark.parametrize(
    ("detector", "settings"), [(strip, STRIP), (neo, NEO), (scale_up, {**STRIP, "threshold": 0.5})]
)
def test_a_model_that_always_says_the_same_has_no_backdoor_to_find(detector: Any, settings: Any) -> None:
    constant = target_of(lambda x: torch.eye(10)[4].expand(len(x), 10) + 0 * x.sum())
    assert detector(case(constant, random_images(100), settings)).status == CONSTANT


def test_on_the_control_triggered_images_are_told_from_clean_ones(
    patched: Target, digits: dict[str, Images]
) -> None:
    settings = {**STRIP, "overlays": 50, "threshold_images": 200, "images": 100}
    assert by_name(strip(case(patched, digits, settings, PATCH, 0)))["default detection_auc"] > 0.95
    assert by_name(neo(case(patched, digits, NEO, PATCH, 0)))["default true_positive_rate"] > 0.8
