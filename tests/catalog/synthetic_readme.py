"""A small README in the form of the upstream database, with any cell replaced."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

Cells = Mapping[str, Any]

BENCHMARK: dict[str, Any] = {
    "Model Name": "resnet20_cifar10", "Model Type": "resnet", "Data Name": "CIFAR-10",
    "Data Category": "natural", "Num Class": 10, "Training Size": 50000, "Train Accuracy": 0.98,
    "Test Accuracy": 0.94, "Overfit Gap": 0.04, "Model Stealing Accuracy": 0.79,
    "Model Stealing Agreement": 0.8, "Correct Auc": 0.52, "M_entropy AUC": 0.55, "Wrn Accuracy": 0.62,
    "Wrn Agree": 0.63, "ImgNet Accuracy": 0.7, "ImgNet Agree": 0.71, "Conference": "CVPR",
    "Conference Type": "CV", "Year": 2016, "Country": "USA", "Num Authors": 4, "Purpose": "benchmark",
    "Paper Link": "[Link](https://arxiv.org/abs/1512.03385)",
    "Weights": "[Link](https://github.com/osmr/imgclsmob/tree/master/pytorch)",
}  # fmt: skip
MEDMNIST: dict[str, Any] = {
    **BENCHMARK, "Model Name": "resnet18_3D_1.pth", "Data Name": "adrenalmnist3d", "Data Category": "medical",
    "Num Class": 2, "Training Size": 1188, "Train Accuracy": 0, "Test Accuracy": 0.731544,
    "Overfit Gap": -0.731544, "Model Stealing Accuracy": 0.6, "Model Stealing Agreement": 0.82,
    "Correct Auc": 0, "M_entropy AUC": 0, "Wrn Accuracy": 0, "Wrn Agree": 0, "ImgNet Accuracy": 0,
    "ImgNet Agree": 0, "Purpose": "other", "Weights": "[Link](https://zenodo.org/records/10519652)",
}  # fmt: skip
_ONLY_BENCHMARK = ("Wrn Accuracy", "Wrn Agree", "ImgNet Accuracy", "ImgNet Agree")
SECURITY: dict[str, Any] = {
    **{name: cell for name, cell in BENCHMARK.items() if name not in _ONLY_BENCHMARK},
    "Model Name": "vgg_plain_const_eps8_wd1e-3_200", "Model Type": "vgg", "Country": "Switzerland, UK",
    "Purpose": "security", "Weights": "[Link](https://github.com/IVRL/AdversaryLossLandscape/tree/master)",
}  # fmt: skip
PROJECT: dict[str, Any] = {
    "Title": "A Title", "Conference": "ICML", "Conference Type": "ML", "Year": 2024,
    "Paper Link": "[Paper](https://arxiv.org/abs/2401.09417)",
    "Weights": "[Link](https://github.com/hustvl/Vim)", "Note": "",
}  # fmt: skip


def table(rows: Iterable[Cells]) -> str:
    rows = list(rows)
    header = list(rows[0])
    lines = [header, [":--"] * len(header), *([str(row[name]) for name in header] for row in rows)]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def readme(
    benchmark: Iterable[Cells] = (BENCHMARK,),
    security: Iterable[Cells] = (SECURITY,),
    projects: Iterable[Cells] = (PROJECT,),
) -> str:
    return "\n".join(
        [
            "# SecurityNet Database", "", "Some words with a | in them.", "",
            "## Benchmark Models", table(benchmark), "",
            "## Security Research Models", table(security), "",
            "## New Models", table(projects), "",
        ]
    )  # fmt: skip
