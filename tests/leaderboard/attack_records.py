"""Made-up records of attacks on the models of a stand-in release: adversarial/1 and membership/1."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from typing import Any

import numpy as np
from stand_in import Row, StandIn, leaderboard_rows

from sngen.canonical import content_hash
from sngen.intervals import wilson
from sngen.schema import ARRAYS, DATASETS, METRICS, MODELS, OUTCOMES, SCORES, score_id

ADVERSARIAL, MEMBERSHIP = "adversarial/1", "membership/1"
BUDGETS = {
    "cifar10": {"linf": ["0.25/255", "0.5/255", "1/255", "2/255", "4/255", "8/255", "16/255"],
                "l2": ["0.1", "0.25", "0.5", "1", "2"]},
    "digits": {"linf": ["0.02", "0.05", "0.1", "0.15", "0.2", "0.3"], "l2": ["0.2", "0.5", "1", "1.5"]},
    "mnist": {"linf": ["0.02", "0.05", "0.1", "0.2", "0.3", "0.4"], "l2": ["0.5", "1", "1.5", "2", "3"]},
}  # fmt: skip
CUSTOMARY = {
    "cifar10": ("linf-8-255", "l2-0.5"), "digits": ("linf-0.1", "l2-0.5"), "mnist": ("linf-0.3", "l2-2"),
}  # fmt: skip
WHITE_BOX = ("pgd", "apgd-ce", "white-box", "fab-t")
BLACK_BOX = ("square", "transfer")
MEANING = "top-1 label is right under the attack"
MEMBERSHIP_ATTACKS = (
    "correctness", "confidence", "loss", "entropy", "modified-entropy", "mlp-full", "mlp-top3", "label-only",
    "lira", "rmia",
)  # fmt: skip

_wilson = cache(wilson)


class Record:
    """Rows of one result record, to be filled."""

    def __init__(
        self,
        rows: dict[str, list[Row]],
        model_id: str,
        dataset_id: str,
        protocol: str,
        method: str,
        **changed: Any,
    ) -> None:
        self.rows, self.model_id, self.dataset_id = rows, model_id, dataset_id
        self.protocol, self.method = protocol, method
        self.common = {
            "model_id": model_id, "dataset_id": dataset_id, "family": protocol.split("/", maxsplit=1)[0],
            "method": method, "origin": "measured", "protocol": protocol, "tier": "cpu",
            "record_id": content_hash([model_id, dataset_id, protocol, method, changed]), "method_version": 1,
            "arguments": '{"batch_size": 64}', "weights_sha256": "a" * 64, "data_fingerprint": "e" * 64,
            "seed": 0, "code_commit": "d" * 40, "code_dirty": False, "packages": '{"torch": "2.14"}',
            "device": "cpu: x", "threads": 1, "runtime": 60.0, "date": "2026-11-25T10:00:00Z", **changed,
        }  # fmt: skip

    def score(
        self, setting: str, metric: str, value: float, n: int, low: float | None = None,
        high: float | None = None, flags: Iterable[str] = (),
    ) -> None:  # fmt: skip
        if low is None and METRICS[metric].unit == "fraction":
            low, high = _wilson(round(value * n), n)
        identifier = score_id(self.model_id, self.dataset_id, self.protocol, self.method, setting, metric)
        if self.common["tier"] != "cpu":
            identifier += f"-{self.common['tier']}"
        self.rows["scores"].append(
            SCORES.row(
                **self.common, score_id=identifier, setting=setting, metric=metric, value=value, ci_low=low,
                unit=METRICS[metric].unit, ci_high=high, ci_method="Wilson", n=n, flags=list(flags),
            )
        )  # fmt: skip

    def _identity(self, setting: str) -> Row:
        names = ("model_id", "dataset_id", "protocol", "tier", "method", "record_id")
        return {**{name: self.common[name] for name in names}, "setting": setting}

    def outcome(self, setting: str, bits: np.ndarray) -> None:
        self.rows["outcomes"].append(
            OUTCOMES.row(
                **self._identity(setting), outcome_id=f"{self.common['record_id']}:{setting}", split="test",
                meaning=MEANING, n=len(bits), image_ids=list(range(len(bits))),
                bits=np.packbits(bits).tobytes(),
            )
        )  # fmt: skip

    def array(
        self, setting: str, name: str, x: Iterable[float], y: Iterable[float], x_is: str, y_is: str
    ) -> None:
        self.rows["arrays"].append(
            ARRAYS.row(
                **self._identity(setting), array_id=f"{self.common['record_id']}:{setting}:{name}", name=name,
                x_meaning=x_is, y_meaning=y_is, x=[float(v) for v in x], y=[float(v) for v in y],
            )
        )  # fmt: skip


def budget_names(dataset_id: str) -> list[tuple[str, float, str]]:
    """Norm, size and name in settings of every budget."""
    found = []
    for norm, budgets in BUDGETS[dataset_id].items():
        for written in budgets:
            size, _, levels = written.partition("/")
            found.append((norm, float(size) / float(levels or 1), f"{norm}-{written.replace('/', '-')}"))
    return found


def attacked(
    release: StandIn,
    dataset_id: str,
    robustness: dict[str, float],
    *,
    images: int = 250,
    masked: Iterable[str] = (),
    black_boxes: Iterable[str] = (),
    seed: int = 0,
    **changed: Any,
) -> None:
    """Add adversarial/1 records: ``robustness`` is each model's L-infinity distance in the middle of images,
    as a share of the greatest budget. ``masked`` raise flags, ``black_boxes`` get none with gradients."""
    changed = {"data_fingerprint": content_hash(["images", images]), **changed}
    rng = np.random.default_rng(seed)
    difficulty = rng.random(images)  # of the images, common to all models
    for model_id, strength in robustness.items():
        own = np.clip(0.75 * difficulty + 0.25 * rng.random(images), 0, 1)
        methods = BLACK_BOX if model_id in black_boxes else (*WHITE_BOX, *BLACK_BOX)
        for method in methods:
            _curve(release, model_id, dataset_id, method, own, strength, changed)
        if model_id not in black_boxes:
            _ensemble(release, model_id, dataset_id, own, strength, changed)
            _checks(release, model_id, dataset_id, images, model_id in masked, changed)
    release.rows["leaderboard"] = leaderboard_rows(release.rows)


def _right(own: np.ndarray) -> np.ndarray:
    return own > 0.08


def _stands(own: np.ndarray, strength: float, share: float, method: str) -> np.ndarray:
    weakness = {"square": 2.2, "transfer": 3.5, "pgd": 1.25, "apgd-ce": 1.15, "fab-t": 1.1}.get(method, 1.0)
    return _right(own) & (own * 2 * strength * weakness > share)


def _shares(dataset_id: str) -> dict[str, float]:
    greatest = {
        norm: max(size for n, size, _ in budget_names(dataset_id) if n == norm) for norm in ("linf", "l2")
    }
    return {name: size / greatest[norm] for norm, size, name in budget_names(dataset_id)}


def _curve(
    release: StandIn,
    model_id: str,
    dataset_id: str,
    method: str,
    own: np.ndarray,
    strength: float,
    changed: Row,
) -> None:
    record = Record(release.rows, model_id, dataset_id, ADVERSARIAL, method, **changed)
    right, n = _right(own), len(own)
    record.score("clean", "accuracy", right.mean(), n)
    for setting, share in _shares(dataset_id).items():
        stands = _stands(own, strength, share, method)
        record.score(setting, "robust_accuracy", stands.mean(), n)
        record.score(setting, "accuracy_drop", (right & ~stands).mean(), n)
        record.outcome(setting, stands)
        fell = int((right & ~stands).sum())
        if method in BLACK_BOX and fell:
            record.score(setting, "queries_per_success", 100.0 + fell, fell, 90.0, 400.0)
    if method == "fab-t":
        count = int(right.sum())
        greatest = {
            norm: max(s for n, s, _ in budget_names(dataset_id) if n == norm) for norm in ("linf", "l2")
        }
        for norm, size in greatest.items():
            middle = float(np.median(own[right])) * 2 * strength * 1.1 * size
            record.score(norm, "minimal_perturbation", middle, count, middle * 0.9, middle * 1.1)
            record.array(norm, "distance-by-image", range(3), [middle] * 3, "image id", "distance")


def _ensemble(
    release: StandIn, model_id: str, dataset_id: str, own: np.ndarray, strength: float, changed: Row
) -> None:
    record = Record(release.rows, model_id, dataset_id, ADVERSARIAL, "autoattack", **changed)
    right, n = _right(own), len(own)
    record.score("clean", "accuracy", right.mean(), n)
    for setting in CUSTOMARY[dataset_id]:
        stands = _stands(own, strength * 0.97, _shares(dataset_id)[setting], "autoattack")
        record.score(setting, "robust_accuracy", stands.mean(), n)
        record.score(setting, "accuracy_drop", (right & ~stands).mean(), n)
        record.score(f"{setting}-rounded", "robust_accuracy", stands.mean(), n)
        record.outcome(setting, stands)
        shares = [right.mean(), *[stands.mean()] * 4]
        record.array(setting, "survivors", range(5), shares, "attacks run", "share right")


def _checks(
    release: StandIn, model_id: str, dataset_id: str, images: int, masked: bool, changed: Row
) -> None:
    record = Record(release.rows, model_id, dataset_id, ADVERSARIAL, "masking", **changed)
    for check, value in (
        ("forwards-differ", 0.0), ("sums-to-one", 0.0), ("zero-gradients", 0.4), ("more-steps-help", 0.0),
        ("square-after-white-box", 0.02), ("transfer-beats-white-box", -0.1), ("unbounded-survivors", 0.2),
        ("loss-still-rising", 0.0),
    ):  # fmt: skip
        raised = masked and value > 0
        found = value if masked or value < 0 else 0.0
        record.score(check, "masking_indicator", found, images, flags=[f"masking-{check}"] if raised else [])


def inferred(
    release: StandIn,
    dataset_id: str,
    overfitting: dict[str, float],
    *,
    images: int = 1000,
    seed: int = 0,
    **changed: Any,
) -> None:
    """Add membership/1 records of models with these overfitting levels, with ROC curves of made-up scores."""
    rng = np.random.default_rng(seed)
    for model_id, level in overfitting.items():
        for position, method in enumerate(MEMBERSHIP_ATTACKS):
            record = Record(release.rows, model_id, dataset_id, MEMBERSHIP, method, **changed)
            shift = level * (1 + 0.15 * position)
            _membership(record, rng.normal(shift, 1, images), rng.normal(0, 1, images))
    release.rows["leaderboard"] = leaderboard_rows(release.rows)


def _membership(record: Record, members: np.ndarray, others: np.ndarray) -> None:
    n = len(members)
    member = np.repeat([True, False], n)[np.argsort(-np.concatenate([members, others]))]
    tpr, fpr = (np.concatenate([[0.0], np.cumsum(side) / n]) for side in (member, ~member))
    area = float(np.trapezoid(tpr, fpr))
    record.score("default", "auc", area, 2 * n, area - 0.02, area + 0.02, ["not-resolvable-fpr-0.001"])
    best = float((0.5 + (tpr - fpr) / 2).max())
    record.score(
        "default-best-threshold", "balanced_accuracy", best, 2 * n, flags=["threshold-tuned-on-target"]
    )
    record.score("default", "balanced_accuracy", best - 0.01, 2 * n)
    at = int(np.flatnonzero(fpr <= 0.01)[-1])
    flags = ["few-false-positives"] if n < 1000 else []
    record.score("default-fpr-0.01", "true_positive_rate", tpr[at], n, flags=flags)
    record.score("default-fpr-0.01", "false_positive_rate", fpr[at], n, flags=flags)
    kept = np.unique(np.concatenate([np.flatnonzero(fpr < 0.02), np.arange(0, len(fpr), 20), [len(fpr) - 1]]))
    record.array("default", "roc", fpr[kept], tpr[kept], "false positive rate", "true positive rate")
    record.array("default", "auc-by-class", range(10), [area] * 10, "class", "AUC")


def with_models(release: StandIn, dataset_id: str, count: int, prefix: str = "made-up") -> list[str]:
    """Add measured models of a dataset, with a utility accuracy and overfitting level each; their ids."""
    if dataset_id not in {row["dataset_id"] for row in release.rows["datasets"]}:
        release.rows["datasets"].append(
            DATASETS.row(
                dataset_id=dataset_id, name=dataset_id.upper(), category="natural", num_classes=10,
                source_id=release.rows["sources"][0]["source_id"],
            )
        )  # fmt: skip
    made = []
    for number in range(count):
        model_id = f"{prefix}/{dataset_id}/net-{number}"
        purpose = ("benchmark", "security")[number % 3 == 2]
        release.rows["models"].append(
            MODELS.row(
                model_id=model_id, name=f"{dataset_id} net {number}", dataset_id=dataset_id, purpose=purpose,
                source_id=release.rows["sources"][0]["source_id"], year=2016 + number % 8,
                training_kind=("standard", "adversarial")[number % 3 == 2], model_type="resnet",
                loader="resnet", weights_sha256="a" * 64,
            )
        )  # fmt: skip
        record = Record(release.rows, model_id, dataset_id, "utility/1", "clean", data_fingerprint="b" * 64)
        record.score("test", "accuracy", 0.95 - number / 100, 1000)
        record.score("train-test", "overfitting_level", 0.02 + 0.02 * number, 1000, 0.01, 0.9)
        made.append(model_id)
    release.rows["leaderboard"] = leaderboard_rows(release.rows)
    return made
