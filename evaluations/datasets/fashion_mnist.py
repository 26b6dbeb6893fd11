"""Fashion-MNIST, articles of clothing: H. Xiao, K. Rasul, R. Vollgraf, arXiv:1708.07747.

Files and forms: ``grey_digits.py``. As blocks only the first 20,000 training images are known; all 60,000
are read from the publisher's own files.
"""

from __future__ import annotations

from evaluations.datasets.blocks import Block
from evaluations.datasets.grey_digits import GreyDataset, IdxFiles

SPLITS = {
    "train": (
        Block(
            "train-00.npz", 10_000,
            "2929ae1c7b89e0ee6587bbe4911fd5f0a5dafe21ae6ed9b737173cbfe20c12c9",
            "1022e4632874e71bb84d924c475e6a3428a2deeb8c5a0f612a015c97e4fce7f0",
        ),
        Block(
            "train-01.npz", 10_000,
            "3d7207b624df43e8731d86d022028ccb9efba409e29930eaa1367c07460f72f6",
            "89492e98c6e07b204405bb724b04badf5145303c088c790315429a30f7ce3041",
        ),
    ),
    "test": (
        Block(
            "test.npz", 10_000,
            "c867c93ff95360594e8ec3287995350b824dd110b11595c0e13d5423f621867a",
            "3d0e6c6ea990b53b6f8f500a41cac93881d981b315f84578b7d915342ade01e9",
        ),
    ),
}  # fmt: skip
DATASET = GreyDataset(
    "fashion-mnist",
    "fashion-mnist",
    "FashionMNIST",
    {"train": 60_000, "test": 10_000},
    SPLITS,
    {
        "train": IdxFiles(
            "train-images-idx3-ubyte.gz", "8d4fb7e6c68d591d4c3dfef9ec88bf0d",
            "train-labels-idx1-ubyte.gz", "25c81989df183df01b3e8a0aad5dffbe", 26_421_880, 29_515,
        ),
        "test": IdxFiles(
            "t10k-images-idx3-ubyte.gz", "bef4ecab320f06d8554ea6380940ec79",
            "t10k-labels-idx1-ubyte.gz", "bb300cfdad3c16e7a12a480ee83cd310", 4_422_102, 5_148,
        ),
    },
    (
        "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com",
        "https://github.com/zalandoresearch/fashion-mnist/raw/master/data/fashion",
    ),
)  # fmt: skip
DOWNLOADS = DATASET.downloads
load = DATASET.load
