"""The importer of PULC on files made for it, and its committed tables against the facts."""

from __future__ import annotations

from pathlib import Path

import pytest
from zoo_imports import (
    committed,
    differences,
    explanation_of,
    models_of,
    read_facts,
    scores_of,
    touched_by,
    upstream_of,
    words,
)

from sngen.catalog.importers import Imported
from sngen.catalog.importers.paddleclas_pulc import convert
from sngen.catalog.importers.paddleclas_pulc.listing import CHINESE_LIST, LIST
from sngen.catalog.importers.paddleclas_pulc.pages import CHINESE_PAGES, PAGES
from sngen.catalog.reported import fraction_of_percent
from sngen.catalog.vocabulary import Vocabulary, load_vocabulary
from sngen.errors import DataProblem
from sngen.schema import MODELS, SCORES

M, S = MODELS.c, SCORES.c
HOST = "https://paddleclas.example.org"
TITLES = {
    "person_exists": ("Human Exists Classification", "96.23"),
    "vehicle_attribute": ("Vehicle Attribute Classification", "90.81"),
    "language_classification": ("Language Classification", "99.26"),
}
DATA = {
    "person_exists": "From [COCO](https://cocodataset.org/#overview).",
    "vehicle_attribute": "The data used is the [pa100k dataset](https://example.org/pa-100k).",
    "language_classification": "Trained with internal data.\n\n![](../x.png)",
}
CHINESE_DATA = DATA | {"vehicle_attribute": "数据为[VeRi 数据集](https://example.org/veri)。"}
RATE = "* a certain threshold(1/1000 used in this case), is a metric\n"


def page(data: str, rest: str = "") -> str:
    section = f'#### 3.2.1 Dataset Introduction\n\n{data}\n\n<a name="3.2.2"></a>\n'
    return f"# Page\n\n{section}\n#### 3.2.2 Rest\n{rest}"


def files() -> dict[str, str]:
    rows = [
        f"| {name} |[{title}](PULC_{name}_en.md)| {value} |7.0M|2.58ms|"
        f"[inference model]({HOST}/{name}_infer.tar) / [pretrained model]({HOST}/{name}.pdparams)|"
        for name, (title, value) in TITLES.items()
    ]
    chinese = [f"| {name} | {value} |" for name, (_, value) in TITLES.items()]
    header = "|Model name| Model Description | Metrics |Storage Size| Latency| Download Address|"
    notes = (
        "* The backbone of all the above models is PPLCNet_x1_0. Times fluctuate.\n\n"
        "* The evaluation indicators of person_exists, safety_helmet, and car_exists are TprAtFpr. The "
        "evaluation indicators of person_attribute and vehicle_attribute are ma. The evaluation indicators "
        "of traffic_sign and language_classification are Top-1 Acc."
    )
    return {
        LIST: "\n".join(["# PULC", "", header, "| --- | --- | --- | --- | --- | --- |", *rows, "", notes]),
        CHINESE_LIST: "\n".join(
            ["|模型名称|模型精度 |", "| --- | --- |", *chinese, "| code_exists | 94.9 |"]
        ),
        **{PAGES.replace("*", name): page(data, RATE) for name, data in DATA.items()},
        **{CHINESE_PAGES.replace("*", name): page(data) for name, data in CHINESE_DATA.items()},
    }


@pytest.fixture(scope="module")
def spellings(repository: Path) -> Vocabulary:
    return load_vocabulary(repository / "data" / "catalog" / "vocabulary")


def imported(spellings: Vocabulary, **changed: tuple[str, str, str]) -> Imported:
    """``changed`` is (path, before, after)."""
    texts = files()
    for path, before, after in changed.values():
        assert before in texts[path]
        texts[path] = texts[path].replace(before, after)
    return convert(upstream_of(texts), spellings)


# --- Import ---------------------------------------------------------------------------------------------


def test_models_and_their_metrics(spellings: Vocabulary) -> None:
    found = imported(spellings)
    rows = models_of(found)
    assert {row[M.name]: (row[M.task], row[M.dataset_id], row[M.source_row]) for row in rows.values()} == {
        "person_exists": ("classification", "pulc-person-exists", 5),
        "vehicle_attribute": ("multi-label", "veri", 6),
        "language_classification": ("classification", "pulc-language", 7),
    }
    assert {row[M.architecture] for row in rows.values()} == {"PPLCNet_x1_0"}
    assert scores_of(found, "paddleclas-pulc/person-exists") == {("Metrics", "true_positive_rate"): 0.9623}
    assert scores_of(found, "paddleclas-pulc/vehicle-attribute") == {
        ("Metrics", "mean_label_accuracy"): 0.9081
    }
    assert scores_of(found, "paddleclas-pulc/language-classification") == {("Metrics", "accuracy"): 0.9926}
    settings = {row[S.metric]: row[S.setting] for row in found.tables[SCORES.name]}
    assert settings["true_positive_rate"] == "fpr-1-1000"
    assert settings["accuracy"] == "test"


