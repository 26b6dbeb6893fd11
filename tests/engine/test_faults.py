"""Two drivers on one store while processes are killed and frozen and the store has troubles, at random.

``SECURITYNET_FAULTS`` says how many faults each test makes; a few belong to every run of the suite.
"""

from __future__ import annotations

import multiprocessing
import os
import random
import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from engine_fakes import FakeInputs, run, selection
from test_batch import results
from troubled_server import TroubledServer

from evaluations.engine.plan import make_plan
from evaluations.engine.work import Selection
from sngen.errors import CheckFailed
from sngen.results import ResultStore, is_record
from sngen.store import Store, open_store

FAULTS = int(os.environ.get("SECURITYNET_FAULTS") or 5)
#: Enough work to last while the faults happen.
UNITS, SECONDS = 5 * FAULTS, 0.3


class Case:
    """The drivers at work, and everything that can happen to them."""

    def __init__(self, chosen: Selection, inputs: FakeInputs, address: str, log: Path, seed: int) -> None:
        self.chosen, self.inputs, self.address, self.log = chosen, inputs, address, log
        self.random = random.Random(seed)
        self.happened: dict[str, int] = {}
        self._context = multiprocessing.get_context("spawn")
        self.drivers = [self.start() for _ in range(2)]

    def start(self) -> Any:
        driver = self._context.Process(target=run, args=(self.chosen, self.inputs, self.address))
        driver.start()
        return driver

    def suffer(self, faults: dict[str, Callable[[Case], bool]], count: int) -> None:
        while sum(self.happened.values()) < count and any(driver.is_alive() for driver in self.drivers):
            time.sleep(self.random.uniform(0.05, 0.4))
            name = self.random.choice(sorted(faults))
            if faults[name](self):
                self.happened[name] = self.happened.get(name, 0) + 1

    def finish(self) -> None:
        for driver in self.drivers:
            driver.join(300)
            assert not driver.is_alive()

    def a_unit(self) -> int | None:
        """Of those that are at work just now."""
        lines = self.log.read_text().splitlines() if self.log.exists() else []
        alive = [pid for pid in (int(line.split()[1]) for line in lines) if Path(f"/proc/{pid}").exists()]
        return self.random.choice(alive) if alive else None


def kill_a_unit(case: Case) -> bool:
    pid = case.a_unit()
    return pid is not None and _signal(pid, signal.SIGKILL)


def freeze_a_unit(case: Case) -> bool:
    pid = case.a_unit()
    if pid is None or not _signal(pid, signal.SIGSTOP):
        return False
    time.sleep(1.0)
    _signal(pid, signal.SIGCONT)
    return True


def kill_a_driver(case: Case) -> bool:
    at = case.random.randrange(len(case.drivers))
    if not case.drivers[at].is_alive():
        return False
    case.drivers[at].kill()
    case.drivers[at].join()
    case.drivers[at] = case.start()
    return True


def _signal(pid: int, number: int) -> bool:
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        return False
    return True


def tear_a_record(store: Store, case: Case) -> bool:
    """What a file system without whole writes leaves of one when the machine goes down."""
    units = make_plan(case.chosen, case.inputs).units
    missing = [unit.record_name for unit in units if store.read(unit.record_name) is None]
    return bool(missing) and store.create(case.random.choice(missing), b'{"arguments": {}, "data')


def delete_damaged(store: Store) -> None:
    """What a release refuses by name, and says to delete."""
    for name in list(store.names()):
        if is_record(name):
            try:
                ResultStore(store).read(name)
            except CheckFailed as error:
                assert name in str(error) and "Delete the file and run the unit again" in str(error)
                store.delete(name)


def units(log: Path) -> Selection:
    return selection(UNITS, probe={"log": str(log), "seconds": SECONDS})


def check(case: Case, store: Store, tmp_path: Path) -> None:
    """Nothing finished is lost or half-written, nothing is there twice, and the tables are those of an
    undisturbed run byte for byte."""
    assert sum(case.happened.values()) >= FAULTS, case.happened
    delete_damaged(store)
    last = run(case.chosen, case.inputs, store.address)  # what was killed twice is a failure until then
    assert last.measured + last.there == UNITS and not last.failures
    left = (".leases", ".conflicts", ".unfinished", ".failures")
    assert [name for name in store.names() if name.startswith(left)] == []
    run(case.chosen, case.inputs, tmp_path / "undisturbed", workers=4)
    assert results(store.address) == results(tmp_path / "undisturbed")
    assert len(results(store.address)) == UNITS


def test_a_folder_under_faults(tmp_path: Path, inputs: FakeInputs) -> None:
    log, store = tmp_path / "log", open_store(tmp_path / "store")
    case = Case(units(log), inputs, store.address, log, seed=1)
    faults = {
        "unit killed": kill_a_unit,
        "unit frozen": freeze_a_unit,
        "driver killed": kill_a_driver,
        "record torn": lambda case: tear_a_record(store, case),
    }
    case.suffer(faults, FAULTS)
    case.finish()
    check(case, store, tmp_path)


def test_a_bucket_under_faults(
    tmp_path: Path, inputs: FakeInputs, provider: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    log, server = tmp_path / "log", TroubledServer(provider, seed=2)
    store = open_store(f"s3://shared/{tmp_path.name}")
    with monkeypatch.context() as patch:
        patch.setenv("AWS_ENDPOINT_URL", server.address)
        case = Case(units(log), inputs, store.address, log, seed=2)

        def trouble(case: Case) -> bool:
            before = sum(server.met.values())
            server.share = 0.3
            time.sleep(1.0)
            server.share = 0.0
            return sum(server.met.values()) > before

        faults = {"unit killed": kill_a_unit, "driver killed": kill_a_driver, "store troubled": trouble}
        case.suffer(faults, FAULTS)
        case.finish()
    server.shutdown()
    check(case, store, tmp_path)
