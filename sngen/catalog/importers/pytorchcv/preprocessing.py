"""How pytorchcv prepares images, by dataset.

These are the defaults of the project's own evaluation (``pytorch/datasets/*_cls_dataset.py`` beside the
package), which it evaluates all models with, but for the size and the crop that the model store states per
model and for those that the README marks with a star. Pixels are in [0, 1].
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from sngen.catalog.importers.pytorchcv.readme import IMG_SIZE, MODEL, SCALE, SOURCE_ID
from sngen.catalog.rules import Change, SourceRow, rule
from sngen.schema import MODELS

#: Chooses regions of an image of another size than the dataset's, which the model store does not state.
OWN_SIZE = ("ntsnet_cub",)
#: The README's mark, and the flag of the rows that had it.
STAR, STARRED = "*", "non-standard-preprocessing"


@dataclass(frozen=True)
class Preprocessing:
    """``size`` and ``crop`` are for models whose own are not stated; ``interpolation`` None: images are as
    large as the network's input, and are never resized."""

    size: int
    crop: float | None
    interpolation: str | None
    mean: tuple[float, float, float]
    std: tuple[float, float, float]


_IMAGENET = Preprocessing(224, 0.875, "bilinear", (0.485, 0.456, 0.406), (0.229, 0.224, 0.225))
_SMALL = Preprocessing(32, None, None, (0.4914, 0.4822, 0.4465), (0.2023, 0.1994, 0.2010))
DATASETS: Mapping[str, Preprocessing] = {
    "imagenet-1k": _IMAGENET, "cub-200-2011": _IMAGENET,
    "cifar10": _SMALL, "cifar100": _SMALL, "svhn": _SMALL,
}  # fmt: skip


def preprocessing(row: SourceRow) -> Preprocessing | None:
    """None where it is not stated: the last rule removes a star, which leaves the flag."""
    has_star = row[MODEL].endswith(STAR) or STARRED in row.flags
    if row[MODELS.c.name] in OWN_SIZE or has_star:
        return None
    return DATASETS[row[MODELS.c.dataset_id]]


@rule("size-of-the-evaluation", "derivation")
def size_of_the_evaluation(rows: Sequence[SourceRow]) -> Iterator[Change]:
    """Where the model store gives no input size, the model is evaluated with the default of its dataset's
    evaluation: 32 x 32 without a crop for CIFAR and SVHN, 224 x 224 and a crop of 0.875 for ImageNet and
    CUB. NTS-Net looks at larger images; its size is not stated and stays empty."""
    for row in rows:
        found = preprocessing(row)
        if found is not None and row[IMG_SIZE] is None:
            yield Change(row, IMG_SIZE, found.size)
            if found.crop is not None:
                yield Change(row, SCALE, found.crop)


def columns(row: SourceRow) -> dict[str, object]:
    """Normalisation, interpolation and loader of the table models; empty for what is not stated."""
    found = preprocessing(row)
    if found is None:
        return {}
    return {
        MODELS.c.mean: list(found.mean), MODELS.c.std: list(found.std),
        MODELS.c.interpolation: found.interpolation, MODELS.c.loader: f"{SOURCE_ID}/{row[MODELS.c.name]}",
    }  # fmt: skip
