"""Curves: exact on linear networks, survivors only, resumed between budgets; and so is the ensemble."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from evaluations.adversarial.apgd import apgd_ce
from evaluations.adversarial.autoattack import ATTACKS, autoattack
from evaluations.adversarial.curves import curve, from_distances, rounded, threats_of
from evaluations.adversarial.found import Found
from evaluations.adversarial.measuring import measure_curves
from evaluations.adversarial.robust_scores import minimal_perturbation
from evaluations.adversarial.threat import Threat, distance
from evaluations.datasets import Images
from evaluations.keeping import Keep, Use
from evaluations.method import Context
from evaluations.target import Target
from sngen.errors import UsageError
from sngen.settings import Settings
from sngen.store import open_store

CLASSES = 5
BUDGETS = {"linf": [0.005, 0.01, 0.02], "l2": [0.1, 0.2]}
CE = {"iterations": 20, "restarts": 1}
FAB = {"iterations": 10, "targets": 4, "restarts": 1, "alpha_max": 0.1, "eta": 1.05, "beta": 0.9}


class TwoSided(nn.Module):
    """f(x) and -f(x) with f linear, and classes far below."""

    def __init__(self) -> None:
        super().__init__()
        generator = torch.Generator().manual_seed(1)
        self.w = nn.Parameter(torch.randn(3 * 4 * 4, generator=generator))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        f = (x.flatten(1) - 0.5) @ self.w
        below = f.new_full((len(f), CLASSES - 2), -100.0) - torch.arange(CLASSES - 2)
        return torch.cat([torch.stack([f, -f], dim=1), below], dim=1)

    def smallest(self, images: Images, norm: str) -> np.ndarray:
        """Each image's distance to the boundary."""
        w = self.w.detach().double()
        f = (images.tensor().double().flatten(1) - 0.5) @ w
        return (f.abs() / (w.abs().sum() if norm == "linf" else w.norm())).numpy()


def images(n: int = 40) -> Images:
    """Near grey, so that the range of pixels never matters; every tenth label is wrong."""
    pixels = np.random.default_rng(2).integers(100, 156, (n, 3, 4, 4)).astype(np.uint8)
    with torch.no_grad():
        logits = TwoSided()(torch.from_numpy(pixels.astype(np.float32) / 255))
    labels = logits.argmax(1).numpy().astype(np.int64)
    labels[::10] = 1 - labels[::10]
    return Images("blobs", "test", pixels, 255, labels, np.arange(n, dtype=np.int32) + 7, CLASSES)


def target() -> Target:
    return Target(TwoSided(), "test/linear", "0" * 64, 1)


def context(folder: Path) -> Context:
    def no_surrogate() -> Target:
        raise AssertionError("nobody asked for a surrogate")

    return Context(Keep(open_store(folder), "kept", Use), Settings(data=folder, cache=folder), no_surrogate)


def wrong(given: Images) -> np.ndarray:
    return np.arange(len(given)) % 10 == 0


def truth(given: Images, norm: str, eps: float) -> float:
    """Robust accuracy: right, and farther from the boundary than the budget."""
    return float((~wrong(given) & (TwoSided().smallest(given, norm) > eps)).mean())


def test_curves_are_exact_on_a_linear_network(tmp_path: Path) -> None:
    given = images()
    settings = {"batch_size": 16, **CE, **BUDGETS}
    found = measure_curves(apgd_ce, target(), {"test": given}, settings, 0, context(tmp_path))
    values = {(score.setting, score.metric): score for score in found.scores}
    assert values["clean", "accuracy"].value == pytest.approx(0.9)
    for norm, budgets in BUDGETS.items():
        for eps in budgets:
            score = values[f"{norm}-{eps}", "robust_accuracy"]
            assert score.value == pytest.approx(truth(given, norm, eps))
            assert score.ci_low <= score.value < score.ci_high and score.n == 40
            assert values[f"{norm}-{eps}", "accuracy_drop"].value == pytest.approx(0.9 - score.value)
    assert len({truth(given, "linf", eps) for eps in BUDGETS["linf"]}) == 3, "the budgets tell images apart"
    outcome = next(one for one in found.outcomes if one.setting == "linf-0.02")
    assert outcome.flags().mean() == pytest.approx(truth(given, "linf", 0.02))
    assert outcome.image_ids[0] == 7


def test_only_survivors_are_attacked_and_an_example_holds_at_every_larger_budget(tmp_path: Path) -> None:
    asked: list[list[int]] = []

    def attack(rows: np.ndarray, threat: Threat) -> Found:
        asked.append(rows.tolist())
        found = Found.nothing(torch.zeros(len(rows), 1, 1, 1))
        found.fooled[:2] = True
        found.queries[:] = len(asked)
        return found

    right = np.array([True, False, True, True, True, True])
    [threats] = threats_of({"l2": [2, 0.5, 1]})
    result = curve(attack, right, threats, Keep(open_store(tmp_path), "kept", Use))
    assert [threat.name for threat in result.threats] == ["l2-0.5", "l2-1", "l2-2"]
    assert asked == [[0, 2, 3, 4, 5], [3, 4, 5], [5]]
    assert result.fooled.sum(axis=1).tolist() == [3, 5, 6]
    assert result.fell.sum(axis=1).tolist() == [2, 2, 1]
    assert result.queries[:, 5].tolist() == [1, 2, 3]


