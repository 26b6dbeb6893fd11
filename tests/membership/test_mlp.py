"""The learned attacks: what they have to learn is known, and known mistakes of other programs would show."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from evaluations.membership.delong import auc_interval
from evaluations.membership.mlp import scores, sorted_posteriors, train_attack
from evaluations.membership.roc import Roc
from evaluations.utility.calibration_error import softmax
from sngen.errors import CheckFailed

SETTINGS: dict[str, Any] = {"hidden": [64], "epochs": 50, "batch_size": 64, "lr": 0.001}


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


def _drawn(n: int, seed: int, classes: int = 10) -> tuple[np.ndarray, np.ndarray]:
    """Posteriors [n, K]: members' are surer. And who is a member."""
    rng = np.random.default_rng(seed)
    is_member = rng.random(n) < 0.5
    logits = rng.normal(0, 1, (n, classes))
    logits[np.arange(n), rng.integers(0, classes, n)] += np.where(is_member, 6, 3) + rng.normal(0, 1, n)
    return softmax(logits), is_member


@pytest.mark.parametrize("largest", [None, 3])
def test_it_finds_members_of_another_sample(largest: int | None) -> None:
    shadow, shadow_members = _drawn(500, 0)
    network = train_attack(sorted_posteriors(shadow, largest), shadow_members, SETTINGS, seed=0)
    posteriors, is_member = _drawn(800, 1)
    found = scores(network, sorted_posteriors(posteriors, largest))
    assert found.dtype == np.float64 and found.shape == (800,)
    learned = Roc.of(found[is_member], found[~is_member]).auc
    surest = posteriors.max(axis=1)
    assert learned > 0.85 and learned > Roc.of(surest[is_member], surest[~is_member]).auc - 0.01


def test_shadow_membership_by_lot_teaches_nothing() -> None:
    shadow, shadow_members = _drawn(800, 0)
    drawn_by_lot = np.random.default_rng(9).permutation(shadow_members)
    network = train_attack(sorted_posteriors(shadow, 3), drawn_by_lot, SETTINGS | {"epochs": 5}, seed=0)
    posteriors, _ = _drawn(1500, 1)
    is_member = np.random.default_rng(8).random(1500) < 0.5
    found = scores(network, sorted_posteriors(posteriors, 3))
    interval = auc_interval(found[is_member], found[~is_member])
    assert interval.low < 0.5 < interval.high


def test_its_logit_is_the_log_odds_of_membership() -> None:
    """Two kinds of answers, one from members in 80 % of the cases, the other in 20 %: a network trained with
    one sigmoid ends at log 4 and -log 4. A second sigmoid or softmax in the loss would push it further."""
    kinds = np.repeat([[0.95, 0.03, 0.02], [0.4, 0.35, 0.25]], 500, axis=0)
    is_member = np.arange(1000) % 5 < np.repeat([4, 1], 500)
    network = train_attack(kinds, is_member, SETTINGS | {"lr": 0.01}, seed=1)
    low_noise = scores(network, kinds[[0, 999]].astype(np.float32))
    assert low_noise == pytest.approx([np.log(4), -np.log(4)], abs=0.2)


def test_gradients_are_those_of_the_batch_alone() -> None:
    """An independent loop that asks for gradients and cannot add them up, and Adam by its formula."""
    shadow, is_member = _drawn(100, 2)
    x = sorted_posteriors(shadow)
    settings = {"hidden": [7, 5], "epochs": 3, "batch_size": 40, "lr": 0.01}
    found = train_attack(x, is_member, settings, seed=4)

    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(4)
        mine = nn.Sequential(
            nn.Linear(10, 7), nn.ReLU(), nn.Linear(7, 5), nn.ReLU(), nn.Linear(5, 1)
        )  # fmt: skip
    weights = list(mine.parameters())
    first, second = [[torch.zeros_like(w) for w in weights] for _ in range(2)]
    order, step = torch.Generator().manual_seed(4), 0
    for _ in range(3):
        for chosen in torch.randperm(100, generator=order).split(40):
            step += 1
            probability = torch.sigmoid(mine(torch.tensor(x)[chosen])[:, 0])
            member = torch.tensor(is_member)[chosen]
            surprise = torch.where(member, probability, 1 - probability).log().neg().mean()
            gradients = torch.autograd.grad(surprise, weights)
            with torch.no_grad():
                for w, g, m, v in zip(weights, gradients, first, second, strict=True):
                    m.add_(0.1 * (g - m))
                    v.add_(0.001 * (g * g - v))
                    w.sub_(0.01 * (m / (1 - 0.9**step)) / ((v / (1 - 0.999**step)).sqrt() + 1e-8))
    expected = [w.detach() for w in weights]
    assert all(torch.allclose(a, b, atol=1e-4) for a, b in zip(found.parameters(), expected, strict=True))


