"""Every rule, flag, check and error of the importer ``timm``, on entries and results made for it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from spellings import WORDS

from sngen.catalog.importers import Imported, find_importer
from sngen.catalog.importers.timm import combine
from sngen.catalog.importers.timm.parameters import count_parameters, last_counts
from sngen.catalog.importers.timm.registry import Entry, _lines
from sngen.catalog.importers.timm.results import FILES, read_results
from sngen.catalog.importers.timm.tags import read_chain
from sngen.catalog.text_tables import write_table
from sngen.catalog.upstream import Upstream, UpstreamFile
from sngen.catalog.vocabulary import Vocabulary, load_vocabulary
from sngen.errors import DataProblem
from sngen.schema import DATASETS, MODELS, SCORES, SOURCES
from sngen.validation import validate

M, S = MODELS.c, SCORES.c
HEADER = "model,img_size,top1,top1_err,top5,top5_err,param_count,crop_pct,interpolation,top1_diff"
PLAIN = Entry(
    "resnet50", "fb_in22k_ft_in1k", "timm/models/resnet.py", 12, 1000, (3, 224, 224), (0.5, 0.5, 0.5),
    (0.2, 0.2, 0.2), "bicubic", 0.95, test_input_size=(3, 288, 288), test_crop_pct=1.0,
    hf_hub_id="timm/resnet50.fb_in22k_ft_in1k", url="https://a.org/r-0123abcd.pth", license="mit",
    origin_url="https://github.com/osmr/imgclsmob", paper_ids="arXiv:2110.00476v2", paper_name="A Paper",
)  # fmt: skip
LINE = f"{PLAIN.name},224,80.1,19.9,95.25,4.75,25.56,0.95,bicubic,"


@pytest.fixture
def words(vocabulary_folder: Path) -> Vocabulary:
    spellings = {"in1k": "imagenet-1k", "in22k": "imagenet-22k", "metaclip_400m": "metaclip-400m"}
    rows = sorted(
        [*WORDS["dataset-names"].splitlines()[1:], *(f"timm tag {k},{v}" for k, v in spellings.items())]
    )
    (vocabulary_folder / "dataset-names.csv").write_text("spelling,dataset_id\n" + "\n".join(rows) + "\n")
    return load_vocabulary(vocabulary_folder)


def upstream(**lines: str) -> Upstream:
    """Files with the lines given by their stem (``results-imagenet`` is ``imagenet``), else with one line."""
    files = {}
    for path in FILES:
        key = path.removeprefix("results/results-").removesuffix(".csv").replace("-", "_")
        text = f"{HEADER}\n{lines.get(key, LINE)}\n"
        files[path] = UpstreamFile(path, text, "0" * 64)
    return Upstream("abc", None, files)


def imported(
    words: Vocabulary, entries: Sequence[Entry] = (PLAIN,), counts: int = 25_557_032, **lines: str
) -> Imported:
    files = upstream(**lines)
    parameters = {entry.name: counts for entry in entries}
    return combine(entries, parameters, read_results(files), files, words)


def model(found: Imported, number: int = 0) -> dict[str, Any]:
    return found.tables[MODELS.name][number]


def touched(found: Imported, rule: str) -> list[tuple[str, Any, Any]]:
    return [
        (row["row_id"], row["before"], row["after"])
        for entry in found.audit
        if entry["rule"] == rule
        for row in entry["rows"]
    ]


# --- Models ---------------------------------------------------------------------------------------------


def test_a_plain_entry(words: Vocabulary) -> None:
    found = imported(words)
    assert model(found) == MODELS.row(
        model_id="timm/resnet50/fb-in22k-ft-in1k", name="resnet50.fb_in22k_ft_in1k", source_id="timm",
        source_file="timm/models/resnet.py", source_row=12, task="classification", architecture="resnet50",
        model_type="resnet", parameters=25_557_032, input_size="3x224x224", crop_fraction=0.95,
        interpolation="bicubic", mean=[0.5, 0.5, 0.5], std=[0.2, 0.2, 0.2], dataset_id="imagenet-1k",
        num_outputs=1000, pretrained_on=["imagenet-22k"], purpose="benchmark",
        training_method="fb_in22k_ft_in1k", publisher="Oleg Sémery", publisher_type="individual", year=2021,
        paper_title="A Paper", paper_url="https://arxiv.org/abs/2110.00476v2", weights_kind="hub",
        weights_url="https://huggingface.co/timm/resnet50.fb_in22k_ft_in1k",
        weights_hub_id="timm/resnet50.fb_in22k_ft_in1k", license="MIT", license_scope="weights",
        note="test_input_size 3x288x288; test_crop_pct 1.0", loader="timm/resnet50.fb_in22k_ft_in1k",
        source_words='{"license": "mit", "paper_url": "arXiv:2110.00476v2", '
        '"publisher": "https://github.com/osmr/imgclsmob", "weights_url": "https://a.org/r-0123abcd.pth"}',
    )  # fmt: skip
    assert touched(found, "training-chain-from-tag") == [
        ("timm/resnet50/fb-in22k-ft-in1k", None, ["imagenet-22k"])
    ]


def test_the_tables_keep_the_contract(words: Vocabulary) -> None:
    tables = imported(words).tables
    assert set(tables) == {SOURCES.name, MODELS.name, SCORES.name}
    ids = {row[S.dataset_id] for row in tables[SCORES.name]}
    datasets = [DATASETS.row(dataset_id=one, name=one, source_id="timm") for one in ids]
    assert validate({**tables, DATASETS.name: datasets}) == []


@pytest.mark.parametrize(
    ("outputs", "task", "dataset", "number"),
    [
        (1000, "classification", "imagenet-1k", 1000),
        (21841, "classification", None, 21841),
        (512, "embedding", None, 512),
        (0, "features", None, None),
    ],
)
def test_what_the_number_of_outputs_says(
    words: Vocabulary, outputs: int, task: str, dataset: str | None, number: int | None
) -> None:
    found = imported(words, [replace(PLAIN, num_classes=outputs)])
    row = model(found)
    assert (row[M.task], row[M.dataset_id], row[M.num_outputs]) == (task, dataset, number)
    assert row[M.loader] == (f"timm/{PLAIN.name}" if task == "classification" else None)
    assert len(touched(found, "outputs-are-an-embedding")) == (task == "embedding")
    # The whole chain came before where the network does not classify its last dataset.
    assert (row[M.pretrained_on] == ["imagenet-22k"]) == (outputs == 1000)


def test_an_unknown_label_space_is_an_error(words: Vocabulary) -> None:
    with pytest.raises(DataProblem, match=r"num_classes: found 5089, expected one of the label spaces 1000"):
        imported(words, [replace(PLAIN, num_classes=5089)])


@pytest.mark.parametrize(
    ("tag", "datasets", "unnamed"),
    [
        ("fb_in22k_ft_in1k_384", ("imagenet-22k", "imagenet-1k"), False),
        ("fcmae_ft_in1k", ("imagenet-1k",), True),
        ("metaclip_400m", ("metaclip-400m",), False),
        ("in22k_ft_in22k_in1k", ("imagenet-22k", "imagenet-22k", "imagenet-1k"), False),
        ("dino", (), False),
        ("ft", (), False),
    ],
)
def test_the_chain_of_a_tag(words: Vocabulary, tag: str, datasets: tuple[str, ...], unnamed: bool) -> None:
    chain = read_chain(tag, words)
    assert (chain.datasets, chain.from_unnamed) == (datasets, unnamed)


def test_flags(words: Vocabulary) -> None:
    entries = [replace(PLAIN, tag="fcmae_ft_in1k"), replace(PLAIN, tag="fb_dino")]
    rows = imported(words, entries).tables[MODELS.name]
    assert [row[M.flags] for row in rows] == [
        ["trained-before-on-unnamed-data"], ["outputs-not-named-by-tag"],
    ]  # fmt: skip
    assert [row[M.pretrained_on] for row in rows] == [None, None]


def test_adversarial_training_is_said_by_the_tag(words: Vocabulary) -> None:
    entries = [replace(PLAIN, tag="tf_ens_adv_in1k"), replace(PLAIN, tag="advprop_in1k")]
    rows = imported(words, entries).tables[MODELS.name]
    assert [row[M.training_kind] for row in rows] == ["adversarial", None]


def test_a_crop_above_one_is_no_fraction(words: Vocabulary) -> None:
    found = imported(words, [replace(PLAIN, crop_pct=1.15)])
    assert model(found)[M.crop_fraction] is None
    assert '"crop_fraction": "1.15"' in model(found)[M.source_words]
    assert touched(found, "crop-above-one") == [("timm/resnet50/fb-in22k-ft-in1k", 1.15, None)]


@pytest.mark.parametrize(("word", "license", "scope"), [("unknown", None, None), (None, None, None)])
def test_no_license(words: Vocabulary, word: str | None, license: str | None, scope: str | None) -> None:
    row = model(imported(words, [replace(PLAIN, license=word)]))
    assert (row[M.license], row[M.license_scope]) == (license, scope)
    assert ('"license": "unknown"' in row[M.source_words]) == (word == "unknown")


def test_a_file_in_place_of_the_hub(words: Vocabulary) -> None:
    row = model(imported(words, [replace(PLAIN, hf_hub_id=None)]))
    assert (row[M.weights_kind], row[M.weights_url]) == ("file", "https://a.org/r-0123abcd.pth")
    assert (row[M.weights_checksum], row[M.weights_format]) == ("sha256-prefix:0123abcd", "torch")


@pytest.mark.parametrize(
    ("file", "weights_format"),
    [
        (None, None), ("model.safetensors", "safetensors"), ("pytorch_model.bin", "torch"),
        ("net.pth.tar", "torch"), ("net.npz", "npz"), ("weights", None),
    ],
)  # fmt: skip
def test_the_format_follows_from_the_files_name(
    words: Vocabulary, file: str | None, weights_format: str | None
) -> None:
    row = model(imported(words, [replace(PLAIN, hf_hub_filename=file)]))
    assert (row[M.weights_file], row[M.weights_format]) == (file, weights_format)


def test_weights_that_are_nowhere_have_no_loader(words: Vocabulary) -> None:
    assert model(imported(words, [replace(PLAIN, hf_hub_id=None, url=None)]))[M.loader] is None


def test_the_publisher_is_not_guessed(words: Vocabulary) -> None:
    entries = [
        replace(PLAIN, origin_url=None, tag="a_in1k"),
        replace(PLAIN, origin_url=None, tag="b_in1k", hf_hub_id="osmr/net"),
    ]
    rows = imported(words, entries).tables[MODELS.name]
    assert [row[M.publisher] for row in rows] == [None, "Oleg Sémery"]


def test_everything_unknown_is_said_at_once(words: Vocabulary) -> None:
    entry = replace(PLAIN, license="beer", origin_url="https://github.com/nobody/x", paper_ids="doi:1")
    with pytest.raises(DataProblem) as raised:
        imported(words, [entry])
    assert len(raised.value.problems) == 3
    assert all("timm/models/resnet.py, entry 'resnet50" in problem for problem in raised.value.problems)


def test_two_entries_with_one_id(words: Vocabulary) -> None:
    with pytest.raises(DataProblem, match=r"found the id timm/resnet50/a-b of .*'resnet50.a_b'"):
        imported(words, [replace(PLAIN, tag="a_b"), replace(PLAIN, tag="a-b")])


def test_lines_of_entries() -> None:
    text = "cfgs = generate({\n    'a.in1k': _cfg(\n        url='x'),\n    \"b.c_in1k\": _cfg()})"
    assert _lines(text) == {"a.in1k": 2, "b.c_in1k": 4}


# --- Scores ---------------------------------------------------------------------------------------------


def test_a_line_becomes_two_scores(words: Vocabulary) -> None:
    rows = [row for row in imported(words).tables[SCORES.name] if row[S.dataset_id] == "imagenet-a"]
    assert [(row[S.metric], row[S.value], row[S.setting]) for row in rows] == [
        ("accuracy", 0.801, "test"), ("top5_accuracy", 0.9525, "test"),
    ]  # fmt: skip
    assert [(row[S.source_file], row[S.source_row], row[S.source_column]) for row in rows] == [
        ("results/results-imagenet-a.csv", 2, "top1"), ("results/results-imagenet-a.csv", 2, "top5"),
    ]  # fmt: skip


def test_another_size_is_another_setting(words: Vocabulary) -> None:
    larger = LINE.replace(",224,", ",288,")
    found = imported(words, imagenet=f"{larger}\n{LINE}")
    settings = [
        (row[S.setting], row[S.source_row])
        for row in found.tables[SCORES.name]
        if (row[S.dataset_id], row[S.metric]) == ("imagenet-1k", "accuracy")
    ]
    assert settings == [("test-288", 2), ("test", 3)]
    assert touched(found, "evaluated-on-all-sets")[0][1] == (
        "no result at 288 on imagenet-real, imagenet-v2, imagenet-a, imagenet-r, imagenet-sketch"
    )


def test_a_result_without_a_clean_one_is_flagged(words: Vocabulary) -> None:
    other = replace(PLAIN, tag="in1k")
    lone = LINE.replace(PLAIN.name, other.name)
    found = imported(words, [PLAIN, other], imagenet_a=lone)
    flagged = [row for row in found.tables[SCORES.name] if row[S.flags]]
    assert {row[S.model_id] for row in flagged} == {"timm/resnet50/in1k"}
    assert [row[0] for row in touched(found, "no-clean-result")] == [row[S.score_id] for row in flagged]


def test_results_of_unknown_models_are_named(words: Vocabulary) -> None:
    found = imported(words, imagenet_a=LINE.replace("resnet50", "newnet"))
    assert touched(found, "results-without-model") == [
        ("timm", "newnet.fb_in22k_ft_in1k at 224 (results/results-imagenet-a.csv, line 2)", None)
    ]
    assert len(found.tables[SCORES.name]) == 10


def test_checks_of_numbers(words: Vocabulary) -> None:
    assert touched(imported(words), "parameters-agree-with-results") == []
    assert len(touched(imported(words, counts=25_565_001), "parameters-agree-with-results")) == 6
    assert len(touched(imported(words, counts=25_565_000), "parameters-agree-with-results")) == 0
    rounded, wrong = LINE.replace("19.9", "19.901"), LINE.replace("19.9", "19.902")
    assert touched(imported(words, imagenet=rounded), "error-is-complement-of-accuracy") == []
    assert len(touched(imported(words, imagenet=wrong), "error-is-complement-of-accuracy")) == 1


def test_thousands_have_commas() -> None:
    (result, *_) = read_results(upstream(imagenet=LINE.replace("25.56", '"1,025.56"')))
    assert str(result.parameters) == "1025.56"


@pytest.mark.parametrize(
    ("line", "words"),
    [
        (LINE.replace("80.1", "180.1"), "imagenet.csv, line 2, column 'top1': found '180.1', expected a per"),
        (LINE.replace("80.1", ""), "column 'top1': found nothing, expected a number"),
        (LINE.replace(",224,", ",big,"), "column 'img_size': found 'big', expected a whole number of pixels"),
        (LINE.replace("25.56", "many"), "column 'param_count': found 'many'"),
        ("resnet50,224", "line 2, column 'top1': found only 2 cells, expected one per column"),
        (f"{LINE}\n{LINE}", "line 3, column 'model': found .* at 224 again, expected .* line 2 has it"),
    ],
)  # fmt: skip
def test_malformed_lines(line: str, words: str) -> None:
    with pytest.raises(DataProblem, match=words):
        read_results(upstream(imagenet=line))


def test_columns_in_another_order() -> None:
    files = dict(upstream().files)
    path = "results/results-sketch.csv"
    text = (
        "param_count,model,top5,top5_err,top1,top1_err,img_size,crop_pct,interpolation\n1,a,3,97,2,98,9,1,x\n"
    )
    files[path] = UpstreamFile(path, text, "0" * 64)
    last = read_results(Upstream("abc", None, files))[-1]
    assert (last.model, last.size, str(last.percent["top1"]), str(last.parameters)) == ("a", 9, "2", "1")


def test_other_columns() -> None:
    files = dict(upstream().files)
    path = "results/results-sketch.csv"
    files[path] = UpstreamFile(path, "model,size\n", "0" * 64)
    with pytest.raises(DataProblem, match=r"sketch.csv, line 1: found the columns model, size, expected"):
        read_results(Upstream("abc", None, files))


# --- The installed package ------------------------------------------------------------------------------


def test_parameters_are_those_of_the_network_as_it_is_used() -> None:
    """He et al.'s ResNet-18 as torch builds it on the processor; a projection whose width the tag decides."""
    timm = pytest.importorskip("timm")
    tiny = "vit_tiny_patch16_224.augreg_in21k"
    two = ("qwen3_vit_306m_enc.qwen3_5_2b", "qwen3_vit_306m_enc.qwen3_5_4b")
    known = [name for name in two if name in timm.list_pretrained()]
    counted = count_parameters(["resnet18.a1_in1k", tiny, *known], workers=1)
    assert counted["resnet18.a1_in1k"] == 11_689_512
    network = timm.create_model(tiny, pretrained=False)
    assert counted[tiny] == sum(parameter.numel() for parameter in network.parameters())
    if known:  # 2048 or 2560 outputs of a layer with 4 x 1024 inputs and a bias
        assert counted[two[1]] - counted[two[0]] == (2560 - 2048) * (4096 + 1)


