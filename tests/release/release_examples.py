"""A small catalogue and records for it, so that every expected number can be worked out by hand."""

from __future__ import annotations

from typing import Any

import numpy as np

from sngen.intervals import wilson
from sngen.results import ArrayEntry, OutcomeEntry, PictureEntry, Record, ScoreEntry
from sngen.schema import ALIASES, DATASETS, ERRATA, MODELS, PROJECTS, RELATIVES, SCORES, SOURCES, score_id

Rows = list[dict[str, Any]]

TEST_PIXELS, TRAIN_PIXELS = "a" * 64, "b" * 64
MODEL, OTHER, ELSEWHERE = "study/cifar10/one", "study/cifar10/two", "lab/cifar10/three"


def reported(
    model_id: str, metric: str, value: float, source_id: str = "study", **other: Any
) -> dict[str, Any]:
    given = {"family": "utility", "method": "clean", "setting": "test", "flags": []} | other
    basis = f"reported/{source_id}"
    return SCORES.row(
        score_id=score_id(model_id, "cifar10", basis, given["method"], given["setting"], metric),
        model_id=model_id, dataset_id="cifar10", metric=metric, value=value, unit="fraction",
        origin="reported", source_id=source_id, source_row=1, source_column="Test Accuracy", **given,
    )  # fmt: skip


def catalogue() -> dict[str, Rows]:
    """Rows by table: two sources, one dataset, three models of which two are related."""
    stealing = {"family": "stealing", "method": "partial-training-data", "setting": "default"}
    return {
        SOURCES.name: [
            SOURCES.row(
                source_id="study", title="A study | of <models>", url="https://example.org/study",
                revision="abc", license="MIT", citation="Someone, 2024",
            ),
            SOURCES.row(source_id="lab", title="A laboratory", url="https://example.org/lab"),
        ],
        DATASETS.name: [
            DATASETS.row(
                dataset_id="cifar10", name="CIFAR-10", category="natural", num_classes=10, source_id="study"
            )
        ],
        MODELS.name: [
            MODELS.row(
                model_id=MODEL, name="one", source_id="study", source_row=1, dataset_id="cifar10",
                purpose="benchmark", parameters=1000, mean=[0.5, 0.25, 0.125], flags=["odd"],
                weights_inferred=True,
            ),
            MODELS.row(
                model_id=OTHER, name="two", source_id="study", source_row=2, dataset_id="cifar10",
                purpose="benchmark", year=2020,
            ),
            MODELS.row(
                model_id=ELSEWHERE, name="three", source_id="lab", dataset_id="cifar10", purpose="security"
            ),
        ],
        SCORES.name: [
            reported(MODEL, "accuracy", 0.9),
            reported(MODEL, "accuracy", 0.8, source_id="lab"),
            reported(OTHER, "accuracy", 0.7, source_id="lab"),
            reported(MODEL, "stealing_accuracy", 0.6, **stealing),
            reported(ELSEWHERE, "accuracy", 0.99, source_id="lab"),
        ],
        RELATIVES.name: [
            RELATIVES.row(
                model_a=MODEL, model_b=OTHER, relation="same-recipe-other-seed", ground="the names say so",
                source_id="study",
            )
        ],
        ALIASES.name: [
            ALIASES.row(
                alias="study/cifar10/uno", model_id=MODEL, since="2026-01-01", reason="spelling",
                source_id="study",
            )
        ],
        ERRATA.name: [
            ERRATA.row(
                erratum_id="2026-001", score_id=f"{ELSEWHERE}:cifar10:reported/lab:clean:test:accuracy",
                date="2026-02-03", who="The <maintainers>", reason="A cell of another row was read.",
                issue_url="https://example.org/issues/1", source_id="lab",
            )
        ],
        PROJECTS.name: [
            PROJECTS.row(
                project_id="study-project/x", kind="publication", title="X", source_id="study", source_row=1,
                flags=[],
            )
        ],
    }  # fmt: skip


def record(
    model_id: str = MODEL,
    accuracy: float = 0.75,
    *,
    version: int = 1,
    date: str = "2026-11-20T10:00:00Z",
    protocol: str = "utility/1",
    tier: str = "cpu",
    weights: str = "c" * 64,
    test_first: int | None = None,
    test_pixels: str = TEST_PIXELS,
    runtime: float = 2.5,
) -> Record:
    """A record as the engine writes it: eight test images, of which ``accuracy`` is right."""
    right = np.arange(8) < round(8 * accuracy)
    key = {
        "model_id": model_id, "weights_sha256": weights, "protocol": protocol, "tier": tier,
        "method": "clean", "method_version": version,
        "images": {"test": test_pixels, "train": TRAIN_PIXELS},
        "data": {"test": {"split": "test", "first": test_first}, "train": {"split": "train", "first": 4}},
    }  # fmt: skip
    return Record(
        model_id=model_id, dataset_id="cifar10", family="utility", protocol=protocol, tier=tier,
        method="clean", method_version=version, key=key, arguments={"batch_size": 500, "a": 1},
        scores=(
            ScoreEntry(
                "test", "accuracy", accuracy, 8, *wilson(round(8 * accuracy), 8), "Wilson", ("few-images",)
            ),
            ScoreEntry("batch", "forward_time", runtime / 1000, 10, ci_method="none: median of rounds"),
        ),
        outcomes=(OutcomeEntry.of("test", "test", "top-1 label is right", np.arange(8), right),),
        provenance={
            "weights_sha256": weights, "data_fingerprint": "d" * 64, "seed": 0, "code_commit": None,
            "code_dirty": None, "packages": {"torch": "2.14.0", "numpy": "2.3"}, "device": "a processor",
            "threads": 2, "runtime": runtime, "cpu_time": 4.0, "peak_memory": 10_000, "forwards": 12,
            "forward_backwards": 0, "queries": 0, "forward_rate": 1000.0, "calibration": 0.01, "date": date,
            "efficiency": 0.9,
        },
        arrays=(ArrayEntry("test", "confidence", "image id", "confidence", (0.0, 1.0), (0.5, 0.25)),),
        pictures=(PictureEntry.of("test", "first-image", "the first image", np.zeros((1, 2, 3), np.uint8)),),
    )  # fmt: skip


AUDIT = [
    {
        "rule": "zero-means-missing", "kind": "cleaning", "explanation": "0 was never measured.",
        "table": "scores", "column": "value", "rows": [{"row_id": MODEL, "before": "0", "after": None}],
    }
]  # fmt: skip
