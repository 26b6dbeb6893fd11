"""OpenCLIP: a synthetic repository."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from small_source_facts import audited, by_id, names, synthetic, words

from sngen.catalog.importers import Imported
from sngen.catalog.importers.openclip import convert
from sngen.catalog.importers.openclip.registry import find, read_registry
from sngen.catalog.importers.openclip.tables import (
    CHANCE_FLAG,
    CONFIGS,
    CONSTANTS,
    CROPS_FLAG,
    METRICS,
    OTHER_TAG_FLAG,
    PRETRAINED,
    PROFILE,
    QUICK_GELU_FLAG,
    RESULTS,
    SOURCE_ID,
    ZERO_FLAG,
)
from sngen.catalog.upstream import UpstreamFile
from sngen.errors import DataProblem
from sngen.schema import MODELS, RELATIVES, SCORES

M, S = MODELS.c, SCORES.c
SCORED = {
    "ImageNet 1k": "0.8437", "FMoW": "0.2075", "Pascal VOC 2007": "0.8241", "Flickr": "0.8801",
    "MSCOCO": "0.6376", "WinoGAViL": "0.5674",
}  # fmt: skip
AVERAGE = f"{sum(map(float, SCORED.values())) / len(SCORED):.4f}"
CODE = """
import os

def _pcfg(url='', hf_hub='', **kwargs):
    # defaults
    return {
        'url': url, 'hf_hub': hf_hub, 'mean': MEAN, 'std': (1., 1., 1.), 'interpolation': 'bicubic', **kwargs,
    }

_FLAG = os.path.exists('x')
_VITH = dict(
    dfn5b=_pcfg(hf_hub='apple/DFN5B/', quick_gelu=True, interpolation="bilinear"),
    openai=_pcfg(url='https://host.example/a.pt', hf_hub='timm/vit.openai/', quick_gelu=True),
)
_PLUS = dict(
    laion400m_e31=_pcfg(url='https://github.com/mlfoundations/x/e31.pt', hf_hub='timm/p.laion400m_e31/'),
    laion400m_e32=_pcfg(url='https://github.com/mlfoundations/x/e32.pt', hf_hub='timm/p.laion400m_e31/'),
)
_PRETRAINED = {
    "ViT-H": _VITH,
    "plus": _PLUS,
    "tiny": dict(data=_pcfg(hf_hub='laion/tiny/pytorch_model.bin')),
}
for k in _PRETRAINED:
    pass
