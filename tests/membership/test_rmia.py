"""RMIA, offline: against the paper's double loop over probabilities, and its known properties."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest
from scipy.special import softmax
from sklearn.metrics import roc_auc_score

from evaluations.membership.rmia import CANDIDATES, log_ratio, rmia_scores, tuned_a
from sngen.errors import CheckFailed, UsageError


@dataclass(frozen=True)
class Case:
    """Logits of a target and of M models on evaluated images x and on a population z."""

    x: np.ndarray
    labels_x: np.ndarray
    out_x: np.ndarray
    z: np.ndarray
    labels_z: np.ndarray
    out_z: np.ndarray
    out_mask_z: np.ndarray
    members: np.ndarray

    def scores(self, gamma: float, a: float) -> np.ndarray:
        return rmia_scores(
            self.x, self.labels_x, self.out_x, self.z, self.labels_z, self.out_z, self.out_mask_z,
            {"gamma": gamma, "a": a},
        )  # fmt: skip

    def ratios(self, a: float) -> np.ndarray:
        every_model = np.ones(self.out_x.shape[:2], dtype=np.bool_)
        return log_ratio(self.x, self.labels_x, self.out_x, every_model, a)


@pytest.mark.parametrize("gamma", [1.0, 2.0])
@pytest.mark.parametrize("a", [0.0, 0.3, 1.0])
def test_scores_are_those_of_the_double_loop(gamma: float, a: float) -> None:
    case = _case(images=60, population=50, models=6, sureness=2.0)
    found = case.scores(gamma, a)
    all_out = np.ones((6, 60), dtype=bool)
    ratio_x = _ratios(case.x, case.labels_x, case.out_x, all_out, a)
    ratio_z = _ratios(case.z, case.labels_z, case.out_z, case.out_mask_z, a)
    direct = [sum(x / z >= gamma for z in ratio_z) / len(ratio_z) for x in ratio_x]
    assert len(set(found.tolist())) > 5
    assert found == pytest.approx(np.array(direct), abs=1e-6)


def test_models_that_saw_z_are_left_out() -> None:
    case = _case(images=10, population=30, models=4, sureness=2.0)
    before = case.scores(1.0, 0.5)
    case.out_z[~case.out_mask_z] = 50.0 * np.eye(5)[0]
    assert case.scores(1.0, 0.5).tolist() == before.tolist()
    case.out_z[case.out_mask_z] = 50.0 * np.eye(5)[0]
    assert case.scores(1.0, 0.5).tolist() != before.tolist()


@pytest.mark.parametrize("gamma", [0.5, 1.0, 1.5])
def test_a_score_is_a_rising_step_function_of_the_ratio(gamma: float) -> None:
    """So the AUC is that of p / p-bar, but for the pairs that a step ties."""
    case = _case(images=400, population=300, models=4, sureness=3.0)
    scores, ratios = case.scores(gamma, 0.4), case.ratios(0.4)
    in_order = scores[np.argsort(ratios)]
    assert (np.diff(in_order) >= 0).all() and len(set(in_order)) > 20
    of_members, of_others = scores[case.members], scores[~case.members]
    tied = float((of_members[:, None] == of_others[None, :]).mean())
    assert abs(roc_auc_score(case.members, scores) - roc_auc_score(case.members, ratios)) <= tied / 2


def test_gamma_2_with_a_1_ties_nearly_everything_where_models_are_sure() -> None:
    case = _case(images=2000, population=500, models=4, sureness=8.0)
    most_frequent = np.unique(case.scores(2.0, 1.0), return_counts=True)[1].max()
    assert most_frequent > 0.9 * 2000
    assert roc_auc_score(case.members, case.scores(2.0, 1.0)) < roc_auc_score(case.members, case.ratios(1.0))
    assert np.unique(case.scores(1.0, 1.0), return_counts=True)[1].max() < 0.5 * 2000


def test_probabilities_too_small_for_a_float_still_have_an_order() -> None:
    """With a = 1, p / p-bar would be 0 / 0."""
    labels = np.zeros(2, dtype=np.int64)
    x, out_x = np.array([[0.0, 900.0], [0.0, 800.0]]), np.array([[[0.0, 850.0], [0.0, 850.0]]])
    z, out_z = np.array([[0.0, 845.0]]), np.array([[[0.0, 850.0]]])
    scores = rmia_scores(x, labels, out_x, z, labels[:1], out_z, np.array([[True]]), {"gamma": 1.0, "a": 1.0})
    assert scores.tolist() == [0.0, 1.0]


def test_a_is_the_one_that_attacks_the_reference_models_best() -> None:
    logits, labels, in_mask = _reference_pool(models=6, images=400)
    chosen = tuned_a(logits, labels, in_mask)
    p = np.stack([softmax(model, axis=1)[np.arange(400), labels] for model in logits])
    areas = {}
    for a in CANDIDATES:
        of_targets = []
        for target in range(6):
            others = [model for model in range(6) if model // 2 != target // 2]
            mean_out = [p[[o for o in others if not in_mask[o, i]], i].mean() for i in range(400)]
            ratio = p[target] / (0.5 * ((1 + a) * np.array(mean_out) + 1 - a))
            of_targets.append(roc_auc_score(in_mask[target], ratio))
        areas[a] = np.mean(of_targets)
    assert areas[chosen] == pytest.approx(max(areas.values()), abs=1e-12)
    assert max(areas.values()) > min(areas.values()) + 0.01


@pytest.mark.parametrize("models", [2, 5])
def test_a_is_tuned_on_pairs_beside_the_target(models: int) -> None:
    logits, labels, in_mask = _reference_pool(models=6, images=40)
    with pytest.raises(UsageError, match="an even number from 4"):
        tuned_a(logits[:models], labels, in_mask[:models])


@pytest.mark.parametrize(("gamma", "a"), [(0.0, 0.3), (-1.0, 0.3), (1.0, 1.1), (1.0, -0.1)])
def test_settings_out_of_range_are_refused(gamma: float, a: float) -> None:
    with pytest.raises(UsageError, match="expected above 0; a is"):
        _case(images=4, population=4, models=2, sureness=1.0).scores(gamma, a)


def test_a_z_that_every_model_saw_is_refused() -> None:
    case = _case(images=10, population=30, models=4, sureness=1.0)
    case.out_mask_z[:, 3] = False
    with pytest.raises(CheckFailed, match="1 images were seen by every reference model"):
        case.scores(1.0, 0.3)


def test_a_mask_of_the_wrong_shape_is_refused() -> None:
    case = _case(images=10, population=30, models=4, sureness=1.0)
    with pytest.raises(CheckFailed, match=r"expected bool \[4, 30\]"):
        rmia_scores(
            case.x, case.labels_x, case.out_x, case.z, case.labels_z, case.out_z, case.out_mask_z.T,
            {"gamma": 1.0, "a": 0.3},
        )  # fmt: skip


def _case(images: int, population: int, models: int, sureness: float) -> Case:
    """Random logits with the label's raised by ``sureness``, and further for images trained on."""
    generator = np.random.default_rng(4)
    members = np.arange(images) % 2 == 0
    out_mask_z = _halves(models, population)
    labels_x, labels_z = generator.integers(5, size=images), generator.integers(5, size=population)
    nobody, everybody = np.zeros((models, images), dtype=bool), np.zeros((1, population), dtype=bool)
    hard_x, hard_z = generator.normal(size=images), generator.normal(size=population)
    return Case(
        x=_model_logits(generator, labels_x, members[None], hard_x, sureness)[0],
        labels_x=labels_x,
        out_x=_model_logits(generator, labels_x, nobody, hard_x, sureness),
        z=_model_logits(generator, labels_z, everybody, hard_z, sureness)[0],
        labels_z=labels_z,
        out_z=_model_logits(generator, labels_z, ~out_mask_z, hard_z, sureness),
        out_mask_z=out_mask_z,
        members=members,
    )


