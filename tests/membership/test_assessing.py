"""From scores to entries of a record, and what is checked before and beside it."""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import beta, norm

from evaluations.datasets import Images
from evaluations.engine.validity import check_measurement
from evaluations.membership.assessing import assess, class_aucs
from evaluations.membership.delong import auc_interval
from evaluations.membership.evaluation_sets import check_sets
from evaluations.membership.loss import loss
from evaluations.membership.permutation import null_variance, permutation_check
from evaluations.membership.roc import Roc
from evaluations.method import Measurement
from evaluations.target import Target
from sngen.errors import CheckFailed
from sngen.intervals import wilson
from sngen.results import ScoreEntry


def _drawn(n: int, distance: float = 1.0, seed: int = 0) -> tuple[np.ndarray, ...]:
    """Scores of n members and n non-members, and labels of 3 classes."""
    rng = np.random.default_rng(seed)
    return rng.normal(distance, 1, n), rng.normal(0, 1, n), rng.integers(0, 3, n), rng.integers(0, 3, n)


def _assessed(
    n: int, thresholds: np.ndarray | None = None, distance: float = 1.0
) -> tuple[dict[tuple[str, str], ScoreEntry], Roc]:
    members, nonmembers, member_labels, nonmember_labels = _drawn(n, distance)
    entries, roc = assess(members, nonmembers, "loss", member_labels, nonmember_labels, thresholds)
    check_measurement(Measurement(tuple(entries)))
    return {(entry.setting, entry.metric): entry for entry in entries}, roc


def test_every_entry_is_what_its_name_says() -> None:
    members, nonmembers, member_labels, nonmember_labels = _drawn(1000)
    thresholds = np.array([0.4, 0.5, 0.6])
    entries, roc = _assessed(1000, thresholds)
    assert set(entries) == {
        ("loss", "auc"), ("loss", "balanced_accuracy"), ("loss-best-threshold", "balanced_accuracy"),
        ("loss-fpr-0.01", "true_positive_rate"), ("loss-fpr-0.01", "false_positive_rate"),
        ("loss-fpr-0.001", "true_positive_rate"), ("loss-fpr-0.001", "false_positive_rate"),
    }  # fmt: skip
    area = entries["loss", "auc"]
    assert area.value == roc.auc == auc_interval(members, nonmembers).auc and area.n == 2000
    found, missed = members >= thresholds[member_labels], nonmembers >= thresholds[nonmember_labels]
    assert entries["loss", "balanced_accuracy"].value == pytest.approx((found.mean() + 1 - missed.mean()) / 2)
    highest = max(((members >= t).mean() - (nonmembers >= t).mean()) / 2 + 0.5 for t in roc.thresholds)
    assert entries["loss-best-threshold", "balanced_accuracy"].value == pytest.approx(highest)
    cut = np.sort(nonmembers)[-11]  # ten are above it
    assert entries["loss-fpr-0.01", "true_positive_rate"].value == (members > cut).mean()
    assert entries["loss-fpr-0.01", "false_positive_rate"].value == 0.01
    assert entries["loss-fpr-0.001", "true_positive_rate"].value == (members > np.sort(nonmembers)[-2]).mean()


def test_intervals_are_the_closed_forms() -> None:
    members, nonmembers, *_ = _drawn(1000)
    entries, _ = _assessed(1000, np.full(3, 0.5))
    rate = entries["loss-fpr-0.01", "true_positive_rate"]
    hits = round(rate.value * 1000)
    assert (rate.ci_low, rate.ci_high) == pytest.approx(
        (beta.ppf(0.025, hits, 1001 - hits), beta.ppf(0.975, hits + 1, 1000 - hits))
    )
    # Balanced accuracy: the Wilson ends of either rate, combined as independent errors of a mean of two.
    found, spared = (members >= 0.5).sum(), (nonmembers < 0.5).sum()
    (low_a, high_a), (low_b, high_b) = wilson(found, 1000), wilson(spared, 1000)
    value = (found + spared) / 2000
    below = ((found / 1000 - low_a) ** 2 + (spared / 1000 - low_b) ** 2) ** 0.5 / 2
    above = ((high_a - found / 1000) ** 2 + (high_b - spared / 1000) ** 2) ** 0.5 / 2
    entry = entries["loss", "balanced_accuracy"]
    assert (entry.value, entry.ci_low, entry.ci_high) == pytest.approx((value, value - below, value + above))


def test_intervals_cover_the_closed_forms() -> None:
    """Normal scores a distance of 1 apart, threshold 1/2: AUC Phi(1 / sqrt 2), balanced accuracy Phi(1/2)."""
    held = []
    for seed in range(200):
        entries, _ = assess(*_drawn(60, seed=seed)[:2], "loss", *_drawn(60, seed=seed)[2:], np.full(3, 0.5))
        truth = norm.cdf(0.5**0.5), norm.cdf(0.5)
        pairs = zip(entries[:2], truth, strict=True)
        held.append([entry.ci_low <= true <= entry.ci_high for entry, true in pairs])
    assert [entry.metric for entry in entries[:2]] == ["auc", "balanced_accuracy"]
    assert np.all(np.mean(held, axis=0) >= 0.91) and np.all(np.mean(held, axis=0) <= 0.99)


