"""A batch as a whole: complete, resumable, indifferent to workers and order, not stopped by one unit."""

from __future__ import annotations

import io
import multiprocessing
import os
import random
import signal
import time
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from engine_fakes import FakeInputs, catalog_of, model_row, now, protocol, run, select_all, selection

from evaluations.engine.batch import OLD_PART_SECONDS, sweep
from evaluations.engine.failures import Failures
from evaluations.engine.plan import make_plan
from evaluations.engine.status import read_status
from evaluations.engine.work import Selection
from sngen.results import ResultStore
from sngen.schema import SCORES
from sngen.store import open_store


def results(store: Path | str) -> dict[str, Any]:
    """By record id, what has to be equal whoever measured it and when."""
    return {record.record_id: record._repeatable() for record in ResultStore(store)}


def started(log: Path) -> Counter[str]:
    """How often each model's unit was started."""
    return Counter(line.split()[0] for line in log.read_text().splitlines()) if log.exists() else Counter()


def test_results_do_not_depend_on_workers_and_order(tmp_path: Path, inputs: FakeInputs) -> None:
    chosen = selection(4, probe={})
    reverse = Selection(chosen.works[::-1], ())
    run(chosen, inputs, tmp_path / "one", workers=1)
    run(reverse, inputs, tmp_path / "three", workers=3)
    assert results(tmp_path / "one") == results(tmp_path / "three")
    assert len(results(tmp_path / "one")) == 4
    noise = {record.scores[1].value for record in ResultStore(tmp_path / "one")}
    assert len(noise) == 1 and noise.pop() % 1 > 0, "every unit starts from the protocol's seed"


def test_a_record_says_how_it_came_about(tmp_path: Path, inputs: FakeInputs) -> None:
    run(selection(1, probe={"seconds": 0.05}), inputs, tmp_path)
    [record] = ResultStore(tmp_path)
    c, found = SCORES.c, record.provenance
    assert found[c.weights_sha256] == inputs.known_weights(model_row("fakes/m0"))
    assert (found[c.seed], found[c.threads]) == (7, 1)
    assert (found[c.forwards], found[c.forward_backwards], found[c.queries]) == (60, 0, 0)
    assert 0.05 <= found[c.runtime] < 5 and found[c.cpu_time] < found[c.runtime]
    assert 2**20 < found[c.peak_memory] < 2**34
    assert found[c.calibration] == 0.01 and found["calibration_before_after"] == [0.01, 0.01]
    assert found[c.forward_rate] == 1000.0 and found["forward_rate_before_after"] == [1000.0, 1000.0]
    assert found["efficiency"] == pytest.approx(60 / (found[c.cpu_time] * 1000.0))
    assert {"python", "torch", "numpy", "securitynet"} <= set(found[c.packages])
    assert found[c.date].endswith("Z") and found[c.device]
    assert record.arguments == {"seconds": 0.05}
    measured = {column.name for column in SCORES if column.description.startswith("Measured:")}
    fields = {c.protocol, c.tier, c.record_id, c.method_version, c.arguments}
    assert measured - fields <= set(found), "every column of a measured score has its value in the record"


def test_a_unit_that_is_there_is_not_measured_again(tmp_path: Path, inputs: FakeInputs) -> None:
    log = tmp_path / "log"
    first = run(selection(2, probe={"log": str(log)}), inputs, tmp_path / "store")
    second = run(selection(3, probe={"log": str(log)}), inputs, tmp_path / "store")
    assert (first.measured, first.there) == (2, 0)
    assert (second.measured, second.there) == (1, 2)
    assert started(log) == {"fakes/m0": 1, "fakes/m1": 1, "fakes/m2": 1}
    assert list(open_store(tmp_path / "store").names(".leases")) == [], "a published unit needs no lease"


