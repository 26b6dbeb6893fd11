"""Every rule, flag, check and error of the importer of RobustBench, on files made for it."""

from __future__ import annotations

import json
from typing import Any

import pytest
from robust_sources import WORDS, keeps_the_contract, models, touched, upstream, values, words

from sngen.catalog.importers import Imported
from sngen.catalog.importers.robustbench import convert
from sngen.catalog.importers.robustbench.cleaning import number_of_authors
from sngen.catalog.vocabulary import load_vocabulary
from sngen.errors import DataProblem
from sngen.schema import MODELS, SCORES

M, S = MODELS.c, SCORES.c

ENUMS = """
from enum import Enum

class BenchmarkDataset(Enum):
    cifar_10 = 'cifar10'

class ThreatModel(Enum):
    Linf = "Linf"
    corruptions = "corruptions"
"""
REGISTRY = """
model_dicts: BenchmarkDict = OrderedDict([(BenchmarkDataset.cifar_10, cifar_10_models)])
"""
CIFAR = """
raise SystemExit('the zoo is parsed, never run')
linf = OrderedDict([
    ('Doe2020Defending', {'model': lambda: Net(depth=28), 'gdrive_id': 'one-file'}),
    ('Roe2021Mixing_A', {'model': get, 'gdrive_id': ['part-1', 'part-2'], 'preprocessing': 'Crop288'}),
    ('Poe2022Light', {'model': (lambda: timm.create_model('poe_light', pretrained=True)), 'gdrive_id': None}),
    ('Standard', {'model': lambda: normalize(zoo.resnet50(pretrained=True)), 'gdrive_id': ''}),
])
common_corruptions = OrderedDict([
    ('Doe2020Defending_Linf', {'model': Net, 'gdrive_id': 'one-file'}),
    ('Koe2019Mix', {'model': Net, 'gdrive_id': 'other-file'}),
])
cifar_10_models = OrderedDict([(ThreatModel.Linf, linf), (ThreatModel.corruptions, common_corruptions)])
"""
DEIT = "default_cfgs = {'poe_light': _cfg(url='https://example.org/poe.pth')}\n"
LICENSE = """The code is released under the MIT license.
All weights of the models in the Model Zoo are released under the MIT license except the following models:

- CIFAR-10, Linf/L2, Roe2021Mixing*: Apache License 2.0; Copyright (c) 2021, Roe
- CIFAR-10/CIFAR-100, corruptions, Koe2019Mix: BSD 3-Clause License; Copyright (c) 2019, Koe

--------------------------------------------------------------------------
- not an entry of the list
"""
DOE = {
    "link": "https://arxiv.org/abs/2001.00001", "name": "Defending", "authors": "A Doe, B Doe",
    "additional_data": False, "number_forward_passes": 1, "dataset": "cifar10", "venue": "ICML 2020",
    "architecture": "WideResNet-28-10", "eps": "8/255", "clean_acc": "89.69", "reported": "62.5",
    "autoattack_acc": "59.53", "unreliable": False,
}  # fmt: skip
KOE = {
    **{key: DOE[key] for key in list(DOE)[:-2]}, "name": "Mixing", "eps": None, "reported": "",
    "corruptions_acc": "89.10", "corruptions_mce": "60.04", "corruptions_acc_3d": "52.5",
    "corruptions_mce_3d": "61.0", "footnote": None,
}  # fmt: skip
ID = "robustbench/cifar10/linf/doe2020defending"
KOE_ID = "robustbench/cifar10/corruptions/koe2019mix"

ZOO = "robustbench/model_zoo"
FILES = {
    f"{ZOO}/enums.py": ENUMS, f"{ZOO}/models.py": REGISTRY, f"{ZOO}/cifar10.py": CIFAR,
    f"{ZOO}/architectures/deit.py": DEIT, "LICENSE": LICENSE,
}  # fmt: skip


def info(entries: dict[str, Any]) -> dict[str, str]:
    """Files of model_info: by "threat model/name" on CIFAR-10, or by a whole path."""
    return {
        path if path.startswith("model_info") else f"model_info/cifar10/{path}.json": (
            value if isinstance(value, str) else json.dumps(value)
        )
        for path, value in entries.items()
    }


def imported(entries: dict[str, Any], **files: str) -> Imported:
    changed = {
        path: files.get(path.rpartition("/")[2].partition(".")[0], text) for path, text in FILES.items()
    }
    return convert(upstream({**info(entries), **changed}), load_vocabulary(WORDS))


