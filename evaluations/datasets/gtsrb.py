"""GTSRB, German traffic signs at 32 x 32, 43 classes: J. Stallkamp et al., Neural Networks 32, 2012.

The publisher's images have many sizes. These are the originals resized to 32 x 32 as OpenCV does it
(``opencv_resize.py``), not cut to the sign: what a network sees that was trained on another filter or cut
differs a little. Two forms are read:

* the publisher's archives in the folder ``gtsrb`` (``gtsrb_archives.py``), as they are;
* blocks of npz files (``blocks.py``) in the folder ``gtsrb32``, already resized.

``test`` are the publisher's 12,630 test images in their order, ``test-tail`` the positions 10000 to 12629 of
them. ``train`` are the 39,209 training images, class by class, each in the order of its table (archives
only); ``train-sample`` has 100 of each class, evenly spaced, with ids by position in ``train``.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from evaluations.datasets.blocks import Block, Content, check_fingerprints, joined, read_block
from evaluations.datasets.gtsrb_archives import PUBLISHED, Archives
from evaluations.datasets.images import Images
from evaluations.datasets.publication import how_to_get
from sngen.errors import UsageError

_TEST_HEAD = Block(
    "test-00.npz", 10_000,
    "99a885cb38dea28366af3ae5e1089f26ae23e7e051bd952acbec91c7c32de850",
    "69cc91bec61b3201802c4a87e4dfd8da78aebec82d76baf08b7d3809a12e816e",
)  # fmt: skip
_TEST_TAIL = Block(
    "test-01.npz", 2_630,
    "cf682a2ce96984b32a817d5b41c22b2ff48b2f3be6168cf11d12367c17a4e4c3",
    "e18191920b84ba45b53e765bac5638d76fc703f06f16d25aa7a79358876b67c8",
)  # fmt: skip
_TRAIN_SAMPLE = Block(
    "train-sample.npz", 4_300,
    "44cdeec0816096d097460ed121cf3698e8d9672cdf85db63a6d56b2f590c18f3",
    "30a591cd44c052a178e1df5e72be058f0895f34ec37b02d717e3fcaafb195fee",
)  # fmt: skip
NUM_CLASSES, OF_EACH_CLASS = 43, 100


@dataclass(frozen=True)
class Split:
    """``count`` images from position ``start`` on; ``blocks`` hold them all, one after the other, or there
    are none."""

    count: int
    blocks: tuple[Block, ...] = ()
    is_test: bool = True
    start: int = 0


SPLITS = {
    "train": Split(39_209, is_test=False),
    "train-sample": Split(4_300, (_TRAIN_SAMPLE,), is_test=False),
    "test": Split(12_630, (_TEST_HEAD, _TEST_TAIL)),
    "test-tail": Split(2_630, (_TEST_TAIL,), start=10_000),
}
DOWNLOADS = PUBLISHED.downloads


def load(split: str, data_folder: Path, first: int | None) -> Images:
    """The split, or its first ``first`` images: then only the blocks that hold them are read."""
    wanted = SPLITS[split]
    count = wanted.count if first is None else first
    if not 0 < count <= wanted.count:
        raise UsageError(
            f"gtsrb, split {split}: asked for the first {first} images of {wanted.count}; ask for 1 to "
            f"{wanted.count}."
        )
    content = _from_archives(split, data_folder / "gtsrb", count, PUBLISHED) or _from_blocks(
        wanted, data_folder / "gtsrb32", count
    )
    if content is None:
        raise UsageError(_absent(split, data_folder, count))
    return Images("gtsrb", split, content.pixels, 255, content.labels, content.ids, NUM_CLASSES)


def _from_archives(split: str, folder: Path, count: int, archives: Archives) -> Content | None:
    wanted = SPLITS[split]
    if not archives.are_in(folder, wanted.is_test):
        return None
    labels = archives.labels(folder, wanted.is_test)
    if split == "train-sample":
        ids = evenly_spaced(labels)
    else:
        ids = np.arange(wanted.start, wanted.start + wanted.count, dtype=np.int32)
    pixels = archives.pixels(folder, wanted.is_test, ids[:count])
    content = Content(pixels, labels[ids[:count]], ids[:count])
    _check_blocks(content, wanted.blocks, str(folder))
    return content


def evenly_spaced(labels: np.ndarray) -> np.ndarray:
    """Positions int32 [100 * classes]: of each class 100 from its first to its last image."""
    chosen = []
    for label in range(int(labels.max()) + 1):
        members = np.flatnonzero(labels == label)
        chosen.append(members[np.linspace(0, len(members) - 1, OF_EACH_CLASS).round().astype(np.int64)])
    return np.concatenate(chosen).astype(np.int32)


def _check_blocks(content: Content, blocks: tuple[Block, ...], where: str) -> None:
    """Resized images against the known pixels, wherever a whole block of them is there."""
    start = 0
    for block in blocks:
        part = slice(start, start + block.count)
        if part.stop <= len(content.ids):
            pixels = content.pixels[part].transpose(0, 2, 3, 1)
            check_fingerprints(where, pixels, content.labels[part], block)
        start = part.stop


def _from_blocks(wanted: Split, folder: Path, count: int) -> Content | None:
    needed = _needed(wanted, count)
    if not needed or not all((folder / block.file).is_file() for block in needed):
        return None
    return joined([read_block(block, folder / block.file) for block in needed], count)


def _needed(wanted: Split, count: int) -> list[Block]:
    """The blocks that hold the first ``count`` images."""
    needed, held = [], 0
    for block in wanted.blocks:
        if held < count:
            needed.append(block)
            held += block.count
    return needed


def _absent(split: str, data_folder: Path, count: int) -> str:
    wanted, folder = SPLITS[split], data_folder / "gtsrb32"
    lacking = [block.file for block in _needed(wanted, count) if not (folder / block.file).is_file()]
    blocks = f" (nor {', '.join(lacking)} in {folder})" if lacking else ""
    return (
        f"gtsrb, split {split}: for the first {count} images, {', '.join(PUBLISHED.files(wanted.is_test))} "
        f"not found in {data_folder / 'gtsrb'}{blocks}. {how_to_get('gtsrb', data_folder)}"
    )
