"""The committed relatives against an independent list of overlaps, and what follows from them."""

from __future__ import annotations

import csv
import re
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from sngen.catalog.audit import load_audit
from sngen.catalog.relating.distinct import copies, distinct_weights
from sngen.catalog.relating.relate import SOURCE_ID, relate
from sngen.catalog.store import read_folder
from sngen.catalog.text_tables import format_table
from sngen.findings.related import groups
from sngen.schema import MODELS, REFERENCE_ROLES, RELATIVES

M, R = MODELS.c, RELATIVES.c
SAME = {"same_weights": ("same-weights",), "same_architecture": ("same-weights", "same-architecture")}
#: Epochs 31 and 32 of one training. The source names the repository of epoch 31 for both, but another file
#: for each, so that name is a slip: they are fine-tuned-from here.
SLIP = ("openclip/vit-b-16-plus-240/laion400m-e32", "openclip/vit-b-16-plus-240/laion400m-e31")

Tables = dict[str, list[dict[str, Any]]]


@pytest.fixture(scope="module")
def folder(repository: Path) -> Path:
    return repository / "data" / "catalog"


@pytest.fixture(scope="module")
def others(folder: Path) -> Tables:
    tables, problems = read_folder(folder, leave_out=(SOURCE_ID,))
    assert problems == []
    return tables


@pytest.fixture(scope="module")
def tables(folder: Path) -> Tables:
    return read_folder(folder)[0]