def test_workers_count_as_one_does() -> None:
    pytest.importorskip("timm")
    names = [f"resnet{depth}.a1_in1k" for depth in (18, 34)] + ["mobilenetv3_small_050.lamb_in1k"] * 20
    counted = count_parameters(names, workers=2)
    assert counted == count_parameters(set(names), workers=1)
    assert len(counted) == 3


def test_a_network_that_cannot_be_built_is_named() -> None:
    pytest.importorskip("timm")
    with pytest.raises(DataProblem, match=r"entry 'no_such_net.in1k': found a network that cannot be built"):
        count_parameters(["no_such_net.in1k"], workers=1)


def test_counts_are_used_again_for_the_same_version_only(tmp_path: Path) -> None:
    row = MODELS.row(model_id="timm/a/b", name="a.b", source_id="timm", parameters=7)
    write_table(MODELS, [row], tmp_path / "models.csv")
    source = SOURCES.row(source_id="timm", title="t", revision="timm 1.0.31 (registry), abc (results)")
    write_table(SOURCES, [source], tmp_path / "sources.csv")
    assert last_counts(tmp_path, "timm 1.0.31 (registry)") == {"a.b": 7}
    assert last_counts(tmp_path, "timm 1.0.3 (registry)") == {}
    assert last_counts(tmp_path / "nowhere", "timm 1.0.31 (registry)") == {}


def test_the_command_finds_it() -> None:
    assert find_importer("timm").files == FILES
