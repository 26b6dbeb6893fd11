"""Spellings and what they mean."""

from __future__ import annotations

from pathlib import Path

import pytest

from sngen.catalog.vocabulary import DATASET_NAMES, Lookup, Vocabulary, load_vocabulary
from sngen.errors import DataProblem, UsageError
from sngen.schema import REFERENCE_ROLES, SECURITY_ROLES


def test_letter_case_does_not_matter(vocabulary: Vocabulary) -> None:
    assert vocabulary.dataset("cifar-10") == vocabulary.dataset("CIFAR-10") == "cifar10"
    assert vocabulary.dataset("CIFAR") is None


@pytest.mark.parametrize(
    "spelling", ["CVPR", "CVPR 2019", "CVPR, Jun 2019", "cvpr, June 2019", "CVPR, Jun. 2019"]
)
def test_a_venue_is_the_same_in_every_year(vocabulary: Vocabulary, spelling: str) -> None:
    assert vocabulary.venue(spelling) == ("CVPR", "CV")


def test_the_longest_beginning_decides_the_architecture_family(vocabulary_folder: Path) -> None:
    (vocabulary_folder / "model-types.csv").write_text(
        "pattern,model_type\n(wide-?)?resnet,resnet\nresnext,resnext\nse-?resnext,seresnext\nwide-?resnet-\\d,wrn\n"
    )
    vocabulary = load_vocabulary(vocabulary_folder)
    names = [
        "ResNet-50",
        "ResNeXt101_32x4d",
        "SE-ResNeXt-50",
        "wide_resnet_50_2",
        "WideResNet-28-10",
        "ViT-B/16",
    ]
    assert [vocabulary.model_type(name) for name in names] == [
        "resnet", "resnext", "seresnext", "wrn", "wrn", None,
    ]  # fmt: skip


def test_all_unknown_words_are_said_at_once_with_the_nearest(vocabulary: Vocabulary) -> None:
    lookup = Lookup(vocabulary, [])
    assert lookup.dataset("SVHN", "a, line 1") == "svhn"
    lookup.dataset("CIFAR 10", "a, line 2")
    lookup.license("Beerware", "a, line 3")
    lookup.license("Beerware", "a, line 3")
    with pytest.raises(DataProblem) as raised:
        lookup.refuse()
    first, second = raised.value.problems
    assert first == (
        "a, line 2: found 'CIFAR 10', expected a spelling of "
        f"{vocabulary.folder / DATASET_NAMES.name}.csv (nearest: CIFAR-10); add a row there "
        "if it is a new one"
    )
    assert second.startswith("a, line 3: found 'Beerware', expected a spelling of")


def test_a_missing_file_is_named(vocabulary_folder: Path) -> None:
    (vocabulary_folder / "venues.csv").unlink()
    with pytest.raises(UsageError, match=r"venues\.csv"):
        load_vocabulary(vocabulary_folder)


def test_a_bad_row_is_named(vocabulary_folder: Path) -> None:
    (vocabulary_folder / "venues.csv").write_text("spelling,venue,venue_type\nCVPR,CVPR,Sports\n")
    with pytest.raises(DataProblem, match=r"venues.csv, line 2.*'Sports', expected one of CV"):
        load_vocabulary(vocabulary_folder)


def test_a_pattern_that_is_no_regular_expression_is_named(vocabulary_folder: Path) -> None:
    (vocabulary_folder / "model-types.csv").write_text("pattern,model_type\nresnet(,resnet\n")
    with pytest.raises(DataProblem, match=r"model-types.csv, line 2.*resnet\("):
        load_vocabulary(vocabulary_folder)


def test_the_committed_vocabulary_knows_every_role(repository: Path) -> None:
    vocabulary = load_vocabulary(repository / "data" / "catalog" / "vocabulary")
    roles = {role: vocabulary.role(role) for role in SECURITY_ROLES}
    assert {role for role, (purpose, _) in roles.items() if purpose == "benchmark"} == set(REFERENCE_ROLES)
    assert roles["adversarially-trained"] == ("security", "adversarial")
