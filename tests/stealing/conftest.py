"""A target of the reference suite, and images to ask it."""

from __future__ import annotations

from pathlib import Path

import pytest
from stealing_examples import SURROGATE

from evaluations.datasets import Images, load_images
from evaluations.keeping import Keep, Use
from evaluations.method import Context
from evaluations.reference import suite
from evaluations.stealing.surrogate_settings import SurrogateSettings
from evaluations.target import Target
from sngen.schema import MODELS
from sngen.settings import Settings
from sngen.store import open_store
from sngen.zoo.load import load_network

MODEL = "reference/digits/cnn-8"


@pytest.fixture(scope="session")
def test_split() -> Images:
    return load_images("digits", "test", Path())


@pytest.fixture(scope="session")
def auxiliary() -> Images:
    return load_images("digits", "aux", Path())


@pytest.fixture
def surrogate() -> SurrogateSettings:
    return SurrogateSettings.of(SURROGATE)


@pytest.fixture
def target(reference_cache: Settings) -> Target:
    path, sha256 = suite.weights_for(MODEL, reference_cache)
    row = MODELS.row(model_id=MODEL, loader=suite.recipe(MODEL).loader, mean=[0.0], std=[1.0])
    return Target(load_network(row, path, 10), MODEL, sha256, 1)


@pytest.fixture
def context(tmp_path: Path) -> Context:
    def none() -> Target:
        raise AssertionError("no surrogate of the catalogue is asked for")

    folders = Settings(data=tmp_path, cache=tmp_path / "cache")
    facts = {"loader": "digits-cnn-8", "mean": [0.0], "std": [1.0]}
    return Context(Keep(open_store(tmp_path), "kept", Use), folders, none, facts)