def test_the_chinese_page_counts_where_the_two_name_different_data(spellings: Vocabulary) -> None:
    found = imported(spellings)
    row = models_of(found)["paddleclas-pulc/vehicle-attribute"]
    assert row[M.flags] == ["english-page-names-other-data"]
    assert row[M.note].endswith(CHINESE_DATA["vehicle_attribute"])
    assert touched_by(found, "data-from-the-chinese-page") == [
        (row[M.model_id], "data", DATA["vehicle_attribute"], CHINESE_DATA["vehicle_attribute"])
    ]


def test_internal_data_is_flagged(spellings: Vocabulary) -> None:
    rows = models_of(imported(spellings))
    assert rows["paddleclas-pulc/language-classification"][M.flags] == ["internal-data"]
    assert rows["paddleclas-pulc/language-classification"][M.note].endswith("Trained with internal data.")
    assert rows["paddleclas-pulc/person-exists"][M.flags] is None


def test_the_lists_are_compared(spellings: Vocabulary) -> None:
    found = imported(spellings)
    assert touched_by(found, "lists-agree") == []
    assert "1: code_exists." in explanation_of(found, "only-in-the-chinese-list")
    found = imported(spellings, other=(CHINESE_LIST, "96.23", "96.3"))
    assert touched_by(found, "lists-agree") == [("paddleclas-pulc/person-exists", "Metrics", "96.23", "96.3")]


@pytest.mark.parametrize(
    ("path", "before", "after", "words_of_it"),
    [
        (LIST, "96.23", "n/a", "line 5, column 'Metrics': found 'n/a', expected a percentage"),
        (LIST, "[pretrained model]", "[weights]", "line 5, column 'Download Address': found"),
        (LIST, "[Human Exists Classification]", "[Dog Exists]", "found 'Dog Exists', expected a spelling of"),
        (LIST, "of person_exists,", "of other,", "column 'Model name': found 'person_exists'"),
        (LIST, "The backbone of", "A backbone of", "expected a sentence 'The backbone of all"),
        (LIST, "Metrics |", "Metric |", "found 0 such tables"),
        (CHINESE_LIST, "模型精度", "精度", "found no table with the columns 模型名称 and 模型精度"),
        (PAGES.replace("*", "person_exists"), "1/1000", "some", "expected the false positive rate"),
        (PAGES.replace("*", "vehicle_attribute"), "3.2.1", "3.1", "expected a section 3.2.1 of data in"),
    ],
)  # fmt: skip
def test_what_is_odd_is_named(
    spellings: Vocabulary, path: str, before: str, after: str, words_of_it: str
) -> None:
    with pytest.raises(DataProblem) as raised:
        imported(spellings, change=(path, before, after))
    assert words_of_it in str(raised.value)


# --- Committed tables against the facts -----------------------------------------------------------------

FIELDS = {
    "name": M.name, "architecture": M.architecture, "dataset": M.dataset_id, "task": M.task,
    "weights_kind": M.weights_kind, "weights_url": M.weights_url, "license": M.license,
    "license_scope": M.license_scope, "source_file": M.source_file, "source_row": M.source_row,
}  # fmt: skip
METRICS = {
    "top1_accuracy": "accuracy", "tpr_at_fpr": "true_positive_rate", "mean_accuracy": "mean_label_accuracy",
}  # fmt: skip
#: Columns without a cell for this source.
EMPTY = {
    "pretraining", "top5_pct", "params_m", "macs_m", "input_size", "quantized", "paper_url", "paper_title",
    "venue", "year",
}  # fmt: skip
#: Where the facts' flags say how the dataset was found out, here the note quotes the page and two flags
#: say what is odd in it.
ELSEWHERE = {"id", "source", "dataset_source", "entry_type", "metric", "value_pct", "flags"}
OF_THE_SOURCE = {"source_repo", "source_commit"}


def test_committed_tables(repository: Path, facts_folder: Path) -> None:
    facts = [
        fact | {"id": fact["id"].removeprefix("public/")}
        for fact in read_facts(facts_folder / "public_models.csv")
        if fact["source"] == "paddleclas-pulc"
    ]
    models, scores = committed(repository, "paddleclas-pulc")
    assert len(facts) == 9
    assert {fact["id"] for fact in facts} == set(models)
    assert {name for fact in facts for name, cell in fact.items() if cell} <= {
        *FIELDS, *ELSEWHERE, *OF_THE_SOURCE,
    }  # fmt: skip
    assert set(facts[0]) == {*FIELDS, *ELSEWHERE, *OF_THE_SOURCE, *EMPTY}
    assert differences(facts, models, FIELDS) == []
    assert all(words(models[fact["id"]])[M.dataset_id] == fact["dataset_source"] for fact in facts)
    assert {key: row[S.value] for key, row in scores.items()} == {
        (fact["id"], METRICS[fact["metric"]]): fraction_of_percent(fact["value_pct"]) for fact in facts
    }
    chinese = [fact["id"] for fact in facts if "english-page-names-pa100k" in fact["flags"]]
    flagged = [key for key, row in models.items() if "english-page-names-other-data" in (row[M.flags] or ())]
    assert (
        set(chinese) <= set(flagged) == {"paddleclas-pulc/vehicle-attribute", "paddleclas-pulc/traffic-sign"}
    )