def _reference_pool(models: int, images: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    generator = np.random.default_rng(5)
    labels, in_mask = generator.integers(5, size=images), _halves(models, images)
    hard = 2 * generator.normal(size=images)
    return _model_logits(generator, labels, in_mask, hard, 3.0), labels, in_mask


def _halves(models: int, images: int) -> np.ndarray:
    """Models 2k and 2k + 1 have two halves of the images."""
    generator = np.random.default_rng(6)
    cuts = [generator.permutation(images) < images // 2 for _ in range(-(-models // 2))]
    return np.stack([half for cut in cuts for half in (cut, ~cut)])[:models]


def _model_logits(
    generator: np.random.Generator, labels: np.ndarray, seen: np.ndarray, hard: np.ndarray, sureness: float
) -> np.ndarray:
    """[M, N, 5] for images seen or not [M, N], each as hard for every model."""
    logits = generator.normal(size=(*seen.shape, 5))
    logits[:, np.arange(len(labels)), labels] += sureness - hard + 1.5 * seen
    return logits


def _ratios(
    target: np.ndarray, labels: np.ndarray, out: np.ndarray, out_mask: np.ndarray, a: float
) -> np.ndarray:
    """p / p-bar in probabilities, image by image."""
    found = []
    for image, label in enumerate(labels):
        p_out = [softmax(out[m, image])[label] for m in range(len(out)) if out_mask[m, image]]
        average = 0.5 * ((1 + a) * np.mean(p_out) + 1 - a)
        found.append(softmax(target[image])[label] / average)
    return np.array(found)
