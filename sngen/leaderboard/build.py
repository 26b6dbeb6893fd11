"""From a release to a folder of Markdown and assets: the ``docs_dir`` of MkDocs."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from sngen.errors import CheckFailed, UsageError
from sngen.leaderboard.citations import FILE as CITATIONS
from sngen.leaderboard.citations import citations_script
from sngen.leaderboard.compare_data import compare_scripts
from sngen.leaderboard.context import Context
from sngen.leaderboard.drawing import Later
from sngen.leaderboard.model_json import INDEX, index_json, model_json
from sngen.leaderboard.page import Page
from sngen.leaderboard.pages.audit import audit_page
from sngen.leaderboard.pages.collections import collections_page
from sngen.leaderboard.pages.compare import compare_page
from sngen.leaderboard.pages.dataset import dataset_page
from sngen.leaderboard.pages.dataset_index import dataset_index
from sngen.leaderboard.pages.dictionary import dictionary_page
from sngen.leaderboard.pages.findings import findings_page
from sngen.leaderboard.pages.home import home_page
from sngen.leaderboard.pages.leaderboard import leaderboard_page
from sngen.leaderboard.pages.leaderboard_index import leaderboard_index
from sngen.leaderboard.pages.load_and_cite import load_and_cite_page
from sngen.leaderboard.pages.methods import methods_page
from sngen.leaderboard.pages.model import model_page
from sngen.leaderboard.pages.models import models_page
from sngen.leaderboard.pages.replication import replication_page
from sngen.leaderboard.pages.versions import versions_page
from sngen.leaderboard.shell import Middle, middle_of, shell_page


def model_pages(context: Context) -> Iterator[Middle]:
    """A page per model and its JSON: thousands, so MkDocs does not see them (``sngen.leaderboard.shell``)."""
    for model in context.snapshot.models.values():
        yield replace(middle_of(model_page(model, context)), data=model_json(model, context))


def pages(context: Context) -> Iterator[Page]:
    """Every page that MkDocs renders. A new page type is one function in ``pages/`` and one line here."""
    yield home_page(context)
    yield leaderboard_index(context)
    for family, dataset_id in sorted(context.boards_of):
        yield leaderboard_page(family, dataset_id, context)
    yield models_page(context)
    yield compare_page()
    yield shell_page()
    yield dataset_index(context)
    for dataset in context.snapshot.datasets.values():
        yield dataset_page(dataset, context)
    yield collections_page(context)
    yield findings_page(context)
    yield replication_page(context)
    yield methods_page(context)
    yield load_and_cite_page(context)
    yield versions_page(context)
    yield dictionary_page(context)
    yield audit_page(context)


def write_docs(context: Context, bundle_script: Later, handwritten: Path, docs: Path) -> list[Page]:
    """Write hand-written and generated pages and their assets to ``docs``, replacing what was there.

    ``docs`` changes only once everything is written, and holds nothing of an earlier release. Raises
    ``UsageError`` without a folder of hand-written pages, ``CheckFailed`` if two files claim one path.
    """
    if not handwritten.is_dir():
        raise UsageError(f"{handwritten}: no such folder; expected the site's hand-written pages.")
    with fresh_folder(docs) as fresh:
        shutil.copytree(handwritten, fresh, dirs_exist_ok=True)
        of_models = [
            picture
            for model_id in context.snapshot.models
            for pictures in context.pictures_of(model_id).values()
            for picture in pictures
        ]
        written = list(pages(context))
        for page in written:
            _write(fresh, page.path, page.markdown())
            for table in page.tables:
                _write(fresh, table.file, table.script())
        drawn = [*(picture for page in written for picture in page.pictures), *of_models]
        for picture in drawn:
            for path, content in picture.files().items():
                _write(fresh, path, content)
        _write(fresh, INDEX, index_json(context))
        _write(fresh, CITATIONS, citations_script(context.snapshot))
        for path, content in compare_scripts(context):
            _write(fresh, path, content)
        if drawn:
            _write(fresh, context.bundle, bundle_script())
    return written


def _write(folder: Path, path: str, content: str) -> None:
    target = folder / path
    if target.exists():
        raise CheckFailed(f"{path}: two files of the site have this name. Rename the hand-written one.")
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(content, encoding="utf-8", newline="\n")


class fresh_folder:  # noqa: N801 - reads as a function, as contextlib's classes do
    """A new folder beside ``target`` that takes its place when the block ends well, or else vanishes."""

    def __init__(self, target: Path) -> None:
        self.target = target.absolute()

    def __enter__(self) -> Path:
        self.target.parent.mkdir(parents=True, exist_ok=True)
        self.fresh = Path(tempfile.mkdtemp(dir=self.target.parent, prefix=f".{self.target.name}-"))
        self.fresh.chmod(0o755)
        return self.fresh

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is not None:
            shutil.rmtree(self.fresh, ignore_errors=True)
            return
        old = self.fresh.with_name(self.fresh.name + "-old")
        if self.target.exists():
            self.target.rename(old)
        self.fresh.rename(self.target)
        shutil.rmtree(old, ignore_errors=True)
