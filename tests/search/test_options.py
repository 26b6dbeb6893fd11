"""Arguments and options of a shell, and keywords of Python, as one query."""

from __future__ import annotations

import pytest

from sngen.errors import UsageError
from sngen.search.options import query_of_arguments, query_of_keywords


@pytest.mark.parametrize(
    ("arguments", "query"),
    [
        (["dataset=cifar10", "wide"], "dataset=cifar10 wide"),
        (["dataset=cifar10 accuracy>=0.9"], "dataset=cifar10 accuracy>=0.9"),
        (["publisher=Oleg Sémery"], 'publisher="Oleg Sémery"'),
        (["country=United States, France"], 'country="United States",France'),
        (["accuracy", ">=", "0.9"], "accuracy >= 0.9"),
        (["--dataset", "cifar10", "--year", "2018.."], "dataset=cifar10 year=2018.."),
        (["--dataset=cifar10"], "dataset=cifar10"),
        (["--model-type", "Wide ResNet"], 'model_type="Wide ResNet"'),
        (["--type", "vgg", "resnet", "--type", "vit"], "resnet model_type=vgg,vit"),
        (["--year", ">=2018"], "year>=2018"),
        (["--publisher", "O'Reilly Lab"], 'publisher="O\'Reilly Lab"'),
        (['name="Wide ResNet*"'], 'name="Wide ResNet*"'),
    ],
)
def test_arguments(arguments: list[str], query: str) -> None:
    assert query_of_arguments(arguments, ["sort", "limit"]) == query


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--datset", "cifar10"], "unknown option or field --datset; nearest: --dataset"),
        (["--limt", "3"], "nearest: --limit"),
        (["--year"], "--year needs a value"),
        (["--year", "--dataset", "x"], "--year needs a value"),
    ],
)
def test_mistakes(arguments: list[str], words: str) -> None:
    with pytest.raises(UsageError, match=words):
        query_of_arguments(arguments, ["sort", "limit"])


@pytest.mark.parametrize(
    ("keywords", "query"),
    [
        ({"dataset": "CIFAR-10"}, "dataset=CIFAR-10"),
        ({"accuracy": (0.9, 0.96)}, "accuracy=0.9..0.96"),
        ({"year": (2018, None)}, "year=2018.."),
        ({"year": 2018}, "year=2018"),
        ({"year": [2018, 2020]}, "year=2018,2020"),
        ({"accuracy": ">=90%"}, "accuracy>=90%"),
        ({"name": "resnet*", "copy_kind": None}, "name=resnet* copy_kind=unknown"),
        ({"publisher": ["A B", "C"]}, 'publisher="A B",C'),
        ({"purpose": {"security", "other"}}, "purpose=other,security"),
        ({"own_dataset": True}, "own_dataset=true"),
        ({"text": "wide resnet"}, '"wide" "resnet"'),
        ({"text": "year"}, '"year"'),
    ],
)
def test_keywords(keywords: dict[str, object], query: str) -> None:
    assert query_of_keywords(keywords) == query


@pytest.mark.parametrize(
    ("keywords", "words"),
    [
        ({"datset": "x"}, "unknown field 'datset'; nearest: dataset"),
        ({"year": (2018,)}, "a tuple is a range and has two ends"),
        ({"year": []}, "empty list"),
    ],
)
def test_mistaken_keywords(keywords: dict[str, object], words: str) -> None:
    with pytest.raises(UsageError, match=words):
        query_of_keywords(keywords)
