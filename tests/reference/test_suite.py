"""Weights of the suite: trained once, the same to the bit, found again by what decides them."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save

from evaluations.datasets import load_images
from evaluations.reference import recipe as recipe_module
from evaluations.reference import suite, training
from evaluations.reference.training_data import seen_images
from sngen.errors import CheckFailed, UsageError
from sngen.settings import Settings

LINEAR = "reference/digits/linear"


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(data=tmp_path / "data", cache=tmp_path)


@pytest.fixture
def short(monkeypatch: pytest.MonkeyPatch) -> None:
    """The linear model with a single epoch."""
    recipes = recipe_module.read_recipes()
    changed = {LINEAR: replace(recipes[LINEAR], epochs=1)}
    monkeypatch.setattr(suite, "read_recipes", lambda: recipes | changed)


@pytest.mark.parametrize("name", ["mlp-16", "cnn-8-backdoor-patch"])
def test_training_again_gives_the_same_bytes(reference_cache: Settings, name: str) -> None:
    model_id = f"reference/digits/{name}"
    path, sha256 = suite.weights_for(model_id, reference_cache)
    assert hashlib.sha256(path.read_bytes()).hexdigest() == sha256
    chosen = suite.recipe(model_id)
    torch.manual_seed(99)
    threads = torch.get_num_threads()
    torch.set_num_threads(2)
    before = torch.get_rng_state()
    seen = seen_images(chosen, load_images("digits", chosen.split, reference_cache.data))
    again = save(training.train(chosen, seen))
    assert torch.equal(torch.get_rng_state(), before) and torch.get_num_threads() == 2
    torch.set_num_threads(threads)
    assert hashlib.sha256(again).hexdigest() == sha256


def test_adversarial_training_repeats_and_depends_on_its_settings() -> None:
    train = load_images("digits", "train", Path()).first(128)
    chosen = replace(suite.recipe("reference/digits/cnn-16-adversarial"), epochs=1)
    first = save(training.train(chosen, train))
    assert save(training.train(chosen, train)) == first
    assert save(training.train(replace(chosen, adversarial=None), train)) != first
    assert save(training.train(replace(chosen, seed=chosen.seed + 1), train)) != first


def test_adversarial_examples_stay_in_ball_and_image_and_raise_the_loss() -> None:
    train = load_images("digits", "train", Path()).first(64)
    network = training.build("digits-cnn-8", 10)
    x, labels = train.tensor(), torch.tensor(train.labels)
    settings = recipe_module.Adversarial(eps=0.1, steps=5)
    found = training.adversarial_examples(network, x, labels, settings, torch.Generator().manual_seed(0))
    assert float((found - x).abs().max()) <= 0.1 + 1e-6
    assert float(found.min()) >= 0 and float(found.max()) <= 1
    loss = torch.nn.functional.cross_entropy
    with torch.no_grad():
        assert float(loss(network(found), labels)) > float(loss(network(x), labels)) + 0.01


@pytest.mark.usefixtures("short")
def test_weights_are_known_only_once_trained(settings: Settings) -> None:
    assert suite.known_sha256(LINEAR, settings) is None
    path, sha256 = suite.weights_for(LINEAR, settings)
    assert suite.known_sha256(LINEAR, settings) == sha256 == path.name
    assert set(load_file(path)) == {"1.weight", "1.bias"}
    (entry,) = (settings.cache / "recipes").glob("*.json")
    assert json.loads(entry.read_bytes())["sha256"] == sha256
    path.unlink()
    assert suite.known_sha256(LINEAR, settings) is None
    assert suite.weights_for(LINEAR, settings) == (path, sha256) and path.is_file()


@pytest.mark.usefixtures("short")
def test_spoilt_weights_are_refused(settings: Settings) -> None:
    path, _ = suite.weights_for(LINEAR, settings)
    path.write_bytes(b"spoilt")
    with pytest.raises(CheckFailed, match="Delete it"):
        suite.weights_for(LINEAR, settings)


def test_whatever_decides_the_weights_is_in_the_key(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    chosen = suite.recipe(LINEAR)
    entries = {suite._entry(chosen, settings), suite._entry(replace(chosen, lr=0.1), settings)}
    entries.add(suite._entry(replace(chosen, split="aux"), settings))
    with monkeypatch.context() as changed:
        changed.setattr("importlib.metadata.version", lambda _: "0.0")
        entries.add(suite._entry(chosen, settings))
    with monkeypatch.context() as changed:
        source = tmp_path / "source.py"
        source.write_text("# changed\n")
        changed.setattr(suite, "_origin", lambda _: str(source))
        entries.add(suite._entry(chosen, settings))
    assert len(entries) == 5


def test_two_processes_train_one_model_once(tmp_path: Path) -> None:
    program = (
        "from pathlib import Path; from sngen.settings import Settings\n"
        "from evaluations.reference import suite, training\n"
        "whole = training.train\n"
        "training.train = lambda *a: (print('trained'), whole(*a))[1]\n"
        f"cache = Path({str(tmp_path)!r})\n"
        f"print(suite.weights_for({LINEAR!r}, Settings(cache, cache))[1])\n"
    )
    environment = os.environ | {"OMP_NUM_THREADS": "1"}
    both = [
        subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True, env=environment)
        for _ in range(2)
    ]
    lines = [line for process in both for line in process.communicate(timeout=120)[0].split()]
    assert [process.returncode for process in both] == [0, 0]
    assert lines.count("trained") == 1 and len({line for line in lines if line != "trained"}) == 1
    assert len(list((tmp_path / "blobs").iterdir())) == 1


def test_asking_what_is_known_needs_no_torch(tmp_path: Path) -> None:
    program = (
        "import sys; from pathlib import Path; from sngen.settings import Settings\n"
        "from evaluations.reference import suite\n"
        f"cache = Path({str(tmp_path)!r})\n"
        f"print(suite.known_sha256({LINEAR!r}, Settings(cache, cache)), 'torch' in sys.modules)\n"
    )
    output = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    ).stdout
    assert output.split() == ["None", "False"]


def test_unknown_model_and_field() -> None:
    with pytest.raises(
        UsageError, match="'x/y' is not of the reference suite; its models: reference/digits/l"
    ):
        suite.recipe("x/y")
    with pytest.raises(CheckFailed, match=r"recipes\.yaml, a/b: .*'learning_rate'"):
        recipe_module._parse("a/b", {"loader": "digits-linear", "learning_rate": 1})
