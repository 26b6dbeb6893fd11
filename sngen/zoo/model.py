"""From the id of a catalogued model to a network: look up, fetch, convert, build, check."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sngen.errors import UsageError
from sngen.schema import DATASETS, MODELS
from sngen.search.aliases import resolve
from sngen.search.library import Library, open_library
from sngen.settings import Settings
from sngen.zoo.weights import safe_tensors

if TYPE_CHECKING:
    from sngen.zoo.on_pixels import OnPixels

#: Loader of a graph that is run as it is, without gradients (``sngen.zoo.black_box``).
BLACK_BOX = "black-box"
WITHOUT_CLASSES = ("embedding", "features")
#: Flag of rows whose source says that their pixels are prepared in another way, and not in which.
UNKNOWN_PIXELS = "non-standard-preprocessing"


def load_model(model_id: str, settings: Settings | None = None, library: Library | None = None) -> OnPixels:
    """The network of a catalogued model: pixels in, logits out.

    It is a ``torch.nn.Module`` in eval mode with frozen parameters. It takes float32 pixels [N, C, H, W] in
    [0, 1], resizes and normalises them itself, and returns logits [N, classes] in the class order of the
    model's dataset. No code of the publisher is executed. ``gradients`` is False where the network can only
    be run as the published graph: then an input that wants gradients is an error.

    ``settings`` say where files are (default: the environment's, see ``sngen.settings``), ``library`` where
    the facts are (default: the checkout's catalogue). Raises ``UsageError`` with the nearest ids for an
    unknown one and for a row that does not say how to get or build the network, ``CheckFailed`` for files or
    tensors that are not what the catalogue says.
    """
    settings = settings or Settings.from_environment()
    library = library or open_library(settings=settings)
    model = find_model(model_id, library)
    classes = count_outputs(model, library)
    return network_of(model, weights_of(model, settings), settings, classes)


def weights_of(model: Mapping[str, Any], settings: Settings) -> Path:
    """The file that the network of a row is made from, fetched and converted if need be: its tensors as
    safetensors, or the published graph where only that can be run. Raises as ``load_model``."""
    if model[MODELS.c.loader] is None:  # before anything is fetched
        raise UsageError(f"{model[MODELS.c.model_id]}: {_why_not(model)}")
    if model[MODELS.c.loader] == BLACK_BOX:
        from sngen.zoo.weights import published_file  # noqa: PLC0415

        return published_file(model, settings)
    return safe_tensors(model, settings)


def _why_not(model: Mapping[str, Any]) -> str:
    """Why a row without a loader has none."""
    task, flags = model[MODELS.c.task], model[MODELS.c.flags] or ()
    if task in WITHOUT_CLASSES:
        return f"its task is {task}, and only classifiers are built: it gives no logits of classes."
    if model[MODELS.c.copy_kind] == "quantised" and model[MODELS.c.weights_format] == "torch":
        return (
            "its weights are quantised: the file holds packed integers and the objects that unpack them, and "
            "no plain tensors. The catalogue has the network that it was made from."
        )
    if UNKNOWN_PIXELS in flags:
        return (
            f"flag {UNKNOWN_PIXELS}: its source does not say how its pixels are normalised, so its outputs "
            "could not be trusted."
        )
    return (
        f"the catalogue names no {MODELS.c.loader}, so it cannot be built yet. Name an architecture there "
        f"('sequence: ...' describes one), or {BLACK_BOX!r}."
    )


def network_of(model: Mapping[str, Any], weights: Path, settings: Settings, num_classes: int) -> OnPixels:
    """The network of a row from what ``weights_of`` gave. Raises as ``load_model``."""
    from sngen.zoo.load import load_network, on_pixels  # noqa: PLC0415 - torch, only once there is a file

    if model[MODELS.c.loader] == BLACK_BOX:
        from sngen.zoo.black_box import black_box  # noqa: PLC0415

        return on_pixels(model, black_box(model, settings, num_classes))
    return load_network(model, weights, num_classes)


def find_model(model_id: str, library: Library) -> Mapping[str, Any]:
    """The model's row; a former id gives the present row. Raises ``UsageError`` with the nearest ids."""
    present = resolve(model_id, library)
    return next(row for row in library.rows(MODELS) if row[MODELS.c.model_id] == present)


def count_outputs(model: Mapping[str, Any], library: Library) -> int:
    """Outputs of the network: the row's own number, or else the classes of its dataset."""
    if model[MODELS.c.num_outputs] is not None:
        return int(model[MODELS.c.num_outputs])
    dataset_id = model[MODELS.c.dataset_id]
    for row in library.rows(DATASETS) if dataset_id is not None else ():
        if row[DATASETS.c.dataset_id] == dataset_id and row[DATASETS.c.num_classes] is not None:
            return int(row[DATASETS.c.num_classes])
    raise UsageError(
        f"{model[MODELS.c.model_id]}: the catalogue says neither {MODELS.c.num_outputs} nor a "
        f"{MODELS.c.dataset_id} with a known number of classes, so the last layer cannot be built."
    )
