"""A release of rows in memory, for the site's tests and benchmark. All values are drawn, none is real."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from sngen.intervals import wilson
from sngen.schema import (
    DATASETS,
    FINDINGS,
    HEADLINES,
    LEADERBOARD,
    METRICS,
    MODELS,
    OUTCOMES,
    RELATIVES,
    SCORES,
    SOURCES,
    TABLES,
    score_id,
)  # fmt: skip

Row = dict[str, Any]
SOURCE, PROTOCOL = "the-study", "utility/1"
IMAGES = 400


@dataclass
class StandIn:
    """What the site needs of a release."""

    rows: dict[str, list[Row]]
    entries: list[Row] = field(default_factory=list)
    version: str = "1.2.3"
    fingerprint: str = "f" * 64
    date: str | None = "2026-11-24"
    log: list[Row] = field(default_factory=list)

    def table(self, name: str) -> pd.DataFrame:
        return pd.DataFrame(self.rows[name], columns=list(TABLES[name].names), dtype=object)

    def audit(self) -> list[Row]:
        return self.entries

    def changes(self) -> list[Row]:
        return self.log


def stand_in(reported: dict[str, int], measured: int = 6, seed: int = 0) -> StandIn:
    """``reported``: how many models by dataset id; ``measured``: how many of ``digits`` with outcomes."""
    rng = np.random.default_rng(seed)
    rows: dict[str, list[Row]] = {name: [] for name in TABLES}
    rows["sources"] = [
        SOURCES.row(
            source_id=SOURCE, title="The study's database", url="https://example.org/database", license="MIT",
            revision="0123456789abcdef", file="Database/README.MD",
        ),
        SOURCES.row(source_id="reference", title="Reference suite"),
    ]  # fmt: skip
    for dataset_id in sorted({*reported, "digits"}):
        rows["datasets"].append(
            DATASETS.row(
                dataset_id=dataset_id, name=dataset_id.upper(), category="natural", num_classes=10,
                train_size=1000, test_size=IMAGES, source_id=SOURCE, homepage="https://example.org/data",
            )
        )  # fmt: skip
    for dataset_id, count in reported.items():
        for number in range(count):
            _reported_model(rows, rng, dataset_id, number)
    for number in range(measured):
        _measured_model(rows, rng, number)
    if measured > 1:
        rows["relatives"].append(
            RELATIVES.row(
                model_a="reference/digits/net-0", model_b="reference/digits/net-1", source_id="reference",
                relation="same-recipe-other-seed", ground="one recipe file",
            )
        )  # fmt: skip
    rows["leaderboard"] = leaderboard_rows(rows)
    rows["findings"] = [_finding(dataset_id, count) for dataset_id, count in reported.items()]
    entries = [
        {
            "source": SOURCE, "rule": "train-accuracy-is-1", "explanation": "Train accuracy is exactly 1.",
            "table": "scores", "column": "value",
            "rows": [{"row_id": "some:score", "before": 1, "after": None}],
        }
    ]  # fmt: skip
    return StandIn(rows, entries)


def _reported_model(
    rows: dict[str, list[Row]], rng: np.random.Generator, dataset_id: str, number: int
) -> None:
    model_id = f"securitynet/{dataset_id}/net-{number}"
    rows["models"].append(
        MODELS.row(
            model_id=model_id, name=f"net-{number}", source_id=SOURCE, source_row=number + 1,
            model_type=("resnet", "vgg", "densenet")[number % 3], dataset_id=dataset_id, training_size=1000,
            purpose=("benchmark", "security")[number % 4 == 3], venue="NeurIPS", venue_type="ML",
            year=2014 + number % 10, country=["Switzerland", "United Kingdom"], num_authors=5,
            paper_url="https://arxiv.org/pdf/2006.08403", weights_url="https://example.org/w.pth",
            flags=["train-accuracy-is-1"] if number == 0 else [],
        )
    )  # fmt: skip
    test = float(rng.uniform(0.6, 0.95))
    train = min(1.0, test + float(rng.uniform(0, 0.3)))
    values = {"accuracy:test": test, "accuracy:train": train, "overfitting_level:train-test": train - test}
    for entry in HEADLINES:
        if entry.origin != "reported" or _not_there(dataset_id, entry):
            continue
        value = values.get(f"{entry.metric}:{entry.setting}", float(rng.uniform(0.5, 0.9)))
        flagged = ["agreement-is-1"] if number == 1 and entry.family == "stealing" else []
        rows["scores"].append(
            SCORES.row(
                score_id=score_id(
                    model_id, dataset_id, f"reported/{SOURCE}", entry.method, entry.setting, entry.metric
                ),
                model_id=model_id, dataset_id=dataset_id, family=entry.family, method=entry.method,
                setting=entry.setting, metric=entry.metric, value=value, unit=METRICS[entry.metric].unit,
                origin="reported", source_id=SOURCE, source_row=number + 1, source_column=entry.title,
                flags=flagged,
            )
        )  # fmt: skip


def _not_there(dataset_id: str, entry: Any) -> bool:
    """What the original database lacks: membership for medical images, two columns for most datasets."""
    if dataset_id.endswith(("mnist", "3d")):
        return entry.family == "membership" or "train" in entry.setting
    return entry.method in {"wrn-column", "imgnet-column"} and dataset_id not in {
        "cifar10",
        "cifar100",
        "svhn",
    }


def _measured_model(rows: dict[str, list[Row]], rng: np.random.Generator, number: int) -> None:
    model_id = f"reference/digits/net-{number}"
    rows["models"].append(
        MODELS.row(
            model_id=model_id, name=f"digits net {number}", source_id="reference", dataset_id="digits",
            purpose="control", training_kind="standard", loader="digits-cnn", mean=[0.5], std=[0.25],
            weights_sha256="a" * 64,
        )
    )  # fmt: skip
    bits = rng.random(IMAGES) < 0.95 - 0.04 * number
    for entry in HEADLINES:
        if (entry.origin, entry.family) != ("measured", "utility"):
            continue
        hits = int(bits.sum())
        value = hits / IMAGES if entry.column == "measured_test_accuracy" else float(rng.uniform(0.1, 0.9))
        low, high = wilson(round(value * IMAGES), IMAGES)
        rows["scores"].append(measured_score(model_id, entry, value, low, high))
    rows["outcomes"].append(
        OUTCOMES.row(
            outcome_id=f"{model_id}:digits:{PROTOCOL}:clean:test", model_id=model_id, dataset_id="digits",
            protocol=PROTOCOL, tier="reference", method="clean", setting="test", split="test",
            meaning="correct",
            n=IMAGES, image_ids=list(range(IMAGES)), bits=np.packbits(bits).tobytes(), record_id="b" * 64,
        )
    )  # fmt: skip


def measured_score(model_id: str, entry: Any, value: float, low: float, high: float, **changed: Any) -> Row:
    values = {
        "score_id": score_id(model_id, "digits", PROTOCOL, entry.method, entry.setting, entry.metric),
        "model_id": model_id, "dataset_id": "digits", "family": entry.family, "method": entry.method,
        "setting": entry.setting, "metric": entry.metric, "value": value, "unit": METRICS[entry.metric].unit,
        "ci_low": low, "ci_high": high, "ci_method": "Wilson", "n": IMAGES, "origin": "measured",
        "protocol": PROTOCOL, "tier": "reference", "record_id": "b" * 64, "method_version": 1,
        "arguments": '{"batch_size": 500}', "weights_sha256": "a" * 64, "data_fingerprint": "c" * 64,
        "seed": 0,
        "code_commit": "d" * 40, "code_dirty": True, "packages": '{"torch": "2.14"}', "device": "cpu: x",
        "threads": 1, "runtime": 1.5, "date": "2026-11-24T10:00:00Z", "flags": [],
    }  # fmt: skip
    return SCORES.row(**{**values, **changed})


_COLUMNS = {(h.origin, h.family, h.method, h.setting, h.metric): h.column for h in HEADLINES}


def leaderboard_rows(rows: dict[str, list[Row]]) -> list[Row]:
    """One row per model and dataset: its own, and every other one that it has a score on."""
    models = {model["model_id"]: model for model in rows["models"]}
    datasets = {dataset["dataset_id"]: dataset for dataset in rows["datasets"]}
    found: dict[tuple[str, str], Row] = {}
    for model_id, model in models.items():
        if model["dataset_id"] is not None:
            found[model_id, model["dataset_id"]] = _leaderboard(model, model["dataset_id"])
    for score in rows["scores"]:
        key = score["model_id"], score["dataset_id"]
        row = found.setdefault(key, _leaderboard(models[key[0]], key[1]))
        kind = tuple(score[name] for name in ("origin", "family", "method", "setting", "metric"))
        if kind in _COLUMNS:
            row[_COLUMNS[kind]] = score["value"]
            if score["origin"] == "measured":
                row |= {f"{_COLUMNS[kind]}_{end}": score[end] for end in ("ci_low", "ci_high", "n")}
    for (_, dataset_id), row in found.items():
        row["num_classes"] = datasets[dataset_id]["num_classes"]
        row["data_category"] = datasets[dataset_id]["category"]
    return list(found.values())


def _leaderboard(model: Row, dataset_id: str) -> Row:
    values: Row = {name: model[name] for name in LEADERBOARD.names if name in model}
    return LEADERBOARD.row(
        **{**values, "dataset_id": dataset_id, "own_dataset": dataset_id == model["dataset_id"]}
    )


def _finding(dataset_id: str, count: int) -> Row:
    return FINDINGS.row(
        finding_id=f"stealing-falls:{dataset_id}:reported:partial-training-data", claim_id="stealing-falls",
        title="Stealing falls", remark="Of one method.",
        statement="Stealing gets harder as targets get better.", family="stealing", dataset_id=dataset_id,
        origin="reported", method="partial-training-data", statistic="Spearman", value=-0.5, ci_low=-0.7,
        ci_high=-0.2,
        ci_method="cluster bootstrap", n=count, clusters=count, p_value=0.001, p_adjusted=0.002,
        verdict="supported",
        query="family == 'stealing'", left_out="odd-flag (it is <odd>): some/model",
    )  # fmt: skip


#: Models by dataset of the original database, so that the benchmark has the real number and kinds of pages.
REAL_SIZES = {
    "imagenet-1k": 137, "cifar10": 119, "cifar100": 45, "svhn": 40, "adrenalmnist3d": 18,
    "fracturemnist3d": 18,
    "nodulemnist3d": 18, "organmnist3d": 18, "synapsemnist3d": 18, "vesselmnist3d": 18, "cub-200-2011": 14,
    "bloodmnist": 6, "breastmnist": 6, "dermamnist": 6, "octmnist": 6, "organamnist": 6, "organcmnist": 6,
    "organsmnist": 6, "pathmnist": 6, "pneumoniamnist": 6, "retinamnist": 6, "tissuemnist": 6,
}  # fmt: skip
