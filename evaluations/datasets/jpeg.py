"""One JPEG file to a square of RGB pixels, always by the same steps, which ``preparation`` names.

The shorter side becomes ``SIDE`` (bilinear, smoothed where it shrinks), the longer one in proportion, rounded
down; the centre of SIDE x SIDE is cut out. With 256 this is what torchvision's ``Resize(256)`` and
``CenterCrop(256)`` do with a Pillow image, so the customary ``CenterCrop(224)`` of the result is exactly that
of the original. A network with another size or crop resizes from 256 x 256: it sees slightly other pixels
than in its own pipeline, and nothing beyond the central square. Orientation tags are not followed, as is
customary.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from sngen.errors import CheckFailed

if TYPE_CHECKING:
    from PIL.Image import Image

SIDE = 256


def preparation() -> str:
    """What decoded and resized the pixels. Decoders differ in single values from version to version."""
    import PIL  # noqa: PLC0415 - takes a moment to import
    from PIL import features  # noqa: PLC0415

    decoder = "libjpeg-turbo" if features.check_feature("libjpeg_turbo") else "libjpeg"
    version = features.version_feature("libjpeg_turbo") or features.version_codec("jpg")
    return (
        f"decoded by Pillow {PIL.__version__} with {decoder} {version}; RGB; shorter side {SIDE}, bilinear "
        f"with antialiasing; centre {SIDE} x {SIDE}"
    )


def read_square(path: Path, four_colours: bool = False) -> np.ndarray:
    """uint8 [3, SIDE, SIDE]. ``four_colours``: whether a CMYK image is meant to be one; Pillow converts it.

    Raises ``CheckFailed`` for a file that is no whole JPEG in grey or RGB.
    """
    from PIL import Image  # noqa: PLC0415

    try:
        with _whole_files_only(), Image.open(path, formats=("JPEG",)) as image:
            image.load()
            mode, square = image.mode, _square(image.convert("RGB"))
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        words = "it is no JPEG" if isinstance(error, Image.UnidentifiedImageError) else str(error)
        raise CheckFailed(f"{path}: cannot be decoded ({words}). Get the file again.") from error
    expected = ("CMYK",) if four_colours else ("RGB", "L")
    if mode not in expected:
        raise CheckFailed(
            f"{path}: its colours are {mode}, expected {' or '.join(expected)}: not the published file."
        )
    return np.asarray(square).transpose(2, 0, 1)


def _square(image: Image) -> Image:
    from PIL import Image as pillow  # noqa: N813, PLC0415

    width, height = image.size
    shorter = min(width, height)
    width, height = SIDE * width // shorter, SIDE * height // shorter
    resized = image.resize((width, height), pillow.Resampling.BILINEAR)
    # Halves are rounded to even, as torchvision does.
    left, top = round((width - SIDE) / 2), round((height - SIDE) / 2)
    return resized.crop((left, top, left + SIDE, top + SIDE))


@contextmanager
def _whole_files_only() -> Iterator[None]:
    """Other code may have told Pillow to fill what is missing of a file with grey."""
    from PIL import ImageFile  # noqa: PLC0415

    before = ImageFile.LOAD_TRUNCATED_IMAGES
    ImageFile.LOAD_TRUNCATED_IMAGES = False
    try:
        yield
    finally:
        ImageFile.LOAD_TRUNCATED_IMAGES = before
