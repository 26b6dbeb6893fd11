"""What is searched: a catalogue with its measured results, or a release."""

from __future__ import annotations

import gc
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cached_property
from operator import itemgetter
from pathlib import Path
from typing import Any, Protocol

import sngen
from sngen.catalog.audit import load_audit
from sngen.catalog.store import AUDIT_FILE, VOCABULARY, load_table, source_folders
from sngen.catalog.text_tables import Keep, read_table
from sngen.catalog.vocabulary import DATASET_NAMES
from sngen.errors import CheckFailed, UsageError
from sngen.release.errata import standing, with_errata
from sngen.release.leaderboard import BY_SCORE, KIND, NEEDED_SCORES, leaderboard
from sngen.schema import CATALOG_TABLES, DATASETS, ERRATA, LEADERBOARD, MODELS, SCORES, Table
from sngen.search.fields import DATASET, EVALUATED_ON
from sngen.search.measured_scores import measured_scores
from sngen.search.table import SearchTable, table_of
from sngen.settings import CATALOG, Settings

Rows = Sequence[Mapping[str, Any]]
CATALOG_FOLDER, RESULTS_FOLDER = Path("data/catalog"), "results"


class Library(Protocol):
    """Facts about models, from wherever they are kept. Everything is read when asked for, and once."""

    @property
    def place(self) -> str:
        """Where it is, for messages and cohorts."""

    def search_table(self, every_dataset: bool) -> SearchTable:
        """Rows to search in: of every dataset, or only of the models' own (which is faster)."""

    def rows(self, table: Table) -> Rows:
        """All rows of a table of the contract, complete."""

    def audit(self) -> list[dict[str, Any]]:
        """Entries of the audit report, each with its ``source``."""


def open_library(
    catalog: Path | None = None,
    results: Sequence[Path] = (),
    release: Path | None = None,
    settings: Settings | None = None,
) -> Library:
    """The release, if one is given; else the catalogue that is given, set or found in the checkout.

    Without ``results``, measured results lie in the folder ``results`` beside the catalogue. Raises
    ``UsageError`` if there is nothing to search.
    """
    if release is not None:
        if catalog is not None or results:
            raise UsageError("a release holds its own results: give --release, or --catalog and --results.")
        return ReleaseLibrary(release)
    settings = settings or Settings.from_environment()
    folder = catalog_folder(catalog, settings)
    source_folders(folder)
    beside = folder.resolve().parent / RESULTS_FOLDER
    return CatalogLibrary(folder, results or ((beside,) if beside.is_dir() else ()), settings)


def catalog_folder(given: Path | None = None, settings: Settings | None = None) -> Path:
    """The catalogue that is given or set; else that of the folder one is in or of one around it, else that of
    the checkout the package runs from. Raises ``UsageError`` if there is none."""
    named = given or (settings or Settings.from_environment()).catalog
    if named is not None:
        return named
    here = Path.cwd()
    for folder in (here, *here.parents, Path(sngen.__file__).resolve().parents[1]):
        if (folder / CATALOG_FOLDER).is_dir():
            return CATALOG_FOLDER if folder == here else folder / CATALOG_FOLDER
    raise UsageError(
        f"there is no catalogue {CATALOG_FOLDER} here. Go to a checkout of the project, name a catalogue "
        f"with --catalog or {CATALOG}, or a release with --release."
    )


class CatalogLibrary:
    """A catalogue folder, and folders with result records."""

    def __init__(self, folder: Path, results: Sequence[Path], settings: Settings) -> None:
        self.folder, self.results, self._settings = folder, results, settings
        self._rows: dict[str, Rows] = {}

    @property
    def place(self) -> str:
        return str(self.folder)

    def rows(self, table: Table) -> Rows:
        if table.name not in self._rows:
            rows: Rows = load_table(self.folder, table) if table in CATALOG_TABLES else []
            if table is SCORES:
                rows = with_errata([*rows, *self._measured], self.rows(ERRATA))
            self._rows[table.name] = rows
        return self._rows[table.name]

    def audit(self) -> list[dict[str, Any]]:
        return [
            {"source": source.name, **entry}
            for source in source_folders(self.folder)
            if (source / AUDIT_FILE).is_file()
            for entry in load_audit(source)
        ]

    def search_table(self, every_dataset: bool) -> SearchTable:
        with _one_pass():
            models, datasets = self.rows(MODELS), load_table(self.folder, DATASETS)
            own = {(row[MODELS.c.model_id], row[MODELS.c.dataset_id]) for row in models}
            keep = None if every_dataset else _of_pairs(own)
            found = measured_scores(self.results, self._settings)
            measured = [row for row in found if every_dataset or _pair(row) in own]
            scores: Rows = [*load_table(self.folder, SCORES, NEEDED_SCORES, keep), *measured]
            if self.rows(ERRATA):  # then all is read that they may name
                scores = [row for row in standing(self.rows(SCORES)) if every_dataset or _pair(row) in own]
            _check_references(models, datasets, scores)
            board = leaderboard(models, datasets, scores)
            return table_of(models, board, self._spellings(datasets))

    def _spellings(self, datasets: Rows) -> dict[str, str]:
        names = {row[DATASETS.c.name]: row[DATASETS.c.dataset_id] for row in datasets}
        path = self.folder / VOCABULARY / f"{DATASET_NAMES.name}.csv"
        if path.is_file():
            columns = DATASET_NAMES.c
            names |= {
                row[columns.spelling]: row[columns.dataset_id] for row in read_table(DATASET_NAMES, path)
            }
        return names

    @cached_property
    def _measured(self) -> Rows:
        """Measured scores, chosen as for a release."""
        for folder in self.results:
            if not folder.is_dir():
                raise UsageError(f"there is no folder of results {folder}; give one with --results.")
        if not any(any(folder.glob("*/**/*.json")) for folder in self.results):
            return []
        from sngen.release.measured import (  # noqa: PLC0415 - only with results
            scores_of,
            unknown_names,
            with_training_split_flags,
        )
        from sngen.release.records import choose, read_records  # noqa: PLC0415

        records = choose(read_records(self.results)).records
        problems = unknown_names(records, self.rows(MODELS), self.rows(DATASETS))
        if problems:
            raise CheckFailed("\n".join(problems))
        scores = (row for record in records for row in scores_of(record))
        return with_training_split_flags(scores, self.rows(MODELS))


