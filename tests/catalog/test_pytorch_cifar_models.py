"""chenyaofo/pytorch-cifar-models: a synthetic README, and the committed tables against other facts."""

from __future__ import annotations

from pathlib import Path

import pytest
from small_source_facts import by_id, committed, differences, names, public_facts, synthetic, words

from sngen.catalog.importers import Imported
from sngen.catalog.importers.pytorch_cifar_models import SOURCE_ID, convert
from sngen.errors import DataProblem
from sngen.schema import MODELS, SCORES

M, S = MODELS.c, SCORES.c
ADDRESS = "https://github.com/chenyaofo/pytorch-cifar-models/releases/download/resnet"
VOCABULARY = words(
    dataset_names=names(**{"CIFAR-10": "cifar10"}),
    publishers=[{"spelling": "chenyaofo", "publisher": "Yaofo Chen", "publisher_type": "individual"}],
    model_types=[{"pattern": "resnet", "model_type": "resnet"}],
)


def readme(
    top1: str = "92.60", top5: str = "99.81", parameters: str = "0.27", heading: str = "CIFAR-10",
    column: str = "#MAdds(M)", file: str = "cifar10_resnet20-4118986f.pt",
) -> str:  # fmt: skip
    return f"""# PyTorch CIFAR Models
### {heading}

|  Model   |  Top-1 Acc.(%) | Top-5 Acc.(%) | #Params.(M) | {column} |                    |
|----------|----------------|---------------|-------------|-----------|--------------------|
| resnet20 | {top1} | {top5} | {parameters} | 40.81 | [model]({ADDRESS}/{file}) \\| [log](https://log)
"""


def converted(text: str) -> Imported:
    return convert(synthetic({"README.md": text}), VOCABULARY)


def test_a_row_is_a_model_with_two_scores() -> None:
    imported = converted(readme())
    model = by_id(imported)[f"{SOURCE_ID}/cifar10-resnet20"]
    assert model[M.name] == "cifar10_resnet20"
    assert (model[M.dataset_id], model[M.model_type], model[M.source_row]) == ("cifar10", "resnet", 6)
    assert (model[M.parameters_rounded], model[M.macs]) == (0.27, 40_810_000)
    assert (model[M.license], model[M.license_scope]) == ("BSD-3-Clause", "repository")
    assert (model[M.publisher], model[M.publisher_type]) == ("Yaofo Chen", "individual")
    values = {(row[S.metric], row[S.source_column]): row[S.value] for row in imported.tables["scores"]}
    assert values == {("accuracy", "Top-1 Acc.(%)"): 0.926, ("top5_accuracy", "Top-5 Acc.(%)"): 0.9981}


def test_an_empty_number_is_unknown() -> None:
    imported = converted(readme(top5="", parameters=""))
    assert [row[S.metric] for row in imported.tables["scores"]] == ["accuracy"]
    assert by_id(imported)[f"{SOURCE_ID}/cifar10-resnet20"][M.parameters_rounded] is None


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"top1": "92,6"}, "line 6, column 'Top-1 Acc.(%)': found '92,6', expected a number"),
        ({"top1": "926"}, "found '926', expected a percentage in [0, 100]"),
        ({"heading": "CIFAR-1O"}, "found 'CIFAR-1O', expected a spelling of"),
        ({"column": "MAdds"}, "line 4: found the columns Model, Top-1 Acc.(%)"),
        ({"file": "cifar10_resnet32-4118986f.pt"}, "expected a link [model](https://...) to cifar10"),
    ],
)  # fmt: skip
def test_what_is_not_as_expected_is_named(changes: dict[str, str], said: str) -> None:
    with pytest.raises(DataProblem) as raised:
        converted(readme(**changes))
    assert said in str(raised.value)


def test_a_readme_without_models_is_refused() -> None:
    with pytest.raises(DataProblem, match="found no table of models"):
        converted("# PyTorch CIFAR Models\n")


def test_committed_tables_are_the_facts(repository: Path, facts_folder: Path) -> None:
    found = public_facts(facts_folder, SOURCE_ID)
    assert len(found) == 38
    tables = committed(repository, SOURCE_ID)
    # quantized: empty in the facts, and no row of ours is a copy
    assert differences(found, tables, not_compared={"quantized"}) == []
    assert all(row[M.copy_kind] is None for row in tables["models"])
    assert len(tables["scores"]) == 76
