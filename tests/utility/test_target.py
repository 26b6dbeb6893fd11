"""The wrapper counts what is asked, asks once, and refuses nonsense; the machine's rates are sane."""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from evaluations.calibration import forward_rate, kernel_seconds
from evaluations.datasets import Images, load_images
from evaluations.target import Target
from sngen.errors import CheckFailed
from sngen.zoo.architectures import build


@pytest.fixture(scope="module")
def images() -> Images:
    return load_images("digits", "test", Path())


@pytest.fixture
def target() -> Target:
    torch.manual_seed(0)
    return Target(build("digits-cnn-8", 10), "a/b", "0" * 64, threads=1)


def _counts(target: Target) -> tuple[int, int, int]:
    return target.forwards, target.forward_backwards, target.queries


def test_each_image_counts_once(target: Target) -> None:
    x = torch.rand(3, 1, 8, 8)
    target(x)
    assert _counts(target) == (3, 0, 0)
    wanted = x.clone().requires_grad_()
    target(wanted).sum().backward()
    assert _counts(target) == (3, 3, 0)
    with torch.no_grad():
        target(wanted)
    assert _counts(target) == (6, 3, 0)
    answer = target.query(wanted)
    assert _counts(target) == (9, 3, 3) and not answer.requires_grad


def test_parameters_get_no_gradients(target: Target) -> None:
    x = torch.rand(2, 1, 8, 8, requires_grad=True)
    target(x).sum().backward()
    assert x.grad is not None and all(p.grad is None for p in target.network.parameters())
    assert not target.network.training


def test_logits_are_computed_once_per_fingerprint(target: Target, images: Images) -> None:
    logits = target.logits(images, 100)
    assert logits.dtype == np.float32 and logits.shape == (599, 10)
    again = target.logits(load_images("digits", "test", Path()), 7)
    assert again is logits and target.forwards == 599
    target.logits(images.first(5), 100)
    assert target.forwards == 604
    with torch.no_grad():
        assert np.allclose(logits, target.network(images.tensor()).numpy(), atol=1e-5)


def test_logits_do_not_depend_on_the_batch(images: Images) -> None:
    network = build("resnet20-cifar-a", 10)  # batch normalisation would, outside of eval mode
    pixels = np.random.default_rng(0).integers(0, 256, (40, 3, 32, 32), dtype=np.uint8)
    colour = Images(
        "noise", "test", pixels, 255, np.zeros(40, np.int64), np.arange(40, dtype=np.int32), num_classes=10
    )
    whole, parts = (Target(network, "a/b", "0" * 64, 1).logits(colour, size) for size in (40, 7))
    assert np.allclose(whole, parts, atol=1e-5)


def test_logits_that_are_not_finite_name_the_image(images: Images) -> None:
    class Broken(nn.Module):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            logits = torch.zeros(len(x), 10)
            logits[2] = torch.nan
            return logits

    with pytest.raises(
        CheckFailed, match=rf"a/b on digits, split test: logits of image {images.ids[2]} are not"
    ):
        Target(Broken(), "a/b", "0" * 64, 1).logits(images.first(4), 4)


def test_logits_of_another_number_of_classes_are_refused(images: Images) -> None:
    with pytest.raises(CheckFailed, match=r"shape \[599, 7\], expected \[599, 10\]"):
        Target(build("digits-linear", 7), "a/b", "0" * 64, 1).logits(images, 100)


def test_rates_are_uncounted_and_bounded(target: Target, images: Images) -> None:
    start = time.process_time()
    seconds, rate = kernel_seconds(), forward_rate(target.network, images)
    assert time.process_time() - start < 3
    assert 0 < seconds < 1 and rate > 100 and target.forwards == 0


def test_forward_rate_is_images_over_processor_time(images: Images) -> None:
    class Busy(nn.Module):
        """Takes 4 ms of processor time a batch, whatever its size."""

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            start = time.process_time()
            while time.process_time() - start < 0.004:
                pass
            return x

    assert forward_rate(Busy(), images, batch_size=40) == pytest.approx(40 / 0.004, rel=0.15)