def test_a_stopped_curve_goes_on_at_the_next_budget(tmp_path: Path) -> None:
    asked: list[str] = []

    def attack(rows: np.ndarray, threat: Threat) -> Found:
        asked.append(threat.name)
        if len(asked) == 2:
            raise KeyboardInterrupt
        return Found.nothing(torch.zeros(len(rows), 1, 1, 1))

    [threats] = threats_of({"linf": [0.1, 0.2, 0.3]})
    right = np.ones(3, bool)
    with pytest.raises(KeyboardInterrupt):
        curve(attack, right, threats, Keep(open_store(tmp_path), "kept", Use))
    curve(attack, right, threats, Keep(open_store(tmp_path), "kept", Use))
    assert asked == ["linf-0.1", "linf-0.2", "linf-0.2", "linf-0.3"]


@pytest.mark.parametrize(
    ("settings", "message"),
    [({}, "no budgets"), ({"linf": ["8/255", 8 / 255]}, "every budget once"), ({"l2": ["x"]}, "'x'")],
)
def test_wrong_budgets_are_named(settings: dict[str, Any], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        threats_of(settings)


def test_distances_give_the_same_curve_as_attacks_at_each_budget() -> None:
    distances = np.array([0.1, 0.0, 0.3, np.inf, 0.2], np.float32)
    right = np.array([True, False, True, True, True])
    [threats] = threats_of({"l2": [0.1, 0.25]})
    result = from_distances(distances, right, threats)
    assert result.fooled.tolist() == [[True, True, False, False, False], [True, True, False, False, True]]
    assert result.fell.tolist() == [[True, False, False, False, False], [False, False, False, False, True]]


def test_the_median_distance_counts_unbroken_images_as_infinitely_far() -> None:
    distances = np.array([0.1, 0.2, 0.3, 0.4, 0.5, 0.6, np.inf, np.inf, 9.0])
    right = np.array([True] * 8 + [False])
    [score] = minimal_perturbation(distances, right, "linf")
    assert score.value == pytest.approx(0.45) and score.n == 8
    assert score.ci_low is None and score.flags == ("interval-unbounded",)
    assert minimal_perturbation(np.full(9, np.inf), right, "linf") == []


def test_rounding_gives_whole_pixel_values_inside_the_ball() -> None:
    x = torch.randint(0, 256, (20, 3, 5, 5), generator=torch.Generator().manual_seed(3)) / 255
    for eps in (0.3 / 255, 8 / 255):
        noise = torch.rand(x.shape, generator=torch.Generator().manual_seed(4)) * 2 - 1
        on_the_surface = (x + eps * noise.sign()).clamp(0, 1)
        for found in (on_the_surface, (x + eps * noise).clamp(0, 1)):
            whole = rounded(found, x, 255)
            assert torch.equal((whole * 255).round() / 255, whole)
            assert float(distance(x, whole, "linf").max()) <= eps + 1e-6
        if eps == 8 / 255:  # a whole level is kept, whatever float32 made of it
            assert torch.equal(rounded(on_the_surface, x, 255), (on_the_surface * 255).round() / 255)


def test_the_ensemble_is_exact_on_a_linear_network_and_resumes_between_attacks(tmp_path: Path) -> None:
    given = images()
    settings = {
        "batch_size": 16, "standard": {"linf": [0.02], "l2": [0.1]}, "apgd-ce": CE,
        "apgd-t": {**CE, "targets": 4}, "fab-t": {**FAB, "stop_at_eps": True},
        "square": {"queries": 50, "p_init": 0.8},
    }  # fmt: skip
    found = autoattack.function(target(), {"test": given}, settings, 0, context=context(tmp_path))
    values = {(score.setting, score.metric): score.value for score in found.scores}
    for name, norm, eps in (("linf-0.02", "linf", 0.02), ("l2-0.1", "l2", 0.1)):
        assert values[name, "robust_accuracy"] == pytest.approx(truth(given, norm, eps))
        assert values[f"{name}-rounded", "robust_accuracy"] >= values[name, "robust_accuracy"]
    for array in found.arrays:
        assert array.name == "survivors" and list(array.y) == sorted(array.y, reverse=True)
        assert array.y[0] == pytest.approx(0.9) and len(array.y) == 1 + len(ATTACKS)
    again = target()
    assert autoattack.function(again, {"test": given}, settings, 0, context=context(tmp_path)) == found
    assert again.forward_backwards == 0, "every attack was kept"
