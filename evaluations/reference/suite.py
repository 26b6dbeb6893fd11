"""The reference suite's models: their recipes, their images, and their weights, trained at first use."""

from __future__ import annotations

import hashlib
import importlib.metadata
import importlib.util
from dataclasses import asdict
from pathlib import Path

from filelock import FileLock

from evaluations.datasets import Images, load_images
from evaluations.products import find_weights, keep_weights
from evaluations.reference.recipe import DATASET, Recipe, read_recipes
from evaluations.reference.training_data import labelled_images, seen_images
from sngen.canonical import content_hash
from sngen.errors import UsageError
from sngen.settings import Settings
from sngen.zoo.weights import find_blob

#: Modules whose source decides the weights. Any change in them trains anew.
CODE = (
    "evaluations.reference.training",
    "evaluations.reference.training_data",
    "evaluations.reference.triggers",
    "sngen.zoo.architectures.digits",
    "sngen.zoo.architectures.masked_gradients",
)


def recipe_ids() -> tuple[str, ...]:
    """Model ids of the suite."""
    return tuple(read_recipes())


def recipe(model_id: str) -> Recipe:
    """The model's recipe. Raises ``UsageError`` for a model that is not of the suite."""
    if model_id not in read_recipes():
        raise UsageError(
            f"{model_id!r} is not of the reference suite; its models: {', '.join(recipe_ids())}."
        )
    return read_recipes()[model_id]


def training_images(model_id: str, data_folder: Path) -> Images:
    """The images and labels that this model was trained on.

    That is the split ``aux`` for the model without members, wrong labels included for the over-fitted one,
    and the pixels and labels from before the poisoning for the backdoored ones.
    """
    chosen = recipe(model_id)
    return labelled_images(chosen, load_images(DATASET, chosen.split, data_folder))


def member_images(model_id: str, data_folder: Path) -> Images:
    """The split ``train`` with the labels that this model is taught for it, if it is.

    The model without members was trained on other images, and is judged on these as any other.
    """
    return labelled_images(recipe(model_id), load_images(DATASET, "train", data_folder))


def known_sha256(model_id: str, settings: Settings) -> str | None:
    """SHA-256 of the model's weights where they are in the cache already; else None. Trains nothing."""
    return find_weights(_entry(recipe(model_id), settings), settings)


def weights_for(model_id: str, settings: Settings) -> tuple[Path, str]:
    """The model's safetensors file and its SHA-256; trained now, in seconds, if it is not in the cache.

    Several processes that ask for one model at once train it once.
    """
    chosen = recipe(model_id)
    entry = _entry(chosen, settings)
    entry.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(entry.with_suffix(".lock")):
        sha256 = known_sha256(model_id, settings)
        if sha256 is None:
            sha256 = _train_into(chosen, entry, settings)
    return find_blob(sha256, settings), sha256


def _train_into(chosen: Recipe, entry: Path, settings: Settings) -> str:
    from safetensors.torch import save  # noqa: PLC0415 - torch; a plan only asks for what is known

    from evaluations.reference.training import train  # noqa: PLC0415

    seen = seen_images(chosen, load_images(DATASET, chosen.split, settings.data))
    return keep_weights(entry, save(train(chosen, seen)), _key(chosen, settings), settings)


def _entry(chosen: Recipe, settings: Settings) -> Path:
    """The cache's note of the weights that came out of a recipe, under these data, code and torch."""
    return settings.cache / "recipes" / f"{content_hash(_key(chosen, settings))}.json"


def _key(chosen: Recipe, settings: Settings) -> dict[str, object]:
    sources = [Path(str(_origin(module))).read_bytes() for module in CODE]
    return {
        "recipe": asdict(chosen),
        "data": load_images(DATASET, chosen.split, settings.data).fingerprint,
        "code": hashlib.sha256(b"\0".join(sources)).hexdigest(),
        "torch": importlib.metadata.version("torch"),
    }


def _origin(module: str) -> str:
    """The module's file, found without importing it (and torch with it)."""
    spec = importlib.util.find_spec(module)
    if spec is None or spec.origin is None:
        raise ImportError(f"the source of {module} is needed as part of a cache key and was not found")
    return spec.origin
