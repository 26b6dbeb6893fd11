"""The label-only attack on networks whose every answer is known, and on the controls."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from scipy.ndimage import rotate
from torch import nn

from evaluations.adversarial.noise import Noise
from evaluations.datasets import Images
from evaluations.membership.delong import auc_interval
from evaluations.membership.label_only import label_only, moves, rotated, shifted, versions
from evaluations.target import Target
from sngen.errors import CheckFailed

NOTHING: dict[str, Any] = {
    "shifts": [], "rotations": [], "flip": False, "noise": [], "noise_copies": 0, "batch_size": 64,
}  # fmt: skip
DIGITS = NOTHING | {"rotations": [2, 4], "noise": [0.03, 0.06], "noise_copies": 8}


class Corner(nn.Module):
    """Class 1 where the pixel at the top left is brighter than 1/2, else class 0."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        bright = x[:, 0, 0, 0] - 0.5
        return torch.stack([-bright, bright], dim=1)


def _images(pixels: np.ndarray, labels: list[int]) -> Images:
    count = len(labels)
    return Images(
        "toy",
        "train",
        pixels.astype(np.uint8),
        255,
        np.array(labels),
        np.arange(count, dtype=np.int32) + 7,
        2,
    )


def _toy() -> Images:
    """One bright pixel, at the top left (0 and 1) or next to it (2); an image all bright (3)."""
    pixels = np.zeros((4, 1, 4, 4))
    pixels[:2, 0, 0, 0] = pixels[2, 0, 0, 1] = pixels[3] = 255
    return _images(pixels, [1, 0, 1, 1])


def _target(network: nn.Module | None = None) -> Target:
    return Target(network or Corner(), "a/b", "0" * 64, 1)


def _photos(n: int = 6) -> torch.Tensor:
    return torch.rand((n, 3, 7, 9), generator=torch.Generator().manual_seed(3))


def test_shares_by_hand() -> None:
    """Five versions: the image, and moved by one up, left, right and down. A bright corner leaves the image
    when it moves up or left, and is repeated when it moves right or down: bright in 3 of 5. The pixel next to
    it is in the corner after the move to the left alone."""
    target = _target()
    scores = label_only(target, _toy(), NOTHING | {"shifts": [1]}, seed=0)
    assert scores.dtype == np.float64
    assert scores.tolist() == pytest.approx([0.6, 0.4, 0.2, 1.0])
    assert target.queries == target.forwards == 4 * 5 and target.forward_backwards == 0


def test_the_label_is_the_one_given_in_training() -> None:
    images = _toy()
    turned = replace(images, labels=1 - images.labels)
    settings = NOTHING | {"shifts": [1, 2], "noise": [0.3], "noise_copies": 3}
    first, second = (label_only(_target(), x, settings, seed=0) for x in (images, turned))
    assert first + second == pytest.approx(np.ones(4))


@pytest.mark.parametrize(
    ("change", "count"),
    [
        ({}, 1),
        ({"shifts": [1, 2]}, 1 + 4 + 8),
        ({"rotations": [3, 6, 9]}, 1 + 6),
        ({"flip": True}, 2),
        ({"noise": [0.1, 0.2], "noise_copies": 5}, 1 + 10),
        ({"shifts": [1], "rotations": [2], "flip": True, "noise": [0.1], "noise_copies": 2}, 10),
    ],
)
def test_every_version_is_one_query(change: dict[str, Any], count: int) -> None:
    target = _target()
    label_only(target, _toy(), NOTHING | change, seed=0)
    assert target.queries == 4 * count


def test_scores_do_not_depend_on_batches_or_company(overfitted: Target, nonmembers: Images) -> None:
    whole = label_only(overfitted, nonmembers, DIGITS, seed=3)
    assert np.array_equal(whole, label_only(overfitted, nonmembers, DIGITS | {"batch_size": 37}, seed=3))
    few = np.array([400, 3, 77])
    chosen = replace(
        nonmembers, pixels=nonmembers.pixels[few], labels=nonmembers.labels[few], ids=nonmembers.ids[few]
    )
    assert np.array_equal(label_only(overfitted, chosen, DIGITS, seed=3), whole[few])
    assert not np.array_equal(label_only(overfitted, nonmembers, DIGITS, seed=4), whole)


def test_moves() -> None:
    assert moves(1) == [(-1, 0), (0, -1), (0, 1), (1, 0)]
    for distance in (1, 2, 3):
        assert len(set(moves(distance))) == 4 * distance
        assert all(abs(i) + abs(j) == distance for i, j in moves(distance))


