"""The settings of a surrogate, as a protocol writes them, checked before anything is trained."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

from evaluations.membership.reference_settings import AUGMENTATIONS, OPTIMISERS
from sngen.errors import UsageError


@dataclass(frozen=True)
class SurrogateSettings:
    """Everything that decides a surrogate, beside images, answers, seed, code and torch.

    ``architecture``: a loader's name of ``sngen.zoo.architectures``. ``mean`` and ``std``: one number per
    channel, for pixels in [0, 1]. ``steps`` of gradient descent in batches of ``batch`` images, whatever the
    budget: a surrogate with few queries is trained as long as one with many. ``optimiser``: ``adamw``, or
    ``sgd`` with Nesterov momentum of 0.9; the learning rate falls from ``lr`` to 0 along half a cosine.
    ``augmentation``: ``none``, or ``flip-crop``, which mirrors an image with probability 1/2 and shifts it by
    up to four pixels either way.
    """

    architecture: str
    mean: tuple[float, ...]
    std: tuple[float, ...]
    steps: int
    batch: int
    lr: float
    weight_decay: float
    optimiser: str
    augmentation: str

    @classmethod
    def of(cls, settings: Mapping[str, Any]) -> SurrogateSettings:
        """From a protocol's mapping. Raises ``UsageError`` for what is missing, unknown or out of range."""
        known = [field.name for field in fields(cls)]
        missing = [name for name in known if name not in settings]
        unknown = [str(name) for name in settings if name not in known]
        if missing or unknown:
            raise UsageError(
                f"settings of the surrogate: missing {', '.join(missing) or 'none'}, unknown "
                f"{', '.join(unknown) or 'none'}; expected exactly {', '.join(known)}."
            )
        chosen = cls(**{**settings, "mean": tuple(settings["mean"]), "std": tuple(settings["std"])})
        chosen._check()
        return chosen

    def _check(self) -> None:
        rules = {
            "steps": (_whole(self.steps), "a whole number from 1"),
            "batch": (_whole(self.batch) and self.batch > 1, "a whole number from 2"),
            "lr": (self.lr > 0, "a number above 0"),
            "weight_decay": (self.weight_decay >= 0, "a number from 0"),
            "std": (bool(self.std) and all(value > 0 for value in self.std), "numbers above 0"),
            "mean": (len(self.mean) == len(self.std), "one number per channel, as std"),
            "optimiser": (self.optimiser in OPTIMISERS, " or ".join(OPTIMISERS)),
            "augmentation": (self.augmentation in AUGMENTATIONS, " or ".join(AUGMENTATIONS)),
        }
        wrong = [
            f"{name} is {getattr(self, name)!r}, expected {expected}"
            for name, (fine, expected) in rules.items()
            if not fine
        ]
        if wrong:
            raise UsageError(f"settings of the surrogate: {'; '.join(wrong)}.")


def _whole(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value > 0