def test_units_that_fail_in_every_way_stop_nothing_and_are_tried_again(
    tmp_path: Path, inputs: FakeInputs
) -> None:
    trouble = tmp_path / "trouble"
    trouble.touch()
    ways = ["raise", "segfault", "exit", "sys-exit", "memory", "kill", "none"]
    settings = {"while": str(trouble), "misbehave": {f"fakes/m{i}": how for i, how in enumerate(ways)}}
    chosen, stream = selection(len(ways), probe=settings), io.StringIO()
    summary = run(chosen, inputs, tmp_path / "store", stream=stream)
    causes = {failure.model_id: failure.cause for failure in summary.failures}
    expected = [
        "ValueError: no good",
        "crashed (SIGSEGV)",
        "exit code 3",
        "SystemExit: enough",
        "out of memory",
        "killed (SIGKILL)",
    ]
    assert sorted(causes) == [f"fakes/m{i}" for i in range(6)]
    for i, words in enumerate(expected):
        assert words in causes[f"fakes/m{i}"]
        assert f"fakes/m{i} fake/1 probe: FAILED" in stream.getvalue()
    assert summary.measured == 1
    plan = make_plan(chosen, inputs)
    before = read_status(plan, open_store(tmp_path / "store"))
    assert [dict(counts) for counts in before.counts.values()] == [{"failed": 6, "done": 1}]
    assert "engine_fakes.py" in next(f for f in before.failures if f.model_id == "fakes/m0").details
    trouble.unlink()
    again = run(chosen, inputs, tmp_path / "store")
    assert (again.measured, again.there, again.failures) == (6, 1, [])
    after = read_status(plan, open_store(tmp_path / "store"))
    assert [dict(counts) for counts in after.counts.values()] == [{"done": 7}] and not after.failures


def test_what_cannot_be_published_is_a_failure(tmp_path: Path, inputs: FakeInputs) -> None:
    summary = run(selection(1, invalid={}), inputs, tmp_path)
    assert "test accuracy: value 1.5, expected a number in [0, 1]" in summary.failures[0].cause
    assert not list(ResultStore(tmp_path))


def test_models_are_prepared_first_and_one_that_cannot_be_takes_no_other_along(
    tmp_path: Path, inputs: FakeInputs
) -> None:
    models = [model_row(f"fakes/{name}", source_id="reference") for name in ("good", "untrainable")]
    chosen = select_all(catalog_of(*models), protocol(probe={}))
    stream = io.StringIO()
    before = make_plan(chosen, inputs)
    assert (len(before.units), len(before.unprepared)) == (0, 2)
    summary = run(chosen, inputs, tmp_path / "store", stream=stream)
    assert summary.measured == 1
    assert [(f.model_id, f.what, f.cause) for f in summary.failures] == [
        ("fakes/untrainable", "preparing", "RuntimeError: the loss is NaN")
    ]
    assert "preparing 2/2" in stream.getvalue() and "measuring 1/1" in stream.getvalue()
    [counts] = read_status(make_plan(chosen, inputs), open_store(tmp_path / "store")).counts.values()
    assert dict(counts) == {"done": 1, "failed": 1}


def test_images_are_read_once_for_the_plan(tmp_path: Path, inputs: FakeInputs) -> None:
    reads = tmp_path / "reads"
    plan = make_plan(selection(20, probe={}), replace(inputs, reads=reads))
    assert len(plan.units) == 20
    assert sorted(reads.read_text().splitlines()) == ["blobs test", "blobs train"]


def test_two_batches_on_one_store_do_every_unit_once(tmp_path: Path, inputs: FakeInputs) -> None:
    log, store = tmp_path / "log", tmp_path / "store"
    chosen = selection(6, probe={"log": str(log), "seconds": 0.3})
    other = _batch_process(chosen, inputs, store)
    summary = run(chosen, inputs, store)
    other.join(60)
    assert other.exitcode == 0
    assert started(log) == {f"fakes/m{i}": 1 for i in range(6)}
    processes = {line.split()[1] for line in log.read_text().splitlines()}
    assert len(processes) == 6, "each unit has a process of its own"
    assert summary.measured + summary.there == 6 and not summary.failures
    assert len(results(store)) == 6


def test_a_bucket_serves_two_batches_as_a_folder_does(
    tmp_path: Path, inputs: FakeInputs, provider: str
) -> None:
    log, bucket = tmp_path / "log", f"s3://shared/{tmp_path.name}"
    chosen = selection(6, probe={"log": str(log), "seconds": 0.3})
    fresh = multiprocessing.get_context("spawn")  # the environment is as it is now
    batches = [fresh.Process(target=run, args=(chosen, inputs, bucket)) for _ in range(2)]
    for batch in batches:
        batch.start()
    for batch in batches:
        batch.join(120)
        assert batch.exitcode == 0
    assert started(log) == {f"fakes/m{i}": 1 for i in range(6)}
    names = list(open_store(bucket).names())
    assert not [name for name in names if name.startswith(".")], "no lease and no step stays"
    run(chosen, inputs, tmp_path / "store")
    assert results(bucket) == results(tmp_path / "store")


