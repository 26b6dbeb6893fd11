"""The importer of PaddleClas's ImageNet models, on a list made for it."""

from __future__ import annotations

from pathlib import Path

import pytest
from zoo_imports import explanation_of, models_of, scores_of, touched_by, upstream_of

from sngen.catalog.importers import Imported
from sngen.catalog.importers.paddleclas import convert
from sngen.catalog.importers.paddleclas.tables import MODEL_LIST
from sngen.catalog.vocabulary import Vocabulary, load_vocabulary
from sngen.errors import DataProblem
from sngen.schema import MODELS, SCORES

M = MODELS.c
HOST = "https://paddle.example.org"


def links(file: str, *, wrapped: bool = False) -> str:
    cells = [
        f"[下载链接]({HOST}/{file}_pretrained.pdparams)",
        f"[下载链接]({HOST}/inference/{file}_infer.tar)",
    ]
    if wrapped:
        cells = [f'<span style="white-space:nowrap;">{cell}&emsp;&emsp;</span>' for cell in cells]
    return " | ".join(cells)


_TWICE = links("Net50_vd_ssld", wrapped=True)
DISTILLED = [f"| Net50_vd_<br>ssld | 0.830 | 0.792 | 0.039 | 2.60 | 4.35 | 25.63 | {_TWICE} |"]
SERIES = [
    f"| Net50_<br/>vd | 0.7912 | 0.9444 | 2.60 | 4.35 | 25.63 | {links('Net50_vd')} |",
    f"| Net50_vd_ssld | 0.8300 | 0.9640 | 2.60 | 4.35 | 25.63 | {links('Net50_vd_ssld')} |",
    f"| Swin_base | 0.8337 | 0.9643 | - | 15.13 | 87.70 | {links('Swin_base')} |",
    f"| Swin_base<sup>[1]</sup> | 0.8516 | 0.9748 | - | 15.13 | 87.70 | {links('Swin_base_22kto1k')} |",
]
MOBILE = [f"| PPLCNetV2_base | 77.04 | 93.27 | 4.32 | 604 | 6.6 | {links('PPLCNetV2_base')} |"]


def listing(distilled: list[str] = DISTILLED, series: list[str] = SERIES, mobile: list[str] = MOBILE) -> str:
    end = "Params(M) | 预训练模型下载地址 | inference模型下载地址 |"
    gained = "Reference<br>Top-1 Acc | Acc gain"
    return "\n".join(
        [
            "# ImageNet 预训练模型库", "", "### 2.1 服务器端知识蒸馏模型", "",
            f"| 模型 | Top-1 Acc | {gained} | time(ms)<br>bs=1 | FLOPs(G) | {end}",
            "|---|---|---|---|---|---|---|---|---|", *distilled, "",
            "## Net 系列 <sup>[[1](#ref1)][[2](#ref2)]</sup>", "",
            f"| 模型 | Top-1 Acc | Top-5 Acc | time(ms)<br>bs=1 | FLOPs(G) | {end}",
            "|---|---|---|---|---|---|---|---|", *series, "",
            "[1]：基于 ImageNet22k 数据集预训练，然后在 ImageNet1k 数据集迁移学习得到。", "",
            "## 移动端系列 <sup>[[3](#ref3)]</sup>", "",
            f"| 模型 | Top-1 Acc | Top-5 Acc | time(ms)<sup>**</sup><br>bs=1 | FLOPs(M) | {end}",
            "|:--:|:--:|:--:|:--:|----|----|----|:--:|", *mobile, "",
        ]
    )  # fmt: skip


@pytest.fixture(scope="module")
def words(repository: Path) -> Vocabulary:
    return load_vocabulary(repository / "data" / "catalog" / "vocabulary")


def imported(words: Vocabulary, text: str = "") -> Imported:
    return convert(upstream_of({MODEL_LIST: text or listing()}), words)


def problems(words: Vocabulary, text: str) -> list[str]:
    with pytest.raises(DataProblem) as raised:
        imported(words, text)
    return raised.value.problems


# --- Tables ---------------------------------------------------------------------------------------------


def test_a_plain_row(words: Vocabulary) -> None:
    found = imported(words)
    assert models_of(found)["paddleclas/net50-vd"] == MODELS.row(
        model_id="paddleclas/net50-vd", name="Net50_vd", source_id="paddleclas", source_file=MODEL_LIST,
        source_row=13, task="classification", architecture="Net50_vd", parameters_rounded=25.63,
        macs=4350000000.0, dataset_id="imagenet-1k", purpose="benchmark", publisher="PaddlePaddle",
        publisher_type="company", weights_kind="file", weights_url=f"{HOST}/Net50_vd_pretrained.pdparams",
        license="Apache-2.0", license_scope="repository",
        note=f"Inference model: {HOST}/inference/Net50_vd_infer.tar",
        source_words='{"model_type": "Net 系列"}',
    )  # fmt: skip
    assert scores_of(found, "paddleclas/net50-vd") == {
        ("Top-1 Acc", "accuracy"): 0.7912, ("Top-5 Acc", "top5_accuracy"): 0.9444,
    }  # fmt: skip


