"""The importer of MMPreTrain, on metafiles made for it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from zoo_imports import explanation_of, models_of, scores_of, touched_by, upstream_of

from sngen.catalog.importers import Imported
from sngen.catalog.importers.mmpretrain import convert
from sngen.catalog.vocabulary import Vocabulary, load_vocabulary
from sngen.errors import DataProblem
from sngen.schema import MODELS, SCORES

M = MODELS.c
PATH = "configs/net/metafile.yml"
HOST = "https://download.openmmlab.com"
COLLECTION: dict[str, Any] = {
    "Name": "Net",
    "Metadata": {
        "Training Data": "ImageNet-1k", "Training Techniques": ["SGD", "Weight Decay"],
        "Architecture": ["ResNet", "Attention"],
    },
    "Paper": {"Title": "A Net", "URL": "https://arxiv.org/abs/1512.03385"},
    "README": "configs/net/README.md",
}  # fmt: skip
MODEL: dict[str, Any] = {
    "Name": "net50_8xb32_in1k",
    "Metadata": {"FLOPs": 4109464576, "Parameters": 25557032},
    "In Collection": "Net",
    "Results": [
        {
            "Task": "Image Classification", "Dataset": "ImageNet-1k",
            "Metrics": {"Top 1 Accuracy": 76.55, "Top 5 Accuracy": 93.06},
        }
    ],
    "Weights": f"{HOST}/net50.pth",
    "Config": "configs/net/net50_8xb32_in1k.py",
}  # fmt: skip


def result(metrics: Any, dataset: str = "ImageNet-1k", task: str = "Image Classification") -> dict[str, Any]:
    return {"Task": task, "Dataset": dataset, "Metrics": metrics}


@pytest.fixture(scope="module")
def words(repository: Path) -> Vocabulary:
    return load_vocabulary(repository / "data" / "catalog" / "vocabulary")


def imported(words: Vocabulary, *models: dict[str, Any]) -> Imported:
    content = {"Collections": [COLLECTION], "Models": list(models)}
    return convert(upstream_of({PATH: yaml.safe_dump(content)}), words)


def only(words: Vocabulary, **changed: Any) -> tuple[Imported, dict[str, Any]]:
    found = imported(words, MODEL | changed)
    (row,) = models_of(found).values()
    return found, row


def problems(words: Vocabulary, *models: dict[str, Any]) -> list[str]:
    with pytest.raises(DataProblem) as raised:
        imported(words, *models)
    return raised.value.problems


# --- Tables ---------------------------------------------------------------------------------------------


def test_a_plain_entry(words: Vocabulary) -> None:
    found, row = only(words)
    assert row == MODELS.row(
        model_id="mmpretrain/imagenet-1k/net50-8xb32-in1k", name="net50_8xb32_in1k", source_id="mmpretrain",
        source_file=PATH, source_row=1, task="classification", architecture="net50", parameters=25557032,
        macs=4109464576.0, dataset_id="imagenet-1k", purpose="benchmark",
        training_method="SGD, Weight Decay", publisher="OpenMMLab", publisher_type="community",
        paper_title="A Net", paper_url="https://arxiv.org/abs/1512.03385", weights_kind="file",
        weights_url=f"{HOST}/net50.pth", weights_format="torch", license="Apache-2.0",
        license_scope="repository", note="Config: configs/net/net50_8xb32_in1k.py",
        source_words='{"architecture": "ResNet; Attention", "dataset_id": "ImageNet-1k", '
        '"model_type": "Net", "pretrained_on": "ImageNet-1k"}',
    )  # fmt: skip
    assert scores_of(found, row[M.model_id]) == {
        ("Top 1 Accuracy", "accuracy"): 0.7655, ("Top 5 Accuracy", "top5_accuracy"): 0.9306,
    }  # fmt: skip
    score = found.tables[SCORES.name][0]
    assert (score[SCORES.c.source_file], score[SCORES.c.source_row]) == (PATH, 1)


def test_a_checkpoint_of_pretraining_has_features_and_no_score(words: Vocabulary) -> None:
    name, config = "mae_vit-base-p16_8xb512-amp-coslr-300e_in1k", "configs/net/pre.py"
    found, row = only(words, Name=name, Results=None, Config=config, Downstream=["net50_a", "net50_b"])
    assert row[M.model_id] == f"mmpretrain/unevaluated/{name.replace('_', '-')}"
    assert (row[M.task], row[M.dataset_id], row[M.purpose]) == ("features", None, "other")
    assert row[M.flags] == ["no-result-in-source"]
    assert row[M.note] == f"Config: {config}. Downstream: net50_a, net50_b"
    assert found.tables[SCORES.name] == []


def test_converted_weights_are_a_copy_that_names_its_original(words: Vocabulary) -> None:
    original = {"Weights": "https://example.org/a.pth", "Code": "https://github.com/a/b"}
    _, row = only(words, **{"Converted From": original})
    assert row[M.copy_kind] == "converted"
    assert row[M.note].endswith(
        "Converted From, Weights: https://example.org/a.pth. Converted From, Code: https://github.com/a/b"
    )


def test_an_entry_without_weights(words: Vocabulary) -> None:
    _, row = only(words, Weights=None)
    assert (row[M.weights_kind], row[M.weights_url], row[M.license], row[M.publisher]) == (
        "none", None, None, None,
    )  # fmt: skip
    assert row[M.flags] == ["no-weights"]


def test_zero_shot_is_told_from_the_name(words: Vocabulary) -> None:
    name = "cn-clip_resnet50_zeroshot-cls_cifar100"
    found, row = only(words, Name=name, Results=[result({"Top 1 Accuracy": 40.7}, "CIFAR100")])
    assert (row[M.task], row[M.dataset_id], row[M.architecture]) == ("zero-shot", None, "resnet50")
    (score,) = found.tables[SCORES.name]
    assert score[SCORES.c.score_id] == (
        f"mmpretrain/cifar100/{name.replace('_', '-')}:cifar100:reported/mmpretrain:zero-shot:test:accuracy"
    )
    assert score[SCORES.c.value] == 0.407


def test_several_labels(words: Vocabulary) -> None:
    metrics = {"mAP": 94.98, "OF1": 90.8, "CF1": 89.16}
    found, row = only(words, Results=[result(metrics, "PASCAL VOC 2007", "Multi-Label Classification")])
    assert (row[M.task], row[M.dataset_id]) == ("multi-label", "pascal-voc-2007")
    (score,) = found.tables[SCORES.name]
    assert (score[SCORES.c.metric], score[SCORES.c.value]) == ("mean_average_precision", 0.9498)
    assert set(score[SCORES.c.note].removeprefix("Also: ").split(", ")) == {"OF1 90.8 %", "CF1 89.16 %"}


# --- Rules and flags ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "architecture"),
    [
        ("resnet50_8xb32_in1k", "resnet50"),
        ("resnet50_barlowtwins-pre_8xb32-linear-coslr-100e_in1k", "resnet50"),
        ("barlowtwins_resnet50_8xb256-coslr-300e_in1k", "resnet50"),
        ("simmim_swin-base-w6_8xb256-amp-coslr-100e_in1k-192px", "swin-base-w6"),
        ("mixmim_mixmim-base_16xb128-coslr-300e_in1k", "mixmim-base"),
        ("swin-tiny_3rdparty_in1k", "swin-tiny"),
        ("riformer-s12_in1k-384", "riformer-s12"),
        ("vit-large-p14_eva02_m38m-pre_in21k-medft_3rdparty_in1k-448px", "vit-large-p14"),
        ("deit-base_224px-pre_3rdparty_in1k-384px", "deit-base"),
        ("net", "net"),
    ],
)
def test_architecture_from_name(words: Vocabulary, name: str, architecture: str) -> None:
    assert only(words, Name=name)[1][M.architecture] == architecture


def test_dots_stay_in_an_id(words: Vocabulary) -> None:
    _, row = only(words, Name="regnetx-1.6gf_8xb128_in1k")
    assert row[M.model_id] == "mmpretrain/imagenet-1k/regnetx-1.6gf-8xb128-in1k"


def test_rounded_parameters_are_not_taken_as_exact(words: Vocabulary) -> None:
    found, row = only(words, Metadata={"FLOPs": None, "Parameters": 25560000})
    assert (row[M.parameters], row[M.parameters_rounded], row[M.macs]) == (None, 25.56, None)
    assert [column for _, column, *_ in touched_by(found, "rounded-parameters")] == [
        M.parameters_rounded, "Parameters",
    ]  # fmt: skip
    assert "1, of Net." in explanation_of(found, "macs-not-stated")


@pytest.mark.parametrize(
    ("data", "before"),
    [
        (["ImageNet-21k", "ImageNet-1k"], ["imagenet-21k"]),
        (["LAION-2B", "ImageNet-12k", "ImageNet-1k"], ["laion-2b", "imagenet-12k"]),
        ("ImageNet-21k", ["imagenet-21k"]),
        ("ImageNet-1k", None),
        (["ImageNet-1k"], None),
    ],
)
def test_what_it_was_trained_on_before(words: Vocabulary, data: Any, before: list[str] | None) -> None:
    _, row = only(words, Metadata=MODEL["Metadata"] | {"Training Data": data})
    assert row[M.pretrained_on] == before


def test_training_data_of_the_collection_are_words_only(words: Vocabulary) -> None:
    _, row = only(words, Results=[result({"Top 1 Accuracy": 88.45}, "CUB-200-2011")])
    assert row[M.pretrained_on] is None
    assert '"pretrained_on": "ImageNet-1k"' in row[M.source_words]


def test_flags(words: Vocabulary) -> None:
    other = MODEL | {"Name": "net101_8xb32_in1k", "In Collection": "Elsewhere"}
    empty = MODEL | {
        "Name": "net18",
        "Weights": f"{HOST}/a.pth",
        "Results": [result({"Top 1 Accuracy": None})],
    }
    found = models_of(imported(words, MODEL, other, empty))
    assert {row[M.name]: row[M.flags] for row in found.values()} == {
        "net50_8xb32_in1k": ["weights-url-shared"],
        "net101_8xb32_in1k": ["weights-url-shared", "collection-not-in-file"],
        "net18": ["result-without-number"],
    }
    assert found["mmpretrain/imagenet-1k/net101-8xb32-in1k"][M.paper_url] is None


def test_other_tasks_are_left_out_by_name(words: Vocabulary) -> None:
    caption = MODEL | {"Name": "blip_caption", "Results": [result({"CIDER": 1.0}, "COCO", "Image Caption")]}
    found = imported(words, MODEL, caption)
    assert len(models_of(found)) == 1
    assert explanation_of(found, "not-a-classifier").endswith("1 entries. Image Caption: blip_caption.")


# --- Errors ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changed", "words_of_it"),
    [
        (
            {"Metadata": {"FLOPs": "4.1G", "Parameters": 1}},
            "Metadata, FLOPs: found '4.1G', expected int or nothing",
        ),
        ({"Metadata": {"FLOPs": 1}}, "Metadata: found no key 'Parameters'"),
        ({"Weigths": "x"}, "found the key 'Weigths', expected one of Name"),
        (
            {"Results": [result({"Top 1 Accuracy": 176.5})]},
            "Top 1 Accuracy: found 176.5, expected a number in",
        ),
        ({"Results": [result({"Top 1 Accuracy": "76"})]}, "Top 1 Accuracy: found '76', expected a number in"),
        ({"Results": [result({"Top-1": 76.5})]}, "Metrics: found 'Top-1', expected one of Top 1 Accuracy"),
        ({"Results": [result({}, "ImageNet-9k")]}, "Dataset: found 'ImageNet-9k', expected a spelling of"),
        ({"Results": [result({}, task="Segmentation")]}, "Task: found 'Segmentation', expected one of"),
        ({"Results": [result({}), result({}, "CIFAR-10")]}, "found 2 results, expected one"),
        ({"Results": ["76.5"]}, "Results: found '76.5', expected a mapping"),
        ({"Converted From": {"Source": "x"}}, "Converted From: found the key 'Source'"),
    ],
)
def test_what_is_odd_in_an_entry_is_named(
    words: Vocabulary, changed: dict[str, Any], words_of_it: str
) -> None:
    found = problems(words, MODEL | {"Name": "net18"}, MODEL | changed)
    assert words_of_it in found[0]
    assert all(one.startswith(f"{PATH}, model 2 (net50_8xb32_in1k)") for one in found)


def test_a_model_of_two_kinds_of_task_is_an_error(words: Vocabulary) -> None:
    both = [result({}), result({}, "COCO", "Image Caption")]
    (problem,) = problems(words, MODEL | {"Results": both})
    assert "found results of Image Caption, Image Classification" in problem


def test_an_id_twice_is_an_error(words: Vocabulary) -> None:
    (problem,) = problems(words, MODEL, MODEL)
    assert "model 2 (net50_8xb32_in1k): found a name that gives mmpretrain/imagenet-1k/net50" in problem


@pytest.mark.parametrize(
    ("text", "words_of_it"),
    [
        ("Models: [", "found no YAML"),
        ("Models: []", "expected the keys Collections and Models"),
        ("!!python/object/apply:os.getcwd []", "found no YAML"),
    ],
)
def test_a_file_that_is_no_metafile(words: Vocabulary, text: str, words_of_it: str) -> None:
    with pytest.raises(DataProblem, match=words_of_it):
        convert(upstream_of({PATH: text}), words)
