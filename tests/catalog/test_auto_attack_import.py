"""Every rule, flag and error of the importer of AutoAttack's tables, on a README made for it."""

from __future__ import annotations

import pytest
from robust_sources import WORDS, keeps_the_contract, models, touched, upstream, values, words

from sngen.catalog.importers import Imported
from sngen.catalog.importers.auto_attack import convert
from sngen.catalog.vocabulary import load_vocabulary
from sngen.errors import DataProblem
from sngen.schema import MODELS, SCORES

M, S = MODELS.c, SCORES.c

ROW = (
    "|**1**| [(Doe et al., 2020a)](https://arxiv.org/abs/2001.00001)| *available*| WRN-70-16| 91.10| 65.87| "
    "65.88|"
)
README = """# Defenses
|#|other table|
|---|---|
|1|x|

## CIFAR-10 - Linf
At `eps = 8/255`, except for those marked with * for which `eps = 0.031`.
**Note**: ‡ indicates additional data.

|#    |paper           |model     |architecture |clean         |report. |AA  |
|:---:|---|:---:|:---:|---:|---:|---:|
{rows}

## MNIST - Linf
At `eps = 0.3`.

|#    |paper           |model     |clean         |report. |AA  |
|:---:|---|:---:|---:|---:|---:|
|**1**| [(Roe & Poe, 2019)](https://arxiv.org/abs/1901.00001)| *retrained*| 99.26| -| 0.00|
"""
ID = "auto-attack/cifar10-linf-doe-et-al.-2020a-wrn-70-16"
MNIST_ID = "auto-attack/mnist-linf-roe-poe-2019"


def imported(*rows: str, text: str = README) -> Imported:
    content = text.replace("{rows}", "\n".join(rows or (ROW,)))
    return convert(upstream({"README.md": content}), load_vocabulary(WORDS))


def problems(*rows: str, text: str = README) -> list[str]:
    with pytest.raises(DataProblem) as caught:
        imported(*rows, text=text)
    return caught.value.problems


def test_a_row_becomes_a_model_and_three_scores() -> None:
    found = imported()
    assert set(models(found)) == {ID, MNIST_ID}
    assert models(found)[ID] == MODELS.row(
        model_id=ID, name="Doe et al., 2020a (WRN-70-16)", source_id="auto-attack", source_row=12,
        task="classification", architecture="WRN-70-16",
        model_type=load_vocabulary(WORDS).model_type("WRN-70-16"), dataset_id="cifar10", purpose="security",
        training_kind="adversarial", security_role="adversarially-trained", threat_norm="Linf",
        threat_eps="8/255", threat_eps_value=8 / 255, extra_data="false", year=2020,
        paper_url="https://arxiv.org/abs/2001.00001", weights_kind="stated-available",
        source_words='{"dataset_id": "CIFAR-10", "weights_kind": "available"}',
    )  # fmt: skip
    assert values(found, ID) == {
        "clean:test:accuracy": 0.911, "authors-claim:linf-8-255:robust_accuracy": 0.6587,
        "autoattack:linf-8-255:robust_accuracy": 0.6588,
    }  # fmt: skip
    attack = next(row for row in found.tables[SCORES.name] if row[S.source_column] == "AA")
    assert (attack[S.norm], attack[S.eps], attack[S.eps_value], attack[S.source_row]) == (
        "Linf", "8/255", 8 / 255, 12
    )  # fmt: skip
    assert keeps_the_contract(found) == []


def test_a_table_without_architectures_and_marks() -> None:
    found = imported()
    model = models(found)[MNIST_ID]
    assert (model[M.architecture], model[M.model_type], model[M.extra_data]) == (None, None, None)
    assert (model[M.weights_kind], model[M.threat_eps], model[M.year]) == ("retrained", "0.3", 2019)
    assert values(found, MNIST_ID) == {
        "clean:test:accuracy": 0.9926, "autoattack:linf-0.3:robust_accuracy": 0.0
    }  # fmt: skip


def test_the_rank_is_no_part_of_the_id() -> None:
    assert set(models(imported(ROW.replace("1**", "9**")))) == {ID, MNIST_ID}


