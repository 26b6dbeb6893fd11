"""Controls of the reference suite under detection: a backdoored one, and its clean twin."""

from __future__ import annotations

from pathlib import Path

import pytest

from evaluations.backdoor.detection import CLEAN, VERDICT
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
def patched(reference_cache: Settings) -> Target:
    """A white 2 x 2 patch in the lower right corner leads to class 0."""
    return _target("cnn-8-backdoor-patch", reference_cache)


@pytest.fixture(scope="session")
def twin(reference_cache: Settings) -> Target:
    """Trained as ``patched``, without the patch."""
    return _target("cnn-8", reference_cache)


@pytest.fixture(scope="session")
def blended(reference_cache: Settings) -> Target:
    """A pattern of noise, blended in with a share of 0.2, leads to class 3."""
    return _target("cnn-16-backdoor-blend", reference_cache)


@pytest.fixture(scope="session")
def digits() -> dict[str, Images]:
    test = load_images("digits", "test", Path())
    return {CLEAN: test.first(300), VERDICT: test.after(300), "pool": load_images("digits", "aux", Path())}
