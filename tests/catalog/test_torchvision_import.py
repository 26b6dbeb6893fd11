"""Every rule and error of the importer ``torchvision``, on modules made for it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from sngen.catalog.importers import Imported
from sngen.catalog.importers.torchvision import convert
from sngen.catalog.importers.torchvision.weights import FILES, META_FILE, PRESETS_FILE, read_weights
from sngen.catalog.upstream import Upstream, UpstreamFile, read_package
from sngen.catalog.vocabulary import Vocabulary, load_vocabulary
from sngen.errors import DataProblem
from sngen.schema import DATASETS, MODELS, SCORES, SOURCES
from sngen.validation import validate

M, S = MODELS.c, SCORES.c
MODULE, QUANTISED, OTHER = (
    f"torchvision/models/{name}.py" for name in ("resnet", "quantization/resnet", "detection/ssd")
)
PRESETS = """
class ImageClassification(nn.Module):
    def __init__(
        self, *, crop_size: int, resize_size: int = 256, mean: tuple = (0.485, 0.456, 0.406),
        std: tuple = (0.229, 0.224, 0.225),
        interpolation: InterpolationMode = InterpolationMode.BILINEAR, antialias: bool = True,
    ) -> None:
        super().__init__()
"""
NETWORK = """
from ._meta import _IMAGENET_CATEGORIES

_COMMON_META = {"categories": _IMAGENET_CATEGORIES, "min_size": (1, 1)}
_SWAG = {**_COMMON_META, "license": "https://a.org/LICENSE"}

class ResNet18_Weights(WeightsEnum):
    IMAGENET1K_V1 = Weights(
        url="https://download.pytorch.org/models/resnet18-f37072fd.pth",
        transforms=partial(ImageClassification, crop_size=224),
        meta={
            **_COMMON_META,
            "num_params": 11689512,
            "recipe": "https://a.org/recipe",
            "_metrics": {"ImageNet-1K": {"acc@1": 69.758, "acc@5": 89.078}},
            "_ops": 1.814,
            "_file_size": 44.661,
            "_docs": '''These weights
                reproduce the paper.''',
        },
    )
    FEATURES = Weights(
        url="https://a.org/resnet18_features.pth",
        transforms=partial(
            ImageClassification, crop_size=384, resize_size=400, std=(1.0 / 4.0, -0.5, 1),
            interpolation=InterpolationMode.BICUBIC,
        ),
        meta={
            **_SWAG, "categories": None, "num_params": 7, "recipe": "r", "_ops": 1, "_file_size": 2,
            "_docs": "", "_metrics": {"ImageNet-1K": {"acc@1": float("nan"), "acc@5": float("nan")}},
        },
    )
    DEFAULT = IMAGENET1K_V1

@register_model()
@handle_legacy_interface(weights=("pretrained", ResNet18_Weights.IMAGENET1K_V1))
def resnet18(*, weights: Optional[ResNet18_Weights] = None, progress: bool = True) -> ResNet:
    raise RuntimeError("nothing of this is ever executed")

def _resnet(*, weights: Optional[Other_Weights] = None) -> ResNet: ...

raise RuntimeError("nothing of this is ever executed")
"""
ROUNDED = """
class ResNet18_QuantizedWeights(WeightsEnum):
    IMAGENET1K_FBGEMM_V1 = Weights(
        url="https://download.pytorch.org/models/quantized/resnet18_fbgemm_16fa66dd.pth",
        transforms=partial(ImageClassification, crop_size=224, resize_size=256),
        meta={
            "categories": _IMAGENET_CATEGORIES, "num_params": 11689512, "recipe": "r", "_ops": 1.814,
            "_file_size": 11.238, "_docs": "Quantised.", "backend": "fbgemm",
            "unquantized": ResNet18_Weights.IMAGENET1K_V1,
            "_metrics": {"ImageNet-1K": {"acc@1": 69.494, "acc@5": 88.882}},
        },
    )

@register_model(name="quantized_resnet18")
def resnet18(*, weights: Optional[Union[ResNet18_QuantizedWeights, ResNet18_Weights]] = None): ...
"""
DETECTOR = """
class SSD_Weights(WeightsEnum):
    COCO_V1 = Weights(url="https://a.org/ssd.pth", transforms=ObjectDetection, meta={"num_params": 1})
