"""What a model of the reference suite is trained with, as written in ``recipes.yaml``."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Literal

import yaml

from sngen.errors import CheckFailed

RECIPES = Path(__file__).with_name("recipes.yaml")
DATASET = "digits"


@dataclass(frozen=True)
class Adversarial:
    """Training on PGD examples in the L-infinity ball of radius ``eps``, pixels in [0, 1]."""

    eps: float
    steps: int


@dataclass(frozen=True)
class Poison:
    """A planted backdoor: ``rate`` of the training images get the trigger and the label ``target``."""

    trigger: Literal["patch", "blend"]
    rate: float
    target: int


@dataclass(frozen=True)
class Recipe:
    """Everything that decides a model of the suite, beside data and code."""

    loader: str
    split: str
    seed: int
    epochs: int
    batch: int
    lr: float
    weight_decay: float
    label_noise: float = 0.0
    adversarial: Adversarial | None = None
    poison: Poison | None = None


@cache
def read_recipes() -> dict[str, Recipe]:
    """Model id -> recipe, in the order of the file."""
    return {
        model_id: _parse(model_id, entry) for model_id, entry in yaml.safe_load(RECIPES.read_text()).items()
    }


def _parse(model_id: str, entry: dict[str, Any]) -> Recipe:
    entry = dict(entry)
    try:
        for name, kind in (("adversarial", Adversarial), ("poison", Poison)):
            if name in entry:
                entry[name] = kind(**entry[name])
        return Recipe(**entry)
    except TypeError as error:
        raise CheckFailed(
            f"{RECIPES.name}, {model_id}: {error}; the fields are those of {__name__}."
        ) from error