def problems(entries: dict[str, Any], **files: str) -> list[str]:
    with pytest.raises(DataProblem) as caught:
        imported(entries, **files)
    return caught.value.problems


def one(entry: dict[str, Any], path: str = "Linf/Doe2020Defending") -> dict[str, Any]:
    (model,) = models(imported({path: entry})).values()
    return model


# --- Tables ---------------------------------------------------------------------------------------------


def test_a_file_becomes_a_model_and_a_score_per_number() -> None:
    found = imported({"Linf/Doe2020Defending": DOE | {"external": "58.00"}})
    assert models(found) == {
        ID: MODELS.row(
            model_id=ID, name="Doe2020Defending", source_id="robustbench", task="classification",
            source_file="model_info/cifar10/Linf/Doe2020Defending.json", architecture="WideResNet-28-10",
            model_type=load_vocabulary(WORDS).model_type("WideResNet-28-10"), dataset_id="cifar10",
            purpose="security", training_kind="adversarial", security_role="adversarially-trained",
            threat_norm="Linf", threat_eps="8/255", threat_eps_value=8 / 255, extra_data="false",
            authors="A Doe, B Doe", num_authors=2, venue="ICML", venue_type="ML", year=2020,
            paper_title="Defending", paper_url="https://arxiv.org/abs/2001.00001", weights_kind="file",
            weights_url="https://drive.google.com/file/d/one-file", license="MIT", license_scope="weights",
            source_words='{"number_forward_passes": "1", "unreliable": "false", "venue": "ICML 2020"}',
        )
    }  # fmt: skip
    assert values(found, ID) == {
        "clean:test:accuracy": 0.8969, "autoattack:linf-8-255:robust_accuracy": 0.5953,
        "external-attack:linf-8-255:robust_accuracy": 0.58, "authors-claim:linf-8-255:robust_accuracy": 0.625,
    }  # fmt: skip
    attack = next(row for row in found.tables[SCORES.name] if row[S.method] == "autoattack")
    assert (attack[S.norm], attack[S.eps], attack[S.eps_value]) == ("Linf", "8/255", 8 / 255)
    assert (attack[S.source_column], attack[S.source_file]) == (
        "autoattack_acc", "model_info/cifar10/Linf/Doe2020Defending.json"
    )  # fmt: skip
    assert keeps_the_contract(found) == []


def test_scores_under_corruptions() -> None:
    found = imported({"corruptions/Koe2019Mix": KOE | {"reported": "88.0"}})
    assert values(found, KOE_ID) == {
        "clean:test:accuracy": 0.8969, "common-corruptions:default:accuracy": 0.891,
        "common-corruptions:default:mean_corruption_error": 60.04, "3d-corruptions:default:accuracy": 0.525,
        "3d-corruptions:default:mean_corruption_error": 61.0, "authors-claim:default:accuracy": 0.88,
    }  # fmt: skip
    model = models(found)[KOE_ID]
    assert (model[M.security_role], model[M.training_kind]) == ("corruption-robust", "augmented")
    assert keeps_the_contract(found) == []


# --- Weights and licences -------------------------------------------------------------------------------


def test_weights_are_where_the_zoo_says() -> None:
    found = models(
        imported({
            "Linf/Doe2020Defending": DOE, "Linf/Roe2021Mixing_A": DOE, "Linf/Poe2022Light": DOE,
            "Linf/Standard": DOE, "Linf/Nobody2023": DOE,
        })
    )  # fmt: skip
    weights = {row[M.name]: (row[M.weights_kind], row[M.weights_url]) for row in found.values()}
    assert weights == {
        "Doe2020Defending": ("file", "https://drive.google.com/file/d/one-file"),
        "Roe2021Mixing_A": ("registry", None),
        "Poe2022Light": ("file", "https://example.org/poe.pth"),
        "Standard": ("registry", None),
        "Nobody2023": (None, None),
    }
    own = {row[M.name]: words(row) for row in found.values()}
    parts = "https://drive.google.com/file/d/part-1; https://drive.google.com/file/d/part-2"
    assert own["Roe2021Mixing_A"][M.weights_url] == parts
    assert own["Roe2021Mixing_A"]["preprocessing"] == "Crop288"
    assert own["Standard"][M.weights_url] == "zoo.resnet50"
    flags = {row[M.name]: row[M.flags] for row in found.values()}
    assert flags["Roe2021Mixing_A"] == ["weights-in-several-files"]
    assert flags["Nobody2023"] == ["not-in-model-zoo"]


