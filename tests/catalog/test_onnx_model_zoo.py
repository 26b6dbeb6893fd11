"""The ONNX model zoo: a synthetic repository, and the committed tables against other facts."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from small_source_facts import (
    audited,
    committed,
    differences,
    names,
    public_facts,
    synthetic,
    words,
)

from sngen.catalog.importers import Imported
from sngen.catalog.importers.onnx_model_zoo import convert
from sngen.catalog.importers.onnx_model_zoo.oddities import ENDED, MODEL_FLAGS, SCORE_FLAGS, UNSCORED
from sngen.catalog.importers.onnx_model_zoo.readmes import complete_rows
from sngen.catalog.importers.onnx_model_zoo.tables import SOURCE_ID
from sngen.errors import DataProblem
from sngen.schema import MODELS, RELATIVES, SCORES

M, S = MODELS.c, SCORES.c
FOLDER = "validated/vision/classification/resnet"
NOTICE = "models will no longer be available for LFS download starting July 1st, 2025"
HEADER = "|Model|Download|Download (with sample test data)| ONNX version |Opset version|"
VOCABULARY = words(
    dataset_names=names(ImageNet="imagenet-1k", MNIST="mnist", Adience="adience"),
    publishers=[{"spelling": "onnx", "publisher": "ONNX", "publisher_type": "community"}],
    licenses=[{"spelling": "Apache 2.0", "license": "Apache-2.0"}, {"spelling": "MIT", "license": "MIT"}],
    model_types=[{"pattern": "resnet", "model_type": "resnet"}],
)
RESNET = ("ResNet50", "model/resnet50-7.onnx", "7", "74.93", "92.38")


def readme(
    *rows: tuple[str, ...], columns: str = "Top-1 accuracy (%)|Top-5 accuracy (%)|",
    about: str = "trained on [ImageNet (ILSVRC2012)](http://x)", license: str = "Apache 2.0",
) -> str:  # fmt: skip
    """Rows are model, file, opset and results."""
    header = HEADER + columns
    lines = [
        f"|{model}|[98 MB]({file})|[90 MB]({file}.tar.gz)|1.9|{opset}|" + "".join(f"{r} |" for r in results)
        for model, file, opset, *results in (rows or (RESNET,))
    ]
    table = "\n".join([header, "|-" * (header.count("|") - 1) + "|", *lines])
    return f"# ResNet\n{about}\n\n{table}\n\n## License\n{license}\n"


def entry(file: str, **changes: Any) -> dict[str, Any]:
    metadata = {
        "model_sha": "a" * 64, "model_bytes": 1000,
        "io_ports": {"inputs": [{"shape": ["N", 3, 224, 224]}], "outputs": [{"shape": ["N", 1000]}]},
    } | changes  # fmt: skip
    return {"model_path": f"{FOLDER}/{file}", "opset_version": 7, "metadata": metadata}


def converted(
    text: str | None = None, *, folder: str = FOLDER, manifest: list[Any] | None = None, notice: str = NOTICE,
    others: dict[str, str] | None = None,
) -> Imported:  # fmt: skip
    listed = [entry("model/resnet50-7.onnx")] if manifest is None else manifest
    files = {
        "README.md": notice, "ONNX_HUB_MANIFEST.json": json.dumps(listed),
        f"{folder}/README.md": readme() if text is None else text, **(others or {}),
    }  # fmt: skip
    return convert(synthetic(files), VOCABULARY)


def only(imported: Imported) -> dict[str, Any]:
    (model,) = imported.tables["models"]
    return model


def test_a_row_is_a_converted_model_with_its_file() -> None:
    imported = converted()
    model = only(imported)
    assert model[M.model_id] == f"{SOURCE_ID}/resnet-resnet50-7.onnx"
    assert (model[M.copy_kind], model[M.architecture], model[M.model_type]) == (
        "converted",
        "ResNet50",
        "resnet",
    )
    assert (model[M.weights_sha256], model[M.weights_bytes]) == ("a" * 64, 1000)
    assert (model[M.input_size], model[M.num_outputs]) == ("3x224x224", 1000)
    assert model[M.weights_url] == f"https://github.com/onnx/models/blob/main/{FOLDER}/model/resnet50-7.onnx"
    assert (model[M.license], model[M.license_scope]) == ("Apache-2.0", "unknown")
    assert (model[M.note], model[M.source_row]) == ("ONNX 1.9, opset 7.", 6)
    values = {row[S.metric]: row[S.value] for row in imported.tables["scores"]}
    assert values == {"accuracy": 0.7493, "top5_accuracy": 0.9238}


@pytest.mark.parametrize("suffix", ["int8", "qdq"])
def test_the_file_name_says_what_is_quantised(suffix: str) -> None:
    model = only(converted(readme(("ResNet50", f"model/resnet50-12-{suffix}.onnx", "12", "74.8", ""))))
    assert model[M.copy_kind] == "quantised"


def test_error_rates_become_accuracies_and_are_flagged() -> None:
    text = readme(("ResNet50", "model/resnet50-7.onnx", "7", "25.07%"), columns="TOP-1 ERROR|")
    imported = converted(text)
    (score,) = imported.tables["scores"]
    assert (score[S.value], score[S.flags]) == (0.7493, ["accuracy-from-error-rate"])
    assert len(audited(imported, "accuracy-from-error-rate")) == 1


def test_short_rows_are_completed_and_recorded() -> None:
    imported = converted(
        readme(("ResNet50", "model/resnet50-7.onnx", "7"), (RESNET[0], "m/r-9.onnx", *RESNET[2:]))
    )
    assert [row["row_id"] for row in audited(imported, "short-row-completed")] == [
        f"{SOURCE_ID}/resnet-resnet50-7.onnx"
    ]
    assert len(imported.tables["scores"]) == 2
    assert complete_rows("|a|b|\n|-|-|\n|1|\n\n|2|") == ("|a|b|\n|-|-|\n|1| |\n\n|2|", {3})


def test_the_dataset_is_that_of_the_prose_or_of_the_column() -> None:
    digits = readme(("MNIST", "model/mnist-7.onnx", "7", "", ""), about="trained on MNIST")
    assert only(converted(digits, folder="validated/vision/classification/mnist"))[M.dataset_id] == "mnist"
    faces = readme(("[age](https://x)", "models/age.onnx", "11", "Adience"), columns="Dataset|", about="")
    model = only(converted(faces, folder="validated/vision/body_analysis/age_gender"))
    assert (model[M.dataset_id], model[M.architecture]) == ("adience", "age")


def test_flags_of_models() -> None:
    preprocessing = ("ResNet-preproc", "preproc/resnet-preproc-18.onnx", "18", "", "")
    odd = only(converted(readme(preprocessing, about="ImageNet; trained using [COCO 2017](http://x)")))
    assert odd[M.flags] == list(MODEL_FLAGS)
    assert (odd[M.task], odd[M.dataset_id], odd[M.copy_kind]) == (None, None, None)
    assert only(converted(notice=""))[M.flags] == []


def test_flags_of_scores() -> None:
    densenet = converted(readme(("DenseNet-121-12", "model/d-12.onnx", "12", "60.96", "82.2")))
    assert [row[S.flags] for row in densenet.tables["scores"]] == [["below-usual-accuracy"], None]
    rows = [
        (f"Net-{name}", f"model/n-12-{name}.onnx", "12", top1, top5)
        for name, top1, top5 in (
            ("fp32", "66.35", "86.57"), ("int8", "66.15", "86.34"), ("qdq", "66.12", "80.06"),
        )
    ]  # fmt: skip
    imported = converted(readme(*rows))
    (odd,) = audited(imported, "top5-out-of-line")
    assert odd["row_id"].endswith("-qdq.onnx:imagenet-1k:reported/onnx-model-zoo:clean:test:top5_accuracy")


def test_files_of_one_checksum_are_the_same_weights() -> None:
    other = ("ResNet50", "model/resnet50-9.onnx", "9", "", "")
    manifest = [entry("model/resnet50-7.onnx"), entry("model/resnet50-9.onnx")]
    imported = converted(readme(RESNET, other), manifest=manifest)
    (pair,) = imported.tables["relatives"]
    assert pair[RELATIVES.c.relation] == "same-weights"
    assert [row["before"] for row in audited(imported, "opset-as-in-manifest")] == ["9"]
    manifest[1]["metadata"]["model_sha"] = "b" * 64
    assert converted(readme(RESNET, other), manifest=manifest).tables["relatives"] == []


@pytest.mark.parametrize(
    ("inputs", "outputs", "size", "classes"),
    [
        ([1, 224, 224, 3], [1, 1000, 1, 1], "3x224x224", 1000),
        ([1, 1, 28, 28], [1, 10], "1x28x28", 10),
        ([1, 3, "H", "W"], ["N", "K"], None, None),
        ([], [[]], None, None),
    ],
)
def test_shapes(inputs: list[Any], outputs: list[Any], size: str | None, classes: int | None) -> None:
    ports = {"inputs": [{"shape": inputs}], "outputs": [{"shape": outputs}]}
    model = only(converted(manifest=[entry("model/resnet50-7.onnx", io_ports=ports)]))
    assert (model[M.input_size], model[M.num_outputs]) == (size, classes)


def test_what_classifies_no_image_is_left_out_and_said() -> None:
    others = {"validated/vision/classification/rcnn_ilsvrc13/README.md": readme()}
    imported = converted(others=others)
    assert len(imported.tables["models"]) == 1
    left_out = {row["before"] for row in audited(imported, "not-classifiers-left-out")}
    assert left_out == {"rcnn_ilsvrc13", "arcface", "ultraface"}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (readme(("A", "../a.onnx", "7", "", "")), "column 'Download': found '[98 MB](../a.onnx)', expected"),
        (readme(("A", "a.onnx", "7", "seventy", "")), "column 'Top-1 accuracy (%)': found 'seventy'"),
        (readme(columns="Accuracy|F1|"), "line 4: found the columns Model, Download"),
        (readme(about="trained on something"), "found no such column, expected it, or ImageNet named"),
        (readme(license="WTFPL"), "found 'WTFPL', expected a spelling of"),
        (readme().replace("## License", "## Terms"), "found no section ## License"),
    ],
)  # fmt: skip
def test_what_is_not_as_expected_is_named(text: str, said: str) -> None:
    with pytest.raises(DataProblem) as raised:
        converted(text)
    assert f"{FOLDER}/README.md" in str(raised.value)
    assert said in str(raised.value)


@pytest.mark.parametrize(
    ("manifest", "said"),
    [
        ({"a": 1}, "found dict, expected a list of files"),
        ([{"model_path": "a.onnx"}], "entry 1: found"),
        ([entry("a.onnx", model_sha="abc")], "model_sha abc"),
        ([entry("a.onnx", model_bytes="1 kB")], "model_bytes 1 kB"),
    ],
)
def test_a_malformed_manifest_is_named(manifest: Any, said: str) -> None:
    with pytest.raises(DataProblem) as raised:
        converted(manifest=manifest)
    assert f"ONNX_HUB_MANIFEST.json{', ' if isinstance(manifest, list) else ': '}" in str(raised.value)
    assert said in str(raised.value)


def test_committed_tables_are_the_facts(repository: Path, facts_folder: Path) -> None:
    found = public_facts(facts_folder, SOURCE_ID)
    assert len(found) == 123
    tables = committed(repository, SOURCE_ID)
    not_compared = {
        # the facts give the whole repository's licence; ours is that of the model's own README
        "license", "license_scope",
        # empty in the facts; ours is from the manifest
        "input_size",
        "flags",
    }  # fmt: skip
    preprocessing = f"{SOURCE_ID}/resnet-resnet-preproc-v1-18.onnx"
    found_differences = differences(found, tables, not_compared=not_compared)
    # the facts list a preprocessing graph as a classifier of ImageNet
    assert {(model, column) for model, column, _, _ in found_differences} == {
        (preprocessing, "dataset"), (preprocessing, "dataset_source"), (preprocessing, "task"),
    }  # fmt: skip
    assert all(
        row["license"] == "Apache-2.0" and row["license_scope"] == "repository" for row in found.values()
    )


def test_committed_flags_are_the_facts(repository: Path, facts_folder: Path) -> None:
    found = public_facts(facts_folder, SOURCE_ID)
    tables = committed(repository, SOURCE_ID)
    ours: dict[str, set[str]] = {row[M.model_id]: set(row[M.flags]) for row in tables["models"]}
    for row in tables["scores"]:
        ours[row[S.model_id]] |= set(row[S.flags] or ())
    shared = {UNSCORED, "accuracy-from-error-rate"}
    assert {model: flags & shared for model, flags in ours.items()} == {
        model: set(row["flags"].split(";")) - {""} for model, row in found.items()
    }
    assert set().union(*ours.values()) == set(MODEL_FLAGS) | set(SCORE_FLAGS)
    assert all(ENDED in flags for flags in ours.values())
    assert copies(tables) == {"converted": 97, "quantised": 25, None: 1}


def copies(tables: dict[str, list[dict[str, Any]]]) -> dict[str | None, int]:
    kinds = [row[M.copy_kind] for row in tables["models"]]
    return {kind: kinds.count(kind) for kind in set(kinds)}
