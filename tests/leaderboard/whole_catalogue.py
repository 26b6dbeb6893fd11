"""A stand-in of the whole catalogue's size and shape: thousands of models from some thirty sources.

All values are drawn, none is real. For the benchmark, and for tests of what only a large site has.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from stand_in import Row, StandIn, leaderboard_rows, stand_in

from sngen.schema import (
    ALIASES,
    DATASETS,
    METRICS,
    MODELS,
    PROJECTS,
    RELATIVES,
    SCORES,
    SOURCES,
    score_id,
)  # fmt: skip

VARIANTS = ("imagenet-1k", "imagenet-real", "imagenet-v2", "imagenet-a", "imagenet-r", "imagenet-sketch")
ZERO_SHOT = tuple(f"zero-shot-{number}" for number in range(35))
SCENES = tuple(f"scenes-{number}" for number in range(22))
CATEGORIES = 20
_TYPES = ("resnet", "vit", "swin", "convnext", "efficientnet", "densenet", "vgg", "mobilenet", "regnet")
_LICENSES = ("Apache-2.0", "MIT", "CC-BY-NC-4.0", "BSD-3-Clause", None)


@dataclass(frozen=True)
class Origin:
    """A source to be: how many models it lists, on which datasets they are scored, in which columns."""

    source_id: str
    models: int
    own: Sequence[str | None]
    scored: Sequence[str]
    kinds: Sequence[str] = ("utility/clean/test/accuracy",)
    purpose: str = "benchmark"
    task: str = "classification"


_TOP = ("utility/clean/test/accuracy", "utility/clean/test/top5_accuracy")
_ROBUST = (
    "utility/clean/test/accuracy", "adversarial/autoattack/linf-8-255/robust_accuracy",
    "adversarial/authors-claim/linf-8-255/robust_accuracy", "corruption/common-corruptions/default/accuracy",
    "corruption/common-corruptions/default/mean_corruption_error",
)  # fmt: skip
ORIGINS = (
    Origin("timm", 1300, ("imagenet-1k",), VARIANTS, _TOP),
    Origin("timm-features", 526, (None,), (), task="features"),
    Origin("mmpretrain", 526, ("imagenet-1k",), ("imagenet-1k",), _TOP),
    Origin("pytorchcv", 539, ("imagenet-1k", "cifar10", "cifar100", "svhn"), (), _TOP),
    Origin("torchvision", 129, ("imagenet-1k",), ("imagenet-1k",), _TOP),
    Origin("paddleclas", 252, ("imagenet-1k",), ("imagenet-1k",), _TOP),
    Origin("openclip", 121, (None,), ZERO_SHOT, ("utility/zero-shot/test/accuracy",), task="zero-shot"),
    Origin("robustbench", 237, ("cifar10", "cifar100", "imagenet-1k"), (), _ROBUST, "security"),
    Origin("arena", 440, SCENES, ()),
    Origin("transfer", 285, ZERO_SHOT[:19], (), ()),
    *(
        Origin(f"small-{number}", 32, ("imagenet-1k", "cifar10", f"medical-{number}"), (), _ROBUST[:2])
        for number in range(22)
    ),
)


def whole_catalogue(share: float = 1.0) -> StandIn:
    """``share`` of the whole: 1.0 are about 5,600 models and 25,000 scores."""
    rng = np.random.default_rng(7)
    release = stand_in({"cifar10": max(2, int(400 * share)), "bloodmnist": 3}, measured=10)
    rows = release.rows
    for origin in ORIGINS:
        rows["sources"].append(_source(origin))
        for number in range(max(2, int(origin.models * share))):
            _add_model(rows, rng, origin, number)
    _add_datasets(rows)
    _add_relatives(rows)
    rows["projects"] = list(_projects())
    first = rows["models"][0]
    rows["aliases"] = [
        ALIASES.row(
            alias="timm/old-name", model_id=first["model_id"], since="2026-11-24", reason="spelling",
            source_id=first["source_id"],
        )
    ]  # fmt: skip
    rows["leaderboard"] = leaderboard_rows(rows)
    return release


def _source(origin: Origin) -> Row:
    return SOURCES.row(
        source_id=origin.source_id, title=f"The catalogue of {origin.source_id}",
        url=f"https://example.org/{origin.source_id}", license="MIT", revision="0123456789abcdef" * 2,
        file="results/*.csv", file_sha256="e" * 64,
    )  # fmt: skip


def _add_model(rows: dict[str, list[Row]], rng: np.random.Generator, origin: Origin, number: int) -> None:
    own = origin.own[number % len(origin.own)]
    kind = _TYPES[number % len(_TYPES)]
    name = f"{kind}_large_{number}_patch16_224.augreg_in21k_ft_in1k"
    model_id = f"{origin.source_id}/{name.replace('_', '-').replace('.', '/')}"
    robust = origin.purpose == "security"
    rows["models"].append(
        MODELS.row(
            model_id=model_id, name=name, source_id=origin.source_id, source_file="results/results.csv",
            source_row=number + 2, task=origin.task,
            copy_kind="quantised" if origin.source_id == "torchvision" and number % 10 == 9 else None,
            architecture=name.split(".", 1)[0], model_type=kind, parameters=int(rng.integers(10**6, 10**9)),
            parameters_rounded=None, macs=float(rng.integers(10**8, 10**11)), input_size="3x224x224",
            crop_fraction=0.875, interpolation="bicubic", mean=[0.485, 0.456, 0.406],
            std=[0.229, 0.224, 0.225], dataset_id=own, num_outputs=1000,
            pretrained_on=["ImageNet-21k"] if number % 3 == 0 else [], purpose=origin.purpose,
            security_role="adversarially-trained" if robust else None,
            training_kind="adversarial" if robust else None, threat_norm="Linf" if robust else None,
            threat_eps="8/255" if robust else None, threat_eps_value=8 / 255 if robust else None,
            publisher=f"Laboratory {number % 40}", publisher_type=("company", "university")[number % 2],
            country=["Switzerland", "China"][: 1 + number % 2] if number % 4 == 0 else None,
            venue="CVPR" if number % 2 else None, venue_type="CV" if number % 2 else None,
            year=2014 + number % 12, paper_title="On a network" if number % 2 else None,
            paper_url=f"https://arxiv.org/abs/20{number % 12 + 10}.{number % 97:05d}", weights_kind="hub",
            weights_url=f"https://huggingface.co/example/{name}", weights_hub_id=f"example/{name}",
            weights_checksum="sha256-prefix:0123abcd", license=_LICENSES[number % 5],
            license_scope=("weights", "repository", "unknown")[number % 3],
            note="a remark of the source" if number % 7 == 0 else None,
            source_words='{"license": "apache 2", "dataset_id": "ILSVRC"}',
        )
    )  # fmt: skip
    for dataset_id in origin.scored or ([own] if own else ()):
        for words in origin.kinds:
            family, method, setting, metric = words.split("/")
            unit = METRICS[metric].unit
            value = float(rng.uniform(0.3, 0.95)) * (1 if unit == "fraction" else 80)
            attack = family == "adversarial"
            rows["scores"].append(
                SCORES.row(
                    score_id=score_id(
                        model_id, dataset_id, f"reported/{origin.source_id}", method, setting, metric
                    ),
                    model_id=model_id, dataset_id=dataset_id, family=family, method=method, setting=setting,
                    metric=metric, value=round(value, 4), unit=unit, origin="reported",
                    norm="Linf" if attack else None, eps="8/255" if attack else None,
                    eps_value=8 / 255 if attack else None, source_id=origin.source_id, flags=[],
                    source_file="results/results.csv", source_row=number + 2, source_column="top1",
                    source_date="2025-01-31", note="evaluated by the authors" if attack else None,
                )
            )  # fmt: skip


def _add_datasets(rows: dict[str, list[Row]]) -> None:
    there = {row["dataset_id"] for row in rows["datasets"]}
    used = {model["dataset_id"] for model in rows["models"]} | {s["dataset_id"] for s in rows["scores"]}
    for position, dataset_id in enumerate(sorted((used | {"unused"}) - there - {None})):
        rows["datasets"].append(
            DATASETS.row(
                dataset_id=dataset_id, name=dataset_id.replace("-", " ").title(), task="multi-class",
                category=f"category-{position % CATEGORIES}", num_classes=10 + position, train_size=50_000,
                test_size=10_000, license="research only", homepage="https://example.org/data", year=2015,
                paper_title="A dataset", paper_url="https://arxiv.org/abs/1409.0575",
                unverified=["train_size", "license"], source_id=rows["sources"][0]["source_id"],
            )
        )  # fmt: skip


def _add_relatives(rows: dict[str, list[Row]]) -> None:
    """Every torchvision model has the weights of a timm one, every second pair by a rule."""
    by_source: dict[str, list[str]] = {}
    for model in rows["models"]:
        by_source.setdefault(model["source_id"], []).append(model["model_id"])
    for position, (one, other) in enumerate(zip(by_source["timm"], by_source["torchvision"], strict=False)):
        rows["relatives"].append(
            RELATIVES.row(
                model_a=one, model_b=other, relation="same-weights", ground="one checkpoint address",
                rule="same-checkpoint-url" if position % 2 else None, source_id="torchvision",
            )
        )  # fmt: skip


def _projects() -> Iterator[Row]:
    common: dict[str, Any] = {
        "venue": "NDSS", "venue_type": "Security", "year": 2022, "weights_url": "https://example.org/all",
        "source_id": "robustbench", "license": "MIT", "license_scope": "repository",
    }  # fmt: skip
    yield PROJECTS.row(
        project_id="robustbench/thousands", kind="collection", title="Thousands of poisoned networks",
        model_count=14_000, security_role="clean-and-backdoored-collection", dataset_id="cifar10", **common,
    )  # fmt: skip
    yield PROJECTS.row(
        project_id="robustbench/uncounted", kind="collection", title="Networks nobody counted", **common
    )
    yield PROJECTS.row(project_id="robustbench/paper", kind="publication", title="A paper", **common)
