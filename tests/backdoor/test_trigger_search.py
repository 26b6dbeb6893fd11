"""The search against a loop for one class that is written as the publication's script runs."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from backdoor_examples import SEARCH, case, random_images, target_of
from torch.nn import functional

from evaluations.backdoor.class_triggers import neural_cleanse, pixel_backdoor
from evaluations.backdoor.detection import CONSTANT, TWO_CLASSES
from evaluations.backdoor.trigger_search import MASKED, SIGNED, search, unit
from evaluations.backdoor.trigger_search import _mini_batches as mini_batches
from evaluations.backdoor.triggers import Trigger
from evaluations.datasets import Images
from evaluations.target import Target
from sngen.errors import CheckFailed

SHORT: dict[str, Any] = {**SEARCH, "steps": 45, "batches": 2, "batch": 16}


def reference(
    log_posterior: Any, x: torch.Tensor, goal: int, how: dict[str, Any], seed: int
) -> tuple[Any, float, int]:
    """One class: torch's Adam, and the counters of the script, one statement each."""
    start = np.random.Generator(np.random.Philox(key=[seed, goal])).random((2, 8, 8), dtype=np.float32)
    theta = torch.atanh((torch.from_numpy(start) - 0.5) * (2 - 1e-7)).requires_grad_()
    adam = torch.optim.Adam([theta], lr=how["lr"], betas=(0.5, 0.9))
    cost, set_counter, up_counter, down_counter, stale = 0.0, 0, 0, 0, 0
    up_flag = down_flag = False
    best, best_theta, steps = np.inf, theta.detach().clone(), 0
    for step in range(how["steps"]):
        accuracies, norms = [], []
        for chosen in mini_batches(len(x), how, seed, step):
            values = theta.tanh() / (2 - 1e-7) + 0.5
            mask, pattern = values[:1], values[1:]
            log_p = log_posterior((1 - mask) * x[chosen] + mask * pattern)
            wanted = torch.full((len(chosen),), goal)
            loss = functional.nll_loss(log_p, wanted) + cost * mask.sum()
            adam.zero_grad()
            loss.backward()
            accuracies.append(float((log_p.argmax(1) == goal).float().mean()))
            norms.append(float(mask.detach().sum()))
            adam.step()
        steps += 1
        accuracy, norm = np.mean(accuracies), float(np.mean(norms, dtype=np.float32))
        good = accuracy >= how["success"]
        if good and norm < best:
            best, best_theta, stale = norm, theta.detach().clone(), 0
        elif np.isfinite(best):
            stale += 1
        if cost == 0:
            set_counter = set_counter + 1 if good else 0
            if set_counter >= how["patience"]:
                cost, up_counter, down_counter, up_flag, down_flag = 1e-3, 1, 0, False, False
        else:
            up_counter, down_counter = (up_counter + 1, 0) if good else (0, down_counter + 1)
            if up_counter >= how["patience"]:
                up_counter, cost, up_flag = 0, cost * 2, True
            elif down_counter >= how["patience"]:
                down_counter, cost, down_flag = 0, cost / 2**1.5, True
        if up_flag and down_flag and stale >= how["stale"]:
            break
    return best_theta, best, steps


def network(x: torch.Tensor) -> torch.Tensor:
    """Four classes, by fixed random weights and a bend."""
    weights = torch.from_numpy(np.random.default_rng(1).normal(size=(4, 64)).astype(np.float32))
    return ((x.flatten(1) - 0.5).tanh() @ weights.T).log_softmax(dim=1)


def test_it_is_the_loop_of_the_publication() -> None:
    x = random_images(80, 4)["clean"].tensor()
    how = {**SHORT, "steps": 150, "stale": 10}
    for goal in range(4):
        theta, best, steps = reference(network, x, goal, how, 5)
        found = search(MASKED, network, x, [goal], how, 5)
        np.testing.assert_allclose(found.parameters[0], theta, atol=2e-3)
        assert found.sizes[0] == pytest.approx(best, rel=1e-4)
        assert found.steps[0] == steps < 150


def test_a_class_is_searched_as_if_it_were_alone() -> None:
    x = random_images(80, 4)["clean"].tensor()
    together = search(MASKED, network, x, [0, 1, 2, 3], SHORT, 2)
    for goal in range(4):
        alone = search(MASKED, network, x, [goal], SHORT, 2)
        np.testing.assert_allclose(together.parameters[goal], alone.parameters[0], atol=2e-3)
    again = search(MASKED, network, x, [0, 1, 2, 3], SHORT, 2)
    assert (again.parameters == together.parameters).all()


def test_sizes_are_what_is_changed() -> None:
    raw = torch.linspace(-2, 2, 2 * 3 * 4 * 4).view(2, 3, 4, 4)
    torch.testing.assert_close(MASKED.size(raw), unit(raw[:, 0]).sum(dim=(1, 2)))
    x = torch.full((5, 3, 4, 4), 0.5)
    change = (SIGNED.stamp(raw * 0.1, x) - x).abs().amax(dim=2).sum(dim=(2, 3))
    torch.testing.assert_close(SIGNED.size(raw * 0.1)[:, None].expand(-1, 5), change)
    stamped = MASKED.stamp(raw[:, :2], x[:, :1])
    mask = unit(raw[:, None, :1])
    expected = (1 - mask) * 0.5 + mask * unit(raw[:, None, 1:2])
    torch.testing.assert_close(stamped, expected.expand(-1, 5, -1, -1, -1))


def test_a_planted_patch_is_recovered_with_its_place_size_and_class(
    patched: Target, digits: dict[str, Images]
) -> None:
    found = neural_cleanse(case(patched, digits, SEARCH, Trigger.patch(2), 0))
    assert (found.target, found.alarm) == (0, True)
    named = {(s.setting, s.metric): s.value for s in found.scores}
    assert named["default", "trigger_overlap"] >= 0.75
    assert named["default", "trigger_norm"] < 5  # four pixels were planted
    assert named["recovered", "attack_success_rate"] > 0.9
    assert found.pictures[0].array().shape == (1, 8, 8)


def test_a_blended_pattern_is_recovered_as_its_class(blended: Target, digits: dict[str, Images]) -> None:
    found = pixel_backdoor(case(blended, digits, SEARCH, Trigger(ratio=0.2), 3))
    assert found.target == 3
    assert min(found.norms) == found.norms[3]


def test_the_clean_twin_has_no_class_with_so_small_a_trigger(
    patched: Target, twin: Target, digits: dict[str, Images]
) -> None:
    clean, poisoned = (neural_cleanse(case(one, digits, SEARCH)) for one in (twin, patched))
    assert min(poisoned.norms) < 0.7 * min(clean.norms)
    assert clean.index is not None and poisoned.index is not None and poisoned.index > clean.index


def test_what_it_does_not_apply_to() -> None:
    two = neural_cleanse(case(target_of(lambda x: x.flatten(1)[:, :2]), random_images(250, 2), SEARCH))
    assert (two.status, two.index) == (TWO_CLASSES, None)
    constant = target_of(lambda x: torch.eye(10)[4].expand(len(x), 10) + 0 * x.sum())
    assert neural_cleanse(case(constant, random_images(250), SEARCH)).status == CONSTANT
    with pytest.raises(CheckFailed, match="role clean: 100 images, and 250 are needed"):
        neural_cleanse(case(constant, random_images(100), SEARCH))
