"""What is odd in the ONNX model zoo, and what the import of it derives, checks and leaves out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from sngen.catalog.importers.onnx_model_zoo.manifest import Checked
from sngen.catalog.importers.onnx_model_zoo.readmes import Folder, ListedFile

ENDED, UNSCORED, PREPROCESSING = "git-lfs-download-ended", "no-score-in-source", "preprocessing-only"
UNLISTED, OTHER_DATASET = "not-in-manifest", "readme-names-another-dataset"
FROM_ERROR, BELOW_USUAL, OUT_OF_LINE = (
    "accuracy-from-error-rate", "below-usual-accuracy", "top5-out-of-line",
)  # fmt: skip
MODEL_FLAGS = {
    ENDED: "The repository's notice says that files cannot be downloaded by Git LFS since 2025-07-01, and "
    "names huggingface.co/onnxmodelzoo as their new place.",
    UNSCORED: "The source states no accuracy of this file.",
    PREPROCESSING: "A graph that scales, crops and normalises images, listed among the models: it has no "
    "weights and classifies nothing.",
    UNLISTED: "The file is not in ONNX_HUB_MANIFEST.json, so checksum and size are not known.",
    OTHER_DATASET: "The README says that the network was trained on COCO 2017, a detection set. It has 1000 "
    "outputs and was, by the linked paper, trained on ImageNet-1k.",
}
SCORE_FLAGS = {
    FROM_ERROR: "The source states the error rate; this is 1 minus it.",
    BELOW_USUAL: "DenseNet-121 is usually found at 74 to 75 % top-1, also by the paper that the README "
    "links; 60 % points to an error in the conversion or in the evaluation.",
    OUT_OF_LINE: "The top-5 number is more than five points away from that of another version in the table "
    "whose top-1 number is within half a point: probably a slip of the pen.",
}
QUANTISED = (
    "Files whose name ends in -int8 or -qdq are quantised versions of the file of the same opset; all others "
    "were converted from MXNet, Caffe, Caffe2, CNTK, PyTorch or TensorFlow, as the READMEs say."
)
DATASET = (
    "The dataset is that which the folder's README names in prose; only one README has a column for it. All "
    "networks of the folder are said to be trained on it."
)
LICENSE = "The licence is that of the README's section License, which does not say what it covers."
SHORT = (
    "Rows with fewer cells than their table has columns are completed with empty cells at the end, as the "
    "format prescribes."
)
MANIFEST = "The manifest states the same opset as the README."
LEFT_OUT = {
    "not-classifiers-left-out": (
        "Folders of models that classify no whole image: regions (R-CNN), faces to vectors (ArcFace), and "
        "where faces are (UltraFace).",
        ("rcnn_ilsvrc13", "arcface", "ultraface"),
    ),
    "exports-left-out": (
        "The folder Computer_Vision holds exports of timm, torchvision and torch.hub models, which the "
        "repository says are not validated: copies, without an accuracy.",
        ("Computer_Vision",),
    ),
}
_ROOT_NOTICE = "no longer be available for LFS download"
_USUAL_DENSENET_121 = 0.74
TOP1, TOP5 = "accuracy", "top5_accuracy"
_CLOSE, _FAR = 0.005, 0.05

#: Fractions by metric, by the file's path.
Values = Mapping[str, Mapping[str, float]]


def model_flags(listed: ListedFile, folder: Folder, checked: Checked | None, notice: str) -> list[str]:
    """Names of the flags of one file. ``notice`` is the text of the repository's README."""
    applies = {
        ENDED: _ROOT_NOTICE in notice,
        UNSCORED: not listed.results,
        PREPROCESSING: is_preprocessing(listed),
        UNLISTED: checked is None,
        OTHER_DATASET: "trained using [COCO" in folder.file.text,
    }
    return [flag for flag, applied in applies.items() if applied]


def is_preprocessing(listed: ListedFile) -> bool:
    return "/preproc/" in listed.path


def score_flags(
    listed: ListedFile, metric: str, value: float, *, error: bool, out_of_line: bool
) -> list[str]:
    applies = {
        FROM_ERROR: error,
        BELOW_USUAL: listed.model.startswith("DenseNet-121")
        and metric == TOP1
        and value < _USUAL_DENSENET_121,
        OUT_OF_LINE: out_of_line and metric == TOP5,
    }
    return [flag for flag, applied in applies.items() if applied]


def out_of_line(rows: Sequence[ListedFile], values: Values) -> set[str]:
    """Paths of files whose top-5 number is far from those of most siblings with nearly the same top-1."""
    odd: set[str] = set()
    for one in rows:
        siblings = list(_siblings(one, rows, values))
        far = [path for path in siblings if abs(values[path][TOP5] - values[one.path][TOP5]) > _FAR]
        if len(far) > len(siblings) / 2:
            odd.add(one.path)
    return odd


def _siblings(one: ListedFile, rows: Sequence[ListedFile], values: Values) -> Iterator[str]:
    """Other files of the table with both numbers and a top-1 number close to this one's."""
    for other in rows:
        comparable = other.path != one.path and other.table == one.table
        known = {TOP1, TOP5} <= set(values[one.path]) & set(values[other.path])
        if comparable and known and abs(values[one.path][TOP1] - values[other.path][TOP1]) <= _CLOSE:
            yield other.path
