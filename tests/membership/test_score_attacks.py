"""Score attacks by hand, against exact arithmetic, against closed forms, and on the controls."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal, localcontext

import numpy as np
import pytest
from scipy.stats import norm

from evaluations.datasets import Images
from evaluations.membership.confidence import confidence
from evaluations.membership.correctness import correctness
from evaluations.membership.delong import auc_interval
from evaluations.membership.entropy import entropy
from evaluations.membership.loss import loss
from evaluations.membership.modified_entropy import modified_entropy
from evaluations.membership.posteriors import log_complement, log_softmax
from evaluations.membership.roc import Roc
from evaluations.target import Target
from sngen.errors import CheckFailed

Attack = Callable[[np.ndarray, np.ndarray], np.ndarray]
ATTACKS: tuple[Attack, ...] = (correctness, confidence, loss, entropy, modified_entropy)
every_attack = pytest.mark.parametrize("attack", ATTACKS, ids=lambda attack: attack.__name__)


def _exactly(logits: list[float], label: int) -> dict[str, float]:
    """The definitions, one image at a time, on probabilities of 300 digits."""
    with localcontext() as context:
        context.prec = 300
        exponentials = [Decimal(z).exp() for z in logits]
        p = [e / sum(exponentials) for e in exponentials]
        others = [q for i, q in enumerate(p) if i != label]
        mentr = -(1 - p[label]) * p[label].ln() - sum(q * (1 - q).ln() for q in others)
        return {
            "confidence": float(p[label]),
            "loss": float(p[label].ln()),
            "entropy": float(sum(q * q.ln() for q in p)),
            "modified_entropy": -float(mentr),
        }


def _logits(probabilities: list[float]) -> np.ndarray:
    return np.log([probabilities])


def _random(n: int, scale: float, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    return rng.normal(0, scale, (n, 6)).astype(np.float32), rng.integers(0, 6, n)


def test_by_hand() -> None:
    """Posterior (0.7, 0.2, 0.1). Label 0: Mentr = -(0.3 ln 0.7 + 0.2 ln 0.8 + 0.1 ln 0.9) = 0.162167.
    Label 2: -(0.9 ln 0.1 + 0.7 ln 0.3 + 0.2 ln 0.8) = 2.959737. Entropy 0.801819."""
    logits, first, last = _logits([0.7, 0.2, 0.1]), np.array([0]), np.array([2])
    assert modified_entropy(logits, first)[0] == pytest.approx(-0.162167, abs=1e-6)
    assert modified_entropy(logits, last)[0] == pytest.approx(-2.959737, abs=1e-6)
    assert entropy(logits, first)[0] == entropy(logits, last)[0] == pytest.approx(-0.801819, abs=1e-6)
    assert confidence(logits, last)[0] == pytest.approx(0.1)
    assert loss(logits, last)[0] == pytest.approx(-2.302585, abs=1e-6)
    assert (correctness(logits, first)[0], correctness(logits, last)[0]) == (1, 0)


@pytest.mark.parametrize("scale", [0.1, 1.0, 10.0, 100.0])
def test_against_exact_arithmetic(scale: float) -> None:
    logits, labels = _random(5, scale)
    for name, attack in {a.__name__: a for a in ATTACKS[1:]}.items():
        found = attack(logits, labels)
        expected = [_exactly(row.tolist(), y)[name] for row, y in zip(logits, labels.tolist(), strict=True)]
        assert found.dtype == np.float64
        assert found == pytest.approx(expected, rel=1e-9, abs=1e-300), name


def test_log_probabilities_keep_their_precision_next_to_one() -> None:
    """A margin of 100 over one other class: log p = -log1p(e^-100), log(1 - p) = -100 - log1p(e^-100)."""
    logits = np.array([[100.0, 0.0], [-300.0, 300.0]], dtype=np.float32)
    assert log_softmax(logits)[:, 0] == pytest.approx([-np.exp(-100.0), -600.0], rel=1e-12)
    assert log_complement(logits)[:, 1] == pytest.approx([-np.exp(-100.0), -600.0], rel=1e-12)
    assert np.isfinite(log_complement(np.array([[1e30, 0, -1e30]], dtype=np.float32))).all()


def test_sure_answers_are_told_apart() -> None:
    """From logits; probabilities in float32 are all 1 from a margin of 17 on, and tie."""
    margins = np.arange(5.0, 300.0, 5.0, dtype=np.float32)
    logits = np.stack([margins, np.zeros_like(margins), np.zeros_like(margins)], axis=1)
    labels = np.zeros(len(margins), dtype=np.int64)
    for attack in (loss, entropy, modified_entropy):
        assert (np.diff(attack(logits, labels)) > 0).all(), attack.__name__
    in_float32 = np.float32(1) / (1 + 2 * np.exp(-margins))
    assert len(np.unique(in_float32)) < 5


def test_correctness_is_the_gap() -> None:
    """The AUC and the best balanced accuracy are both 1/2 + (train - test accuracy) / 2."""
    rng = np.random.default_rng(3)
    labels = rng.integers(0, 10, 2000)
    logits = rng.normal(0, 1, (2000, 10)).astype(np.float32)
    members = np.arange(2000) < 900
    told = rng.random(2000) < np.where(members, 0.93, 0.71)
    logits[np.flatnonzero(told), labels[told]] = 9
    right = logits.argmax(axis=1) == labels
    expected = 0.5 + (right[members].mean() - right[~members].mean()) / 2
    scores = correctness(logits, labels)
    roc = Roc.of(scores[members], scores[~members])
    assert roc.auc == pytest.approx(expected, abs=1e-15)
    assert roc.best_balanced_accuracy().balanced_accuracy == pytest.approx(expected, abs=1e-15)


def test_confidence_and_loss_are_one_attack() -> None:
    logits, labels = _random(600, 2.0)
    by_confidence, by_loss = confidence(logits, labels), loss(logits, labels)
    assert np.array_equal(by_confidence.argsort(), by_loss.argsort())
    assert Roc.of(*np.split(by_confidence, [250])).auc == Roc.of(*np.split(by_loss, [250])).auc


def test_entropy_does_not_know_the_label_and_modified_entropy_does() -> None:
    logits, labels = _random(200, 3.0)
    other = (labels + 1) % 6
    assert np.array_equal(entropy(logits, labels), entropy(logits, other))
    assert (modified_entropy(logits, labels) != modified_entropy(logits, other)).all()
    sure = _logits([0.998, 0.001, 0.001])
    assert modified_entropy(sure, np.array([0]))[0] > -0.01 and modified_entropy(sure, np.array([1]))[0] < -6


def test_with_two_classes_modified_entropy_orders_as_the_loss() -> None:
    """There it is 2 (1 - p) log p, which rises with p."""
    logits, labels = _random(400, 4.0)
    logits, labels = logits[:, :2], labels % 2
    p = confidence(logits, labels)
    assert modified_entropy(logits, labels) == pytest.approx(2 * (1 - p) * np.log(p), rel=1e-6)
    assert np.array_equal(modified_entropy(logits, labels).argsort(), loss(logits, labels).argsort())


@every_attack
def test_names_of_classes_and_the_level_of_logits_do_not_matter(attack: Attack) -> None:
    logits, labels = _random(100, 3.0)
    order = np.array([3, 1, 5, 0, 2, 4])
    scores = attack(logits, labels)
    assert attack(logits[:, order], order.argsort()[labels]) == pytest.approx(scores, rel=1e-12)
    exact = logits.astype(np.float64)
    assert attack(exact + 1000, labels) == pytest.approx(scores, rel=1e-9)


@every_attack
def test_an_image_gets_the_same_score_alone(attack: Attack) -> None:
    logits, labels = _random(50, 3.0)
    alone = [attack(logits[i : i + 1], labels[i : i + 1])[0] for i in range(50)]
    assert np.array_equal(attack(logits, labels), alone)


@pytest.mark.parametrize("distance", [0.0, 0.4, 1.5])
@pytest.mark.parametrize("attack", [confidence, loss, modified_entropy], ids=lambda attack: attack.__name__)
def test_simulated_posteriors_give_the_closed_form(attack: Attack, distance: float) -> None:
    """Two classes whose log-odds for the label are normal, members' higher by a distance:
    AUC = Phi(distance / sqrt 2). About 95 % of 300 intervals hold it."""
    rng = np.random.default_rng(int(10 * distance))
    truth, held = norm.cdf(distance / 2**0.5), []
    for _ in range(300):
        labels = rng.integers(0, 2, 240)
        log_odds = rng.normal(1, 1, 240) + distance * (np.arange(240) < 120)
        logits = np.zeros((240, 2), dtype=np.float32)
        logits[np.arange(240), labels] = log_odds
        found = auc_interval(*np.split(attack(logits, labels), [120]))
        held.append(found.low <= truth <= found.high)
    assert 0.915 <= np.mean(held) <= 0.985


@every_attack
@pytest.mark.parametrize(
    ("logits", "labels", "message"),
    [
        (np.array([[0, 1], [np.nan, 0], [0, 2.0]]), [0, 1, 1], "1 rows are not finite, the first is row 1"),
        (
            np.array([[np.inf, 1], [0, 0], [0, -np.inf]]),
            [0, 1, 1],
            "2 rows are not finite, the first is row 0",
        ),
        (np.zeros((3, 1)), [0, 0, 0], r"found shape \[3, 1\]"),
        (np.zeros((0, 4)), [], r"found shape \[0, 4\]"),
        (np.zeros(4), [0, 0, 0, 0], r"found shape \[4\]"),
        (np.zeros((2, 3), dtype=np.int64), [0, 0], "found int64, expected floating-point"),
        (
            np.zeros((2, 3)),
            [0],
            r"labels: found int64 \[1\], expected integers, one for each of the 2 images",
        ),
        (np.zeros((2, 3)), [0, 3], "labels: found values from 0 to 3, expected 0 to 2"),
        (np.zeros((2, 3)), [-1, 0], "labels: found values from -1 to 0"),
        (np.zeros((2, 3)), [0.0, 1.0], "labels: found float64"),
    ],
)
def test_broken_inputs_are_named(attack: Attack, logits: np.ndarray, labels: list[int], message: str) -> None:
    with pytest.raises(CheckFailed, match=message):
        attack(logits, np.array(labels) if labels else np.zeros(0, np.int64))


@every_attack
def test_the_overfitted_control_is_found(
    attack: Attack, overfitted: Target, overfitted_members: Images, nonmembers: Images
) -> None:
    sides = [attack(overfitted.logits(x, 64), x.labels) for x in (overfitted_members, nonmembers)]
    assert auc_interval(*sides).low > 0.6
    assert auc_interval(sides[1], sides[0]).high < 0.4


@every_attack
def test_a_model_without_the_members_gives_nothing_away(
    attack: Attack, without_members: Target, train_split: Images, nonmembers: Images
) -> None:
    sides = [attack(without_members.logits(x, 64), x.labels) for x in (train_split, nonmembers)]
    found = auc_interval(*sides)
    assert found.low < 0.5 < found.high and found.high - found.low < 0.08