def test_licences_are_those_of_the_list_of_exceptions() -> None:
    found = models(
        imported({
            "Linf/Doe2020Defending": DOE, "Linf/Roe2021Mixing_A": DOE, "corruptions/Koe2019Mix": KOE,
            "Linf/Koe2019Mix": DOE,
        })
    )  # fmt: skip
    licenses = {
        row[M.model_id].removeprefix("robustbench/cifar10/"): (row[M.license], row[M.license_scope])
        for row in found.values()
    }
    assert licenses == {
        "linf/doe2020defending": ("MIT", "weights"), "linf/roe2021mixing-a": ("Apache-2.0", "weights"),
        "corruptions/koe2019mix": ("BSD-3-Clause", "weights"), "linf/koe2019mix": (None, None),
    }  # fmt: skip
    roe = words(found["robustbench/cifar10/linf/roe2021mixing-a"])
    assert roe[M.license] == "Apache License 2.0; Copyright (c) 2021, Roe"


def test_zoo_and_licences_are_checked_against_the_files() -> None:
    found = imported({"Linf/Doe2020Defending": DOE})
    missing = {row[1] for row in touched(found, "zoo-model-without-facts")}
    assert missing == {
        "cifar10/Linf/Roe2021Mixing_A", "cifar10/Linf/Poe2022Light", "cifar10/Linf/Standard",
        "cifar10/corruptions/Doe2020Defending_Linf", "cifar10/corruptions/Koe2019Mix",
    }  # fmt: skip
    unused = [row[1] for row in touched(found, "license-exception-without-model")]
    assert unused == [
        "LICENSE, line 4: cifar10, L2, Roe2021Mixing", "LICENSE, line 5: cifar100, corruptions, Koe2019Mix"
    ]  # fmt: skip


# --- Rules ----------------------------------------------------------------------------------------------


def test_white_space_and_markup() -> None:
    footnote = (
        "Uses \\(\\ell_{\\infty} \\) = 0.031.<br>Note: <a href=\"https://arxiv.org/abs/1\">this</a> says "
        "\\(\\varepsilon = 8/255\\) for \\(\\ell_2 \\)"
    )  # fmt: skip
    model = one(DOE | {"name": " Defending\n", "venue": "GitHub,<br>Oct 2019", "footnote": footnote})
    assert model[M.paper_title] == "Defending"
    assert (model[M.venue], model[M.year]) == ("GitHub", 2019)
    assert model[M.note] == "Uses Linf = 0.031. Note: this (https://arxiv.org/abs/1) says eps = 8/255 for L2"
    assert model[M.flags] == ["has-footnote"]
    assert words(model)[M.note] == footnote


@pytest.mark.parametrize("claim", ["", "null", None])
def test_no_claim_is_no_score(claim: str | None) -> None:
    found = imported({"Linf/Doe2020Defending": DOE | {"reported": claim}})
    assert not any("authors-claim" in kind for kind in values(found, ID))
    assert len(touched(found, "claim-not-stated")) == (claim is not None)


def test_a_standard_model_has_no_publication_and_no_threat() -> None:
    entry = DOE | {
        "name": "Standardly trained model", "venue": "N/A", "authors": "Torchvision", "autoattack_acc": "0.0",
        "link": "https://github.com/RobustBench/robustbench/",
    }  # fmt: skip
    found = imported({"Linf/Standard": entry})
    (model,) = models(found).values()
    assert (model[M.security_role], model[M.purpose]) == ("standard-reference", "benchmark")
    empty = (
        M.paper_title,
        M.paper_url,
        M.authors,
        M.num_authors,
        M.venue,
        M.year,
        M.threat_norm,
        M.threat_eps,
    )
    assert [model[column] for column in empty] == [None] * len(empty)
    assert words(model)[M.authors] == "Torchvision"
    assert words(model)[M.threat_eps] == "8/255"
    attack = next(row for row in found.tables[SCORES.name] if row[S.method] == "autoattack")
    assert (attack[S.value], attack[S.eps], attack[S.flags]) == (0.0, "8/255", ["accuracy-0-measured"])