def test_a_threshold_tuned_on_the_target_is_named_so() -> None:
    entries, _ = _assessed(300)
    assert ("loss", "balanced_accuracy") not in entries
    assert entries["loss-best-threshold", "balanced_accuracy"].flags == ("threshold-tuned-on-target",)
    with_shadow, _ = _assessed(300, np.zeros(3))
    assert with_shadow["loss", "balanced_accuracy"].flags == ()
    assert with_shadow["loss", "balanced_accuracy"].value <= (
        with_shadow["loss-best-threshold", "balanced_accuracy"].value
    )


@pytest.mark.parametrize(
    ("n", "expected"),
    [
        (99, {}),
        (100, {"fpr-0.01": "few"}),
        (999, {"fpr-0.01": "few"}),
        (1000, {"fpr-0.01": "enough", "fpr-0.001": "few"}),
        (9_999, {"fpr-0.01": "enough", "fpr-0.001": "few"}),
        (10_000, {"fpr-0.01": "enough", "fpr-0.001": "enough"}),
    ],
)
def test_rates_that_this_many_images_cannot_resolve(n: int, expected: dict[str, str]) -> None:
    """Ten expected false positives are enough, fewer are flagged, fewer than one give no number."""
    entries, _ = _assessed(n)
    for name in ("fpr-0.01", "fpr-0.001"):
        for metric in ("true_positive_rate", "false_positive_rate"):
            entry = entries.get((f"loss-{name}", metric))
            assert (entry is not None) == (name in expected)
            if entry is not None:
                assert entry.flags == (("few-false-positives",) if expected[name] == "few" else ())
    missing = tuple(f"not-resolvable-{name}" for name in ("fpr-0.01", "fpr-0.001") if name not in expected)
    assert entries["loss", "auc"].flags == missing


@pytest.mark.parametrize("distance", [-1000.0, 1000.0])
def test_entries_of_a_perfect_attack_and_of_its_opposite_are_valid(distance: float) -> None:
    entries, _ = _assessed(200, np.zeros(3), distance)
    assert entries["loss", "auc"].value == (distance > 0)
    for entry in entries.values():
        assert 0 <= entry.ci_low <= entry.value <= entry.ci_high <= 1


def test_a_constant_score_is_one_half_and_finds_nobody() -> None:
    labels = np.arange(400) % 3
    found, _ = assess(np.ones(400), np.ones(400), "loss", labels, labels, np.ones(3))
    values = {(entry.setting, entry.metric): entry.value for entry in found}
    assert values["loss", "auc"] == values["loss", "balanced_accuracy"] == 0.5
    assert values["loss-best-threshold", "balanced_accuracy"] == 0.5
    assert (
        values["loss-fpr-0.01", "true_positive_rate"] == values["loss-fpr-0.01", "false_positive_rate"] == 0
    )


def test_area_of_each_class() -> None:
    scores = np.array([3.0, 1, 0, 5]), np.array([2.0, 0, 4, 9])
    labels = np.array([0, 0, 1, 3]), np.array([0, 0, 1, 2])
    found = class_aucs(*scores, *labels, 5)
    assert found[:2].tolist() == [3 / 4, 0.0] and np.isnan(found[2:]).all()
    members, nonmembers, member_labels, nonmember_labels = _drawn(500)
    by_class = class_aucs(members, nonmembers, member_labels, nonmember_labels, 3)
    assert by_class == pytest.approx(np.full(3, norm.cdf(0.5**0.5)), abs=0.1)


def test_labels_of_other_images_are_refused() -> None:
    members, nonmembers, member_labels, nonmember_labels = _drawn(50)
    with pytest.raises(
        CheckFailed, match=r"labels: found int64 \[49\], expected integers, one for each of the 50"
    ):
        assess(members, nonmembers, "loss", member_labels[1:], nonmember_labels)
    with pytest.raises(CheckFailed, match="labels: found values from 0 to 2, expected 0 to 1"):
        assess(members, nonmembers, "loss", member_labels, nonmember_labels, np.zeros(2))
    with pytest.raises(CheckFailed, match="expected one finite number for each class"):
        assess(members, nonmembers, "loss", member_labels, nonmember_labels, np.array([0, np.inf, 0]))


def _images(split: str, ids: list[int], labels: list[int] | None = None, dataset: str = "toy") -> Images:
    n = len(ids)
    return Images(
        dataset, split, np.zeros((n, 1, 2, 2), np.uint8), 255,
        np.array(labels or [i % 2 for i in range(n)]), np.array(ids, dtype=np.int32), 2,
    )  # fmt: skip