def test_two_rows_of_one_model_are_one_with_the_numbers_of_the_fuller(words: Vocabulary) -> None:
    found = imported(words)
    row = models_of(found)["paddleclas/net50-vd-ssld"]
    assert (row[M.name], row[M.source_row], row[M.flags]) == ("Net50_vd_ssld", 7, ["listed-twice"])
    assert (row[M.architecture], row[M.training_method]) == ("Net50_vd", "SSLD distillation")
    assert row[M.source_words] == '{"model_type": "2.1 服务器端知识蒸馏模型; Net 系列"}'
    assert row[M.weights_url] == f"{HOST}/Net50_vd_ssld_pretrained.pdparams"
    scores = [s for s in found.tables[SCORES.name] if s[SCORES.c.model_id] == row[M.model_id]]
    assert [(s[SCORES.c.value], s[SCORES.c.source_row]) for s in scores] == [(0.83, 14), (0.964, 14)]


def test_a_model_that_only_the_first_table_has(words: Vocabulary) -> None:
    found = imported(words, listing(series=SERIES[:1]))
    row = models_of(found)["paddleclas/net50-vd-ssld"]
    assert (row[M.source_row], row[M.flags]) == (7, None)
    assert scores_of(found, row[M.model_id]) == {("Top-1 Acc", "accuracy"): 0.83}


def test_a_footnote_makes_another_model_that_was_trained_on_more(words: Vocabulary) -> None:
    found = models_of(imported(words))
    plain, more = found["paddleclas/swin-base"], found["paddleclas/swin-base-1"]
    assert (plain[M.pretrained_on], more[M.pretrained_on]) == (None, ["imagenet-22k"])
    assert (more[M.name], more[M.architecture]) == ("Swin_base[1]", "Swin_base")
    assert "基于 ImageNet22k" in more[M.source_words]


def test_percent_and_millions(words: Vocabulary) -> None:
    found = imported(words)
    row = models_of(found)["paddleclas/pplcnetv2-base"]
    assert (row[M.macs], row[M.flags]) == (604000000.0, ["percent-in-source"])
    assert scores_of(found, row[M.model_id]) == {
        ("Top-1 Acc", "accuracy"): 0.7704, ("Top-5 Acc", "top5_accuracy"): 0.9327,
    }  # fmt: skip
    assert touched_by(found, "percent-becomes-fraction") == [
        ("paddleclas/pplcnetv2-base", "Top-1 Acc", "77.04", "0.7704"),
        ("paddleclas/pplcnetv2-base", "Top-5 Acc", "93.27", "0.9327"),
    ]


def test_columns_that_are_not_taken_are_named(words: Vocabulary) -> None:
    said = explanation_of(imported(words), "columns-left-out")
    assert "Reference Top-1 Acc, Acc gain, time(ms) bs=1, time(ms)** bs=1." in said


@pytest.mark.parametrize(("other", "exceptions"), [("0.830", 0), ("0.829", 0), ("0.828", 1)])
def test_two_rows_of_one_model_may_differ_by_rounding(words: Vocabulary, other: str, exceptions: int) -> None:
    found = imported(words, listing(distilled=[DISTILLED[0].replace("0.830", other)]))
    assert len(touched_by(found, "repeated-rows-agree")) == exceptions


# --- Errors ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("before", "after", "words_of_it"),
    [
        ("0.7912", "79.1 %", "line 13, column 'Top-1 Acc': found '79.1 %', expected a number"),
        ("0.7912", "-", "line 13, column 'Top-1 Acc': found nothing, expected a number"),
        ("4.35 | 25.63", "4.35 | 25M", "line 7, column 'Params(M)': found '25M', expected a number"),
        ("Net50_<br/>vd |", "Net 50 vd |", "line 13, column '模型': found 'Net 50 vd'"),
        (f"[下载链接]({HOST}/Net50_vd_pretrained.pdparams)", "-", "found '-', expected one link"),
        ("| Top-5 Acc |", "| Top-10 Acc |", "line 11: found the column 'Top-10 Acc', expected one of"),
        ("| FLOPs(G) |", "| FLOPs(T) |", "line 5: found 模型"),
        ("[1]：基于", "基于", "column '模型': found [1], expected a line of that footnote"),
        ("Net50_vd_ssld_infer.tar)&emsp;", "Other_infer.tar)&emsp;", "expected the address of line 7"),
    ],
)  # fmt: skip
def test_what_is_odd_is_named(words: Vocabulary, before: str, after: str, words_of_it: str) -> None:
    text = listing()
    assert before in text
    found = problems(words, text.replace(before, after, 1))
    assert any(words_of_it in one for one in found), found
    assert all(one.startswith(MODEL_LIST) for one in found)


def test_all_problems_are_said_at_once(words: Vocabulary) -> None:
    assert len(problems(words, listing().replace("0.7912", "x").replace("0.8516", "y"))) == 2
