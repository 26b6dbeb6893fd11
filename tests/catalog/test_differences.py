"""What a new upstream revision changes, said so that a person can judge it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from synthetic_readme import BENCHMARK, readme

from sngen.catalog.differences import Difference, compare, describe
from sngen.schema import DATASETS, MODELS, SOURCES

Sngen = Callable[..., tuple[int, str, str]]


def model(number: int, **values: Any) -> dict[str, Any]:
    return MODELS.row(model_id=f"s/m{number}", name=f"m{number}", source_id="s", source_row=number, **values)


def difference(before: list[dict[str, Any]], after: list[dict[str, Any]]) -> Difference:
    return compare(MODELS, {MODELS.key_of(r): r for r in before}, {MODELS.key_of(r): r for r in after})


def test_every_kind_of_change_is_told_apart() -> None:
    before = [model(1), model(2, year=2019), model(3), model(4)]
    after = [model(1), model(2, year=2020, venue="ICML"), model(3) | {"source_row": 30}, model(5)]
    found = difference(before, after)
    assert (found.added, found.removed, found.moved) == (("s/m5",), ("s/m4",), 1)
    assert [str(change) for change in found.changed["s/m2"]] == ["venue null -> 'ICML'", "year 2019 -> 2020"]
    assert list(describe(found, None)) == [
        "models: 1 added, 1 removed, 1 changed, 1 elsewhere in the source",
        "  + s/m5",
        "  - s/m4",
        "  ~ s/m2: venue null -> 'ICML'; year 2019 -> 2020",
    ]


def test_equal_rows_are_no_difference() -> None:
    assert not difference([model(1)], [model(1)])


def test_a_long_list_is_shortened_and_says_so() -> None:
    lines = list(describe(difference([], [model(n) for n in range(1, 31)]), 12))
    assert len(lines) == 1 + 12 + 1
    assert lines[-1] == "  ... 18 more added"


def test_a_renamed_model_is_recognised() -> None:
    before = model(1, year=2019, paper_url="https://example.org/paper")
    after = before | {"model_id": "s/new-name", "source_row": 7}
    found = difference([before], [after])
    assert found.renamed == {"s/m1": "s/new-name"}
    assert any("s/m1 looks like s/new-name" in line for line in describe(found, None))
    assert difference([before], [after | {"year": 2020}]).renamed == {}


@pytest.fixture
def catalog(tmp_path: Path) -> Path:
    folder = tmp_path / "catalog" / "datasets"
    folder.mkdir(parents=True)
    (folder / "sources.csv").write_text("source_id,title\ndatasets,Datasets\n")
    assert {"dataset_id", "name", "source_id"} <= set(DATASETS.names)
    assert {"source_id", "title"} <= set(SOURCES.names)
    (folder / "datasets.csv").write_text("dataset_id,name,source_id\ncifar10,CIFAR-10,datasets\n")
    return folder.parent


def test_a_dry_run_says_the_same_and_writes_nothing(
    sngen: Sngen, catalog: Path, tmp_path: Path, vocabulary_folder: Path
) -> None:
    file = tmp_path / "upstream" / "Database" / "README.MD"
    file.parent.mkdir(parents=True)
    file.write_text(readme())
    arguments = (
        "import", "securitynet", "--from", tmp_path / "upstream", "--revision", "a", "--into", catalog,
        "--vocabulary", vocabulary_folder,
    )  # fmt: skip
    code, would, _ = sngen(*arguments, "--dry-run")
    assert code == 0
    assert not (catalog / "securitynet").exists()
    assert "nothing is written: --dry-run" in would
    code, said, _ = sngen(*arguments)
    assert code == 0
    assert said == would.replace(" (nothing is written: --dry-run)", "")
    file.write_text(readme(benchmark=[BENCHMARK | {"Year": 2017}]))
    _, said, _ = sngen(*arguments)
    assert "  ~ securitynet/cifar10/resnet20: year 2016 -> 2017" in said