def test_a_killed_batch_leaves_nothing_half_written_and_goes_on(tmp_path: Path, inputs: FakeInputs) -> None:
    log, store = tmp_path / "log", tmp_path / "store"
    trouble = tmp_path / "trouble"
    trouble.touch()
    hanging = {"while": str(trouble), "misbehave": {"fakes/m1": "hang"}}  # only its batch's death can end it
    chosen = selection(10, probe={"log": str(log), "seconds": 0.2} | hanging)
    moments = random.Random(3)
    for _ in range(2):
        before = started(log).total()
        process = _batch_process(chosen, inputs, store)
        _wait_for(lambda before=before: started(log).total() > before)
        time.sleep(moments.uniform(0, 0.45))
        os.kill(process.pid, signal.SIGKILL)
        process.join()
        _wait_for(lambda: not _alive(log), "a unit outlives its batch")
        for record in ResultStore(store):  # raises if one is not whole
            assert record.scores
    trouble.unlink()
    interrupted = len(results(store))
    assert interrupted < 10
    summary = run(chosen, inputs, store)
    assert (summary.measured, summary.there) == (10 - interrupted, interrupted)
    run(chosen, inputs, tmp_path / "undisturbed")
    assert results(store) == results(tmp_path / "undisturbed")


def test_a_killed_unit_is_tried_again_with_smaller_batches(tmp_path: Path, inputs: FakeInputs) -> None:
    log, store = tmp_path / "log", tmp_path / "store"
    chosen = selection(3, probe={"log": str(log), "seconds": 0.4})
    victim = multiprocessing.get_context("forkserver").Process(target=_kill_first, args=(log,))
    victim.start()
    stream = io.StringIO()
    summary = run(chosen, inputs, store, stream=stream)
    victim.join()
    assert summary.measured == 3 and not summary.failures
    [killed] = [name for name, count in started(log).items() if count == 2]
    assert f"{killed} fake/1 probe: killed (SIGKILL)" in stream.getvalue()
    batches = {record.model_id: record.provenance.get("largest_batch") for record in ResultStore(store)}
    assert batches == {f"fakes/m{i}": None for i in range(3)} | {killed: 16}
    run(chosen, inputs, tmp_path / "undisturbed")
    assert results(store) == results(tmp_path / "undisturbed")


def test_only_old_temporary_files_are_swept(tmp_path: Path) -> None:
    folder = tmp_path / "fake-1" / "fakes"
    folder.mkdir(parents=True)
    old, new = folder / ".old.part", folder / ".new.part"
    old.touch()
    new.touch()
    moment = now().timestamp()
    os.utime(old, (moment - OLD_PART_SECONDS - 60,) * 2)
    sweep(tmp_path, moment)
    assert (old.exists(), new.exists()) == (False, True)


def test_failures_are_no_records(tmp_path: Path, inputs: FakeInputs) -> None:
    run(selection(1, invalid={}), inputs, tmp_path)
    [unit] = make_plan(selection(1, invalid={}), inputs).units
    assert Failures(open_store(tmp_path)).read(unit.record_id) is not None
    assert list(ResultStore(tmp_path)) == []


def _batch_process(chosen: Selection, inputs: FakeInputs, store: Path | str) -> Any:
    process = multiprocessing.get_context("forkserver").Process(target=run, args=(chosen, inputs, store))
    process.start()
    return process


def _kill_first(log: Path) -> None:
    _wait_for(log.exists)
    os.kill(int(log.read_text().split()[1]), signal.SIGKILL)


def _alive(log: Path) -> list[int]:
    """Processes that have noted themselves and still run."""
    pids = [int(line.split()[1]) for line in log.read_text().splitlines()] if log.exists() else []
    return [pid for pid in pids if Path(f"/proc/{pid}").exists()]


def _wait_for(condition: Any, what: str = "the condition never came true", seconds: float = 60) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, what
        time.sleep(0.02)
