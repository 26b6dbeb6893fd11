"""The committed tables of the source ``openclip`` against an independent extraction of the same files."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from small_source_facts import committed, facts

from sngen.catalog.audit import load_audit
from sngen.catalog.importers.openclip.tables import (
    CHANCE_FLAG,
    CROPS_FLAG,
    OTHER_TAG_FLAG,
    QUICK_GELU_FLAG,
    SOURCE_ID,
    ZERO_FLAG,
)
from sngen.schema import MODELS, RELATIVES, SCORES

M, S, R = MODELS.c, SCORES.c, RELATIVES.c
METRICS = {
    "acc1": "accuracy", "mean_per_class_recall": "mean_class_recall", "macro_f1": "macro_f1",
    "worst_region_acc": "worst_region_accuracy", "worst_group_acc": "worst_group_accuracy",
    "worst_group_acc_top5": "worst_group_top5_accuracy",
}  # fmt: skip

Rows = list[dict[str, Any]]


@pytest.fixture(scope="module")
def tables(repository: Path) -> dict[str, Rows]:
    return committed(repository, SOURCE_ID)


def test_models(tables: dict[str, Rows], facts_folder: Path) -> None:
    found = {row.pop("id"): row for row in facts(facts_folder / "openclip_models.csv")}
    ours = {row[M.model_id]: row for row in tables["models"]}
    assert set(ours) == set(found)
    assert len(found) == 121
    imagenet = {
        row[S.model_id]: row[S.value] for row in tables["scores"] if row[S.dataset_id] == "imagenet-1k"
    }
    for model_id, row in found.items():
        model = ours[model_id]
        assert model[M.name] == f"{row.pop('name')}:{row.pop('pretrained')}"
        assert model[M.parameters_rounded] == float(row.pop("params_m"))
        assert model[M.macs] == pytest.approx(float(row.pop("gflops")) * 1e9 / 2, rel=1e-12)
        size = row.pop("image_size")
        assert model[M.input_size] == f"3x{size}x{size}"
        # no columns of their own in the contract
        assert model[M.note] == (
            f"Average over 38 datasets, 3 of them of retrieval: {float(row.pop('average_38')):.4f}. "
            f"Parameters of the image tower {row.pop('image_params_m')} M, of the text tower "
            f"{row.pop('text_params_m')} M; embedding of {row.pop('embed_dim')} numbers."
        )
        assert imagenet[model_id] == float(row.pop("imagenet_zeroshot"))
        assert model[M.weights_hub_id] == row.pop("hf_hub_id")
        assert model[M.weights_url] == row.pop("weights_url")
        assert model[M.source_row] == int(row.pop("source_row"))
        # flags that only we have
        assert set(model[M.flags] or ()) - {CHANCE_FLAG, OTHER_TAG_FLAG} == set(
            filter(None, [row.pop("flags")])
        )
        assert row == {}, "columns of the facts that are not compared"


def test_scores(tables: dict[str, Rows], facts_folder: Path) -> None:
    found = {
        (row["model_id"], row["dataset"]): (METRICS[row["metric"]], float(row["value"]), row["flags"])
        for row in facts(facts_folder / "openclip_zeroshot.csv")
    }
    ours = {
        (row[S.model_id], row[S.dataset_id]): (row[S.metric], row[S.value], ";".join(row[S.flags] or ()))
        for row in tables["scores"]
    }
    assert len(found) == 4235
    assert ours == found
    flags = [flag for _, _, flag in ours.values()]
    assert (flags.count(ZERO_FLAG), flags.count(CROPS_FLAG)) == (31, 121)


def test_same_weights_within_the_source(tables: dict[str, Rows], facts_folder: Path) -> None:
    pairs = {
        frozenset((row["id_a"], row["id_b"]))
        for row in facts(facts_folder / "overlaps.csv")
        if row["source_a"] == row["source_b"] == SOURCE_ID
    }
    ours = {frozenset((row[R.model_a], row[R.model_b])) for row in tables["relatives"]}
    # registered with one hub repository by a slip, but with different files: see OTHER_TAG_FLAG
    slip = frozenset(f"{SOURCE_ID}/vit-b-16-plus-240/laion400m-e{epochs}" for epochs in (31, 32))
    assert pairs - ours == {slip}
    assert ours - pairs == set()


def test_flags_and_checks(tables: dict[str, Rows], repository: Path) -> None:
    entries = {
        entry["rule"]: entry["rows"] for entry in load_audit(repository / "data" / "catalog" / SOURCE_ID)
    }
    assert entries["average-is-mean-of-datasets"] == []
    assert len(entries[QUICK_GELU_FLAG]) == 18
    assert len(entries["retrieval-left-out"]) == 3
    chance = {row["row_id"] for row in entries[CHANCE_FLAG]}
    assert sum("commonpool-s-" in model or "datacomp-s-" in model for model in chance) == len(chance) - 1
