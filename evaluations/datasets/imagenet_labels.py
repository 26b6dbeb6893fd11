"""The classes of ImageNet's validation images by the publisher's development kit.

O. Russakovsky et al., IJCV 115, 2015. The kit numbers classes in an order of its own: a text has one number
for each image, and ``meta.mat`` says which WordNet id (wnid) a number stands for. Classes here are numbered
by their sorted wnids, as torchvision and the published networks do.
"""

from __future__ import annotations

import hashlib
import io
import re
import tarfile
from pathlib import Path

import numpy as np

from sngen.errors import CheckFailed, UsageError

ARCHIVE, ARCHIVE_MD5 = "ILSVRC2012_devkit_t12.tar.gz", "fa75699e90414af021442c21a62c3abf"
FOLDER = "ILSVRC2012_devkit_t12"
TRUTH, META = "data/ILSVRC2012_validation_ground_truth.txt", "data/meta.mat"
WNID = re.compile(r"n\d{8}")


def kit_is_in(folder: Path) -> bool:
    return (folder / ARCHIVE).is_file() or all((folder / FOLDER / part).is_file() for part in (TRUTH, META))


def labels_by_kit(folder: Path, count: int, num_classes: int) -> tuple[list[str], np.ndarray]:
    """Sorted wnids, and classes int64 [count] of all validation images.

    From the kit's archive, proven by its MD5, or else from its unpacked folder. Raises ``UsageError`` where
    neither is in ``folder``, ``CheckFailed`` for content that is not that of the kit.
    """
    if not kit_is_in(folder):
        raise UsageError(
            f"{folder}: neither {ARCHIVE} nor {FOLDER}/{TRUTH} and {FOLDER}/{META} are there. Images that "
            "are not in one folder per class need them."
        )
    truth, meta = _contents(folder)
    wnid_of = _wnids(meta, num_classes, folder)
    words = truth.split()
    if len(words) != count or not all(word.isdigit() and int(word) in wnid_of for word in words):
        raise CheckFailed(
            f"{folder}, {TRUTH} of the kit: expected {count} numbers from 1 to {num_classes}, found "
            f"{len(words)} words."
        )
    wnids = sorted(wnid_of.values())
    class_of = {wnid: number for number, wnid in enumerate(wnids)}
    return wnids, np.array([class_of[wnid_of[int(word)]] for word in words], dtype=np.int64)


def _contents(folder: Path) -> tuple[str, bytes]:
    path = folder / ARCHIVE
    if not path.is_file():
        kit = folder / FOLDER
        return (kit / TRUTH).read_text("ascii", "replace"), (kit / META).read_bytes()
    content = path.read_bytes()
    found = hashlib.md5(content, usedforsecurity=False).hexdigest()
    if found != ARCHIVE_MD5:
        raise CheckFailed(
            f"{path}: not the published archive. Its MD5 is {found}, expected {ARCHIVE_MD5}. Get it again."
        )
    with tarfile.open(fileobj=io.BytesIO(content), mode="r:gz") as archive:
        parts = [archive.extractfile(f"{FOLDER}/{name}") for name in (TRUTH, META)]
        truth, meta = (part.read() for part in parts if part is not None)
    return truth.decode("ascii"), meta


def _wnids(meta: bytes, num_classes: int, folder: Path) -> dict[int, str]:
    """Wnid by the kit's number. The table's later rows are groups of classes, which have no images."""
    from scipy.io import loadmat  # noqa: PLC0415 - takes a moment to import

    try:
        rows = loadmat(io.BytesIO(meta), squeeze_me=True)["synsets"]  # type: ignore[arg-type]
        found = {int(row["ILSVRC2012_ID"]): str(row["WNID"]) for row in rows if int(row["num_children"]) == 0}
    except Exception as error:  # SciPy raises errors of many kinds for a damaged file
        raise CheckFailed(f"{folder}, {META} of the kit: cannot be read ({error}).") from error
    if set(found) != set(range(1, num_classes + 1)) or not all(map(WNID.fullmatch, found.values())):
        raise CheckFailed(
            f"{folder}, {META} of the kit: expected one wnid for each number from 1 to {num_classes}."
        )
    return found