def test_a_seed_decides_everything() -> None:
    shadow, is_member = _drawn(200, 3)
    x = sorted_posteriors(shadow)
    settings = SETTINGS | {"epochs": 3}
    torch.manual_seed(1)
    before = torch.random.get_rng_state()
    first = scores(train_attack(x, is_member, settings, seed=5), x)
    assert torch.equal(torch.random.get_rng_state(), before)
    torch.manual_seed(2)
    torch.set_num_threads(2)
    again = scores(train_attack(x, is_member, settings, seed=5), x)
    assert torch.get_num_threads() == 2
    assert np.array_equal(first, again)
    assert not np.array_equal(first, scores(train_attack(x, is_member, settings, seed=6), x))


def test_a_score_does_not_depend_on_the_company() -> None:
    shadow, is_member = _drawn(200, 3)
    x = sorted_posteriors(shadow)
    network = train_attack(x, is_member, SETTINGS | {"epochs": 2}, seed=5)
    alone = np.concatenate([scores(network, x[i : i + 1]) for i in range(len(x))])
    assert scores(network, x) == pytest.approx(alone, abs=1e-6)


@pytest.mark.parametrize(("classes", "largest", "width"), [(10, 3, 3), (10, None, 10), (2, 3, 2), (3, 3, 3)])
def test_what_the_network_sees(classes: int, largest: int | None, width: int) -> None:
    posteriors, is_member = _drawn(40, 6, classes)
    x = sorted_posteriors(posteriors, largest)
    assert x.shape == (40, width) and x.dtype == np.float32
    assert np.array_equal(x, -np.sort(-posteriors.astype(np.float32), axis=1)[:, :width])
    network = train_attack(x, is_member, SETTINGS | {"epochs": 1}, seed=0)
    assert network[0].in_features == width and isinstance(network[-1], nn.Linear)
    assert np.isfinite(scores(network, x)).all()


def test_logits_are_no_posteriors() -> None:
    with pytest.raises(
        CheckFailed, match=r"row 1 is \[ ?2.* expected probabilities .* Logits go through one"
    ):
        sorted_posteriors(np.array([[0.5, 0.5], [2.0, -1.0]]))
    with pytest.raises(CheckFailed, match=r"row 0 sums to 0.4, expected 1"):
        sorted_posteriors(np.array([[0.2, 0.2], [0.5, 0.5]]))
    with pytest.raises(CheckFailed, match="row 0 is"):
        sorted_posteriors(np.array([[np.nan, 0.2], [0.5, 0.5]]))
    with pytest.raises(CheckFailed, match=r"found shape \[3\]"):
        sorted_posteriors(np.ones(3))


def test_posteriors_in_the_order_of_classes_are_refused() -> None:
    unsorted, is_member = np.array([[0.2, 0.8], [0.6, 0.4]]), np.array([True, False])
    with pytest.raises(CheckFailed, match="not in falling order"):
        train_attack(unsorted, is_member, SETTINGS, seed=0)
    network = train_attack(sorted_posteriors(unsorted), is_member, SETTINGS | {"epochs": 1}, seed=0)
    with pytest.raises(CheckFailed, match="not in falling order"):
        scores(network, unsorted)
    with pytest.raises(CheckFailed, match="found 3 an image, expected 2"):
        scores(network, np.array([[0.5, 0.3, 0.2]]))
    with pytest.raises(CheckFailed, match="sums to more than 1"):
        scores(network, np.array([[0.9, 0.8]]))


def test_shadow_data_that_teach_nothing_are_refused() -> None:
    x, is_member = np.array([[0.9, 0.1], [0.6, 0.4], [0.7, 0.3]]), np.array([True, False, True])
    with pytest.raises(CheckFailed, match=r"all 3 images have the same, \[0.9 0.1\]"):
        train_attack(x[[0, 0, 0]], is_member, SETTINGS, seed=0)
    with pytest.raises(CheckFailed, match="3 members among 3 images"):
        train_attack(x, is_member | True, SETTINGS, seed=0)
    with pytest.raises(CheckFailed, match="0 members among 3 images"):
        train_attack(x, is_member & False, SETTINGS, seed=0)
    with pytest.raises(CheckFailed, match=r"found int64 \[3\], expected bool \[3\]"):
        train_attack(x, is_member * 1, SETTINGS, seed=0)
