"""Cohorts: one set, one hash, found again whatever the catalogue has become."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest
from search_examples import FIVE, ONE, TWO

from sngen.errors import CheckFailed, UsageError
from sngen.search.cohorts import (
    Cohort,
    cohort_folder,
    cohort_hash,
    find_cohort,
    make_cohort,
    read_cohort,
    resolve_cohort,
    write_cohort,
)
from sngen.search.library import CatalogLibrary
from sngen.search.select import select
from sngen.settings import Settings


def made(library: CatalogLibrary, query: str) -> Cohort:
    return make_cohort(select(library, query), library, query)


def test_the_hash_is_that_of_the_sorted_ids() -> None:
    expected = hashlib.sha256(f"{FIVE}\n{ONE}\n".encode()).hexdigest()[:16]
    assert cohort_hash([ONE, FIVE]) == cohort_hash([FIVE, ONE, FIVE]) == expected
    assert cohort_hash([ONE]) != cohort_hash([FIVE])


def test_two_queries_that_find_the_same_models_make_one_cohort(library: CatalogLibrary) -> None:
    one = made(library, "accuracy>=90%")
    other = made(library, "id=hub/five,lab/cifar10/one")
    assert one.models == other.models == (FIVE, ONE)
    assert one.hash == other.hash
    assert (one.query, one.typed) == ("accuracy>=0.9", "accuracy>=90%")


def test_written_and_found_by_file_hash_and_beginning(library: CatalogLibrary) -> None:
    cohort = made(library, "accuracy>=0.9")
    folder = cohort_folder(library)
    assert folder == library.folder.parent / "cohorts"
    path = folder / f"{cohort.hash}.json"
    write_cohort(cohort, path)
    assert json.loads(path.read_text())["cohort"] == cohort.hash
    for name in (str(path), cohort.hash, cohort.hash[:6]):
        assert find_cohort(name, folder) == cohort


def test_renamed_and_gone_models(library: CatalogLibrary) -> None:
    cohort = Cohort((FIVE, "lab/cifar10/gone", "lab/cifar10/uno"))
    found = resolve_cohort(cohort, library)
    assert found.present == (FIVE, ONE)
    assert found.renamed == {"lab/cifar10/uno": ONE}
    assert found.gone == ("lab/cifar10/gone",)
    assert resolve_cohort(Cohort((ONE, "lab/cifar10/uno")), library).present == (ONE,)


def test_unknown_hash(library: CatalogLibrary, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"no cohort 0123456789abcdef in .* there is none"):
        find_cohort("0123456789abcdef", tmp_path)
    with pytest.raises(UsageError, match=r"no\.json cannot be read"):
        find_cohort("no.json", tmp_path)
    with pytest.raises(UsageError, match="a cohort has at least one"):
        made(library, "nothing-like-it")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"models": [ONE, TWO]}, "it was edited"),
        ({"models": []}, "models is no list of ids, or empty"),
        ({"models": ["../x y"]}, "expected ids of models"),
        ({"models": [ONE, ONE]}, "an id twice"),
        ({"cohort": "x"}, "expected 16 hexadecimal digits"),
        ({"query": 3}, "query is 3, expected a text or null"),
        ({"more": 1}, "expected an object with the fields"),
    ],
)
def test_a_damaged_cohort(
    library: CatalogLibrary, tmp_path: Path, change: dict[str, object], words: str
) -> None:
    path = tmp_path / "cohort.json"
    write_cohort(made(library, "accuracy>=0.9"), path)
    path.write_text(json.dumps(json.loads(path.read_text()) | change))
    with pytest.raises(CheckFailed, match=words):
        read_cohort(path)


def test_a_cohort_that_is_no_json(tmp_path: Path) -> None:
    (tmp_path / "x.json").write_text("nonsense")
    with pytest.raises(CheckFailed, match="no JSON"):
        read_cohort(tmp_path / "x.json")


def test_committed_cohorts_resolve(repository: Path, settings: Settings) -> None:
    library = CatalogLibrary(repository / "data" / "catalog", (), settings)
    for path in sorted((repository / "data" / "cohorts").glob("*.json")):
        cohort = read_cohort(path)
        assert path.stem == cohort.hash
        assert resolve_cohort(cohort, library).gone == ()