"""
VOCABULARY = words(
    dataset_names=names(**{"ImageNet 1k": "imagenet-1k", "FMoW": "fmow", "Pascal VOC 2007": "voc"}),
    publishers=[
        {"spelling": spelling, "publisher": publisher, "publisher_type": None}
        for spelling, publisher in (
            ("apple", "Apple"), ("laion", "LAION"), ("mlfoundations", "ML Foundations"),
            ("host.example", "Host"),
        )
    ],
)  # fmt: skip


def results(*rows: tuple[str, str], **changed: str) -> str:
    """The table, with these names and tags, and any cell changed by column."""
    header = ["name", "pretrained", "params (M)", "FLOPs (B)", "Average perf. on 38 datasets", *SCORED]
    lines = [",".join(header)]
    for name, tag in rows or (("ViT-H-quickgelu", "dfn5b"),):
        sizes = {"params (M)": "986.71", "FLOPs (B)": "1054.05", header[4]: AVERAGE}
        cells = {"name": name, "pretrained": tag} | sizes | SCORED | changed
        lines.append(",".join(cells[column] for column in header))
    return "\n".join(lines) + "\n"


def converted(
    table: str | None = None, *, code: str = CODE, size: Any = 378, embedding: str = "embed_dim"
) -> Imported:
    config = json.dumps({"vision_cfg": {"image_size": size}})
    columns = f"model,image_size,{embedding},mparams,image_mparams,text_mparams"
    profile = f"{columns}\nViT-H,378,1024,986.71,632.68,354.03\n"
    files = {
        RESULTS: results() if table is None else table, PRETRAINED: code, PROFILE: profile,
        CONSTANTS: "MEAN = (0.5, 0.4, 0.3)\n",
        **{f"{CONFIGS}/{name}.json": config for name in ("ViT-H", "ViT-H-quickgelu", "plus", "tiny")},
    }  # fmt: skip
    return convert(synthetic(files), VOCABULARY)


def test_a_row_is_a_zero_shot_model() -> None:
    model = by_id(converted(results(("ViT-H", "dfn5b"))))[f"{SOURCE_ID}/vit-h/dfn5b"]
    assert (model[M.name], model[M.architecture], model[M.task]) == ("ViT-H:dfn5b", "ViT-H", "zero-shot")
    assert (model[M.dataset_id], model[M.license], model[M.license_scope]) == (None, None, None)
    assert (model[M.parameters_rounded], model[M.macs]) == (986.71, 1054.05e9 / 2)
    assert (model[M.input_size], model[M.interpolation]) == ("3x378x378", "bilinear")
    assert (model[M.mean], model[M.std]) == ([0.5, 0.4, 0.3], [1.0, 1.0, 1.0])
    assert (model[M.weights_kind], model[M.weights_hub_id]) == ("hub", "apple/DFN5B")
    assert model[M.weights_url] == "https://huggingface.co/apple/DFN5B"
    assert (model[M.publisher], model[M.flags], model[M.source_row]) == ("Apple", [], 2)
    assert "38 datasets, 3 of them of retrieval: 0.6601. Parameters of the image tower 632.68 M" in str(
        model[M.note]
    )


def test_scores_carry_the_metric_of_their_dataset_and_retrieval_is_left_out() -> None:
    imported = converted()
    scores = {row[S.dataset_id]: row for row in imported.tables["scores"]}
    assert {name: (row[S.metric], row[S.value]) for name, row in scores.items()} == {
        "imagenet-1k": ("accuracy", 0.8437), "fmow": ("worst_region_accuracy", 0.2075),
        "voc": ("accuracy", 0.8241),
    }  # fmt: skip
    assert {(row[S.method], row[S.setting]) for row in scores.values()} == {("zero-shot", "test")}
    assert scores["fmow"][S.source_column] == "FMoW"
    assert {row["before"] for row in audited(imported, "retrieval-left-out")} == {
        "Flickr", "MSCOCO", "WinoGAViL",
    }  # fmt: skip
    assert [row["after"] for row in audited(imported, "metric-from-datacomp-task-list")] == [METRICS["FMoW"]]


def test_a_quickgelu_name_has_the_weights_of_the_plain_one() -> None:
    imported = converted(results(("ViT-H-quickgelu", "dfn5b"), ("ViT-H", "dfn5b")))
    models = by_id(imported)
    assert models[f"{SOURCE_ID}/vit-h-quickgelu/dfn5b"][M.flags] == [QUICK_GELU_FLAG]
    assert models[f"{SOURCE_ID}/vit-h/dfn5b"][M.flags] == []
    (pair,) = imported.tables["relatives"]
    assert {pair[RELATIVES.c.model_a], pair[RELATIVES.c.model_b]} == set(models)
    assert pair[RELATIVES.c.relation] == "same-weights"


def test_weights_with_an_address_of_their_own() -> None:
    model = by_id(converted(results(("ViT-H", "openai"))))[f"{SOURCE_ID}/vit-h/openai"]
    assert (model[M.weights_kind], model[M.weights_url]) == ("file", "https://host.example/a.pt")
    assert (model[M.weights_hub_id], model[M.publisher]) == ("timm/vit.openai", "Host")
    model = by_id(converted(results(("tiny", "data"))))[f"{SOURCE_ID}/tiny/data"]
    assert (model[M.weights_hub_id], model[M.weights_file]) == ("laion/tiny", "pytorch_model.bin")


def test_a_hub_repository_of_another_tag_is_flagged_and_relates_nothing() -> None:
    imported = converted(results(("plus", "laion400m_e31"), ("plus", "laion400m_e32")))
    flags = {name: row[M.flags] for name, row in by_id(imported).items()}
    assert flags == {
        f"{SOURCE_ID}/plus/laion400m-e31": [], f"{SOURCE_ID}/plus/laion400m-e32": [OTHER_TAG_FLAG],
    }  # fmt: skip
    assert imported.tables["relatives"] == []


def test_odd_numbers_are_flagged_and_stay() -> None:
    imported = converted(results(FMoW="0.0000", **{"ImageNet 1k": "0.0499"}))
    (model,) = imported.tables["models"]
    assert CHANCE_FLAG in model[M.flags]
    scores = {row[S.dataset_id]: row for row in imported.tables["scores"]}
    assert (scores["fmow"][S.value], scores["fmow"][S.flags]) == (0.0, [ZERO_FLAG])
    assert scores["voc"][S.flags] == [CROPS_FLAG]
    assert scores["imagenet-1k"][S.flags] is None


def test_the_average_is_checked() -> None:
    assert audited(converted(), "average-is-mean-of-datasets") == []
    (odd,) = audited(
        converted(results(**{"Average perf. on 38 datasets": "0.7"})), "average-is-mean-of-datasets"
    )
    assert odd["before"] == 0.7


def test_registered_weights_without_results_are_said() -> None:
    left_out = {row["before"] for row in audited(converted(), "registered-without-results")}
    assert left_out == {"ViT-H:openai", "plus:laion400m_e31", "plus:laion400m_e32", "tiny:data"}


def faults() -> Iterator[tuple[dict[str, Any], str]]:
    yield (
        {"table": results(("ViT-Z", "dfn5b"))},
        f"{RESULTS}, line 2: found ViT-Z with dfn5b, expected a name",
    )
    yield {"table": results(("plus-quickgelu", "laion400m_e31"))}, "found plus-quickgelu with laion400m_e31"
    yield {"table": results(FMoW="1.2")}, "line 2, column 'FMoW': found '1.2', expected a fraction"
    yield {"table": results(FMoW="-")}, "line 2, column 'FMoW': found '-', expected a number"
    yield {"table": results().replace("FMoW", "FMoV")}, "line 1: found 'FMoV', expected a spelling of"
    yield {"table": results().replace("params (M)", "params")}, "line 1: found the columns name"
    yield {"table": results() + "a,b\n"}, "line 3: found 2 cells, expected 11"
    yield {"table": results() + '"\n'}, "found malformed CSV"
    yield {"size": "378"}, "key vision_cfg.image_size: found '378', expected a whole number"
    yield {"embedding": "embed"}, f"{PROFILE}, line 1: found the columns model"
    yield {"code": CODE.replace("apple/", "appel/")}, "found 'appel', expected a spelling of"
    yield {"code": CODE + "_PRETRAINED = {'a': {'b': os.remove('x')}}\n"}, "found os.remove('x'), expected a"
    yield {"code": CODE.replace("_PRETRAINED", "_WEIGHTS")}, f"{PRETRAINED}: found no dictionary _PRETRAINED"
    yield {"code": "x = ("}, f"{PRETRAINED}: found no Python that can be parsed"
    yield {"code": CODE + "_PRETRAINED = {'a': {'b': 3}}\n"}, "_PRETRAINED, a b: found 3, expected settings"
    yield (
        {"code": CODE + "_PRETRAINED = {'a': _pcfg(**{'url': 'x'})}\n"},
        "expected keywords that are written",
    )


@pytest.mark.parametrize(("changes", "said"), list(faults()))
def test_what_is_not_as_expected_is_named(changes: dict[str, Any], said: str) -> None:
    with pytest.raises(DataProblem) as raised:
        converted(**changes)
    assert said in str(raised.value)


def test_code_that_calls_itself_ends() -> None:
    endless = UpstreamFile("p.py", "def f():\n    return {'a': f(), 'b': f()}\n_PRETRAINED = {'x': f()}", "")
    with pytest.raises(DataProblem):
        read_registry(endless, UpstreamFile("c.py", "", ""))


def test_only_weights_trained_with_quickgelu_have_the_second_name() -> None:
    registry = read_registry(UpstreamFile("p.py", CODE, ""), UpstreamFile("c.py", "MEAN = (0, 0, 0)", ""))
    assert find(registry, "ViT-H-quickgelu", "dfn5b") is registry["ViT-H", "dfn5b"]
    assert find(registry, "tiny-quickgelu", "data") is None
    assert find(registry, "tiny", "other") is None
