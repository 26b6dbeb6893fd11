"""The engine ``ray`` on a real cluster of two machines: raylets with caches of their own and no data."""

from __future__ import annotations

import io
import os
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from engine_fakes import FakeInputs, run, selection
from test_batch import results, started

from evaluations.cli import cli
from evaluations.engine.batch import Summary
from evaluations.engine.work import Selection
from sngen.settings import CACHE, DATA, Settings

ray = pytest.importorskip("ray")


@pytest.fixture(scope="module")
def cluster(fake_methods: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    from ray.cluster_utils import Cluster  # noqa: PLC0415

    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RAY_USAGE_STATS_ENABLED", "0")
        patch.setenv("RAY_AUTH_MODE", "disabled")
        patch.setenv("PYTHONPATH", os.pathsep.join(path for path in sys.path if path))
        cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 0, "include_dashboard": False})
        patch.setenv("RAY_ADDRESS", cluster.address)
        cluster.folders = [tmp_path_factory.mktemp("machine") for _ in range(2)]
        for folder in cluster.folders:
            add_machine(cluster, folder)
        yield cluster
        cluster.shutdown()


def add_machine(cluster: Any, folder: Path) -> Any:
    own = {CACHE: str(folder / "cache"), DATA: str(folder / "data")}
    return cluster.add_node(num_cpus=1, num_gpus=1, env_vars=own)


def run_on_ray(chosen: Selection, inputs: FakeInputs, store: Path | str, **options: Any) -> Summary:
    from evaluations.engine.on_ray import RayEngine  # noqa: PLC0415

    stream = options.pop("stream", None)
    return run(chosen, inputs, store, stream=stream, engine=RayEngine(1, **options))


def test_a_cluster_gives_what_one_machine_gives(cluster: Any, tmp_path: Path, inputs: FakeInputs) -> None:
    log = tmp_path / "log"
    chosen = selection(6, probe={"log": str(log), "seconds": 0.3})
    summary = run_on_ray(chosen, inputs, tmp_path / "store")
    assert (summary.measured, summary.failures) == (6, [])
    assert started(log) == {f"fakes/m{i}": 1 for i in range(6)}
    run(chosen, inputs, tmp_path / "here")
    assert results(tmp_path / "store") == results(tmp_path / "here")
    assert all((folder / "cache").is_dir() for folder in cluster.folders), "both machines worked"


def test_a_unit_that_dies_fails_alone_and_its_worker_lives(
    cluster: Any, tmp_path: Path, inputs: FakeInputs
) -> None:
    trouble = tmp_path / "trouble"
    trouble.touch()
    ways = {"fakes/m0": "segfault", "fakes/m1": "raise", "fakes/m2": "kill"}
    chosen, stream = selection(5, probe={"while": str(trouble), "misbehave": ways}), io.StringIO()
    summary = run_on_ray(chosen, inputs, tmp_path / "store", stream=stream)
    causes = {failure.model_id: failure.cause for failure in summary.failures}
    assert summary.measured == 2 and sorted(causes) == sorted(ways)
    assert "SIGSEGV" in causes["fakes/m0"] and causes["fakes/m1"] == "ValueError: no good"
    assert "again later, 16 images at a time" in stream.getvalue()


def test_what_is_lost_with_a_machine_runs_on_another(
    cluster: Any, tmp_path: Path, inputs: FakeInputs
) -> None:
    log = tmp_path / "log"
    extra = add_machine(cluster, tmp_path / "extra")
    chosen = selection(9, probe={"log": str(log), "seconds": 1.0})

    def lose() -> None:
        while started(log).total() < 3:
            time.sleep(0.05)
        cluster.remove_node(extra, allow_graceful=False)

    losing = threading.Thread(target=lose)
    losing.start()
    summary = run_on_ray(chosen, inputs, tmp_path / "store")
    losing.join()
    assert summary.measured == 9 and not summary.failures
    assert started(log).total() == 10, "one was lost and run again"
    run(selection(9, probe={"log": str(log), "seconds": 0.0}), inputs, tmp_path / "here")
    noise = [sorted(map(str, results(store).values())) for store in (tmp_path / "store", tmp_path / "here")]
    assert noise[0] == noise[1]


def test_what_units_share_is_made_once_for_all_machines(
    cluster: Any, tmp_path: Path, reference_cache: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A model of the suite and its reference models: trained once, on whichever machine."""
    chosen = ["--models", "reference/digits/linear", "--protocol", "membership/1"]
    chosen += [part for name in ("loss", "lira") for part in ("--method", name)]
    for name, folder in ((CACHE, reference_cache.cache), (DATA, reference_cache.data)):
        monkeypatch.setenv(name, str(folder))
    runner = CliRunner()
    local = runner.invoke(cli, ["run", *chosen, "--results", str(tmp_path / "here"), "--workers", "1"])
    assert local.exit_code == 0, local.output
    monkeypatch.setenv(CACHE, str(tmp_path / "driver"))
    remote = runner.invoke(cli, ["run", *chosen, "--results", str(tmp_path / "store"), "--engine", "ray"])
    assert remote.exit_code == 0, remote.output
    assert results(tmp_path / "store") == results(tmp_path / "here")
    notes = sorted(path.name for path in (tmp_path / "store/.products/reference-models").iterdir())
    made = {path.name for folder in cluster.folders for path in folder.glob("cache/reference-models/*.json")}
    assert made == set(notes) and len(notes) > 1
