"""MNIST, handwritten digits: Y. LeCun, C. Cortes, C. Burges, 1998. Files and forms: ``grey_digits.py``."""

from __future__ import annotations

from evaluations.datasets.blocks import Block
from evaluations.datasets.grey_digits import GreyDataset, IdxFiles

SPLITS = {
    "train": (
        Block(
            "train-00.npz", 20_000,
            "0256de32dd5050b8dd6e2b05e1ae765ddfc4e4b1ee926076b40746b1fa882e29",
            "144ad3b0173ca5c3576c18ce96a30122a116dac67293af6b88c4f037dea66eb3",
        ),
        Block(
            "train-01.npz", 20_000,
            "1823eb1b4d637c4758226b581e0df6b4ee422905685ed436ad28deaa4cec6663",
            "3184b45a2114a845426acdf4869e2d5231a26afa3d196ea73ae9cdbd576c1044",
        ),
        Block(
            "train-02.npz", 20_000,
            "52d283c283dc36016ce6ae9f28af99ae2a5aee0693523b950adf396de2c81b43",
            "011535395ac2b79492ed295a362c76a8f4bcd4277983693ff372fa9d50a393b4",
        ),
    ),
    "test": (
        Block(
            "test.npz", 10_000,
            "6d87418db22cc8025d05968bec9bd5c3932904b23485740db143a061a2c9d161",
            "ddeff807876a9661a1110d45c266c86239a3a1b7d37da0c3716a7a683c852ff5",
        ),
    ),
}  # fmt: skip
DATASET = GreyDataset(
    "mnist",
    "mnist",
    "MNIST",
    {"train": 60_000, "test": 10_000},
    SPLITS,
    {
        "train": IdxFiles(
            "train-images-idx3-ubyte.gz", "f68b3c2dcbeaaa9fbdd348bbdeb94873",
            "train-labels-idx1-ubyte.gz", "d53e105ee54ea40749a09fcbcd1e9432", 9_912_422, 28_881,
        ),
        "test": IdxFiles(
            "t10k-images-idx3-ubyte.gz", "9fb629c4189551a2d022fa330f9573f3",
            "t10k-labels-idx1-ubyte.gz", "ec29112dd5afa0611ce80d1b7f02629c", 1_648_877, 4_542,
        ),
    },
    # The publisher's own address asks for a login now; these two are the usual copies.
    (
        "https://ossci-datasets.s3.amazonaws.com/mnist",
        "https://storage.googleapis.com/cvdf-datasets/mnist",
    ),
)  # fmt: skip
DOWNLOADS = DATASET.downloads
load = DATASET.load