def test_sets_that_are_fit_for_a_number(overfitted_members: Images, nonmembers: Images) -> None:
    check_sets(overfitted_members, nonmembers, needed=599)
    check_sets(_images("train", [0, 1, 2]), _images("train", [3, 4, 5]))
    check_sets(_images("train", [0, 1, 2]), _images("test", [0, 1, 2]))  # ids of other splits are others


@pytest.mark.parametrize(
    ("members", "others", "message"),
    [
        (
            _images("train", [1]),
            _images("test", [1]),
            "members: toy, split train: found 1 images, expected at",
        ),
        (_images("train", [1, 2]), _images("test", [1]), "non-members: toy, split test: found 1 images"),
        (
            _images("train", [1, 2]),
            _images("test", [1, 2, 3]),
            "2 members and 3 non-members, .*Take 2 of each",
        ),
        (_images("train", [1, 2, 3]), _images("train", [4, 3, 1]), "2 images are members and .* first is 1;"),
        (
            _images("train", [1, 5, 5]),
            _images("test", [1, 2, 3]),
            "members: toy, split train: 1 ids .* is 5;",
        ),
        (_images("train", [1, 2]), _images("test", [1, 2], dataset="other"), "expected one dataset"),
        (
            _images("train", list(range(60)), [0] * 10 + [1] * 50),
            _images("test", list(range(60)), [0] * 50 + [1] * 10),
            re.escape("images by class [10, 50] and [50, 10]"),
        ),
    ],
)
def test_sets_that_are_not(members: Images, others: Images, message: str) -> None:
    with pytest.raises(CheckFailed, match=message):
        check_sets(members, others)


def test_sets_of_other_sizes_are_not_of_one_dataset(nonmembers: Images) -> None:
    larger = replace(nonmembers, pixels=np.zeros((599, 1, 9, 9), np.uint8))
    with pytest.raises(CheckFailed, match=r"\[1, 9, 9\].* and non-members of .*\[1, 8, 8\]"):
        check_sets(larger, nonmembers)
    with pytest.raises(CheckFailed, match="found 599 images, expected at least 600"):
        check_sets(replace(nonmembers, split="train"), nonmembers, needed=600)


def test_classes_drawn_alike_are_never_refused_and_a_split_in_order_of_classes_is() -> None:
    rng = np.random.default_rng(0)
    for _ in range(200):
        first, second = (rng.integers(0, 2, 200).tolist() for _ in range(2))
        check_sets(_images("train", list(range(200)), first), _images("test", list(range(200)), second))
    ordered = _images("train", list(range(200)), [0] * 190 + [1] * 10)
    with pytest.raises(CheckFailed, match="Draw both by class"):
        check_sets(ordered, _images("test", list(range(200)), [0] * 100 + [1] * 100))


def test_membership_by_lot_is_one_half_even_where_the_score_knows(
    overfitted: Target, overfitted_members: Images, nonmembers: Images
) -> None:
    sides = [loss(overfitted.logits(x, 64), x.labels) for x in (overfitted_members, nonmembers)]
    found = permutation_check(*sides, permutations=200, seed=0)
    assert Roc.of(*sides).auc > 0.7
    assert found.mean == pytest.approx(0.5, abs=4 * found.expected_sd / 200**0.5)
    assert found.aucs.std() == pytest.approx(found.expected_sd, rel=0.2)
    assert found.expected_sd == pytest.approx((1199 / (12 * 599 * 599)) ** 0.5, rel=1e-3)
    assert found.p_value == 1 / 201
    again = permutation_check(*sides, permutations=200, seed=0)
    assert np.array_equal(found.aucs, again.aucs)
    assert not np.array_equal(found.aucs, permutation_check(*sides, permutations=200, seed=1).aucs)


def test_permuted_areas_are_those_of_the_curve() -> None:
    """Two members and two non-members with a tie: all six ways to draw, by the curve itself."""
    scores = np.array([1.0, 2, 2, 4])
    ways = [[0, 1], [0, 2], [0, 3], [1, 2], [1, 3], [2, 3]]
    areas = [Roc.of(scores[way], np.delete(scores, way)).auc for way in ways]
    found = permutation_check(scores[:2], scores[2:], permutations=400, seed=0)
    assert set(found.aucs.tolist()) == set(areas)
    assert found.expected_sd**2 == pytest.approx(np.var(areas))
    assert null_variance(np.array([1, 2.5, 2.5, 4]), 2) == pytest.approx(np.var(areas))


def test_p_values_without_any_knowledge_are_uniform() -> None:
    rng = np.random.default_rng(0)
    found = [permutation_check(rng.normal(0, 1, 20), rng.normal(0, 1, 20), 39, seed=s) for s in range(300)]
    p_values = np.array([check.p_value for check in found])
    assert 0.02 < (p_values <= 0.05).mean() < 0.09 and 0.42 < (p_values <= 0.5).mean() < 0.58


def test_a_constant_score_passes_the_permutation_check() -> None:
    found = permutation_check(np.ones(9), np.ones(5), 10, seed=0)
    assert (found.mean, found.expected_sd, found.p_value) == (0.5, 0, 1)
