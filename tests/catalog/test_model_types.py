"""The table of architecture families."""

from __future__ import annotations

from pathlib import Path

import pytest

from sngen.catalog.store import load_catalog
from sngen.catalog.text_tables import format_table, read_table
from sngen.catalog.vocabulary import MODEL_TYPES, Vocabulary, load_vocabulary
from sngen.schema import MODELS

EXAMPLES = {
    # SecurityNet's own words
    "alexnetb": "alexnet", "drnc": "drn", "espnetv": "espnet", "preresnet": "preact-resnet",
    "resnesta": "resnest", "seresnet": "se-resnet", "wrn": "wide-resnet", "bninception": "inception",
    # RobustBench
    "WideResNet-34-10": "wide-resnet", "PreActResNet-18": "preact-resnet", "ResNet-50": "resnet",
    "RaWideResNet-70-16": "wide-resnet", "MeanSparse WideResNet-70-16": "wide-resnet",
    "MeanSparse ConvNeXt-L": "convnext", "ConvNeXt-B + ConvStem": "convnext", "XCiT-L12": "xcit",
    "ResNeXt29_32x4d": "resnext", "ConvNeXtV2-L + Swin-L": "ensemble",
    "ResNet-152 + WideResNet-70-16": "ensemble", "5-layer CNN": "cnn",
    # timm
    "vit_base_patch16_clip_224": "vit", "vitamin_large_224": "vitamin", "deit3_base_patch16_224": "deit",
    "beitv2_base_patch16_224": "beit", "eva02_base_patch14_224": "eva", "swinv2_cr_small_224": "swinv2",
    "swin_base_patch4_window7_224": "swin", "convnextv2_base": "convnextv2", "convnext_base": "convnext",
    "tf_efficientnet_b0": "efficientnet", "tf_efficientnetv2_s": "efficientnetv2",
    "gc_efficientnetv2_rw_t": "efficientnetv2", "efficientvit_b0": "efficientvit",
    "efficientvit_m0": "efficientvit-msra", "mobilenetv3_large_100": "mobilenetv3",
    "mobilevitv2_100": "mobilevitv2", "resnetv2_50x1_bit": "preact-resnet", "resnetrs50": "resnet",
    "ecaresnet26t": "eca-resnet", "legacy_seresnext26_32x4d": "se-resnext", "skresnext50_32x4d": "sknet",
    "res2next50": "res2net", "cs3darknet_l": "cspnet", "coat_tiny": "coat", "coatnet_0_rw_224": "coatnet",
    "maxxvit_rmlp_nano_rw_256": "maxvit", "sam2_hiera_tiny": "hiera", "resmlp_12_224": "resmlp",
    # other collections
    "wide_resnet50_2": "wide-resnet", "bn_vgg16b": "vgg", "inceptionresnetv2": "inception-resnet",
    "inception_v3": "inception", "googlenet": "googlenet", "sepreresnet20": "se-preact-resnet",
    "RN50x4": "clip-resnet", "rn-50": "resnet", "EVA01-g-14-plus": "eva", "xlm-roberta-large-ViT-H-14": "vit",
    "BiT ResNet-v2 101x1": "preact-resnet", "resnet50-v2-7": "preact-resnet", "CaffeNet": "alexnet",
    "MLPMixer": "mlp-mixer", "mlp": "mlp", "6x500 (fully connected, ReLU)": "mlp", "LeNet-5": "lenet",
    "MobileNet-v2-7": "mobilenetv2", "SwinTransformerV2_base": "swinv2", "PPLCNetV2_base": "lcnet",
    "barlowtwins_resnet50_8xb256": "resnet", "van-tiny_3rdparty_in1k": "van",
}  # fmt: skip
UNKNOWN = ("a variety", "ResNet; MobileNet", "vanilla", "12 methods", "coating", "")


@pytest.fixture(scope="module")
def committed(repository: Path) -> Vocabulary:
    return load_vocabulary(repository / "data/catalog/vocabulary")


@pytest.mark.parametrize(("name", "family"), EXAMPLES.items())
def test_family(committed: Vocabulary, name: str, family: str) -> None:
    assert committed.model_type(name) == family


@pytest.mark.parametrize("name", UNKNOWN)
def test_what_no_pattern_knows_has_no_family(committed: Vocabulary, name: str) -> None:
    assert committed.model_type(name) is None


def test_nearly_every_stated_architecture_has_a_family(repository: Path, committed: Vocabulary) -> None:
    models = load_catalog(repository / "data/catalog")[MODELS.name]
    stated = [model[MODELS.c.architecture] for model in models if model[MODELS.c.architecture]]
    known = sum(committed.model_type(name) is not None for name in stated)
    assert len(stated) > 5000
    assert known / len(stated) >= 0.97


def test_the_file_is_as_the_writer_writes_it(repository: Path) -> None:
    path = repository / "data/catalog/vocabulary/model-types.csv"
    assert path.read_bytes() == format_table(MODEL_TYPES, read_table(MODEL_TYPES, path))