"""


@pytest.fixture
def words(vocabulary_folder: Path) -> Vocabulary:
    (vocabulary_folder / "dataset-names.csv").write_text("spelling,dataset_id\nImageNet-1k,imagenet-1k\n")
    (vocabulary_folder / "publishers.csv").write_text(
        "spelling,publisher,publisher_type\npytorch,PyTorch,community\n"
    )
    (vocabulary_folder / "licenses.csv").write_text(
        "spelling,license\nBSD-3-Clause,BSD-3-Clause\nhttps://a.org/LICENSE,CC-BY-NC-4.0\n"
    )
    return load_vocabulary(vocabulary_folder)


def imported(words: Vocabulary, network: str = NETWORK, **files: str) -> Imported:
    texts = {
        META_FILE: "_IMAGENET_CATEGORIES = ['tench', 'goldfish', 'shark']",
        MODULE: network, QUANTISED: ROUNDED, OTHER: DETECTOR, PRESETS_FILE: PRESETS,
    } | files  # fmt: skip
    found = {path: UpstreamFile(path, text, "0" * 64) for path, text in sorted(texts.items())}
    return convert(Upstream("0.1", None, found), words)


def models(found: Imported) -> dict[str, dict[str, Any]]:
    return {row[M.model_id]: row for row in found.tables[MODELS.name]}


def test_plain_weights(words: Vocabulary) -> None:
    row = models(imported(words))["torchvision/resnet18/imagenet1k-v1"]
    assert row == MODELS.row(
        model_id="torchvision/resnet18/imagenet1k-v1", name="ResNet18_Weights.IMAGENET1K_V1",
        source_id="torchvision", source_file=MODULE, source_row=8, task="classification",
        architecture="resnet18", model_type="resnet", parameters=11689512, macs=1_814_000_000.0,
        input_size="3x224x224", crop_fraction=0.875, interpolation="bilinear", mean=[0.485, 0.456, 0.406],
        std=[0.229, 0.224, 0.225], dataset_id="imagenet-1k", num_outputs=3, purpose="benchmark",
        training_method="These weights reproduce the paper.", publisher="PyTorch",
        publisher_type="community", weights_kind="file",
        weights_url="https://download.pytorch.org/models/resnet18-f37072fd.pth",
        weights_checksum="sha256-prefix:f37072fd", weights_format="torch", license="BSD-3-Clause",
        license_scope="repository", flags=["resize-default"], loader="torchvision/resnet18",
        note="recipe https://a.org/recipe; file of 44.661 MB; default weights of its builder",
        source_words='{"crop_fraction": "crop_size 224, resize_size 256", "dataset_id": "ImageNet-1K", '
        '"macs": "_ops 1.814", "publisher": "pytorch"}',
    )  # fmt: skip


def test_the_tables_keep_the_contract(words: Vocabulary) -> None:
    tables = imported(words).tables
    assert set(tables) == {SOURCES.name, MODELS.name, SCORES.name}
    ids = {row[S.dataset_id] for row in tables[SCORES.name]}
    datasets = [DATASETS.row(dataset_id=one, name=one, source_id="torchvision") for one in ids]
    assert validate({**tables, DATASETS.name: datasets}) == []


def test_features_without_a_classifier(words: Vocabulary) -> None:
    found = imported(words)
    row = models(found)["torchvision/resnet18/features"]
    assert (row[M.task], row[M.dataset_id], row[M.pretrained_on]) == ("features", None, ["imagenet-1k"])
    assert (row[M.license], row[M.license_scope]) == ("CC-BY-NC-4.0", "weights")
    assert (row[M.std], row[M.crop_fraction], row[M.interpolation]) == ([0.25, -0.5, 1], 0.96, "bicubic")
    assert (row[M.flags], row[M.weights_checksum]) == (None, None)
    assert "default" not in row[M.note]
    assert {score[S.model_id] for score in found.tables[SCORES.name]} == set(models(found)) - {
        "torchvision/resnet18/features"
    }


def test_quantised_weights_are_copies(words: Vocabulary) -> None:
    row = models(imported(words))["torchvision/resnet18/imagenet1k-fbgemm-v1"]
    assert (row[M.copy_kind], row[M.architecture]) == ("quantised", "resnet18")
    assert "quantised from ResNet18_Weights.IMAGENET1K_V1; for the backend fbgemm" in row[M.note]


def test_scores(words: Vocabulary) -> None:
    rows = [row for row in imported(words).tables[SCORES.name] if row[S.source_file] == MODULE]
    assert [(row[S.metric], row[S.value], row[S.source_column], row[S.source_row]) for row in rows] == [
        ("accuracy", 0.69758, "ImageNet-1K acc@1", 8), ("top5_accuracy", 0.89078, "ImageNet-1K acc@5", 8),
    ]  # fmt: skip


def test_the_audit_names_defaults_and_what_is_left_out(words: Vocabulary) -> None:
    audit = {entry["rule"]: entry["rows"] for entry in imported(words).audit}
    assert audit["resize-default"] == [
        {"row_id": "torchvision/resnet18/imagenet1k-v1", "before": 256, "after": 256}
    ]
    assert [row["before"] for row in audit["other-tasks-left-out"]] == [
        "torchvision/models/detection: SSD_Weights.COCO_V1"
    ]


@pytest.mark.parametrize(
    ("before", "after", "words_of_error"),
    [
        ('"num_params": 11689512', '"num_params": count()', "V1: found no, or another kind of, num_params"),
        ('"recipe": "https://a.org/recipe",', "", "V1: found no, or another kind of, recipe"),
        ("crop_size=224", 'crop_size="big"', "found no, or another kind of, crop_size"),
        ("(1, 1)", "[x for x in y]", r"resnet.py, line 4: found '\[x for x in y\]', expected a plain value"),
        ('"acc@5": 89.078', '"f1": 89.078', "found the metric 'f1', expected acc@1, acc@5"),
        ("ImageNet-1K", "ImageNet-9K", "found 'ImageNet-9K', expected a spelling of"),
        ("https://a.org/LICENSE", "https://b.org/LICENSE", "found 'https://b.org/LICENSE', expected"),
        ("@register_model()", "", r"V1: found no builder, expected a function with @register_model"),
        ("= Weights(", "= Checkpoint(", r"found another value, expected Weights\(url="),
        ('url="https://a.org/resnet18_features.pth",', "", "found the arguments transforms, meta, expected"),
        ("class ResNet18_Weights", "class ResNet18_Weights(", "line 7: found no Python"),
    ],
)  # fmt: skip
def test_what_is_not_understood_is_said(
    words: Vocabulary, before: str, after: str, words_of_error: str
) -> None:
    assert before in NETWORK
    with pytest.raises(DataProblem, match=words_of_error):
        imported(words, NETWORK.replace(before, after))


def test_presets_without_the_class(words: Vocabulary) -> None:
    with pytest.raises(DataProblem, match=r"_presets.py: found no class ImageClassification"):
        imported(words, **{PRESETS_FILE: "class Other: pass"})


def test_no_weights_at_all(words: Vocabulary) -> None:
    with pytest.raises(DataProblem, match="found no classification weights"):
        imported(words, "pass", **{QUANTISED: "pass"})


def test_the_source_agrees_with_the_enums_themselves() -> None:
    """What the reader makes of the installed package's source, against the package."""
    models_of = pytest.importorskip("torchvision.models")
    read = read_weights(read_package("torchvision", None, FILES)).weights
    own = {
        f"{weights.__class__.__name__}.{weights.name}": weights
        for name in models_of.list_models(module=models_of)
        + models_of.list_models(module=models_of.quantization)
        for weights in models_of.get_model_weights(name)
    }
    assert {one.name for one in read} == set(own)
    for one in read:
        weights, preset = own[one.name], own[one.name].transforms()
        assert (one.url, one.meta["num_params"]) == (weights.url, weights.meta["num_params"])
        assert one.meta["categories"] == weights.meta["categories"]
        assert [one.transforms["crop_size"]] == preset.crop_size
        assert [one.transforms["resize_size"]] == preset.resize_size
        assert one.transforms["mean"] == preset.mean and one.transforms["std"] == preset.std
        assert one.transforms["interpolation"].last.lower() == preset.interpolation.value
        assert one.is_default == (weights.__class__.DEFAULT is weights)
        assert models_of.get_model_builder(one.builder).__name__ == one.builder
