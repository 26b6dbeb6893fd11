"""Each rule on rows made for it: what it finds, and what it must leave out."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from relating_rows import autoattack, clean, model, pairs, relative

from sngen.catalog.relating import (
    architectures,
    equal_accuracy,
    same_file,
    same_names,
    same_publication,
    seeds,
    torchvision_weights,
    training_chain,
)
from sngen.catalog.relating.distinct import distinct_weights
from sngen.catalog.relating.facts import Facts, addresses, paper, runs
from sngen.catalog.relating.relate import RULES, relate
from sngen.catalog.relating.rules import Pair, RelationRule, apply_rules
from sngen.catalog.text_tables import write_table
from sngen.schema import CATALOG_TABLES, MODELS, RELATIONS, RELATIVES, SOURCES

FILE = {"weights_kind": "file", "weights_url": "https://example.org/net-0a1b2c3d.pth"}


def test_same_address_is_the_same_file() -> None:
    models = [
        model("a/x", **FILE),
        model("b/y", **FILE),
        model("c/z", weights_kind="page", weights_url=FILE["weights_url"]),
    ]
    assert pairs(same_file.same_file_address, models) == {("b/y", "a/x")}


@pytest.mark.parametrize(
    ("first", "second"),
    [({"dataset_id": "cifar10"}, {"dataset_id": "svhn"}), ({"model_type": "vgg"}, {"model_type": "resnet"})],
)
def test_an_address_of_several_models_at_one_source_says_nothing(first: Any, second: Any) -> None:
    models = [model("a/x", **FILE, **first), model("a/y", **FILE, **second), model("b/z", **FILE)]
    assert pairs(same_file.same_file_address, models) == set()
    assert [one[MODELS.c.model_id] for one in same_file.shared_addresses(Facts(models, []))] == [
        "a/x",
        "a/y",
        "b/z",
    ]


@pytest.mark.parametrize(("other", "found"), [(0.80, True), (0.85, False)])
def test_an_address_with_accuracies_far_apart_is_a_slip(other: float, found: bool) -> None:
    models = [model("a/x", dataset_id="cifar10", **FILE), model("a/y", dataset_id="cifar10", **FILE)]
    scores = [clean(models[0], 0.805), clean(models[1], other)]
    assert bool(pairs(same_file.same_file_address, models, scores)) is found


def test_an_archive_counts_with_the_file_inside() -> None:
    archive = {"weights_kind": "archive", "weights_url": "https://example.org/all.zip"}
    models = [model("a/x", **archive), model("b/x", **archive)]
    assert pairs(same_file.same_file_address, models) == set()
    models = [
        model(one, weights_file=inner, **archive) for one, inner in (("a/x", "1"), ("b/x", "1"), ("c/x", "2"))
    ]
    assert pairs(same_file.same_file_address, models) == {("b/x", "a/x")}


def test_a_shortened_checksum_counts_with_the_files_name() -> None:
    short = {"weights_checksum": "sha256-prefix:0a1b2c3d"}
    models = [
        model("a/x", weights_url="https://one.org/n.pth", **short),
        model("b/x", weights_url="https://two.org/n.pth", **short),
        model("c/x", weights_url="https://two.org/other.pth", **short),
        model("d/x", weights_checksum="sha1:77"), model("e/x", weights_checksum="sha1:77"),
        model("f/x", weights_sha256="ab" * 32), model("g/x", weights_sha256="ab" * 32),
    ]  # fmt: skip
    found = {("b/x", "a/x"), ("e/x", "d/x"), ("g/x", "f/x")}
    assert pairs(same_file.same_checksum, models) == found


def test_converted_from_a_named_file() -> None:
    models = [
        model("torchvision/x", **FILE),
        model(
            "mmpretrain/x",
            copy_kind="converted",
            note=f"Converted From, Weights: {FILE['weights_url']}. More.",
        ),
        model("mmpretrain/y", note=f"See {FILE['weights_url']}"),
    ]
    assert pairs(same_file.converted_from_named_file, models) == {("mmpretrain/x", "torchvision/x")}


def test_hub_repository_with_its_slip() -> None:
    hub = {"weights_hub_id": "timm/vit.laion_e31"}
    release = "https://example.org/vit-laion_e{}-0a.pt"
    models = [
        model("openclip/v/laion-e31", weights_kind="file", weights_url=release.format(31), **hub),
        model("openclip/v/laion-e32", weights_kind="file", weights_url=release.format(32), **hub),
        model("timm/v/laion-e31", weights_kind="hub", **hub),
    ]
    assert pairs(same_file.same_hub_repository, models) == {("timm/v/laion-e31", "openclip/v/laion-e31")}
    assert [one[MODELS.c.model_id] for one in same_file.slips(Facts(models, []))] == ["openclip/v/laion-e32"]
    assert pairs(same_file.later_epoch, models) == {("openclip/v/laion-e32", "openclip/v/laion-e31")}


def test_files_of_one_hub_repository_are_different_models() -> None:
    url = "https://huggingface.co/one/all/resolve/main/{}.pt"
    models = [
        model(f"a/{name}", weights_kind="file", weights_hub_id="one/all", weights_url=url.format(name))
        for name in ("x", "y")
    ]
    assert pairs(same_file.same_hub_repository, models) == set()


def test_torchvision_by_tag_and_by_the_zoos_call() -> None:
    models = [
        model("torchvision/resnet50/v1", name="R.IMAGENET1K_V1", architecture="resnet50", parameters=9),
        model("torchvision/resnet50/v2", name="R.IMAGENET1K_V2", architecture="resnet50", parameters=9),
        model("torchvision/q/v1", name="Q.IMAGENET1K_V1", parameters=9, copy_kind="quantised"),
        model("timm/resnet50/tv-in1k", name="resnet50.tv_in1k", parameters=9),
        model("timm/resnet50/a1-in1k", name="resnet50.a1_in1k", parameters=9),
        model("timm/resnet34/tv-in1k", name="resnet34.tv_in1k", parameters=8),
        model("robustbench/standard", source_words=json.dumps({"weights_url": "pt_models.resnet50"})),
        model("robustbench/other", source_words=json.dumps({"weights_url": "pt_models.vgg"})),
    ]  # fmt: skip
    v1 = "torchvision/resnet50/v1"
    assert pairs(torchvision_weights.torchvision_tag, models) == {("timm/resnet50/tv-in1k", v1)}
    assert pairs(torchvision_weights.loads_torchvision_weights, models) == {("robustbench/standard", v1)}


def test_securitynet_by_name_and_dataset() -> None:
    link = {"weights_url": "https://github.com/osmr/imgclsmob"}
    models = [
        model("securitynet/a", name="vgg16b_bn", dataset_id="imagenet-1k", **link),
        model("securitynet/b", name="resnet20_cifar10", dataset_id="cifar10", **link),
        model("securitynet/c", name="resnet20_cifar10", dataset_id="cifar10", weights_url="https://elsewhere.org"),
        model("securitynet/d", name="resnet18_l2_eps3.ckpt", weights_url="https://github.com/Microsoft/robust-models-transfer"),
        model("pytorchcv/a", name="bn_vgg16b", dataset_id="imagenet-1k"),
        model("pytorchcv/b", name="resnet20_cifar10", dataset_id="cifar10"),
        model("pytorchcv/c", name="resnet20_svhn", dataset_id="svhn"),
        model("robust-models-transfer/d", name="resnet18_l2_eps3.ckpt"),
    ]  # fmt: skip
    found = {("securitynet/a", "pytorchcv/a"), ("securitynet/b", "pytorchcv/b")}
    assert pairs(same_names.name_and_dataset, models) == found
    assert pairs(same_names.checkpoint_file_name, models) == {("securitynet/d", "robust-models-transfer/d")}


def test_equal_clean_and_autoattack_accuracy() -> None:
    on = {"dataset_id": "cifar10"}
    rows = [
        model(f"{source}/x", **on)
        for source in ("hat", "robustbench", "auto-attack", "other", "third", "zero")
    ]
    hat, listed, third_hand, other, third, zero = rows
    scores = [
        clean(hat, 0.8902), autoattack(hat, 0.5767),
        clean(listed, 0.8902), autoattack(listed, 0.5767, eps="0.031", size=0.031),
        clean(third_hand, 0.8902), autoattack(third_hand, 0.5767, eps="4/255", size=4 / 255),
        clean(other, 0.8902), autoattack(other, 0.5768),
        clean(third, 0.8902), autoattack(third, 0.5767, norm="L2"),
        clean(zero, 0.8902), autoattack(zero, 0.0),
    ]  # fmt: skip
    assert pairs(equal_accuracy.equal_clean_and_autoattack_accuracy, rows, scores) == {
        ("robustbench/x", "hat/x")
    }


def test_equal_accuracy_within_one_source_is_no_evidence() -> None:
    rows = [model("robustbench/x", dataset_id="cifar10"), model("robustbench/y", dataset_id="cifar10")]
    scores = [score for row in rows for score in (clean(row, 0.89), autoattack(row, 0.57))]
    assert pairs(equal_accuracy.equal_clean_and_autoattack_accuracy, rows, scores) == set()


def test_same_paper_under_another_threat_model() -> None:
    said = {
        "dataset_id": "cifar10",
        "paper_url": "https://arxiv.org/abs/2010.03593",
        "architecture": "WideResNet-70-16",
    }
    rows = [
        model("robustbench/cifar10/linf/x", **said), model("robustbench/cifar10/corruptions/x-linf", **said),
        model("robustbench/cifar10/linf/y", **said | {"architecture": "WideResNet-28-10"}),
    ]  # fmt: skip
    scores = [clean(row, 0.8529) for row in rows]
    rule = equal_accuracy.same_paper_architecture_and_clean_accuracy
    assert pairs(rule, rows, scores) == {
        ("robustbench/cifar10/linf/x", "robustbench/cifar10/corruptions/x-linf")
    }


@pytest.mark.parametrize(("accuracy", "found"), [(0.6410, True), (0.68, False)])
def test_same_publication(accuracy: float, found: bool) -> None:
    said = {
        "dataset_id": "imagenet-1k",
        "threat_norm": "Linf", "threat_eps": "4/255", "threat_eps_value": 4 / 255,
        "paper_url": "https://arxiv.org/abs/2007.08489v2",
    }  # fmt: skip
    rows = [
        model("robustbench/x", architecture="WideResNet-50-2", **said),
        model("robust-models-transfer/x", architecture="WRN-50-2", **said | {"threat_eps_value": 4.0 / 255}),
        model("robust-models-transfer/y", architecture="WRN-50-2", **said | {"threat_eps_value": 8 / 255}),
    ]
    scores = [clean(rows[0], 0.6402), clean(rows[1], accuracy)]
    expected = {("robustbench/x", "robust-models-transfer/x")} if found else set()
    assert pairs(same_publication.same_paper_architecture_and_threat_model, rows, scores) == expected


def test_two_candidates_are_no_evidence() -> None:
    said = {
        "dataset_id": "cifar10", "threat_norm": "L2", "threat_eps": "0.5", "threat_eps_value": 0.5,
        "paper_url": "https://arxiv.org/abs/1811.09600", "architecture": "ResNet-18",
    }  # fmt: skip
    rows = [model("robustbench/x", **said), model("own/x", **said), model("own/y", **said)]
    assert pairs(same_publication.same_paper_architecture_and_threat_model, rows) == set()


def test_tags_are_chains_of_training() -> None:
    names = (
        "vit_224.augreg_in21k", "vit_224.augreg_in21k_ft_in1k", "vit_384.augreg_in21k_ft_in1k",
        "beit_224.in22k_ft_in22k", "beit_224.in22k_ft_in22k_in1k", "net.sw_in12k", "net.sw_in12k_ft_in1k",
        "net.sw_in12k_ft_in1k_384", "other.in1k", "other.in1k_384", "lone_224.x_ft_in1k",
    )  # fmt: skip
    rows = [model(f"timm/{name.replace('_', '-').replace('.', '/')}", name=name) for name in names]
    assert pairs(training_chain.tag_extends_tag, rows) == {
        ("timm/vit-224/augreg-in21k-ft-in1k", "timm/vit-224/augreg-in21k"),
        ("timm/vit-384/augreg-in21k-ft-in1k", "timm/vit-224/augreg-in21k"),
        ("timm/beit-224/in22k-ft-in22k-in1k", "timm/beit-224/in22k-ft-in22k"),
        ("timm/net/sw-in12k-ft-in1k", "timm/net/sw-in12k"),
        ("timm/net/sw-in12k-ft-in1k-384", "timm/net/sw-in12k-ft-in1k"),
    }


def test_downstream_of_a_pretrained_model_only() -> None:
    note = "Config: configs/x.py. Downstream: ft_a, ft_b"
    rows = [
        model("mmpretrain/base", note=note),
        model("mmpretrain/a", name="ft_a"), model("mmpretrain/b", name="ft_b"),
        model("mmpretrain/scored", note="Downstream: ft_a", dataset_id="imagenet-1k"),
    ]  # fmt: skip
    found = pairs(training_chain.named_as_downstream, rows, [clean(rows[3], 0.8)])
    assert found == {("mmpretrain/a", "mmpretrain/base"), ("mmpretrain/b", "mmpretrain/base")}


def test_fine_tuned_clip() -> None:
    rows = [
        model("openclip/vit-l-14/openai", name="ViT-L-14:openai"),
        model("fusion-bench/x", name="clip-vit-large-patch14_cars", pretrained_on=["openai-clip"]),
        model("fusion-bench/y", name="clip-vit-large-patch14_cars"),
    ]
    assert pairs(training_chain.fine_tuned_clip, rows) == {("fusion-bench/x", "openclip/vit-l-14/openai")}


def test_seeds() -> None:
    on = {"dataset_id": "cifar10", "architecture": "resnet18"}
    names = ("Net run 0", "Net run 1", "Net run 2", "Net prune 1", "Net prune 2", "net-seed1", "net-seed2")
    rows = [model(f"a/{number}", name=name, **on) for number, name in enumerate(names)]
    rows.append(model("a/other", name="Net run 3", dataset_id="svhn", architecture="resnet18"))
    assert pairs(seeds.names_differ_in_seed, rows) == {("a/1", "a/0"), ("a/2", "a/0"), ("a/6", "a/5")}


def test_same_architecture_is_a_star_and_knows_what_names_mean() -> None:
    on = {"dataset_id": "imagenet-1k", "parameters": 25557032}
    rows = [
        model("torchvision/resnet50/v1", architecture="resnet50", **on),
        model("timm/resnet50/a", architecture="resnet50", **on),
        model("timm/resnet50/b", architecture="resnet50", **on),
        model("pytorchcv/resnet50", architecture="resnet50", **on),
        model("pytorchcv/resnet50b", architecture="resnet50b", **on),
        model("mmpretrain/r", architecture="ResNet-50", **on | {"parameters": 25557000}),
    ]  # fmt: skip
    others = ("timm/resnet50/a", "timm/resnet50/b", "torchvision/resnet50/v1")
    found = {(one, "pytorchcv/resnet50b") for one in others}
    assert pairs(architectures.same_named_architecture, rows) == found
    assert pairs(architectures.same_builder, rows) == {("timm/resnet50/b", "timm/resnet50/a")}


def test_architecture_in_file_name() -> None:
    rows = [
        model("torchvision/resnet18/v1", architecture="resnet18"),
        model("robust-models-transfer/a", name="resnet18_linf_eps4.0.ckpt"),
        model("robust-models-transfer/b", name="densenet_l2_eps3.ckpt"),
    ]
    found = {("robust-models-transfer/a", "torchvision/resnet18/v1")}
    assert pairs(architectures.architecture_in_file_name, rows) == found


def test_a_pair_is_said_once_by_the_first_rule() -> None:
    def finds(name: str, *found: tuple[str, str]) -> RelationRule:
        return RelationRule(name, "same-weights", name, lambda _: (Pair(a, b, name) for a, b in found))

    rules = [finds("one", ("b", "a"), ("a", "a"), ("c", "a")), finds("two", ("a", "b"), ("d", "c"))]
    rows, counts = apply_rules(rules, Facts([], []), [relative("c", "d")], "relatives")
    said = [(row[RELATIVES.c.model_a], row[RELATIVES.c.model_b], row[RELATIVES.c.rule]) for row in rows]
    assert said == [("a", "b", "one"), ("a", "c", "one")]
    assert counts == {"one": 2, "two": 0}


def test_every_rule_explains_itself() -> None:
    assert len({rule.name for rule in RULES}) == len(RULES)
    assert all(rule.relation in RELATIONS and len(rule.explanation) > 50 for rule in RULES)


def test_a_catalogue_without_these_sources_has_no_relatives() -> None:
    tables: dict[str, list[dict[str, Any]]] = {table.name: [] for table in CATALOG_TABLES}
    tables[MODELS.name] = [model("lonely/x")]
    found = relate(tables)
    assert found.tables[RELATIVES.name] == []
    assert len(found.audit) > len(RULES)


def test_distinct_weights() -> None:
    said = [
        relative("securitynet/x", "pytorchcv/x"), relative("pytorchcv/x", "timm/x"),
        relative("robustbench/y", "auto-attack/y"), relative("a/1", "b/1", "same-architecture"),
    ]  # fmt: skip
    found = distinct_weights(said)
    assert set(found.values()) == {"pytorchcv/x", "robustbench/y"}
    assert found["timm/x"] == "pytorchcv/x" and "a/1" not in found
    copied = distinct_weights(said, {"pytorchcv/x"})
    assert copied["securitynet/x"] == copied["pytorchcv/x"] == "timm/x"
    assert (
        distinct_weights([relative("securitynet/x", "pytorchcv/x")], {"pytorchcv/x"})["securitynet/x"]
        == "pytorchcv/x"
    )


def test_small_helpers() -> None:
    assert list(runs([8 / 255, 0.031, 0.5, 128 / 255], float)) == [[0.031, 8 / 255], [0.5, 128 / 255]]
    assert addresses("From https://a.org/x.pth. Then https://b.org/y, end", None) == [
        "https://a.org/x.pth",
        "https://b.org/y",
    ]
    assert paper(model("a/x", paper_url="https://arxiv.org/pdf/2010.03593v2")) == "arXiv 2010.03593"
    assert paper(model("a/x")) is None


def test_the_command(tmp_path: Path, sngen: Callable[..., tuple[int, str, str]]) -> None:
    for source in ("a", "b"):
        (tmp_path / source).mkdir()
        write_table(SOURCES, [SOURCES.row(source_id=source, title=source)], tmp_path / source / "sources.csv")
        write_table(MODELS, [model(f"{source}/x", **FILE)], tmp_path / source / "models.csv")
    code, said, _ = sngen("relate", "--catalog", tmp_path)
    assert code == 0 and "  + a/x, b/x, same-weights" in said
    written = (tmp_path / "relatives" / "relatives.csv").read_bytes()
    code, said, _ = sngen("relate", "--catalog", tmp_path)
    assert code == 0 and said.endswith("no row changed\n")
    assert (tmp_path / "relatives" / "relatives.csv").read_bytes() == written


def test_the_command_without_a_catalogue(tmp_path: Path, sngen: Callable[..., tuple[int, str, str]]) -> None:
    code, _, error = sngen("relate", "--catalog", tmp_path / "nowhere")
    assert code == 2 and "no catalogue folder" in error
