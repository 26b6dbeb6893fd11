"""The suite's networks, trained once per test session."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from torch import nn

from evaluations.datasets import Images, load_images
from evaluations.reference import suite
from sngen.schema import MODELS
from sngen.settings import Settings
from sngen.zoo.load import load_network


@pytest.fixture(scope="session")
def test_split() -> Images:
    return load_images("digits", "test", Path())


@pytest.fixture(scope="session")
def networks(reference_cache: Settings) -> dict[str, nn.Module]:
    """By the last part of the model id."""
    loaded = {}
    for model_id in suite.recipe_ids():
        path, _ = suite.weights_for(model_id, reference_cache)
        row = MODELS.row(model_id=model_id, loader=suite.recipe(model_id).loader, mean=[0.0], std=[1.0])
        loaded[model_id.rpartition("/")[2]] = load_network(row, path, 10)
    torch.set_num_threads(1)
    return loaded
