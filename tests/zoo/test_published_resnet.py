"""A real public checkpoint on the real test set gives its published error, to the digit."""

from __future__ import annotations

from pathlib import Path

from evaluations.datasets import load_images
from evaluations.target import Target
from sngen.schema import MODELS
from sngen.settings import Settings
from sngen.zoo.load import load_network
from sngen.zoo.weights import safe_tensors

SHA256 = "12fca82f0bebc4135bf1f32f6e3710e61d5108578464b84fd6d7f5c1b04036c8"
PUBLISHED_TEST_ERROR = 0.0827  # README of akamaster/pytorch_resnet_cifar10, ResNet-20


def test_resnet20_has_its_published_test_error(shared_zoo: Path, shared_data: Path, tmp_path: Path) -> None:
    row = MODELS.row(
        model_id="akamaster/cifar10/resnet20",
        loader="resnet20-cifar-a",
        weights_sha256=SHA256,
        weights_format="torch",
        mean=[0.485, 0.456, 0.406],
        std=[0.229, 0.224, 0.225],
    )
    settings = Settings(data=shared_data, cache=tmp_path, zoo=shared_zoo)
    target = Target(
        load_network(row, safe_tensors(row, settings), 10), "akamaster/cifar10/resnet20", SHA256, 2
    )
    test = load_images("cifar10", "test", settings.data)
    wrong = int((target.logits(test, 500).argmax(axis=1) != test.labels).sum())
    assert wrong == round(PUBLISHED_TEST_ERROR * 10_000)
    assert target.forwards == 10_000 and target.parameters == 269_722