class ReleaseLibrary:
    """A published release."""

    def __init__(self, folder: Path) -> None:
        from sngen.release.read import Release  # noqa: PLC0415 - pandas and pyarrow take a while

        self._release = Release.open(folder)

    @property
    def place(self) -> str:
        return f"{self._release.folder} (release {self._release.version})"

    def rows(self, table: Table) -> Rows:
        return self._release.arrow(table.name).to_pylist()

    def audit(self) -> list[dict[str, Any]]:
        return self._release.audit()

    def search_table(self, every_dataset: bool) -> SearchTable:
        board, models = self._release.arrow(LEADERBOARD.name), self._release.arrow(MODELS.name)
        ids = models[MODELS.c.model_id].to_pylist()
        position = {model_id: number for number, model_id in enumerate(ids)}
        own = models[MODELS.c.dataset_id].to_pylist()
        on_board = board[LEADERBOARD.c.model_id].to_pylist()
        datasets = board[LEADERBOARD.c.dataset_id].to_pylist()
        pairs: list[tuple[str, int | None, str | None]]
        pairs = [(one, number, on) for number, (one, on) in enumerate(zip(on_board, datasets, strict=True))]
        pairs += [(one, None, None) for one, dataset in zip(ids, own, strict=True) if dataset is None]
        pairs.sort(key=lambda pair: (pair[0], pair[2] or ""))

        def read(name: str) -> Sequence[Any]:
            if name == EVALUATED_ON.name:
                return [on for _, _, on in pairs]
            if name == DATASET.name:
                return [own[position[one]] for one, _, _ in pairs]
            if name in MODELS.by_name:
                column = models[name].to_pylist()
                return [
                    column[position[one]] or None if MODELS.by_name[name].is_list else column[position[one]]
                    for one, _, _ in pairs
                ]
            column = board[name].to_pylist()
            absent = False if name == LEADERBOARD.c.own_dataset else None
            return [absent if number is None else column[number] for _, number, _ in pairs]

        names = {row[DATASETS.c.name]: row[DATASETS.c.dataset_id] for row in self.rows(DATASETS)}
        return SearchTable(len(pairs), read, names)


_pair = itemgetter(SCORES.c.model_id, SCORES.c.dataset_id)


def _of_pairs(own: Collection[tuple[str, str | None]]) -> Keep:
    """Scores of these models and datasets that stand in the leaderboard."""

    def keep(header: list[str]) -> Callable[[list[str]], bool]:
        pair = itemgetter(*(header.index(name) for name in (SCORES.c.model_id, SCORES.c.dataset_id)))
        kind = itemgetter(*(header.index(name) for name in KIND))
        return lambda cells: pair(cells) in own and kind(cells) in BY_SCORE

    return keep


def _check_references(models: Rows, datasets: Rows, scores: Rows) -> None:
    """Raises ``CheckFailed`` where the leaderboard could not be made."""
    known_models = {row[MODELS.c.model_id] for row in models}
    known_datasets = {row[DATASETS.c.dataset_id] for row in datasets}
    wrong = {row[MODELS.c.dataset_id] for row in models} - known_datasets - {None}
    wrong |= {row[SCORES.c.dataset_id] for row in scores} - known_datasets
    wrong |= {row[SCORES.c.model_id] for row in scores} - known_models
    if wrong:
        names = ", ".join(sorted(map(str, wrong))[:5])
        raise CheckFailed(
            f"the catalogue names models or datasets that it does not have ({names}); expected ids of the "
            f"tables {MODELS.name} and {DATASETS.name}. 'sngen check' says where."
        )


@contextmanager
def _one_pass() -> Iterator[None]:
    """Without looking for cycles: hundreds of thousands of values are made and none is let go."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


__all__ = ["CatalogLibrary", "Library", "ReleaseLibrary", "open_library"]
