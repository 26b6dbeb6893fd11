"""Two controls of the reference suite: one that membership inference must find, one that it must not."""

from __future__ import annotations

from pathlib import Path

import pytest

from evaluations.datasets import Images, load_images
from evaluations.reference import suite
from evaluations.target import Target
from sngen.schema import MODELS
from sngen.settings import Settings
from sngen.zoo.load import load_network


def _target(name: str, settings: Settings) -> Target:
    model_id = f"reference/digits/{name}"
    path, sha256 = suite.weights_for(model_id, settings)
    row = MODELS.row(model_id=model_id, loader=suite.recipe(model_id).loader, mean=[0.0], std=[1.0])
    return Target(load_network(row, path, 10), model_id, sha256, 1)


@pytest.fixture(scope="session")
def overfitted(reference_cache: Settings) -> Target:
    """Knows its training labels by heart, the 40 % wrong ones included."""
    return _target("mlp-256-overfit", reference_cache)


@pytest.fixture(scope="session")
def without_members(reference_cache: Settings) -> Target:
    """Never saw the split ``train``."""
    return _target("cnn-8-without-members", reference_cache)


@pytest.fixture(scope="session")
def overfitted_members() -> Images:
    """With the labels given in training."""
    return suite.training_images("reference/digits/mlp-256-overfit", Path())


@pytest.fixture(scope="session")
def train_split() -> Images:
    return load_images("digits", "train", Path())


@pytest.fixture(scope="session")
def nonmembers() -> Images:
    return load_images("digits", "test", Path())