@pytest.mark.parametrize(("down", "right"), [(0, 0), (2, 0), (-1, 0), (0, 3), (1, -2), (9, -9)])
def test_shifts_repeat_the_edge(down: int, right: int) -> None:
    x = _photos()
    padded = np.pad(x.numpy(), ((0, 0), (0, 0), (9, 9), (9, 9)), mode="edge")
    expected = padded[:, :, 9 - down : 16 - down, 9 - right : 18 - right]
    assert np.array_equal(shifted(x, down, right).numpy(), expected)


@pytest.mark.parametrize("degrees", [-7.5, 2, 10, 45])
def test_rotations_against_scipy(degrees: float) -> None:
    x = _photos()
    expected = rotate(x.numpy(), degrees, axes=(3, 2), reshape=False, order=1, mode="nearest")
    assert np.abs(rotated(x, degrees).numpy() - expected).max() < 1e-5


def test_rotations_that_are_known() -> None:
    square = _photos()[:, :, :, :7]
    assert torch.allclose(rotated(square, 0), square, atol=1e-6)
    assert torch.allclose(rotated(square, 90), square.rot90(1, (2, 3)), atol=1e-5)
    assert torch.allclose(rotated(torch.full((2, 1, 8, 8), 0.3), 11), torch.tensor(0.3), atol=1e-6)
    extreme = rotated((_photos() > 0.5).float(), 33)
    assert extreme.min() >= 0 and extreme.max() <= 1


def test_noise_is_gaussian_of_the_given_size_and_each_copy_another() -> None:
    x = torch.full((40, 1, 16, 16), 0.5)
    settings = NOTHING | {"noise": [0.05, 0.1], "noise_copies": 3}
    _, *noisy = versions(x, np.arange(40), settings, Noise(0, "label-only"))
    added = torch.stack(noisy) - x
    assert added.flatten(1).std(dim=1).tolist() == pytest.approx([0.05] * 3 + [0.1] * 3, rel=0.03)
    together = np.corrcoef(added.flatten(1).numpy())
    assert np.abs(together - np.eye(6)).max() < 0.05
    _, loud = versions(
        x, np.arange(40), NOTHING | {"noise": [3.0], "noise_copies": 1}, Noise(0, "label-only")
    )
    assert (loud.min(), loud.max()) == (0, 1)


def test_the_mirror_image_is_asked_only_if_so_set() -> None:
    x = _photos()
    ids = np.arange(6)
    assert len(list(versions(x, ids, NOTHING, Noise(0, "label-only")))) == 1
    first, mirrored = versions(x, ids, NOTHING | {"flip": True}, Noise(0, "label-only"))
    assert torch.equal(first, x) and np.array_equal(mirrored.numpy(), x.numpy()[..., ::-1])


def test_each_angle_is_taken_either_way() -> None:
    x = _photos()
    settings = NOTHING | {"rotations": [5, 9]}
    _, *turned = versions(x, np.arange(6), settings, Noise(0, "label-only"))
    expected = [rotated(x, degrees) for degrees in (5, -5, 9, -9)]
    assert all(torch.equal(a, b) for a, b in zip(turned, expected, strict=True))


def test_answers_that_are_not_finite_name_the_image() -> None:
    class Broken(nn.Module):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return torch.where(x[:, :1, 0, 1] > 0.5, torch.nan, torch.zeros(len(x), 2))

    with pytest.raises(CheckFailed, match=r"a/b on toy, split train: logits of a version of image 9 are not"):
        label_only(_target(Broken()), _toy().first(3), NOTHING | {"batch_size": 2}, seed=0)


def test_the_overfitted_control_is_found(
    overfitted: Target, overfitted_members: Images, train_split: Images, nonmembers: Images
) -> None:
    outside = label_only(overfitted, nonmembers, DIGITS, seed=0)
    members = label_only(overfitted, overfitted_members, DIGITS, seed=0)
    found = auc_interval(members, outside)
    assert found.low > 0.6
    # By the right labels, which the model was not given for 40 % of its images, it would not be found.
    by_right_labels = auc_interval(label_only(overfitted, train_split, DIGITS, seed=0), outside)
    assert by_right_labels.auc < found.low
    # It tells more than the answer to the image alone does, that is what its versions are for.
    alone = auc_interval(
        label_only(overfitted, overfitted_members, NOTHING, seed=0),
        label_only(overfitted, nonmembers, NOTHING, seed=0),
    )
    assert found.auc > alone.auc + 0.02


def test_a_model_without_the_members_gives_nothing_away(
    without_members: Target, train_split: Images, nonmembers: Images
) -> None:
    sides = [label_only(without_members, x, DIGITS, seed=0) for x in (train_split, nonmembers)]
    found = auc_interval(*sides)
    assert found.low < 0.5 < found.high and found.high - found.low < 0.08
