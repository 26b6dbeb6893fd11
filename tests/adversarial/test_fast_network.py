"""Folded networks: the same function where one is used, the original and a reason where not."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import nn

from evaluations.adversarial.apgd import apgd_ce
from evaluations.adversarial.fast_network import FastTarget, fast_network, fold_batch_norm
from evaluations.adversarial.threat import Threat
from evaluations.target import Target


def _trained(network: nn.Module) -> nn.Module:
    """The network in eval mode, with statistics and weights of normalisations that are not the identity."""
    torch.manual_seed(2)
    for module in network.modules():
        if isinstance(module, nn.BatchNorm1d | nn.BatchNorm2d):
            if module.running_mean is not None:
                module.running_mean.normal_()
                module.running_var.uniform_(0.5, 2)
            nn.init.uniform_(module.weight, 0.5, 2)
            nn.init.normal_(module.bias)
    return network.eval().requires_grad_(False)


class Residual(nn.Module):
    """Convolutions with and without bias, a shortcut, norms before and after all of these."""

    def __init__(self) -> None:
        super().__init__()
        self.before = nn.BatchNorm2d(3)
        self.conv1, self.bn1 = nn.Conv2d(3, 8, 3, padding=1, bias=False), nn.BatchNorm2d(8)
        self.conv2, self.bn2 = nn.Conv2d(8, 8, 3, padding=1, groups=4), nn.BatchNorm2d(8)
        self.fc, self.bn3 = nn.Linear(8, 5), nn.BatchNorm1d(5)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = torch.relu(self.bn1(self.conv1(self.before(x))))
        x = torch.relu(self.bn2(self.conv2(x)) + x)
        return self.bn3(self.fc(x.mean(dim=(2, 3))))


class Partly(Residual):
    """Has a convolution that no normalisation follows."""

    def __init__(self) -> None:
        super().__init__()
        self.last = nn.Conv2d(3, 3, 3, padding=1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return super().forward(self.last(x).relu())


class Undecided(Residual):
    """Goes its way by the values of pixels."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return super().forward(x if x.mean() > 0 else -x)


class Shared(nn.Module):
    """One convolution used twice, before two norms; one convolution that feeds a norm and a sum."""

    def __init__(self) -> None:
        super().__init__()
        self.conv, self.other = nn.Conv2d(3, 3, 3, padding=1), nn.Conv2d(3, 3, 1)
        self.bn1, self.bn2, self.bn3 = (nn.BatchNorm2d(3) for _ in range(3))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = self.bn2(self.conv(self.bn1(self.conv(x)).relu())).relu()
        y = self.other(x)
        return (y + self.bn3(y)).mean(dim=(2, 3))


