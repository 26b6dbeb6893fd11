from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from spellings import WORDS
from synthetic_readme import readme

from sngen.catalog.importers import Imported
from sngen.catalog.importers.securitynet import convert
from sngen.catalog.upstream import Upstream, UpstreamFile
from sngen.catalog.vocabulary import Vocabulary, load_vocabulary
from sngen.cli import cli, run


@pytest.fixture
def vocabulary_folder(tmp_path: Path) -> Path:
    folder = tmp_path / "words"
    folder.mkdir()
    for name, words in WORDS.items():
        (folder / f"{name}.csv").write_text(words)
    return folder


@pytest.fixture
def vocabulary(vocabulary_folder: Path) -> Vocabulary:
    return load_vocabulary(vocabulary_folder)


@pytest.fixture
def convert_readme(vocabulary: Vocabulary) -> Callable[..., Imported]:
    """The import of a synthetic README; arguments are those of ``readme``, or the text itself."""

    def converted(text: str | None = None, **tables: object) -> Imported:
        content = readme(**tables) if text is None else text  # type: ignore[arg-type]
        file = UpstreamFile("Database/README.MD", content, "0" * 64)
        return convert(Upstream("abc", None, {file.path: file}), vocabulary)

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
