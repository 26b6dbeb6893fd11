"""GTSRB, German traffic signs at 32 x 32, 43 classes: J. Stallkamp et al., Neural Networks 32, 2012.

The publisher's images have many sizes. These are the originals resized to 32 x 32 with OpenCV
(``cv2.resize``, bilinear), not cut to the sign, as blocks of npz files in the folder ``gtsrb32``: what a
network sees that was trained on another filter or cut differs a little. ``test-tail`` are the positions 10000
to 12629 of the publisher's 12,630 test images; ``train-sample`` has 100 images of each class, ids by position
in the classes one after the other.
"""

from __future__ import annotations

from pathlib import Path

from evaluations.datasets.blocks import Block, joined, read_block
from evaluations.datasets.images import Images
from sngen.errors import UsageError

_TEST_TAIL = Block(
    "test-01.npz", 2_630,
    "cf682a2ce96984b32a817d5b41c22b2ff48b2f3be6168cf11d12367c17a4e4c3",
    "e18191920b84ba45b53e765bac5638d76fc703f06f16d25aa7a79358876b67c8",
)  # fmt: skip
SPLITS = {
    "train-sample": (
        Block(
            "train-sample.npz", 4_300,
            "44cdeec0816096d097460ed121cf3698e8d9672cdf85db63a6d56b2f590c18f3",
            "30a591cd44c052a178e1df5e72be058f0895f34ec37b02d717e3fcaafb195fee",
        ),
    ),
    "test-tail": (_TEST_TAIL,),
}  # fmt: skip


def load(split: str, data_folder: Path, first: int | None) -> Images:
    folder = data_folder / "gtsrb32"
    for block in SPLITS[split]:
        if not (folder / block.file).is_file():
            raise UsageError(
                f"gtsrb, split {split}: {block.file} not found in {folder}. Set SECURITYNET_DATA to the "
                "folder above one that has it."
            )
    content = joined([read_block(block, folder / block.file) for block in SPLITS[split]], None)
    images = Images("gtsrb", split, content.pixels, 255, content.labels, content.ids, num_classes=43)
    return images if first is None else images.first(first)
