"""The attacks on a control: chance without queries, agreement with many, and what must be refused."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from scipy.stats import t as student
from sklearn.metrics import accuracy_score
from stealing_examples import SURROGATE
from torch import nn

from evaluations.datasets import Images
from evaluations.method import Context
from evaluations.stealing.attacks import ask_and_train, own_family, predicted, steal
from evaluations.stealing.fidelity import CONSTANT, fidelity, scores
from evaluations.stealing.stolen import stolen
from evaluations.stealing.surrogate_settings import SurrogateSettings
from evaluations.target import Target
from sngen.errors import CheckFailed
from sngen.results import ScoreEntry

SETTINGS: dict[str, Any] = {
    "batch_size": 64, "shown": "all", "budgets": [0, 100, 400], "repeated": {"budget": 400, "seeds": 3},
    "surrogate": SURROGATE,
}  # fmt: skip


def by_name(entries: tuple[ScoreEntry, ...]) -> dict[tuple[str, str], ScoreEntry]:
    return {(entry.setting, entry.metric): entry for entry in entries}


@pytest.fixture
def data(test_split: Images, auxiliary: Images) -> dict[str, Images]:
    return {"test": test_split, "auxiliary": auxiliary}


def test_more_queries_steal_more_and_none_steals_nothing(
    target: Target, data: dict[str, Images], context: Context
) -> None:
    found = steal(target, data, data["auxiliary"], SETTINGS, 0, context)
    named = by_name(found.scores)
    agreement = [named[name, "stealing_agreement"].value for name in ("queries-0", "queries-100", "default")]
    chance = np.sqrt(0.1 * 0.9 / 599)
    assert agreement[0] < 0.1 + 8 * chance  # a network of random weights answers all images alike
    assert agreement == sorted(agreement) and agreement[2] > 0.8
    assert target.queries == 400
    accuracy = float((target.logits(data["test"], 64).argmax(axis=1) == data["test"].labels).mean())
    one = named["default", "relative_accuracy"]
    assert one.value == pytest.approx(named["default", "stealing_accuracy"].value / accuracy)


def test_the_interval_over_seeds_is_students(
    target: Target, data: dict[str, Images], context: Context
) -> None:
    named = by_name(steal(target, data, data["auxiliary"], SETTINGS, 0, context).scores)
    seeds = [named[f"queries-400-seed-{seed}", "stealing_accuracy"].value for seed in range(3)]
    mean = named["default", "stealing_accuracy"]
    assert len(set(seeds)) > 1
    low, high = student.interval(0.95, 2, np.mean(seeds), np.std(seeds, ddof=1) / np.sqrt(3))
    assert (mean.value, mean.ci_low, mean.ci_high) == pytest.approx((np.mean(seeds), low, min(high, 1.0)))


def test_figures_against_an_independent_count(
    target: Target, data: dict[str, Images], context: Context
) -> None:
    found = steal(target, data, data["auxiliary"], SETTINGS, 0, context)
    surrogate = ask_and_train(target, data["auxiliary"], SETTINGS, 400, 0, context)
    with torch.no_grad():
        mine = surrogate.network(data["test"].tensor()).argmax(dim=1).numpy()
        theirs = target.network(data["test"].tensor()).argmax(dim=1).numpy()
    named = by_name(found.scores)
    first = "queries-400-seed-0"
    assert named[first, "stealing_accuracy"].value == accuracy_score(data["test"].labels, mine)
    assert named[first, "stealing_agreement"].value == accuracy_score(theirs, mine)
    [outcome] = found.outcomes
    assert (outcome.flags() == (mine == theirs)).all()


def test_a_copy_agrees_wholly_and_shuffled_answers_end_at_chance(
    target: Target, data: dict[str, Images], context: Context, surrogate: SurrogateSettings
) -> None:
    truth = target.logits(data["test"], 64).argmax(axis=1)
    copy = fidelity(predicted(target.network, data["test"]), truth, data["test"].labels)
    assert copy.agrees.all()
    images = data["auxiliary"]
    told = np.eye(10, dtype=np.float32)[images.labels]
    shuffled = told[np.random.default_rng(0).permutation(len(told))]
    network = stolen(surrogate, images, shuffled, 599, 0, context.folders).network
    agreement = fidelity(predicted(network, data["test"]), truth, data["test"].labels).agrees.mean()
    assert 0.02 < agreement < 0.25


def test_the_same_question_is_answered_from_the_cache(
    target: Target, data: dict[str, Images], context: Context, surrogate: SurrogateSettings,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    images = data["auxiliary"]
    told = np.eye(10, dtype=np.float32)[images.labels]
    first = stolen(surrogate, images, told, 100, 0, context.folders)
    monkeypatch.setattr("evaluations.stealing.stolen.train", lambda *_: pytest.fail("trained again"))
    changed = told.copy()
    changed[100:] = changed[100:, ::-1]  # beyond the budget
    again = stolen(surrogate, images, changed, 100, 0, context.folders)
    assert again.sha256 == first.sha256
    x = data["test"].tensor()
    assert torch.equal(first.network(x), again.network(x))
    with pytest.raises(pytest.fail.Exception, match="trained again"):
        stolen(surrogate, images, told, 101, 0, context.folders)


def test_the_own_family_is_the_targets_architecture(
    target: Target, data: dict[str, Images], context: Context
) -> None:
    once = {**SETTINGS, "budgets": [100], "repeated": {"budget": 100, "seeds": 1}}
    found = own_family.function(target, data, once, 0, context)
    known = {**once, "surrogate": {**SURROGATE, "architecture": "digits-cnn-8"}}
    assert found.scores == steal(target, data, data["auxiliary"], known, 0, context).scores


class Constant(nn.Module):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return torch.eye(10)[3].expand(len(x), 10) * 9


def test_a_target_that_always_says_the_same_is_marked(data: dict[str, Images], context: Context) -> None:
    target = Target(Constant(), "constant", "0" * 64, 1)
    found = steal(target, data, data["auxiliary"], SETTINGS, 0, context)
    assert all(CONSTANT in entry.flags for entry in found.scores)
    assert by_name(found.scores)["default", "stealing_agreement"].value == 1.0


class Broken(nn.Module):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return torch.full((len(x), 10), torch.nan)


def test_what_cannot_be_stolen_is_refused_before_training(
    target: Target, data: dict[str, Images], context: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("evaluations.stealing.stolen.train", lambda *_: pytest.fail("trained"))
    broken = Target(Broken(), "broken", "0" * 64, 1)
    with pytest.raises(CheckFailed, match=r"broken .* are not finite"):
        steal(broken, data, data["auxiliary"], SETTINGS, 0, context)
    with pytest.raises(CheckFailed, match="599 images to ask, and a budget of 600"):
        steal(target, data, data["auxiliary"], {**SETTINGS, "budgets": [600]}, 0, context)
    fewer = replace(data["auxiliary"], num_classes=11)
    with pytest.raises(CheckFailed, match=r"expected \[400, 11\]"):
        steal(target, data, fewer, SETTINGS, 0, context)


def test_agreement_keeps_its_bounds() -> None:
    rng = np.random.default_rng(2)
    labels = rng.integers(0, 3, 500)
    for noise in (0.0, 0.3, 0.9):
        one, other = (np.where(rng.random(500) < noise, rng.integers(0, 3, 500), labels) for _ in range(2))
        found = fidelity(one, other, labels)
        a, b, same = found.right.mean(), (other == labels).mean(), found.agrees.mean()
        assert a + b - 1 <= same <= 1 - abs(a - b)
    no_accuracy = scores("default", [fidelity(labels, labels, labels)], 0.0, ())
    assert "relative_accuracy" not in {entry.metric for entry in no_accuracy}
