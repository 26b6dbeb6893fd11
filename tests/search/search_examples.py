"""A catalogue of seven models of two sources, so that every answer can be worked out by hand."""

from __future__ import annotations

from typing import Any

from sngen.schema import ALIASES, DATASETS, MODELS, RELATIVES, SCORES, SOURCES, score_id

Rows = list[dict[str, Any]]

ONE, TWO, THREE = "lab/cifar10/one", "lab/cifar10/two", "lab/cifar10/three"
COPY, FIVE, CLIP, FEATURES = "hub/one-int8", "hub/five", "hub/clip", "hub/features"


def score(model_id: str, dataset_id: str, value: float, **other: Any) -> dict[str, Any]:
    given = {"family": "utility", "method": "clean", "setting": "test", "metric": "accuracy"} | other
    source = model_id.partition("/")[0]
    parts = (given["method"], given["setting"], given["metric"])
    return SCORES.row(
        score_id=score_id(model_id, dataset_id, f"reported/{source}", *parts), model_id=model_id,
        dataset_id=dataset_id, value=value, unit="fraction", origin="reported", source_id=source,
        source_row=7, source_column="Top-1", source_file="results.csv", **given,
    )  # fmt: skip


def model(model_id: str, **other: Any) -> dict[str, Any]:
    source = model_id.partition("/")[0]
    given: dict[str, Any] = {"name": model_id.rpartition("/")[2], "source_id": source}
    return MODELS.row(model_id=model_id, **(given | other))


def catalogue() -> tuple[dict[str, Rows], list[dict[str, Any]]]:
    """Rows by table, and the audit of the source ``lab``."""
    paper = {
        "paper_title": "On 100% of {Robust} Models", "paper_url": "https://example.org/a_b?x=1",
        "venue": "ICML", "year": 2020, "authors": "A. One, B. Two",
    }  # fmt: skip
    aa = {"family": "adversarial", "method": "autoattack", "metric": "robust_accuracy"}
    tables = {
        SOURCES.name: [
            SOURCES.row(source_id="lab", title="The Lab", url="https://example.org/lab", revision="abc123"),
            SOURCES.row(source_id="hub", title="The Hub"),
        ],
        DATASETS.name: [
            DATASETS.row(dataset_id=name, name=usual, category=category, num_classes=10, source_id="lab")
            for name, usual, category in (
                ("cifar10", "CIFAR-10", "natural"), ("svhn", "SVHN", "digits"),
            )
        ],
        MODELS.name: [
            model(
                ONE, dataset_id="cifar10", year=2018, purpose="benchmark", architecture="resnet18",
                parameters=11_173_962, source_row=3, source_words='{"venue": "Int. Conf."}', flags=["odd"],
            ),
            model(TWO, dataset_id="cifar10", purpose="security", **paper),
            model(THREE, dataset_id="cifar10", purpose="security", **(paper | {"year": None, "venue": None})),
            model(COPY, dataset_id="cifar10", copy_kind="quantised", year=2021),
            model(FIVE, dataset_id="svhn", year=2019, name="=five", country=["France", "Italy"]),
            model(CLIP, task="zero-shot", year=2021),
            model(FEATURES, task="features"),
        ],
        SCORES.name: [
            score(ONE, "cifar10", 0.9), score(ONE, "svhn", 0.2), score(TWO, "cifar10", 0.85),
            score(TWO, "cifar10", 0.5, setting="linf-8-255", **aa), score(COPY, "cifar10", 0.89),
            score(FIVE, "svhn", 0.95), score(CLIP, "cifar10", 0.7), score(CLIP, "svhn", 0.3),
        ],
        RELATIVES.name: [
            RELATIVES.row(
                model_a=COPY, model_b=ONE, relation="same-weights", ground="equal file", rule="r",
                source_id="hub",
            )
        ],
        ALIASES.name: [
            ALIASES.row(
                alias="lab/cifar10/uno", model_id=ONE, since="2026-01-01", reason="spelling", source_id="lab"
            )
        ],
    }  # fmt: skip
    audit = [
        {
            "rule": "odd-name", "kind": "flag", "explanation": "The name is odd.", "table": "models",
            "column": "name",
            "rows": [
                {"row_id": ONE, "before": "one", "after": "one"},
                {"row_id": TWO, "before": "x", "after": "y"},
            ],
        }
    ]  # fmt: skip
    return tables, audit
