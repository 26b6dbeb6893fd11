from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from synthetic_readme import readme

from sngen.catalog.importers import Imported
from sngen.catalog.importers.securitynet import convert
from sngen.catalog.upstream import UpstreamFile
from sngen.catalog.vocabulary import Vocabulary, load_vocabulary
from sngen.cli import cli, run

NAMES = """spelling,dataset_id,name
CIFAR-10,cifar10,CIFAR-10
CUB-200-2011,cub-200-2011,CUB-200-2011
ImageNet1k,imagenet-1k,ImageNet-1k
SVHN,svhn,SVHN
adrenalmnist3d,adrenalmnist3d,AdrenalMNIST3D
"""
CATEGORIES = "spelling,category\ndigit,digit\nmedical,medical\nnatural,natural\n"


@pytest.fixture
def vocabulary_folder(tmp_path: Path) -> Path:
    folder = tmp_path / "words"
    folder.mkdir()
    (folder / "dataset-names.csv").write_text(NAMES)
    (folder / "categories.csv").write_text(CATEGORIES)
    return folder


@pytest.fixture
def vocabulary(vocabulary_folder: Path) -> Vocabulary:
    return load_vocabulary(vocabulary_folder)


@pytest.fixture
def convert_readme(vocabulary: Vocabulary) -> Callable[..., Imported]:
    """The import of a synthetic README; arguments are those of ``readme``, or the text itself."""

    def converted(text: str | None = None, **tables: object) -> Imported:
        content = readme(**tables) if text is None else text  # type: ignore[arg-type]
        return convert(UpstreamFile("Database/README.MD", content, "0" * 64, "abc", None), vocabulary)

    return converted


@pytest.fixture
def sngen(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[..., tuple[int, str, str]]:
    """Run the command as a user does: exit code, standard output, standard error."""

    def call(*arguments: object) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["sngen", *map(str, arguments)])
        with pytest.raises(SystemExit) as ended:
            run(cli, "sngen")
        said = capsys.readouterr()
        return int(ended.value.code or 0), said.out, said.err

    return call