def _read(path: Path) -> Iterator[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        yield from csv.DictReader(file)


def _ids(facts: Path, tables: Tables) -> dict[str, str]:
    """From an id of the facts to the catalogue's, where they differ by more than a prefix: auto-attack's hold
    the rank there, which changes with every new model. The line in the README is the same."""
    here = {
        str(model[M.source_row]): model[M.model_id]
        for model in tables[MODELS.name]
        if model[M.source_id] == "auto-attack"
    }
    return {
        _plain(row["id"]): here[row["source_row"]]
        for row in _read(facts / "security_models.csv")
        if row["source"] == "auto-attack"
    }


def _plain(model_id: str) -> str:
    return re.sub(r"^(public|security)/", "", model_id)


def test_every_known_overlap_is_connected(facts_folder: Path, tables: Tables) -> None:
    """Same weights by the relation same-weights; same architecture by it or by same-architecture, since
    equal weights are equal architectures."""
    renamed = _ids(facts_folder, tables)
    grouped = {relation: groups(tables[RELATIVES.name], by) for relation, by in SAME.items()}
    known = {model[M.model_id] for model in tables[MODELS.name]}
    pairs = 0
    apart = []
    for row in _read(facts_folder / "overlaps.csv"):
        one, other = (renamed.get(plain, plain) for plain in (_plain(row["id_a"]), _plain(row["id_b"])))
        group = grouped[row["relation"]]
        pairs += 1
        assert {one, other} <= known
        if group.get(one, one) != group.get(other, other):
            apart.append((one, other))
    assert pairs == 822
    assert apart == [SLIP]


def test_the_slip_is_another_relation_and_a_flag(folder: Path, tables: Tables) -> None:
    said = {(row[R.model_a], row[R.model_b], row[R.relation]) for row in tables[RELATIVES.name]}
    assert (*SLIP, "fine-tuned-from") in said
    flagged = {entry["rule"]: entry["rows"] for entry in load_audit(folder / SOURCE_ID)}
    assert [row["row_id"] for row in flagged["hub-repository-of-another-file"]] == [SLIP[0]]


def test_nothing_else_is_called_the_same_weights(facts_folder: Path, tables: Tables) -> None:
    """Beyond the list, only RobustBench's AlexNet, whose zoo names torchvision's file, what ONNX's model zoo
    says of its own files (exports of one network in several versions of the format), and this project's own
    controls with masked gradients, which share the weights of the network that they hide."""
    renamed = _ids(facts_folder, tables)
    pairs = [
        {
            R.model_a: renamed.get(_plain(row["id_a"]), _plain(row["id_a"])),
            R.model_b: renamed.get(_plain(row["id_b"]), _plain(row["id_b"])), R.relation: "same-weights",
        }
        for row in _read(facts_folder / "overlaps.csv")
        if row["relation"] == "same_weights"
    ]  # fmt: skip
    listed = groups(pairs, ("same-weights",))
    beyond = {
        (row[R.model_a], row[R.model_b])
        for row in tables[RELATIVES.name]
        if row[R.relation] == "same-weights"
        and row[R.source_id] not in ("onnx-model-zoo", "reference")
        and listed.get(row[R.model_a], row[R.model_a]) != listed.get(row[R.model_b], row[R.model_b])
    }
    assert beyond == {("robustbench/imagenet/corruptions/alexnet", "torchvision/alexnet/imagenet1k-v1")}


def test_the_committed_rows_are_what_the_rules_find(folder: Path, others: Tables) -> None:
    found = relate(others)
    written = (folder / SOURCE_ID / f"{RELATIVES.name}.csv").read_bytes()
    assert format_table(RELATIVES, found.tables[RELATIVES.name]) == written


def test_every_rule_finds_something(tables: Tables) -> None:
    found = Counter(row[R.rule] for row in tables[RELATIVES.name] if row[R.source_id] == SOURCE_ID)
    assert None not in found
    assert found["tag-extends-tag"] > 150 and found["named-as-downstream"] > 50
    assert found["equal-clean-and-autoattack-accuracy"] > 80 and found["same-hub-repository"] > 30


def test_pairs_grow_with_the_models_and_not_with_their_square(tables: Tables) -> None:
    same = [row for row in tables[RELATIVES.name] if row[R.relation] == "same-architecture"]
    assert len(same) < len(tables[MODELS.name])


def test_distinct_security_models(tables: Tables) -> None:
    """Models published for research on security, each weights once; ordinary ones that served for comparison
    (SecurityNet's own list has seven) are not in the second number."""
    distinct = distinct_weights(tables[RELATIVES.name], copies(tables[MODELS.name]))
    security = [model for model in tables[MODELS.name] if model[M.purpose] == "security"]
    research = [model for model in security if model[M.security_role] not in REFERENCE_ROLES]
    assert len({distinct.get(model[M.model_id], model[M.model_id]) for model in security}) >= 550
    assert len({distinct.get(model[M.model_id], model[M.model_id]) for model in research}) >= 540


def test_who_stands_for_shared_weights(tables: Tables) -> None:
    distinct = distinct_weights(tables[RELATIVES.name], copies(tables[MODELS.name]))
    assert distinct["securitynet/imagenet-1k/resnesta269"] == "pytorchcv/resnesta269"
    assert distinct["timm/resnet50/tv-in1k"] == "torchvision/resnet50/imagenet1k-v1"
    assert distinct["robustbench/cifar10/linf/standard"].startswith("robustbench/cifar10/")


def test_groups_of_the_whole_catalogue_are_fast(tables: Tables) -> None:
    started = time.perf_counter()
    found = groups(tables[RELATIVES.name], ("same-weights", "same-recipe-other-seed", "same-architecture"))
    assert time.perf_counter() - started < 1
    assert len(found) > 2000


def test_securitynet_measured_below_the_publishers(folder: Path) -> None:
    """A known finding: ImageNet 2.3 and CUB 7.3 points below, on the same weights."""
    entries = {entry["rule"]: entry["rows"] for entry in load_audit(folder / SOURCE_ID)}
    rows = entries["sources-disagree-about-same-weights"]
    below = [row for row in rows if "/securitynet:" in row["row_id"] and "cub-200-2011" in row["row_id"]]
    assert len(below) == 14
    assert all(row["before"] < float(row["after"].split()[0]) - 0.05 for row in below)
