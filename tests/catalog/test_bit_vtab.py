"""BiT models of VTAB-1k: a synthetic README, and the committed tables against other facts."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest
from small_source_facts import (
    audited,
    by_id,
    committed,
    differences,
    names,
    public_facts,
    synthetic,
    words,
)

from sngen.catalog.importers import Imported
from sngen.catalog.importers.bit_vtab import SOURCE_ID, convert, expand
from sngen.errors import DataProblem
from sngen.schema import MODELS, RELATIVES

M, R = MODELS.c, RELATIVES.c
VOCABULARY = words(
    dataset_names=names(**{"VTAB-1k dtd": "dtd", "VTAB-1k smallnorb-azimuth": "smallnorb-azimuth"}),
    publishers=[{"spelling": "google-research", "publisher": "Google Research", "publisher_type": "company"}],
)


def readme(tasks: str = "dtd,smallnorb-azimuth", stated: int = 12, networks: str = "R50x1,R101x3") -> str:
    return f"""## Big Transfer
*by Alexander Kolesnikov, Lucas Beyer*

This means we release a total of 2x2x3={stated} models, and hope these can be useful.

wget https://storage.googleapis.com/bit_models/vtab/BiT-M-{{{networks}}}-run{{0,1,2}}-{{{tasks}}}.npz

### VTAB-1k results

| Model         | Full  |
| :---          | :---: |
| BiT-M-R101x3  | 72.65 |
"""


def converted(text: str) -> Imported:
    return convert(synthetic({"README.md": text}), VOCABULARY)


def test_braces_expand_as_in_a_shell() -> None:
    assert expand("a{b,c}-{0,1}.npz") == ["ab-0.npz", "ab-1.npz", "ac-0.npz", "ac-1.npz"]
    assert expand("plain") == ["plain"]


def test_every_file_of_the_pattern_is_a_model_without_a_score() -> None:
    imported = converted(readme())
    models = by_id(imported)
    assert len(models) == 12
    assert "scores" not in imported.tables
    model = models[f"{SOURCE_ID}/r101x3-run2-smallnorb-azimuth"]
    assert model[M.architecture] == "BiT ResNet-v2 101x3"
    assert model[M.weights_url].endswith("/vtab/BiT-M-R101x3-run2-smallnorb-azimuth.npz")
    assert (model[M.dataset_id], model[M.training_size]) == ("smallnorb-azimuth", 1000)
    assert (model[M.pretrained_on], model[M.num_authors]) == (["imagenet-21k"], 2)
    assert len(audited(imported, "no-score-in-source")) == 12


def test_three_runs_of_one_recipe_are_related() -> None:
    pairs = converted(readme(tasks="dtd", stated=6)).tables["relatives"]
    assert len(pairs) == 2 * 3
    assert {row[R.relation] for row in pairs} == {"same-recipe-other-seed"}
    ends = [row[R.model_a].replace("run0", "run?").replace("run1", "run?") for row in pairs]
    assert Counter(ends) == {f"{SOURCE_ID}/r50x1-run?-dtd": 3, f"{SOURCE_ID}/r101x3-run?-dtd": 3}


def test_averages_and_base_models_are_left_out_and_said() -> None:
    imported = converted(readme())
    assert [row["before"] for row in audited(imported, "averages-over-files-left-out")] == [
        "VTAB-1k results, line 12: BiT-M-R101x3 | 72.65"
    ]
    assert len(audited(imported, "base-models-left-out")) == 3


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"stated": 13}, "line 4: found 13 models stated, expected 12"),
        ({"tasks": "dtd,svnh"}, "line 6: found 'VTAB-1k svnh', expected a spelling of"),
        ({"networks": "R50x1,RN50"}, "found 'BiT-M-RN50-run0-dtd', expected BiT-M-<architecture>-run"),
    ],
)  # fmt: skip
def test_what_is_not_as_expected_is_named(changes: dict[str, object], said: str) -> None:
    with pytest.raises(DataProblem) as raised:
        converted(readme(**changes))  # type: ignore[arg-type]
    assert said in str(raised.value)


def test_a_readme_without_the_pattern_is_refused() -> None:
    with pytest.raises(DataProblem, match="found 0 lines, expected one with the pattern"):
        converted("## Big Transfer\n")


def test_committed_tables_are_the_facts(repository: Path, facts_folder: Path) -> None:
    found = public_facts(facts_folder, SOURCE_ID)
    assert len(found) == 285
    tables = committed(repository, SOURCE_ID)
    # quantized, source_row: empty in the facts; the line of the pattern is given here
    assert differences(found, tables, not_compared={"quantized", "source_row"}) == []
    assert {row[M.source_row] for row in tables["models"]} == {78}
    assert len(tables["relatives"]) == 5 * 19 * 3
