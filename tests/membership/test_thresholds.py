"""Class-wise thresholds against exhaustive search and against what theory allows."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import norm

from evaluations.membership.roc import Roc
from evaluations.membership.thresholds import above_thresholds, class_wise_thresholds
from sngen.errors import CheckFailed
from sngen.intervals import newcombe_difference

tied = st.lists(st.integers(-3, 3).map(float), min_size=1, max_size=12).map(np.array)


def _shadow(members: np.ndarray, nonmembers: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    return np.concatenate([members, nonmembers]), np.arange(len(members) + len(nonmembers)) < len(members)


@given(tied, tied)
def test_no_other_threshold_is_better_on_the_shadow_data(members: np.ndarray, nonmembers: np.ndarray) -> None:
    scores, is_member = _shadow(members, nonmembers)
    (threshold,) = class_wise_thresholds(scores, is_member, np.zeros(len(scores), np.int64), 1)

    def advantage(t: float) -> int:  # in whole numbers
        return int((members >= t).sum() * len(nonmembers) - (nonmembers >= t).sum() * len(members))

    grid = np.arange(-4, 4.5, 0.5)
    best = max(map(advantage, grid))
    assert np.isfinite(threshold) and advantage(threshold) == best
    called = (scores >= threshold).sum()
    if best == 0:  # chance: everybody
        assert called == len(scores)
    else:  # of equals the highest: a higher cut that is as good calls the same images members
        assert all((scores >= t).sum() == called for t in grid if t > threshold and advantage(t) == best)


def test_by_hand() -> None:
    """Class 0: between 1 and 3. Class 1: between -5 and -4. Class 2: all alike, so everybody is a member."""
    scores = np.array([3, 4, 1, 0, -4, -3, -5, -9, 7, 7.0])
    is_member = np.array([1, 1, 0, 0, 1, 1, 0, 0, 1, 0], dtype=bool)
    labels = np.array([0, 0, 0, 0, 1, 1, 1, 1, 2, 2])
    thresholds = class_wise_thresholds(scores, is_member, labels, 3)
    assert thresholds.tolist() == [2.0, -4.5, 7.0]
    assert above_thresholds(np.array([2.0, -4.6, 7.0]), np.array([0, 1, 2]), thresholds).tolist() == (
        pytest.approx([0.0, -0.1, 0.0])
    )


def test_right_and_wrong_are_cut_in_the_middle() -> None:
    """For scores of 0 and 1: 1/2 where members are right more often, else everybody."""
    scores, is_member = _shadow(np.array([1.0, 1, 1, 0]), np.array([1.0, 0, 0, 0]))
    labels = np.zeros(8, np.int64)
    assert class_wise_thresholds(scores, is_member, labels, 1).tolist() == [0.5]
    assert class_wise_thresholds(scores, ~is_member, labels, 1).tolist() == [0.0]


def test_order_of_the_shadow_images_does_not_matter() -> None:
    rng = np.random.default_rng(0)
    scores, is_member, labels = rng.integers(0, 5, 300) * 1.0, rng.random(300) < 0.5, rng.integers(0, 4, 300)
    order = rng.permutation(300)
    first = class_wise_thresholds(scores, is_member, labels, 4)
    assert np.array_equal(first, class_wise_thresholds(scores[order], is_member[order], labels[order], 4))


def test_neighbours_in_floating_point_are_still_separated() -> None:
    low, high = 1.0, float(np.nextafter(1, 2))
    scores, is_member = _shadow(np.array([high]), np.array([low]))
    (threshold,) = class_wise_thresholds(scores, is_member, np.zeros(2, np.int64), 1)
    assert low < threshold <= high


def test_thresholds_of_each_class_recover_what_one_threshold_loses() -> None:
    """Member scores are normal, 1.2 above the non-members', around a centre of each class's own. The best
    threshold of a class is half-way and gives balanced accuracy Phi(0.6); one threshold for all is worse.
    Learned on shadow images, judged on others."""
    rng = np.random.default_rng(1)
    centres = np.array([-6.0, 0.0, 2.0, 9.0])

    def draw(n: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        labels, is_member = rng.integers(0, 4, n), rng.random(n) < 0.5
        return rng.normal(0, 1, n) + centres[labels] + 1.2 * is_member, is_member, labels

    thresholds = class_wise_thresholds(*draw(8000), 4)
    assert thresholds == pytest.approx(centres + 0.6, abs=0.25)
    scores, is_member, labels = draw(4000)
    above = above_thresholds(scores, labels, thresholds)
    class_wise = Roc.of(above[is_member], above[~is_member])
    point = class_wise.at_threshold(0.0)
    low, high = newcombe_difference(
        point.true_positives, point.members, point.false_positives, point.nonmembers
    )
    assert 0.5 + low / 2 < norm.cdf(0.6) < 0.5 + high / 2 + 0.005
    for_all = Roc.of(scores[is_member], scores[~is_member])
    assert for_all.best_balanced_accuracy().balanced_accuracy < point.balanced_accuracy - 0.08
    assert class_wise.auc > for_all.auc + 0.1


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"scores": np.array([0, 1, np.inf, 3.0])}, "1 scores are not finite"),
        ({"scores": np.zeros((4, 1))}, r"found scores \[4, 1\]"),
        ({"is_member": np.array([1, 0, 1, 0])}, r"membership int64 \[4\], expected \[images\] and a bool"),
        ({"is_member": np.array([True, False])}, r"membership bool \[2\]"),
        ({"labels": np.array([0, 0, 1, 2])}, "found values from 0 to 2, expected 0 to 1"),
        ({"labels": np.array([0, 0, 0, 0])}, "no members of the classes 1, expected some of every class"),
        ({"is_member": np.ones(4, bool)}, "no non-members of the classes 0, 1, expected"),
    ],
)
def test_unusable_shadow_data_is_named(change: dict[str, np.ndarray], message: str) -> None:
    usable = {
        "scores": np.arange(4.0), "is_member": np.array([1, 0, 1, 0], dtype=bool),
        "labels": np.array([0, 0, 1, 1]),
    }  # fmt: skip
    assert len(class_wise_thresholds(*usable.values(), 2)) == 2
    with pytest.raises(CheckFailed, match=message):
        class_wise_thresholds(*(usable | change).values(), 2)


def test_labels_without_a_threshold_are_refused() -> None:
    with pytest.raises(CheckFailed, match="found values from 0 to 3, expected 0 to 1"):
        above_thresholds(np.zeros(2), np.array([0, 3]), np.zeros(2))