class Quantised(Residual):
    """Hides its gradient: the context is lost when the network is traced, so the copy would not hide it."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        with torch.no_grad():
            shown = 0.9 * x
        return super().forward(shown + 0.1 * x)


@pytest.fixture
def pixels() -> torch.Tensor:
    return torch.rand(16, 3, 8, 8, generator=torch.Generator().manual_seed(4))


def _target(network: nn.Module) -> Target:
    return Target(_trained(network), "test/net", "0" * 64, 1)


def test_every_normalisation_after_a_layer_is_folded(pixels: torch.Tensor) -> None:
    network = _trained(Residual())
    folded = fold_batch_norm(network)
    left = [name for name, module in folded.named_modules() if "BatchNorm" in type(module).__name__]
    assert left == ["before"]
    torch.testing.assert_close(folded(pixels), network(pixels), rtol=1e-4, atol=1e-5)


def test_the_original_is_left_as_it_was(pixels: torch.Tensor) -> None:
    target = _target(Partly())
    state = {name: value.clone() for name, value in target.network.state_dict().items()}
    before = target(pixels)
    assert isinstance(fast_network(target, pixels).target, FastTarget)
    assert torch.equal(target(pixels), before)
    assert all(torch.equal(value, state[name]) for name, value in target.network.state_dict().items())
    assert target.network.conv1.weight.is_contiguous()
    assert target.network.last.weight.is_contiguous()


def test_layers_used_twice_or_by_others_are_not_folded(pixels: torch.Tensor) -> None:
    network = _trained(Shared())
    folded = fold_batch_norm(network)
    assert sum("BatchNorm" in type(module).__name__ for module in folded.modules()) == 3
    torch.testing.assert_close(folded(pixels), network(pixels))


def test_statistics_of_the_batch_are_not_folded(pixels: torch.Tensor) -> None:
    network = _trained(nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4, track_running_stats=False)))
    torch.testing.assert_close(fold_batch_norm(network)(pixels), network(pixels))


@pytest.mark.parametrize(
    ("network", "reason"),
    [
        (Shared, "original network: no batch normalisation to fold"),
        (Undecided, "original network: it cannot be traced (TraceError)"),
        (Quantised, "original network: the folded one is not the same (gradients differ by"),
    ],
)
def test_the_original_is_used_where_the_copy_would_differ(
    network: type[nn.Module], reason: str, pixels: torch.Tensor
) -> None:
    target = _target(network())
    choice = fast_network(target, pixels)
    assert choice.target is target
    assert choice.reason.startswith(reason)


def test_a_copy_that_is_wrong_is_not_used(pixels: torch.Tensor, monkeypatch: pytest.MonkeyPatch) -> None:
    def forgetful(network: nn.Module) -> nn.Module:
        folded = fold_batch_norm(network)
        folded.conv1.bias = nn.Parameter(folded.conv1.bias + 1e-2)
        return folded

    monkeypatch.setattr("evaluations.adversarial.fast_network.fold_batch_norm", forgetful)
    choice = fast_network(_target(Residual()), pixels)
    assert "not the same (logits differ by" in choice.reason


def test_counts_are_those_of_the_original(pixels: torch.Tensor) -> None:
    target = _target(Residual())
    fast = fast_network(target, pixels).target
    assert isinstance(fast, FastTarget)
    assert (target.forwards, target.forward_backwards, target.queries) == (0, 0, 0)
    fast(pixels)
    fast(pixels[:5].requires_grad_())
    fast.query(pixels[:3])
    assert (target.forwards, target.forward_backwards, target.queries) == (19, 5, 3)
    assert fast.parameters == target.parameters


def test_examples_are_confirmed_by_the_original(curved: Any) -> None:
    """A fast network that calls everything wrong: its finds are discarded, and the original is attacked."""
    target, x, labels, ids = curved.given()

    class Contrary(nn.Module):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return -target.network(x)

    arguments = (x, labels, ids, Threat("linf", 0.02), {"iterations": 5, "restarts": 1, "batch_size": 48}, 0)
    deceived, found = apgd_ce(FastTarget(target, Contrary()), *arguments), apgd_ce(target, *arguments)
    assert torch.equal(deceived.fooled, found.fooled)
    assert 6 < found.fooled.sum() < 40
    torch.testing.assert_close(deceived.adversarial, found.adversarial, rtol=0, atol=1e-6)


def test_a_published_network_is_folded_and_gives_the_same_verdicts(resnet20: Any) -> None:
    choice = fast_network(resnet20.target, resnet20.x[:24])
    assert choice.reason == "batch normalisation folded, channels last"
    left = [m for m in choice.target.network.modules() if isinstance(m, nn.BatchNorm2d)]
    assert left == []
    settings = {"iterations": 10, "restarts": 1, "batch_size": 16}
    _, x, labels, ids = resnet20.given()
    arguments = (x[:12], labels[:12], ids[:12], Threat("linf", 0.5 / 255), settings, 0)
    found, reference = apgd_ce(choice.target, *arguments), apgd_ce(resnet20.target, *arguments)
    assert torch.equal(found.fooled, reference.fooled)
