"""The settings of the reference models, as a protocol writes them, checked before anything is trained."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

from evaluations.datasets.images import Images
from sngen.errors import UsageError

OPTIMISERS = ("adamw", "sgd")
AUGMENTATIONS = ("none", "flip-crop")


@dataclass(frozen=True)
class ReferenceSettings:
    """Everything that decides the reference models, beside the pool, the code and torch.

    ``architecture``: a loader's name of ``sngen.zoo.architectures``. ``mean`` and ``std``: one number per
    channel, for pixels in [0, 1]. ``models``: how many, an even number, since two share a cut of the pool.
    ``epochs`` over a model's half of it in batches of at most ``batch`` images. ``optimiser``: ``adamw``, or
    ``sgd`` with Nesterov momentum of 0.9; the learning rate falls from ``lr`` to 0 along half a cosine, step
    by step. ``augmentation``: ``none``, or ``flip-crop``, which in every epoch mirrors an image with
    probability 1/2 and shifts it by up to four pixels either way, black coming in.
    """

    architecture: str
    mean: tuple[float, ...]
    std: tuple[float, ...]
    models: int
    epochs: int
    batch: int
    lr: float
    weight_decay: float
    optimiser: str
    augmentation: str
    seed: int

    @classmethod
    def of(cls, settings: Mapping[str, Any]) -> ReferenceSettings:
        """From a protocol's mapping. Raises ``UsageError`` for what is missing, unknown or out of range."""
        known = [field.name for field in fields(cls)]
        missing = [name for name in known if name not in settings]
        unknown = [str(name) for name in settings if name not in known]
        if missing or unknown:
            raise UsageError(
                f"settings of the reference models: missing {', '.join(missing) or 'none'}, unknown "
                f"{', '.join(unknown) or 'none'}; expected exactly {', '.join(known)}."
            )
        chosen = cls(**{**settings, "mean": tuple(settings["mean"]), "std": tuple(settings["std"])})
        chosen._check()
        return chosen

    def check_channels(self, pool: Images) -> None:
        """Raises ``UsageError`` unless ``mean`` and ``std`` have one number per channel of the images."""
        channels = pool.pixels.shape[1]
        if len(self.mean) != channels or len(self.std) != channels:
            raise UsageError(
                f"reference models for {pool.dataset_id}: {len(self.mean)} means and {len(self.std)} "
                f"standard deviations, expected {channels} of each, one per channel."
            )

    def _check(self) -> None:
        rules = {
            "models": (_whole(self.models, 2) and self.models % 2 == 0, "an even number from 2"),
            "epochs": (_whole(self.epochs, 1), "a whole number from 1"),
            "batch": (_whole(self.batch, 1), "a whole number from 1"),
            "seed": (_whole(self.seed, 0), "a whole number from 0"),
            "lr": (_number(self.lr) and self.lr > 0, "a number above 0"),
            "weight_decay": (_number(self.weight_decay) and self.weight_decay >= 0, "a number from 0"),
            "mean": (all(map(_number, self.mean)), "numbers"),
            "std": (all(_number(value) and value > 0 for value in self.std), "numbers above 0"),
            "optimiser": (self.optimiser in OPTIMISERS, " or ".join(OPTIMISERS)),
            "augmentation": (self.augmentation in AUGMENTATIONS, " or ".join(AUGMENTATIONS)),
        }
        wrong = [
            f"{name} is {getattr(self, name)!r}, expected {expected}"
            for name, (fine, expected) in rules.items()
            if not fine
        ]
        if wrong:
            raise UsageError(f"settings of the reference models: {'; '.join(wrong)}.")


def _whole(value: object, minimum: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= minimum


def _number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
