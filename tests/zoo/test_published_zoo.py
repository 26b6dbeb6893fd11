"""Real public checkpoints: every one is catalogued and loads, and accuracies are those that are stated.

Accuracies of all of them are in the committed records (``python -m evaluations run``); here some of each kind
are measured anew on the first images, and the records are compared with what the publishers state and with
what another program measured on the same images.
"""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from published_zoo import Checkpoint, checkpoints

from evaluations.datasets import load_images
from sngen.errors import UsageError
from sngen.intervals import wilson
from sngen.results import ResultStore
from sngen.schema import MODELS
from sngen.search.library import open_library
from sngen.settings import Settings
from sngen.zoo.model import count_outputs, load_model

#: Stated on other images than the test set; why, in words.
OTHER_IMAGES = {
    "nad/cifar10-badnets": "without the test images of the backdoor's target class",
}
#: One of each file format, layout of tensors and family, small ones.
SAMPLE = {
    "akamaster/cifar10/resnet20": "torch, nested, prefix",
    "oval-group/cifar10/deep-kw": "torch, element of a list",
    "verazuo/mnist/badnet-2022-09-26": "torch, raw state",
    "sankha555/cifar10/convnet-best": "torch, Opacus prefix, numpy scalars",
    "nad/cifar10-badnets": "wide ResNet",
    "eth-sri/cifar10/resnet-4b-bn-adv-2-2-bs256-lr-3": "numbered residual network",
    "fra31/cifar10/mmr-universal": "MATLAB",
    "csaw-hackml/mnist/c-clean-label": "Keras, whole model",
    "mlperf-tiny/pretrainedresnet.h5": "Keras, asymmetric padding",
    "verivital/mnist/tansig-200-50": "ONNX by MATLAB",
    "vnn-comp/2023-vit-pgd-2-3-16": "ONNX, gzipped, transformer",
    "onnx/mnist/cntk-mnist": "ONNX of 2018, constants",
}
FIRST = 1000


@pytest.fixture(scope="module")
def published(shared_zoo: Path, repository: Path) -> dict[str, Checkpoint]:
    if not (shared_zoo / "index.csv").is_file():
        pytest.skip("the folder of checkpoints has no index of them")
    return checkpoints(shared_zoo, repository / "data/catalog")


@pytest.fixture(scope="module")
def settings(shared_data: Path, shared_zoo: Path, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    return Settings(data=shared_data, cache=tmp_path_factory.mktemp("cache"), zoo=shared_zoo)


def test_every_checkpoint_is_catalogued_with_all_that_loading_needs(published: dict[str, Checkpoint]) -> None:
    assert len(published) == 107
    c = MODELS.c
    for checkpoint in published.values():
        row = checkpoint.row
        absent = [name for name in (c.loader, c.mean, c.std, c.input_size, c.weights_format) if not row[name]]
        assert not absent, (checkpoint.model_id, absent)
        assert row[c.dataset_id] == checkpoint.dataset_id


@pytest.mark.parametrize("model_id", SAMPLE)
def test_accuracy_on_the_first_images(
    model_id: str, published: dict[str, Checkpoint], settings: Settings, repository: Path
) -> None:
    """Within the interval that so many images give around the accuracy on all, as independently measured."""
    checkpoint = published[model_id]
    network = load_model(model_id, settings, open_library(repository / "data/catalog"))
    images = load_images(checkpoint.dataset_id, "test", settings.data, first=FIRST)
    with torch.no_grad():
        hits = sum(int((network(x).argmax(1) == y).sum()) for x, y in images.batches(250))
    low, high = wilson(hits, FIRST)
    assert checkpoint.independent is not None
    assert low <= checkpoint.independent <= high, (SAMPLE[model_id], hits / FIRST, checkpoint.independent)


def test_records_equal_what_another_program_measured(
    published: dict[str, Checkpoint], repository: Path
) -> None:
    compared = 0
    for model_id, measured, n in _recorded(repository):
        checkpoint = published.get(model_id)
        if checkpoint is None or checkpoint.independent is None:
            continue
        if checkpoint.independent_n == n:
            assert measured == pytest.approx(checkpoint.independent, abs=1e-3), model_id
        else:
            low, high = wilson(
                round(checkpoint.independent * checkpoint.independent_n), checkpoint.independent_n
            )
            assert low <= measured <= high, model_id
        compared += 1
    assert compared >= 4


def test_records_lie_in_the_interval_of_what_is_stated(
    published: dict[str, Checkpoint], repository: Path
) -> None:
    compared = 0
    for model_id, measured, n in _recorded(repository):
        checkpoint = published.get(model_id)
        if checkpoint is None or checkpoint.stated is None or model_id in OTHER_IMAGES:
            continue
        low, high = wilson(round(checkpoint.stated * n), n)
        assert low <= measured <= high, (model_id, checkpoint.stated, measured)
        compared += 1
    assert compared >= 4


def _recorded(repository: Path) -> list[tuple[str, float, int]]:
    """Model, measured test accuracy, images."""
    return [
        (record.model_id, entry.value, entry.n)
        for record in ResultStore(repository / "data/results")
        for entry in record.scores
        if (record.method, entry.setting, entry.metric) == ("clean", "test", "accuracy")
    ]


def test_an_unknown_id_gets_the_nearest(settings: Settings, repository: Path) -> None:
    library = open_library(repository / "data/catalog")
    with pytest.raises(UsageError, match=r"Nearest: .*akamaster/cifar10/resnet20"):
        load_model("akamaster/resnet20", settings, library)


def test_a_model_without_a_loader_is_refused_before_anything_is_fetched(
    settings: Settings, repository: Path
) -> None:
    library = open_library(repository / "data/catalog")
    with pytest.raises(UsageError, match="mcunet-320kb-1mb: the catalogue names no loader"):
        load_model("mit-han-lab/imagenet/mcunet-320kb-1mb", settings, library)


def test_outputs_are_the_rows_or_those_of_the_dataset(repository: Path) -> None:
    library = open_library(repository / "data/catalog")
    assert count_outputs(MODELS.row(model_id="a/b", num_outputs=11, dataset_id="mnist"), library) == 11
    assert count_outputs(MODELS.row(model_id="a/b", dataset_id="gtsrb"), library) == 43
    with pytest.raises(UsageError, match="a/b: the catalogue says neither num_outputs nor"):
        count_outputs(MODELS.row(model_id="a/b"), library)