def test_a_paper_link_to_code_is_emptied() -> None:
    model = one(DOE | {"link": "https://github.com/MadryLab/robustness"})
    assert model[M.paper_url] is None
    assert words(model)[M.paper_url] == "https://github.com/MadryLab/robustness"
    assert model[M.paper_title] == "Defending"


def test_the_folder_counts_and_not_the_field() -> None:
    found = imported({"model_info/cifar100/Linf/Doe2020Defending.json": DOE})
    (model,) = models(found).values()
    assert (model[M.model_id], model[M.dataset_id]) == (
        "robustbench/cifar100/linf/doe2020defending", "cifar100"
    )  # fmt: skip
    assert words(model)[M.dataset_id] == "cifar10"
    assert touched(found, "dataset-from-folder") == [(model[M.model_id], "cifar10", "cifar100")]


def test_a_footnote_says_what_a_model_under_corruptions_was_trained_for() -> None:
    footnote = "Trained for \\(\\ell_2 \\) robustness with \\(\\varepsilon = 0.5\\)."
    model = one(KOE | {"eps": "8/255", "footnote": footnote}, "corruptions/Koe2019Mix")
    assert (model[M.threat_norm], model[M.threat_eps], model[M.threat_eps_value]) == ("L2", "0.5", 0.5)
    assert model[M.security_role] == "adversarially-trained"
    assert words(model)[M.threat_eps] == "8/255"


def test_one_checkpoint_in_two_lists_has_one_threat_and_accuracies_are_compared() -> None:
    other = KOE | {"clean_acc": "90.00"}
    found = imported({"Linf/Doe2020Defending": DOE, "corruptions/Doe2020Defending_Linf": other})
    twin = models(found)["robustbench/cifar10/corruptions/doe2020defending-linf"]
    assert (twin[M.threat_norm], twin[M.threat_eps]) == ("Linf", "8/255")
    assert twin[M.security_role] == "adversarially-trained"
    checked = touched(found, "same-checkpoint-same-accuracy")
    assert checked == [(twin[M.model_id], f"89.69 in {ID}", "90.00")]
    agreeing = imported({"Linf/Doe2020Defending": DOE, "corruptions/Doe2020Defending_Linf": KOE})
    assert touched(agreeing, "same-checkpoint-same-accuracy") == []


def test_alexnet_is_the_reference_of_the_corruption_error() -> None:
    assert one(KOE | {"corruptions_mce": "100.0"}, "corruptions/A")[M.security_role] == "standard-reference"


@pytest.mark.parametrize(
    ("authors", "count"),
    [
        ("A Doe", 1), ("A Doe, B Roe", 2), ("A Doe and B Roe", 2), ("A, B, and C", 3), ("A and B and C", 3),
        ("Kundu, Souvik and Nazemi, Mahdi and Beerel, Peter A", 3),
    ],
)  # fmt: skip
def test_authors_are_counted(authors: str, count: int) -> None:
    assert number_of_authors(authors) == count
    assert one(DOE | {"authors": authors})[M.num_authors] == count


# --- Flags ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "flag"),
    [
        ({"unreliable": True}, "unreliable"),
        ({"footnote": "An ensemble."}, "has-footnote"),
        ({"eps": "0.031"}, "eps-written-as-0.031"),
        ({"number_forward_passes": 2}, "several-forward-passes"),
    ],
)
def test_flags_of_a_model(change: dict[str, Any], flag: str) -> None:
    assert one(DOE | change)[M.flags] == [flag]
    assert one(DOE)[M.flags] is None


def test_flags_of_a_score() -> None:
    found = imported({"Linf/Doe2020Defending": DOE | {"reported": "69.54", "unreliable": True}})
    flags = {row[S.source_column]: row[S.flags] for row in found.tables[SCORES.name]}
    assert flags == {
        "clean_acc": None, "autoattack_acc": ["unreliable"], "reported": ["claim-far-above-autoattack"]
    }  # fmt: skip
    found = imported({"Linf/Doe2020Defending": DOE | {"reported": "69.53"}})
    assert all(row[S.flags] is None for row in found.tables[SCORES.name])


# --- Errors ---------------------------------------------------------------------------------------------


