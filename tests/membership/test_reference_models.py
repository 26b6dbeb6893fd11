"""Reference models: halves anybody can repeat, equal weights to the bit, shared work, and the controls."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
import threading
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from filelock import FileLock
from torch import nn

from evaluations.datasets import Images, load_images
from evaluations.membership import reference_models, reference_training
from evaluations.membership.delong import AucInterval, auc_interval
from evaluations.membership.lira import lira_scores
from evaluations.membership.pool_halves import check_disjoint, in_half
from evaluations.membership.reference_models import ReferenceModels
from evaluations.membership.reference_settings import ReferenceSettings
from evaluations.membership.rmia import rmia_scores, tuned_a
from evaluations.reference import suite
from sngen.errors import CheckFailed, UsageError
from sngen.schema import MODELS
from sngen.settings import Settings
from sngen.zoo.load import load_network

DIGITS = {
    "architecture": "digits-cnn-8",
    "mean": [0.0],
    "std": [1.0],
    "models": 8,
    "epochs": 12,
    "batch": 32,
    "lr": 0.005,
    "weight_decay": 0.01,
    "optimiser": "adamw",
    "augmentation": "none",
    "seed": 0,
}
#: Trains in a blink, through every branch of the training.
TINY = DIGITS | {
    "architecture": "sequence: conv 4 k3 s2 p1 nobias, bn, relu, flatten, linear",
    "models": 4,
    "epochs": 2,
    "lr": 0.05,
    "optimiser": "sgd",
    "augmentation": "flip-crop",
}


@pytest.fixture(scope="module")
def pool() -> Images:
    return load_images("digits", "aux", Path())


@pytest.fixture(scope="module")
def trained(pool: Images, reference_cache: Settings) -> ReferenceModels:
    """Eight networks on halves of the pool."""
    models = ReferenceModels(DIGITS, pool, reference_cache)
    models.train_missing()
    return models


@pytest.fixture
def folders(tmp_path: Path) -> Settings:
    return Settings(data=tmp_path / "data", cache=tmp_path)


def test_halves_follow_from_the_hashes_of_the_ids(pool: Images) -> None:
    order = lambda image: hashlib.sha256(f"reference-model/1/{image}".encode()).hexdigest()  # noqa: E731
    expected = set()
    for label in range(10):
        ids = sorted(pool.ids[pool.labels == label].tolist(), key=order)
        expected |= set(ids[: len(ids) // 2])
    assert set(pool.ids[in_half(pool, 2)].tolist()) == expected


def test_twins_share_the_pool_and_every_class(pool: Images) -> None:
    masks = np.stack([in_half(pool, index) for index in range(6)])
    assert (masks.sum(axis=0) == 3).all() and (masks[0] == ~masks[1]).all()
    for mask in masks:
        counts = [np.bincount(pool.labels[part], minlength=10) for part in (mask, ~mask)]
        assert (np.abs(counts[0] - counts[1]) <= 1).all()
    assert 0.4 < (masks[0] == masks[2]).mean() < 0.6


def test_evaluated_images_in_the_pool_are_refused(pool: Images) -> None:
    check_disjoint(pool, load_images("digits", "train", Path()), load_images("digits", "test", Path()))
    with pytest.raises(CheckFailed, match=r"7 images \(the first: .*\) are both in the pool"):
        check_disjoint(pool, pool.first(7))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"models": 3}, "models is 3, expected an even number from 2"),
        ({"lr": "1e-3"}, "lr is '1e-3', expected a number above 0"),
        ({"epochs": 0, "batch": 1.5}, "epochs is 0, expected .*; batch is 1.5"),
        ({"optimiser": "adam"}, "optimiser is 'adam', expected adamw or sgd"),
        ({"augmentation": "cutout"}, "augmentation is 'cutout', expected none or flip-crop"),
        ({"std": [0.0]}, "std is .*, expected numbers above 0"),
        ({"mean": [0.0] * 3, "std": [1.0] * 3}, "3 means and 3 standard deviations, expected 1 of each"),
        ({"momentum": 0.9}, "unknown momentum"),
    ],
)
def test_wrong_settings_are_refused(
    pool: Images, folders: Settings, change: dict[str, Any], message: str
) -> None:
    with pytest.raises(UsageError, match=message):
        ReferenceModels(DIGITS | change, pool, folders)


def test_missing_settings_are_named(pool: Images, folders: Settings) -> None:
    with pytest.raises(UsageError, match="missing seed"):
        ReferenceModels({name: DIGITS[name] for name in DIGITS if name != "seed"}, pool, folders)


def test_another_process_trains_the_same_bytes(
    pool: Images, folders: Settings, tmp_path: Path, repository: Path
) -> None:
    """With other random numbers, another number of threads and the pool in another order."""
    torch.manual_seed(99)
    threads, state = torch.get_num_threads(), torch.get_rng_state()
    here = ReferenceModels(TINY, pool, folders)
    here.train(1)
    assert torch.equal(torch.get_rng_state(), state) and torch.get_num_threads() == threads
    program = f"""
