"""What a method may ask for beyond its four arguments: shared preparations, a surrogate, kept steps."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from engine_fakes import FakeInputs, catalog_of, model_row, protocol, run, select_all

from evaluations.engine.plan import make_plan
from sngen.results import ResultStore
from sngen.schema import SCORES
from sngen.store import open_store

SURROGATES = ["fakes/m0", "fakes/m1"]


def chosen(log: Path, count: int = 3, **settings: Any) -> Any:
    given = {"log": str(log), "surrogates": SURROGATES} | settings
    models = [model_row(f"fakes/m{i}") for i in range(count)]
    return select_all(catalog_of(*models), protocol(prepared=given))


def test_preparations_are_made_once_and_before_the_units(tmp_path: Path, inputs: FakeInputs) -> None:
    log = tmp_path / "log"
    summary = run(chosen(log), inputs, tmp_path / "store")
    assert (summary.measured, summary.failures) == (3, [])
    assert sorted(log.read_text().splitlines()) == ["prepared 0", "prepared 1"]
    records = list(ResultStore(tmp_path / "store"))
    assert [record.scores[0].value for record in records] == [2.0] * 3


def test_a_surrogate_is_another_model_and_part_of_the_key(tmp_path: Path, inputs: FakeInputs) -> None:
    selection = chosen(tmp_path / "log")
    names = [work.surrogate["model_id"] for work in selection.works if work.surrogate is not None]
    assert names == ["fakes/m1", "fakes/m0", "fakes/m0"]
    run(selection, inputs, tmp_path / "store")
    for record in ResultStore(tmp_path / "store"):
        assert record.key["surrogate"]["weights_sha256"] != record.key["weights_sha256"]
        assert record.scores[1].value == 60  # its passes are counted apart
        assert record.provenance[SCORES.c.forward_backwards] == 60
        assert record.provenance["efficiency"] is not None
        assert [array.name for array in record.arrays] == ["gradient"]


def test_work_whose_surrogate_is_not_catalogued_is_left_out(tmp_path: Path) -> None:
    selection = chosen(tmp_path / "log", count=2, surrogates=["fakes/none"])
    assert selection.works == ()
    assert {one.reason for one in selection.left_out} == {
        "prepared needs the surrogate fakes/none, which is not in the catalogue"
    }


def test_a_failed_unit_keeps_its_steps(tmp_path: Path, inputs: FakeInputs) -> None:
    log = tmp_path / "log"
    failing = chosen(log, count=2, fails=True)
    summary = run(failing, inputs, tmp_path / "store")
    assert [failure.cause for failure in summary.failures] == ["ValueError: after the step"] * 2
    ids = {unit.record_id for unit in make_plan(failing, inputs).units}
    assert {name.split("/")[1] for name in open_store(tmp_path / "store").names(".unfinished")} == ids
    run(chosen(log, count=2), inputs, tmp_path / "other")
    assert list(open_store(tmp_path / "other").names(".unfinished")) == []


def test_black_boxes_are_left_out_of_what_needs_gradients(tmp_path: Path) -> None:
    box = model_row("fakes/box", loader="black-box")
    settings = {"log": str(tmp_path / "log"), "surrogates": SURROGATES}
    models = [box, model_row("fakes/m0"), model_row("fakes/m1")]
    selection = select_all(catalog_of(*models), protocol(prepared=settings, probe={}))
    assert [work.method for work in selection.works if work.model_id == "fakes/box"] == ["probe"]
    [left_out] = selection.left_out
    assert left_out.model_id == "fakes/box" and "prepared needs the network" in left_out.reason


def test_facts_of_the_catalogue_reach_the_method_and_decide_the_key(
    tmp_path: Path, inputs: FakeInputs
) -> None:
    models = [{**model_row("fakes/m0"), "trigger_target": target} for target in (3, 4)]
    chosen = [select_all(catalog_of(model), protocol(informed={})) for model in models]
    for selection in chosen:
        run(selection, inputs, tmp_path / "store")
    records = sorted(ResultStore(tmp_path / "store"), key=lambda record: record.scores[0].value)
    assert [record.scores[0].value for record in records] == [3, 4]
    assert [record.key["facts"] for record in records] == [
        {"trigger": None, "trigger_target": target} for target in (3, 4)
    ]
    assert [record.pictures[0].array().tolist() for record in records] == [[[[3]]], [[[4]]]]
