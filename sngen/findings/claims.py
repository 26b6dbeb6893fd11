"""Claims as data: what a publication says, in a form that can be tested on any release."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from typing import Any, Literal

import yaml

from sngen.errors import DataProblem
from sngen.schema import FAMILIES, METRICS, ORIGINS, PURPOSES
from sngen.schema.vocabularies import TRAINING_SPLIT_FLAGS

CLAIMS = files("sngen.findings") / "claims.yaml"
STATISTICS = ("spearman", "mean-difference", "share")
SETTING = "{setting}"


@dataclass(frozen=True)
class Quantity:
    """Which scores: ``method`` is None where the claim is tested for several methods one by one."""

    family: str
    method: str | None
    setting: str
    metric: str


@dataclass(frozen=True)
class Claim:
    """A relation between two scores of one model.

    ``sign`` is the claimed sign of the statistic: of the correlation of ``x`` and ``y``, or of the mean of
    y - x. ``datasets`` None: every dataset that has both scores. Scores that carry one of ``flags``, on
    themselves or on their model, are left out; the flag's value says why. ``remarks`` are by method.
    ``nominal`` is what a share is compared with. ``backdoored``: only models with a planted backdoor, or only
    those that never had one; None: all.
    """

    claim_id: str
    title: str
    statement: str
    family: str
    sign: Literal[1, -1]
    statistic: str
    x: Quantity
    y: Quantity
    methods: tuple[str, ...]
    datasets: tuple[str, ...] | None
    origins: tuple[str, ...]
    purposes: tuple[str, ...]
    flags: Mapping[str, str]
    remarks: Mapping[str, str]
    general_remark: str | None = None
    nominal: float | None = None
    backdoored: bool | None = None

    def remark(self, method: str) -> str | None:
        """What a reader should know of this method's numbers, and of the claim's; None if nothing."""
        return " ".join(filter(None, (self.remarks.get(method), self.general_remark))) or None


@dataclass(frozen=True)
class Case:
    """A claim on one dataset, with the numbers of one origin and one method."""

    claim: Claim
    dataset_id: str
    origin: str
    method: str


@dataclass(frozen=True)
class Rules:
    """How all claims are tested."""

    minimum_models: int
    resamples: int
    seed: int
    false_discoveries: float
    related_by: tuple[str, ...]


def load_claims() -> tuple[Rules, list[Claim]]:
    """Rules and claims of ``claims.yaml``. Raises ``DataProblem`` naming claim and field."""
    content = yaml.safe_load(CLAIMS.read_text(encoding="utf-8"))
    rules = content["rules"]
    problems = [problem for entry in content["claims"] for problem in _problems(entry)]
    if problems:
        raise DataProblem(problems)
    return (
        Rules(**{**rules, "related_by": tuple(rules["related_by"])}),
        [claim for entry in content["claims"] for claim in _claims(entry)],
    )


def _claims(entry: Mapping[str, Any]) -> list[Claim]:
    """The claim, or one for each of its ``settings``."""
    if "settings" not in entry:
        return [_claim(entry)]
    return [
        _claim(
            {
                **entry,
                "id": f"{entry['id']}/{setting}",
                "title": entry["title"].replace(SETTING, words),
                "statement": entry["statement"].replace(SETTING, words),
                "y": {**entry["y"], "setting": setting},
            }
        )
        for setting, words in entry["settings"].items()
    ]


def _claim(entry: Mapping[str, Any]) -> Claim:
    datasets = entry.get("datasets")
    return Claim(
        claim_id=entry["id"],
        title=entry["title"],
        statement=" ".join(entry["statement"].split()),
        family=entry["family"],
        sign=1 if entry["sign"] == "positive" else -1,
        statistic=entry["statistic"],
        x=_quantity(entry.get("x", entry["y"])),
        y=_quantity(entry["y"]),
        methods=tuple(entry["methods"]),
        datasets=None if datasets is None else tuple(datasets),
        origins=tuple(entry["origins"]),
        purposes=tuple(entry["purposes"]),
        flags=_reasons(entry.get("leave_out_flags", {})),
        remarks=_texts(entry.get("remarks", {})),
        general_remark=" ".join(entry["remark"].split()) if "remark" in entry else None,
        nominal=entry.get("nominal"),
        backdoored=entry.get("backdoored"),
    )


def _reasons(entry: Mapping[str, str | None]) -> dict[str, str]:
    """Why scores with a flag are left out; flags of the training split say it themselves."""
    return _texts({flag: reason or TRAINING_SPLIT_FLAGS[flag] for flag, reason in entry.items()})


def _texts(entry: Mapping[str, str]) -> dict[str, str]:
    return {name: " ".join(text.split()) for name, text in entry.items()}


def _quantity(entry: Mapping[str, Any]) -> Quantity:
    return Quantity(entry["family"], entry.get("method"), entry["setting"], entry["metric"])


def _problems(entry: Mapping[str, Any]) -> list[str]:
    """Values outside the vocabularies; a misspelt one would select nothing and say nothing."""
    x = entry.get("x", entry["y"])  # a share has one quantity
    checks = [
        ("family", [entry["family"]], FAMILIES),
        ("sign", [entry["sign"]], ("positive", "negative")),
        ("origins", entry["origins"], ORIGINS),
        ("purposes", entry["purposes"], PURPOSES),
        ("x.family", [x["family"]], FAMILIES),
        ("y.family", [entry["y"]["family"]], FAMILIES),
        ("x.metric", [x["metric"]], METRICS),
        ("y.metric", [entry["y"]["metric"]], METRICS),
        ("statistic", [entry["statistic"]], STATISTICS),
        ("remarks", entry.get("remarks", {}), entry["methods"]),
        (
            "leave_out_flags without a reason",
            [flag for flag, reason in entry.get("leave_out_flags", {}).items() if not reason],
            TRAINING_SPLIT_FLAGS,
        ),
    ]
    problems = [
        f"claims.yaml, claim {entry['id']}, {field}: found {value!r}, expected one of {', '.join(allowed)}"
        for field, values, allowed in checks
        for value in values
        if value not in allowed
    ]
    share = entry["statistic"] == "share"
    if share != ("nominal" in entry) or share == ("x" in entry):
        problems.append(
            f"claims.yaml, claim {entry['id']}: expected nominal and no x for a share, else x and no nominal"
        )
    if ("settings" in entry) != all(SETTING in entry[field] for field in ("title", "statement")):
        problems.append(
            f"claims.yaml, claim {entry['id']}: found settings or {SETTING} in title and statement alone, "
            f"expected both or neither"
        )
    if ("settings" in entry) == ("setting" in entry["y"]):
        problems.append(f"claims.yaml, claim {entry['id']}: expected either settings or y.setting")
    return problems
