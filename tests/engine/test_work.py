"""Which units there are, what decides their keys, and what is left out."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from engine_fakes import FakeInputs, Methods, catalog, catalog_of, model_row, protocol, select_all

from evaluations.datasets import Images
from evaluations.engine.costs import Costs
from evaluations.engine.inputs import Inputs
from evaluations.engine.plan import Unit, make_plan
from evaluations.engine.tables import plan_table
from evaluations.engine.work import choose_models
from evaluations.protocol import DataRole, Tier
from evaluations.registry import find_methods
from sngen.errors import UsageError
from sngen.schema import MODELS


def unit(inputs: Inputs, known: Methods | None = None, **changes: Any) -> Unit:
    """The only unit of one model and one method, with something about the protocol or the model changed."""
    on_model = {name: value for name, value in changes.items() if name in MODELS.names}
    on_protocol = {name: value for name, value in changes.items() if name not in MODELS.names}
    chosen = replace(protocol(probe={"a": 1}), **on_protocol)
    selection = select_all(catalog_of(model_row("fakes/m", **on_model)), chosen, methods=known)
    [only] = make_plan(selection, inputs).units
    return only


def test_a_plan_counts_units_and_says_what_is_left_out_and_why(inputs: FakeInputs) -> None:
    models = [
        model_row("fakes/a"),
        model_row("fakes/b"),
        model_row("fakes/no-tier", dataset_id="elsewhere"),
        model_row("fakes/no-loader", loader=None),
        model_row("fakes/no-hash", weights_sha256=None),
    ]
    selection = select_all(catalog_of(*models), protocol(probe={}, invalid={}))
    plan = make_plan(selection, inputs)
    assert [unit.work.name for unit in plan.units] == [
        "fakes/a fake/1 probe", "fakes/a fake/1 invalid", "fakes/b fake/1 probe", "fakes/b fake/1 invalid",
    ]  # fmt: skip
    assert {one.model_id: one.reason for one in plan.left_out} == {
        "fakes/no-tier": "no tier of fake/1 covers elsewhere",
        "fakes/no-loader": "no loader yet",
        "fakes/no-hash": "the catalogue has no SHA-256 of its weights, and they were not fetched: "
        "sngen fetch ID",
    }
    text = plan_table(plan, Costs(0.01))
    assert text.splitlines()[1].split() == ["fake/1", "reference", "blobs", "4", "0", "4"]
    assert "left out: 3" in text and "1 model: no loader yet" in text


def test_work_whose_images_are_not_here_is_left_out_with_the_reason(inputs: FakeInputs) -> None:
    class WithoutImages(FakeInputs):
        def images(self, model: Any, data: DataRole) -> Images:
            raise UsageError("no file test.npz")

    selection = select_all(catalog(2), protocol(probe={}))
    plan = make_plan(selection, WithoutImages(inputs.settings))
    assert not plan.units
    assert [one.reason for one in plan.left_out] == ["no file test.npz"] * 2


@pytest.mark.parametrize(
    "change",
    [
        {"seed": 8},
        {"methods": {"probe": {"a": 2}}},
        {"protocol_id": "fake/2"},
        {"weights_sha256": "0" * 64},
        {"mean": [0.5]},
        {"std": [0.5]},
        {"loader": "other"},
        {
            "tiers": {
                "cpu": Tier("cpu", ("blobs",), {"test": DataRole("test"), "train": DataRole("train", 40)})
            }
        },
        {"tiers": {"reference": Tier("reference", ("blobs",), {"test": DataRole("test", 59)})}},
    ],
)
def test_whatever_decides_the_result_changes_the_key(change: dict[str, Any], inputs: FakeInputs) -> None:
    class HashOfRow(FakeInputs):
        def known_weights(self, model: Any) -> str | None:
            sha256: str = model[MODELS.c.weights_sha256]
            return sha256

    own = HashOfRow(inputs.settings)
    assert unit(own, **change).record_id != unit(own).record_id


def test_the_methods_version_and_the_pixels_change_the_key(inputs: FakeInputs) -> None:
    class OtherPixels(FakeInputs):
        def images(self, model: Any, data: DataRole) -> Images:
            images = super().images(model, data)
            return replace(images, pixels=images.pixels ^ 1)

    methods = find_methods()
    newer = methods | {("utility", "probe"): replace(methods["utility", "probe"], version=2)}
    keys = {
        unit(inputs).record_id,
        unit(inputs, newer).record_id,
        unit(OtherPixels(inputs.settings)).record_id,
    }
    assert len(keys) == 3


def test_words_about_a_model_or_a_protocol_leave_the_key_alone(inputs: FakeInputs) -> None:
    changes = {
        "title": "Other",
        "limits": ("more",),
        "year": 2020,
        "architecture": "linear layer",
        "note": "!",
    }
    assert unit(inputs, **changes).record_id == unit(inputs).record_id


def test_models_are_chosen_by_patterns_and_suites() -> None:
    rows = [model_row(name) for name in ("a/x-1", "a/x-2", "b/x-1")]
    rows.append(model_row("reference/d/m", source_id="reference"))

    def names(*patterns: str, suite: str | None = None) -> list[str]:
        return [row[MODELS.c.model_id] for row in choose_models(rows, suite, patterns)]

    assert names("a/*") == ["a/x-1", "a/x-2"]
    assert names("*/x-1", "a/x-1") == ["a/x-1", "b/x-1"]
    assert names(suite="reference") == ["reference/d/m"]
    assert len(names()) == 4
    with pytest.raises(UsageError, match=r"no model of the catalogue is called a/x1\. Nearest are a/x-1"):
        names("a/x1")
    with pytest.raises(UsageError, match="exclude each other"):
        names("a/*", suite="reference")


def test_a_method_that_does_not_exist_is_named() -> None:
    with pytest.raises(
        UsageError, match=r"fake/1 names the method 'nothing'.* methods of utility are .*probe"
    ):
        select_all(catalog(1), protocol(nothing={}))
