from __future__ import annotations

from pathlib import Path

import pytest

from sngen.catalog import load_catalog
from sngen.catalog.store import check_catalog
from sngen.errors import DataProblem, UsageError
from sngen.schema import CATALOG_TABLES, MODELS, SOURCES

DATASETS = "dataset_id,name,num_classes,source_id\ntoy,Toy,2,one\n"
MODEL_HEADER = "model_id,name,source_id,dataset_id,year\n"


@pytest.fixture
def catalog(tmp_path: Path) -> Path:
    """Two sources; the second refers to a dataset of the first."""
    folder = tmp_path / "catalog"
    for source in ("one", "two"):
        (folder / source).mkdir(parents=True)
        (folder / source / "sources.csv").write_text(f"source_id,title\n{source},Source {source}\n")
        (folder / source / "models.csv").write_text(f"{MODEL_HEADER}{source}/m,M,{source},toy,2020\n")
    (folder / "one" / "datasets.csv").write_text(DATASETS)
    (folder / "vocabulary").mkdir()
    return folder


def words(catalog: Path) -> list[str]:
    return [str(problem).replace(f"{catalog}/", "") for problem in check_catalog(catalog)[1]]


def test_all_sources_are_merged_and_rows_know_their_place(catalog: Path) -> None:
    tables = load_catalog(catalog)
    assert list(tables) == [table.name for table in CATALOG_TABLES]
    assert [row[SOURCES.c.source_id] for row in tables[SOURCES.name]] == ["one", "two"]
    second = tables[MODELS.name][1]
    assert set(second) == set(MODELS.names)
    assert (second[MODELS.c.year], second[MODELS.c.license]) == (2020, None)
    assert second.place == f"{catalog}/two/models.csv, line 2"  # type: ignore[attr-defined]
    assert words(catalog) == []


def test_all_malformed_cells_of_all_files_are_named_at_once(catalog: Path) -> None:
    (catalog / "one" / "models.csv").write_text(f"{MODEL_HEADER}one/m,M,one,toy,x\n")
    (catalog / "two" / "models.csv").write_text(f"{MODEL_HEADER}two/m,M,two,toy,y\n")
    with pytest.raises(DataProblem) as raised:
        load_catalog(catalog)
    assert len(raised.value.problems) == 2


def test_a_malformed_cell_is_reported_once_and_hides_nothing_else(catalog: Path) -> None:
    (catalog / "one" / "datasets.csv").write_text(DATASETS.replace("toy,Toy,2", "toy, Toy,1"))
    (catalog / "one" / "models.csv").write_text(f"{MODEL_HEADER}one/m,M,one,toys,1850\n")
    assert words(catalog) == [
        "one/datasets.csv, line 2, table datasets, row toy, column name: found ' Toy', expected text",
        "one/datasets.csv, line 2, table datasets, row toy, column num_classes: found 1, expected a whole "
        "number of at least 2, or null",
        "one/models.csv, line 2, table models, row one/m, column dataset_id: found 'toys', expected an id of "
        "the table datasets (nearest: toy)",
        "one/models.csv, line 2, table models, row one/m, column year: found 1850, expected a whole number "
        "in [1990, 2100], or null",
    ]


def test_an_id_in_two_sources_names_both_places(catalog: Path) -> None:
    (catalog / "two" / "datasets.csv").write_text(DATASETS.replace("one", "two"))
    assert words(catalog) == [
        "two/datasets.csv, line 2, table datasets, row toy, column dataset_id: found it a second time (first "
        "in one/datasets.csv, line 2), expected a key that occurs once"
    ]


def test_a_row_of_another_source(catalog: Path) -> None:
    (catalog / "two" / "models.csv").write_text(f"{MODEL_HEADER}two/m,M,one,toy,2020\n")
    assert words(catalog) == [
        "two/models.csv, line 2, table models, row two/m, column source_id: found 'one', expected 'two', the "
        "name of the folder"
    ]


def test_a_folder_that_names_no_source(catalog: Path) -> None:
    (catalog / "three").mkdir()
    assert words(catalog) == [
        "three/sources.csv, table sources, column source_id: found no such row, expected a row with "
        "source_id 'three', the folder's name"
    ]


def test_a_misspelt_file_is_not_passed_over(catalog: Path) -> None:
    (catalog / "one" / "model.csv").write_text(MODEL_HEADER)
    (catalog / "notes.txt").write_text("x")
    found = words(catalog)
    assert len(found) == 2
    assert found[0].startswith("notes.txt: found 'notes.txt', expected a folder per source")
    assert found[1].startswith("one/model.csv: found 'model.csv', expected one of sources.csv,")
    assert found[1].endswith("(nearest: models.csv)")


@pytest.mark.parametrize("name", ["missing", "empty"])
def test_no_catalogue(tmp_path: Path, name: str) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(UsageError, match=name):
        load_catalog(tmp_path / name)
