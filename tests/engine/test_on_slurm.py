"""The engine ``slurm``: with submitit's executor of this machine, and on a real Slurm where there is one."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from engine_fakes import FakeInputs, run, selection
from test_batch import results, started

from evaluations.cli import cli
from evaluations.engine import on_slurm
from evaluations.engine.engine import Job
from evaluations.engine.on_slurm import SlurmEngine, bundles
from sngen.errors import UsageError
from sngen.settings import CACHE, DATA

pytest.importorskip("submitit")


def has_slurm() -> bool:
    """Whether a Slurm with an idle or busy node answers."""
    if shutil.which("sinfo") is None:
        return False
    asked = ["sinfo", "--noheader", "--format", "%T"]
    answer = subprocess.run(asked, check=False, capture_output=True, text=True)
    return answer.returncode == 0 and bool({"idle", "mixed"} & set(answer.stdout.split()))


@pytest.fixture(params=["local", "slurm"])
def cluster(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    if request.param == "slurm" and not has_slurm():
        pytest.skip("no Slurm answers here: sinfo shows no idle node")
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(path for path in sys.path if path))
    monkeypatch.setenv(CACHE, str(tmp_path / "node/cache"))
    monkeypatch.setenv(DATA, str(tmp_path / "node/data"))
    monkeypatch.setattr(on_slurm, "ASK_SECONDS", 2.0)
    return str(request.param)


def engine(cluster: str, folder: Path, workers: int = 2) -> SlurmEngine:
    return SlurmEngine(workers, 1, 0, folder, {"time": "5"}, cluster)


def test_arrays_give_what_one_machine_gives(cluster: str, tmp_path: Path, inputs: FakeInputs) -> None:
    trouble = tmp_path / "trouble"
    trouble.touch()
    log = tmp_path / "log"
    settings = {"log": str(log), "while": str(trouble), "misbehave": {"fakes/m1": "segfault"}}
    chosen = selection(10, probe=settings)
    summary = run(chosen, inputs, tmp_path / "store", engine=engine(cluster, tmp_path / "files"))
    assert summary.measured == 9
    assert [failure.cause for failure in summary.failures] == ["crashed (SIGSEGV)"]
    trouble.unlink()
    again = run(chosen, inputs, tmp_path / "store", engine=engine(cluster, tmp_path / "files"))
    assert (again.measured, again.there, again.failures) == (1, 9, [])
    run(chosen, inputs, tmp_path / "here")
    assert results(tmp_path / "store") == results(tmp_path / "here")


def test_an_element_that_is_killed_is_submitted_again(
    cluster: str, tmp_path: Path, inputs: FakeInputs
) -> None:
    log = tmp_path / "log"
    chosen = selection(4, probe={"log": str(log), "seconds": 1.0})

    def kill() -> None:
        """The element whose unit was the first to start."""
        while not started(log):
            time.sleep(0.05)
        unit = int(log.read_text().split()[1])
        server = _parent(unit)
        os.kill(_parent(server), signal.SIGKILL)

    killing = threading.Thread(target=kill)
    killing.start()
    summary = run(chosen, inputs, tmp_path / "store", engine=engine(cluster, tmp_path / "files"))
    killing.join()
    assert summary.measured + summary.there == 4 and not summary.failures
    assert len(results(tmp_path / "store")) == 4
    assert started(log).total() == 5, "one was lost and run again"


def _parent(pid: int) -> int:
    return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])


def test_what_is_lost_again_and_again_is_a_failure(
    cluster: str, tmp_path: Path, inputs: FakeInputs, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(on_slurm, "_serve", _die)
    summary = run(selection(1, probe={}), inputs, tmp_path / "store", engine=engine(cluster, tmp_path / "f"))
    [failure] = summary.failures
    assert "lost 3 times" in failure.cause and summary.measured == 0


def _die(told: Any) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def jobs(*seconds: float) -> list[Job]:
    return [Job(str(i), print, seconds=one) for i, one in enumerate(seconds)]


def test_bundles_keep_the_order_and_take_equal_times() -> None:
    given = jobs(100.0, *[1.0] * 100)
    made = bundles(given, 4)
    assert [job for bundle in made for job in bundle] == given
    assert [len(bundle) for bundle in made] == [1, 50, 50]
    assert [len(bundle) for bundle in bundles(jobs(0.0, 2.0, 2.0), 3)] == [1, 1, 1]
    assert len(bundles(jobs(*[0.0] * 7000), 256)) <= 256


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--slurm", "partition"), "expected NAME=VALUE"),
        (("--slurm", "time=1:00:00"), "expected minutes"),
        (("--device", "cuda", "--gpus", "0.5"), "Slurm gives whole ones"),
    ],
)
def test_what_slurm_cannot_be_told_is_named(options: tuple[str, ...], words: str) -> None:
    chosen = ("--models", "reference/digits/linear", "--protocol", "utility/1", "--engine", "slurm")
    run = CliRunner().invoke(cli, ["run", *chosen, *options])
    assert isinstance(run.exception, UsageError) and words in str(run.exception)
