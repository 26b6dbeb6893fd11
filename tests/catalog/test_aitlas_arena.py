"""AiTLAS: Benchmark Arena: a synthetic repository, and the committed tables against other facts."""

from __future__ import annotations

import json
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

from sngen.catalog.importers import Imported
from sngen.catalog.importers.aitlas_arena import (
    FOLDER_FLAG,
    PAPER_URL,
    PERFECT_FLAG,
    SOURCE_ID,
    VENUE,
    convert,
)
from sngen.errors import DataProblem
from sngen.schema import MODELS, SCORES

M, S = MODELS.c, SCORES.c
FOLDER = "https://drive.google.com/drive/folders/abc"
CONFIGS = {
    "configs/whurs19/pretrained_imagenet1K/train_and_evaluate_vgg16.json": (19, True),
    "configs/whurs19/pretrained_imagenet1K/train_and_evaluate_swin.json": (19, True),
    "configs/dfc15/pretrained_imagenet1K/train_and_evaluate_vgg16.json": (8, True),
}
VOCABULARY = words(
    dataset_names=names(
        **{"WHU-RS19": "whu-rs19", "whurs19": "whu-rs19", "DFC15": "dfc15", "ImageNet-1K": "imagenet-1k",
           "Optimal31": "optimal31"}
    ),
    publishers=[
        {"spelling": "biasvariancelabs", "publisher": "Bias Variance Labs", "publisher_type": "company"}
    ],
    venues=[{"spelling": VENUE, "venue": VENUE, "venue_type": "Remote sensing"}],
)  # fmt: skip


def readme(
    best: str = "**100**", dataset: str = "WHU-RS19", section: str = "Pretrained [ImageNet-1K]",
    measure: str = "*Top-1 Accuracy", link: str = f"{FOLDER}?usp=sharing", paper: str = PAPER_URL,
) -> str:  # fmt: skip
    return f"""[paper]({paper}), {VENUE}
### Multi-class datasets
|Dataset| Data source |
|---|---|
|WHU-RS19| [zip](http://x) |

# Performance
## {section}
 ### Multi-class datasets
{measure}

| **Dataset\\Model**| **VGG16** | **SwinT**       |
|-------------------|-----------|-----------------|
| {dataset}         | 99.005    | {best}          |

### Multi-label datasets
*Mean Average Precision mAP\x20
| **Dataset\\Model** | **VGG16** | **SwinT**       |
|--------------------|-----------|-----------------|
| DFC15              | 96.566    |                 |
# Models
All trained models are available **[here]({link})**.
## Model list
| Model  | from scratch         | pretrained [ImageNet1K] |
|--------|----------------------|-------------------------|
| VGG16  | :heavy\\_check\\_mark: | :heavy\\_check\\_mark:    |
"""


def converted(text: str | None = None, configs: dict[str, tuple[object, object]] | None = None) -> Imported:
    files = {
        path: json.dumps({"model": {"config": {"num_classes": classes, "pretrained": pretrained}}})
        for path, (classes, pretrained) in (CONFIGS | (configs or {})).items()
    }
    return convert(synthetic({"README.md": readme() if text is None else text, **files}), VOCABULARY)


def test_a_cell_is_a_model_with_a_score() -> None:
    imported = converted()
    models = by_id(imported)
    assert set(models) == {f"{SOURCE_ID}/{n}" for n in ("whu-rs19-vgg16", "whu-rs19-swint", "dfc15-vgg16")}
    model = models[f"{SOURCE_ID}/whu-rs19-swint"]
    assert (model[M.name], model[M.architecture], model[M.task]) == (
        "SwinT WHU-RS19",
        "SwinT",
        "classification",
    )
    assert (model[M.num_outputs], model[M.pretrained_on], model[M.source_row]) == (19, ["imagenet-1k"], 14)
    assert (model[M.venue], model[M.venue_type], model[M.num_authors]) == (VENUE, "Remote sensing", 4)
    scores = {row[S.model_id].split("/")[1]: row for row in imported.tables["scores"]}
    assert (scores["whu-rs19-vgg16"][S.value], scores["whu-rs19-vgg16"][S.metric]) == (0.99005, "accuracy")
    assert scores["whu-rs19-vgg16"][S.source_column] == "VGG16"


