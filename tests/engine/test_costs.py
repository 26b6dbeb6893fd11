"""What units will cost, against units whose cost is known."""

from __future__ import annotations

from typing import Any

import pytest
from engine_fakes import FakeInputs, catalog_of, model_row, protocol, run, select_all

from evaluations.engine.costs import Cost, Costs
from evaluations.engine.plan import make_plan
from evaluations.engine.status import read_status
from evaluations.engine.tables import status_table
from evaluations.engine.work import Work
from sngen.results import Record
from sngen.store import open_store

KERNEL = 0.004


def work(model_id: str, loader: str = "small", method: str = "probe") -> Work:
    chosen = select_all(catalog_of(model_row(model_id, loader=loader)), protocol(probe={}, invalid={}))
    [found] = [one for one in chosen.works if one.method == method]
    return found


def measured(model_id: str, seconds: float, rate: float, kernel: float = KERNEL, **values: Any) -> Record:
    """A record of ``probe`` that took ``seconds`` while the network passed ``rate`` images in a second."""
    said = {"calibration": kernel, "runtime": seconds, "forward_rate": rate, "peak_memory": 2**30}
    given = {"loader": "small", "provenance": said, "method": "probe"} | values
    of = work(model_id)
    return Record(
        model_id=model_id,
        dataset_id=of.dataset_id,
        family=of.protocol.family,
        protocol=of.protocol.protocol_id,
        tier=of.tier,
        method=given["method"],
        method_version=1,
        key={"model_id": model_id, "network": {"loader": given["loader"]}},
        arguments={},
        scores=(),
        outcomes=(),
        provenance=given["provenance"],
    )


def test_a_unit_that_was_measured_costs_what_it_did_scaled_by_the_machine() -> None:
    costs = Costs.of_records([measured("fakes/a", 100.0, 10.0)], KERNEL / 2)
    assert costs.of(work("fakes/a")) == Cost(pytest.approx(50.0), 2**30)


def test_another_network_costs_in_proportion_to_a_pass() -> None:
    """100 s at 10 images in a second are 1,000 passes; a network that does 40 needs 25 s."""
    known = [
        measured("fakes/a", 100.0, 10.0),
        measured("fakes/b", 1.0, 40.0, loader="fast", method="invalid"),
    ]
    costs = Costs.of_records(known, KERNEL)
    assert costs.of(work("fakes/b", "fast")) == Cost(pytest.approx(25.0), 2**30)
    assert costs.of(work("fakes/c", "fast")) == Cost(pytest.approx(25.0), 2**30), "same architecture"


def test_a_network_of_unknown_speed_costs_what_others_did() -> None:
    known = [measured(f"fakes/{i}", seconds, 10.0) for i, seconds in enumerate((1.0, 3.0, 100.0))]
    assert Costs.of_records(known, KERNEL).of(work("fakes/z", "strange")) == Cost(pytest.approx(3.0), 2**30)


def test_what_nothing_measured_tells_of_is_counted_and_not_guessed() -> None:
    silent = measured("fakes/a", 100.0, 10.0, provenance={"runtime": 100.0})
    assert Costs.of_records([silent], KERNEL).of(work("fakes/a")) is None
    costs = Costs.of_records([measured("fakes/a", 60.0, 10.0), measured("fakes/b", 30.0, 10.0)], KERNEL)
    total = costs.total([work("fakes/a"), work("fakes/b"), work("fakes/a", method="invalid")])
    assert (total.seconds, total.longest, total.unknown) == (pytest.approx(90.0), pytest.approx(60.0), 1)


def test_status_says_what_is_left_to_do(tmp_path: Any, inputs: FakeInputs) -> None:
    models = [model_row(f"fakes/m{i}") for i in range(2)]
    store, address = open_store(tmp_path / "store"), tmp_path / "store"
    run(select_all(catalog_of(models[0]), protocol(probe={})), inputs, address)
    plan = make_plan(select_all(catalog_of(*models), protocol(probe={})), inputs)
    costs = Costs.of_records([measured("fakes/m1", 7200.0, 10.0)], KERNEL)
    text = status_table(read_status(plan, store), costs)
    assert "left: about 2 h 00 min of one worker" in text