def test_equal_rows_are_told_apart_by_their_clean_accuracy() -> None:
    clean = ROW.split("|")[5].strip("* ")
    other = ROW.replace("1**", "2**").replace(clean, "12.34")
    assert set(models(imported(ROW, other))) == {f"{ID}-clean-{clean}", f"{ID}-clean-12.34", MNIST_ID}


def test_marks() -> None:
    found = imported(ROW.replace(")|", ")‡ |", 1), ROW.replace("1**", "2**").replace(")|", ")\\*|", 1))
    extra, starred = models(found)[f"{ID}-extra-data"], models(found)[ID]
    assert (extra[M.extra_data], extra[M.flags], extra[M.threat_eps]) == (
        "true",
        ["additional-data"],
        "8/255",
    )
    assert (starred[M.threat_eps], starred[M.threat_eps_value]) == ("0.031", 0.031)
    assert starred[M.flags] == ["evaluated-at-eps-0.031"]
    assert values(found, starred[M.model_id]).keys() == {
        "clean:test:accuracy", "authors-claim:linf-0.031:robust_accuracy",
        "autoattack:linf-0.031:robust_accuracy",
    }  # fmt: skip
    assert touched(found, "starred-bound") == [(starred[M.model_id], "8/255", "0.031")]


def test_a_link_to_the_weights() -> None:
    model = models(imported(ROW.replace("*available*", "[*available*](https://example.org/a.pth)")))[ID]
    assert (model[M.weights_kind], model[M.weights_url]) == ("file", "https://example.org/a.pth")
    assert models(imported(ROW.replace("available", "authors")))[ID][M.weights_kind] == "on-request"


def test_a_paper_link_to_code_is_emptied() -> None:
    link = "https://github.com/fra31/auto-attack/issues/7"
    model = models(imported(ROW.replace("https://arxiv.org/abs/2001.00001", link)))[ID]
    assert model[M.paper_url] is None
    assert words(model)[M.paper_url] == link


def test_claims_far_above_are_flagged() -> None:
    found = imported(ROW.replace("65.87", "75.89"))
    flags = {row[S.source_column]: row[S.flags] for row in found.tables[SCORES.name] if row[S.model_id] == ID}
    assert flags == {"clean": None, "report.": ["claim-far-above-autoattack"], "AA": None}
    found = imported(ROW.replace("65.87", "75.88"))
    assert touched(found, "claim-far-above-autoattack") == []


def test_all_wrong_cells_are_said_at_once() -> None:
    wrong = "|first| Doe 2020| *somewhere*| WRN| 191.1| none| -|"
    said = problems(wrong)
    for column, found in {
        "#": "'first'", "paper": "'Doe 2020'", "model": "'*somewhere*'", "clean": "'191.1'",
        "report.": "'none'", "AA": "'-'",
    }.items():  # fmt: skip
        assert any(f"README.md, line 12, column {column!r}: found {found}" in one for one in said), column
    assert len(said) == 6


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ("## CIFAR-10 - Linf", "## CIFAR-10", "found the heading 'CIFAR-10', expected DATASET - NORM"),
        ("## CIFAR-10 - Linf", "## CIFAR-10 - L7", "expected DATASET - NORM, NORM one of Linf, L2"),
        ("## CIFAR-10 - Linf", "## CIFRA - Linf", "found 'CIFRA'"),
        ("At `eps = 0.3`.", "", "line 17: found no bound"),
        ("|AA  |", "|APGD|", "APGD, expected #, paper, model"),
    ],
)
def test_an_unexpected_table(before: str, after: str, expected: str) -> None:
    assert any(expected in said for said in problems(text=README.replace(before, after)))


def test_a_mark_needs_a_bound() -> None:
    without = README.replace(", except for those marked with * for which `eps = 0.031`", "")
    (said,) = problems(ROW.replace(")|", ")\\*|", 1), text=without)
    assert "line 12, column 'paper': found a row marked with *, expected a bound" in said


def test_a_file_without_the_tables() -> None:
    assert problems(text="# Nothing") == [
        "README.md: found no table with a column 'paper', expected at least one"
    ]  # fmt: skip