import json, sys
from dataclasses import replace
from pathlib import Path
import torch
from evaluations.datasets import load_images
from evaluations.membership.reference_models import ReferenceModels
from sngen.settings import Settings
torch.set_num_threads(2)
pool = load_images("digits", "aux", Path())
pool = replace(pool, pixels=pool.pixels[::-1], labels=pool.labels[::-1], ids=pool.ids[::-1])
folder = Path({str(tmp_path / "elsewhere")!r})
ReferenceModels(json.loads(sys.argv[1]), pool, Settings(data=folder, cache=folder)).train(1)
"""
    subprocess.run([sys.executable, "-c", program, json.dumps(TINY)], check=True, cwd=repository)
    assert _blobs(tmp_path / "elsewhere") == _blobs(folders.cache) != set()


def test_every_model_has_weights_of_its_own(pool: Images, folders: Settings) -> None:
    models = ReferenceModels(TINY, pool, folders)
    assert models.missing() == [0, 1, 2, 3] and not models.ready()
    with pytest.raises(UsageError, match=r"reference model 0 for digits, .*: not trained yet"):
        models.networks()
    models.train_missing()
    assert models.ready() and len(_blobs(folders.cache)) == len(models) == 4


def test_trained_models_are_found_again_by_what_decides_them(pool: Images, folders: Settings) -> None:
    ReferenceModels(TINY, pool, folders).train_missing()
    assert ReferenceModels(TINY | {"models": 6}, pool, folders).missing() == [4, 5]
    for other in ({"seed": 1}, {"epochs": 3}, {"mean": [0.5]}, {"augmentation": "none"}):
        assert ReferenceModels(TINY | other, pool, folders).missing() == [0, 1, 2, 3], other
    assert ReferenceModels(TINY, pool.first(300), folders).missing() == [0, 1, 2, 3]


@pytest.mark.parametrize(
    "module", ["evaluations.membership.reference_training", "sngen.zoo.architectures.sequence"]
)
def test_changed_code_trains_anew(
    pool: Images, folders: Settings, monkeypatch: pytest.MonkeyPatch, module: str
) -> None:
    models = ReferenceModels(TINY, pool, folders)
    models.train(0)
    source = reference_models._source
    monkeypatch.setattr(
        reference_models, "_source", lambda name: source(name) + (b"\n" if name == module else b"")
    )
    assert 0 in models.missing()


def test_an_interrupted_run_goes_on_where_it_was(
    pool: Images, folders: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    models, done = ReferenceModels(TINY, pool, folders), []

    def interrupted(settings: ReferenceSettings, index: int, images: Images) -> dict[str, torch.Tensor]:
        if index == 2 and index not in done:
            done.append(index)
            raise KeyboardInterrupt
        done.append(index)
        return reference_training.train(settings, index, images)

    monkeypatch.setattr(reference_models, "train", interrupted)
    with pytest.raises(KeyboardInterrupt):
        models.train_missing()
    assert models.missing() == [2, 3]
    models.train_missing()
    assert models.ready() and done == [0, 1, 2, 2, 3]


def test_a_model_in_work_elsewhere_is_left_for_the_end(pool: Images, folders: Settings) -> None:
    models = ReferenceModels(TINY, pool, folders)
    entry = models._entry(0)
    entry.parent.mkdir(parents=True)
    worker = threading.Thread(target=models.train_missing, daemon=True)
    with FileLock(entry.with_suffix(".lock")):
        worker.start()
        while models.missing() != [0]:
            assert worker.is_alive()
        assert worker.is_alive()
    worker.join()
    assert models.ready()


def test_a_training_that_diverges_leaves_nothing(pool: Images, folders: Settings) -> None:
    models = ReferenceModels(TINY | {"lr": 1e30}, pool, folders)
    with pytest.raises(CheckFailed, match=r"reference model 0 for digits, .* not finite"):
        models.train_missing()
    assert models.missing() == [0, 1, 2, 3]


def test_damaged_weights_are_refused(pool: Images, folders: Settings) -> None:
    models = ReferenceModels(TINY | {"models": 2}, pool, folders)
    models.train_missing()
    (folders.cache / "blobs" / sorted(_blobs(folders.cache))[0]).write_bytes(b"other bytes")
    with pytest.raises(CheckFailed, match="its SHA-256 is"):
        models.networks()


def test_logits_are_those_of_the_networks(trained: ReferenceModels, pool: Images) -> None:
    images = load_images("digits", "test", Path()).first(100)
    networks = trained.networks()
    assert len(networks) == 8 and not any(network.training for network in networks)
    for index in (0, 7):
        with torch.no_grad():
            expected = networks[index](images.tensor()).numpy()
        logits = trained.logits(index, images)
        assert logits.dtype == np.float32
        assert logits == pytest.approx(expected, abs=1e-5)
    assert trained.all_logits(images).shape == (8, 100, 10)


def test_logits_are_computed_once(pool: Images, folders: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    models = ReferenceModels(TINY | {"models": 2}, pool, folders)
    models.train_missing()
    first = models.logits(1, pool)
    monkeypatch.setattr(reference_models, "_logits", None)
    assert np.array_equal(ReferenceModels(TINY | {"models": 2}, pool, folders).logits(1, pool), first)
    with pytest.raises(TypeError):
        models.logits(1, pool.first(10))


@pytest.mark.parametrize("content", [b"", b"not an array", None])
def test_damaged_logits_are_refused(pool: Images, folders: Settings, content: bytes | None) -> None:
    models = ReferenceModels(TINY | {"models": 2}, pool, folders)
    models.train(0)
    models.logits(0, pool)
    (path,) = (folders.cache / "reference-logits").iterdir()
    if content is None:
        np.save(path, np.zeros((3, 10), dtype=np.float32))
    else:
        path.write_bytes(content)
    with pytest.raises(CheckFailed, match="Delete it"):
        models.logits(0, pool)


def test_there_is_no_model_beyond_the_last(pool: Images, folders: Settings) -> None:
    with pytest.raises(UsageError, match="reference model 4: expected 0 to 3"):
        ReferenceModels(TINY, pool, folders).in_mask(4)


def test_flip_crop_cuts_each_image_out_of_its_black_margin() -> None:
    x = torch.rand(12, 3, 6, 7, generator=torch.Generator().manual_seed(1))
    drawn = np.stack([np.arange(12) % 2, np.arange(12) % 9, (5 * np.arange(12)) % 9], axis=1)
    found = reference_training.flip_crop(x, drawn)
    for image, (flip, top, left) in enumerate(drawn):
        padded = np.pad(x[image].numpy(), ((0, 0), (4, 4), (4, 4)))
        padded = padded[:, :, ::-1] if flip else padded
        assert np.array_equal(found[image].numpy(), padded[:, top : top + 6, left : left + 7])


def test_random_numbers_depend_on_image_epoch_and_model_alone() -> None:
    settings, ids = ReferenceSettings.of(TINY), np.arange(5000, 9000)
    drawn = reference_training.draws(settings, 0, 3, ids)
    some = np.array([17, 3, 3999])
    assert np.array_equal(reference_training.draws(settings, 0, 3, ids[some]), drawn[some])
    assert abs(drawn[:, 0].mean() - 0.5) < 0.03
    for column in (1, 2):
        counts = np.bincount(drawn[:, column], minlength=9)
        assert len(counts) == 9 and (np.abs(counts - 4000 / 9) < 100).all()
    assert abs(np.corrcoef(drawn.T) - np.eye(3)).max() < 0.06
    order = reference_training.epoch_order(settings, 0, 3, ids)
    assert sorted(order.tolist()) == list(range(4000))
    for other in ((1, 3), (0, 4)):
        assert not np.array_equal(reference_training.draws(settings, *other, ids), drawn)
        assert not np.array_equal(reference_training.epoch_order(settings, *other, ids), order)


def test_reference_models_of_the_digits_have_learned(trained: ReferenceModels) -> None:
    test = load_images("digits", "test", Path())
    right = trained.all_logits(test).argmax(axis=2) == test.labels
    assert (right.mean(axis=1) > 0.9).all()


# The pool is the split aux: no member (train) and no non-member (test). The control without members was
# trained on aux too, which is no harm: it saw none of the evaluated images.


@pytest.mark.parametrize("attack", ["lira", "rmia"])
def test_the_overfitted_control_is_found(
    trained: ReferenceModels, reference_cache: Settings, attack: str
) -> None:
    members = suite.training_images("reference/digits/mlp-256-overfit", reference_cache.data)
    found = _attacked(attack, trained, "mlp-256-overfit", members, reference_cache)
    assert found.low > 0.75
    # Wrong labels alone give members away; those with the right one are found too.
    right = np.flatnonzero(members.labels == load_images("digits", "train", Path()).labels)
    kept = replace(
        members, pixels=members.pixels[right], labels=members.labels[right], ids=members.ids[right]
    )
    assert _attacked(attack, trained, "mlp-256-overfit", kept, reference_cache).low > 0.65


@pytest.mark.parametrize("attack", ["lira", "rmia"])
def test_the_control_without_members_sits_at_one_half(
    trained: ReferenceModels, reference_cache: Settings, attack: str
) -> None:
    members = load_images("digits", "train", Path())
    found = _attacked(attack, trained, "cnn-8-without-members", members, reference_cache)
    assert found.low < 0.5 < found.high


def _attacked(
    attack: str, models: ReferenceModels, name: str, members: Images, folders: Settings
) -> AucInterval:
    network = _target(name, folders)
    nonmembers = load_images("digits", "test", Path())
    check_disjoint(models.pool, members, nonmembers)
    of_each = [_scores(attack, models, network, images) for images in (members, nonmembers)]
    return auc_interval(*of_each)


def _scores(attack: str, models: ReferenceModels, network: nn.Module, images: Images) -> np.ndarray:
    logits, out_logits = _logits(network, images), models.all_logits(images)
    if attack == "lira":
        return lira_scores(logits, images.labels, out_logits, {"location": "mean", "variance": "global"})
    pool, pool_logits = models.pool, models.all_logits(models.pool)
    in_mask = np.stack([models.in_mask(index) for index in range(len(models))])
    settings = {"gamma": 1.0, "a": tuned_a(pool_logits, pool.labels, in_mask)}
    return rmia_scores(
        logits,
        images.labels,
        out_logits,
        _logits(network, pool),
        pool.labels,
        pool_logits,
        ~in_mask,
        settings,
    )


def _target(name: str, folders: Settings) -> nn.Module:
    model_id = f"reference/digits/{name}"
    path, _ = suite.weights_for(model_id, folders)
    row = MODELS.row(model_id=model_id, loader=suite.recipe(model_id).loader, mean=[0.0], std=[1.0])
    return load_network(row, path, 10)


def _logits(network: nn.Module, images: Images) -> np.ndarray:
    with torch.no_grad():
        logits: np.ndarray = network(images.tensor()).numpy()
    return logits


def _blobs(cache: Path) -> set[str]:
    return {path.name for path in (cache / "blobs").iterdir()}
