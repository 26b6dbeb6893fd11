"""Distilled BiT models: a synthetic README, and the committed tables against other facts."""

from __future__ import annotations

from pathlib import Path

import pytest
from small_source_facts import (
    audited,
    by_id,
    committed,
    differences,
    names,
    public_facts,
    synthetic,
    words,
)

from sngen.catalog.big_transfer import architecture
from sngen.catalog.importers import Imported
from sngen.catalog.importers.bit_distilled import SOURCE_ID, convert
from sngen.errors import DataProblem
from sngen.schema import MODELS, SCORES

M, S = MODELS.c, SCORES.c
FOLDER = "https://storage.googleapis.com/bit_models/distill"
VOCABULARY = words(
    dataset_names=names(ImageNet="imagenet-1k"),
    publishers=[{"spelling": "google-research", "publisher": "Google Research", "publisher_type": "company"}],
)


def readme(
    model: str = "BiT-R50x1", size: str = "224", top1: str = "82.8", column: str = "Resolution"
) -> str:
    return f"""## Distilled models
In particular, we distill the BiT-M-R152x2 model (which was pre-trained on ImageNet-21k).

| Model      | Download link | {column}  | ImageNet top-1 acc. (paper) |
| :---       | :---:         | :---:       |  :---:                      |
| {model}  | [link]({FOLDER}/R50x1_224.npz)      | {size} |  {top1} |

Teachers at [resolution 224]({FOLDER}/R152x2_T_224.npz) and [384]({FOLDER}/R152x2_T_384.npz).
"""


def converted(text: str) -> Imported:
    return convert(synthetic({"README.md": text}), VOCABULARY)


def test_a_row_is_a_distilled_model() -> None:
    imported = converted(readme())
    model = by_id(imported)[f"{SOURCE_ID}/r50x1-224"]
    assert (model[M.name], model[M.architecture]) == ("R50x1_224", "BiT ResNet-v2 50x1")
    assert (model[M.training_kind], model[M.training_method]) == (
        "compressed",
        "distilled from BiT-M-R152x2",
    )
    assert (model[M.input_size], model[M.source_row]) == ("3x224x224", 6)
    (score,) = imported.tables["scores"]
    assert (score[S.value], score[S.dataset_id], score[S.setting]) == (0.828, "imagenet-1k", "test")


def test_teachers_are_left_out_and_said() -> None:
    left_out = [row["before"] for row in audited(converted(readme()), "teachers-left-out")]
    assert left_out == [f"{FOLDER}/R152x2_T_224.npz", f"{FOLDER}/R152x2_T_384.npz"]


def test_a_model_without_accuracy_has_no_score() -> None:
    assert converted(readme(top1="")).tables["scores"] == []


def test_names_of_architectures() -> None:
    assert architecture("BiT-M-R152x4") == architecture("R152x4") == "BiT ResNet-v2 152x4"
    assert architecture("ResNet50") is None


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"model": "R-50"}, "line 6, column 'Model': found 'R-50', expected BiT-R<depth>x<width>"),
        ({"size": "big"}, "line 6, column 'Resolution': found 'big', expected a number"),
        ({"column": "Size"}, "line 4: found the columns Model, Download link, Size"),
    ],
)
def test_what_is_not_as_expected_is_named(changes: dict[str, str], said: str) -> None:
    with pytest.raises(DataProblem) as raised:
        converted(readme(**changes))
    assert said in str(raised.value)


def test_committed_tables_are_the_facts(repository: Path, facts_folder: Path) -> None:
    found = public_facts(facts_folder, SOURCE_ID)
    assert len(found) == 2
    tables = committed(repository, SOURCE_ID)
    # pretraining: the facts put the distillation there; ours is the training method
    # quantized, source_row: empty in the facts; the table's lines are given here
    skipped = {"pretraining", "quantized", "source_row"}
    assert differences(found, tables, not_compared=skipped) == []
    for model in tables["models"]:
        assert model[M.training_method] == found[model[M.model_id]]["pretraining"]
    assert {row[M.source_row] for row in tables["models"]} == {211, 212}