def test_multi_label_datasets_have_mean_average_precision() -> None:
    imported = converted()
    assert by_id(imported)[f"{SOURCE_ID}/dfc15-vgg16"][M.task] == "multi-label"
    (score,) = [row for row in imported.tables["scores"] if row[S.dataset_id] == "dfc15"]
    assert (score[S.metric], score[S.value]) == ("mean_average_precision", 0.96566)


def test_bold_is_no_part_of_the_number_and_100_is_flagged() -> None:
    imported = converted()
    (perfect,) = audited(imported, PERFECT_FLAG)
    assert "whu-rs19-swint" in perfect["row_id"]
    flagged = [row for row in imported.tables["scores"] if row[S.flags] == [PERFECT_FLAG]]
    assert [row[S.value] for row in flagged] == [1.0]
    assert audited(converted(readme(best="**99.9**")), PERFECT_FLAG) == []


def test_the_sharing_query_is_removed_from_the_link() -> None:
    imported = converted()
    assert {row[M.weights_url] for row in imported.tables["models"]} == {FOLDER}
    assert {row["before"] for row in audited(imported, "sharing-query-removed")} == {f"{FOLDER}?usp=sharing"}
    assert len(audited(imported, FOLDER_FLAG)) == 3
    clean = converted(readme(link=FOLDER))
    assert not any(entry["rule"] == "sharing-query-removed" for entry in clean.audit)


def test_models_from_scratch_are_left_out_and_said() -> None:
    (left_out,) = audited(converted(), "trained-from-scratch-left-out")
    assert left_out["before"] == "VGG16, line 26"


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"best": "1OO"}, "line 14, column 'SwinT': found '1OO', expected a number"),
        ({"best": "101"}, "found '101', expected a percentage"),
        ({"dataset": "WHU-RS20"}, "line 14: found 'WHU-RS20', expected a spelling of"),
        ({"dataset": "Optimal31"}, "found 'Optimal31', expected a dataset with a folder of configs"),
        ({"section": "From scratch"}, "line 12: found a table under 'From scratch / Multi-class datasets'"),
        ({"measure": "*F1 score"}, "found a table under '*F1 score', expected *Top-1 Accuracy"),
        ({"link": "https://example.org"}, "found 0 links **[here](https://drive.google.com/...)**"),
        ({"paper": "https://example.org"}, f"found no '{PAPER_URL}'"),
    ],
)
def test_what_is_not_as_expected_is_named(changes: dict[str, str], said: str) -> None:
    with pytest.raises(DataProblem) as raised:
        converted(readme(**changes))
    assert said in str(raised.value)


@pytest.mark.parametrize(
    ("config", "said"),
    [
        ((20, True), "configs of whu-rs19: found num_classes 19 in"),
        ((19, False), "found pretrained False and num_classes 19, expected true"),
        (("19", True), "num_classes '19', expected true and a whole number"),
    ],
)
def test_configs_that_disagree_are_named(config: tuple[object, object], said: str) -> None:
    with pytest.raises(DataProblem) as raised:
        converted(configs={"configs/whurs19/pretrained_imagenet1K/train_and_evaluate_swin.json": config})
    assert said in str(raised.value)


def test_a_config_that_is_no_json_is_named() -> None:
    path = next(iter(CONFIGS))
    with pytest.raises(DataProblem) as raised:
        convert(synthetic({"README.md": readme(), path: "{"}), VOCABULARY)
    assert f"{path}: found no model.config.num_classes" in str(raised.value)


def test_a_readme_without_results_is_refused() -> None:
    with pytest.raises(DataProblem, match="found 0 tables with the corner"):
        converted(readme().replace("Dataset\\Model", "Dataset"))


def test_committed_tables_are_the_facts(repository: Path, facts_folder: Path) -> None:
    found = public_facts(facts_folder, SOURCE_ID)
    assert len(found) == 220
    tables = committed(repository, SOURCE_ID)
    # quantized: empty in the facts; flags: ours has one more, compared below
    assert differences(found, tables, not_compared={"quantized", "flags"}) == []
    for row in found.values():
        assert row["flags"] == FOLDER_FLAG
    assert all(row[M.flags] == [FOLDER_FLAG] for row in tables["models"])
    flagged = {row[S.model_id] for row in tables["scores"] if row[S.flags] == [PERFECT_FLAG]}
    assert flagged == {model_id for model_id, row in found.items() if row["value_pct"] == "100"}
    assert len(flagged) == 4