def test_all_problems_of_all_files_are_said_at_once() -> None:
    entry: dict[str, Any] = DOE | {
        "clean_acc": "189.69", "eps": "eight", "surprise": 1, "unreliable": "no", "number_forward_passes": 0
    }  # fmt: skip
    del entry["authors"], entry["autoattack_acc"]
    said = problems({"Linf/A": entry, "Linf/B": "{", "Linf/C": "[1]", "L3/D": DOE, "corruptions/E": DOE})
    text = "\n".join(said)
    assert "model_info/cifar10/Linf/A.json: found no key 'authors', expected it" in said
    assert "model_info/cifar10/Linf/A.json: found no key 'autoattack_acc', expected it" in said
    assert "Linf/A.json, key 'clean_acc': found '189.69', expected a percentage in a text" in text
    assert "Linf/A.json, key 'eps': found 'eight', expected a bound in a text" in text
    assert "Linf/A.json, key 'surprise': found 1, expected a key of link, name" in text
    assert "Linf/A.json, key 'unreliable': found 'no', expected true or false" in text
    assert "Linf/A.json, key 'number_forward_passes': found 0, expected a whole number" in text
    assert "model_info/cifar10/Linf/B.json: found no JSON" in text
    assert "model_info/cifar10/Linf/C.json: found [1], expected an object" in text
    assert "model_info/cifar10/L3/D.json: expected model_info/DATASET/THREAT/NAME.json" in text
    assert "corruptions/E.json: found no key 'corruptions_acc', expected it" in text
    assert len(said) == 11


def test_a_norm_needs_a_bound() -> None:
    (said,) = problems({"Linf/A": DOE | {"eps": None}})
    assert "key 'eps': found null, expected a bound" in said
    assert "listed under Linf" in said


def test_a_key_may_be_repeated_only_with_the_same_value() -> None:
    text = json.dumps(DOE)
    twice = text[:-1] + ', "clean_acc": "89.69"}'
    assert values(imported({"Linf/Doe2020Defending": twice}), ID)["clean:test:accuracy"] == 0.8969
    (said,) = problems({"Linf/Doe2020Defending": twice.replace('"89.69"}', '"1.0"}')})
    assert "found '89.69' and '1.0' for the key 'clean_acc', expected one value" in said


def test_two_names_that_would_be_one_id() -> None:
    (said,) = problems({"Linf/A_b": DOE, "Linf/A-b": DOE})
    assert "robustbench/cifar10/linf/a-b a second time (first: model_info/cifar10/Linf/A_b.json)" in said


def test_unknown_words_are_said_with_their_place() -> None:
    (said,) = problems({"model_info/cifra10/Linf/A.json": DOE})
    assert "model_info/cifra10/Linf/A.json" in said
    assert "found 'cifra10'" in said
    (said,) = problems({"Linf/A": DOE | {"venue": "Nowhere 2020"}})
    assert "Linf/A.json, key 'venue': found 'Nowhere 2020'" in said


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ({"cifar10": "linf = ("}, "cifar10.py: found no Python that can be parsed"),
        ({"models": "x = 1"}, "models.py: found no variable 'model_dicts'"),
        ({"models": REGISTRY.replace("cifar_10_models", "elsewhere")}, "elsewhere in no file"),
        ({"enums": ENUMS.replace("cifar_10", "c10")}, "found 'BenchmarkDataset.cifar_10', expected a member"),
        ({"cifar10": CIFAR.replace("'one-file'", "ident()")}, "found 'ident()', expected a file's id"),
        ({"cifar10": CIFAR.replace("'gdrive_id': 'other-file'", "'url': 'x'")}, "expected a dictionary with"),
        ({"cifar10": CIFAR.replace("'other-file'", "None")}, "expected a file on Google Drive, or a model"),
        ({"cifar10": CIFAR.replace("'Koe2019Mix'", "name()")}, "found 'name()', expected the name"),
        ({"cifar10": CIFAR.replace("Poe2022Light", "Doe2020Defending")}, "a second time"),
        ({"cifar10": CIFAR.replace("linf = OrderedDict([", "linf = dict([")}, "expected OrderedDict([(key"),
        ({"LICENSE": "MIT"}, "LICENSE: found no sentence 'All weights of the models"),
        ({"LICENSE": LICENSE.replace("; Copyright (c) 2019, Koe", "")}, "LICENSE, line 5: found"),
        ({"LICENSE": LICENSE.replace("BSD 3-Clause License", "Own")}, "LICENSE, line 5: found 'Own'"),
    ],
)  # fmt: skip
def test_an_unexpected_zoo_or_licence(changed: dict[str, str], expected: str) -> None:
    assert any(expected in said for said in problems({"Linf/Doe2020Defending": DOE}, **changed))
