"""``python -m evaluations`` as a user meets it, with the real reference suite."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner

from evaluations.cli import cli
from evaluations.datasets import load_images
from evaluations.engine.inputs import Inputs
from evaluations.engine.leases import take
from evaluations.engine.plan import make_plan
from evaluations.engine.publishing import publish
from evaluations.engine.work import choose_models, select
from evaluations.protocol import load_protocols
from evaluations.reference.suite import recipe, weights_for
from evaluations.registry import find_methods
from sngen.catalog import load_catalog
from sngen.catalog.text_tables import write_table
from sngen.errors import UsageError
from sngen.results import ResultStore
from sngen.schema import DATASETS, MODELS, SCORES, SOURCES
from sngen.settings import CACHE, DATA, Settings
from sngen.store import open_store

MODEL_IDS = ("reference/digits/linear", "reference/digits/mlp-16")
UTILITY = ("--protocol", "utility/1")
ACCURACY = "reference/digits/linear:digits:utility/1:clean:test:accuracy"


@pytest.fixture(scope="module")
def catalog(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A catalogue with two models of the suite and one without a loader."""
    folder = tmp_path_factory.mktemp("catalog") / "reference"
    common = {"source_id": "reference", "dataset_id": "digits", "mean": [0.0], "std": [1.0]}
    rows = [MODELS.row(model_id=name, name=name, loader=recipe(name).loader, **common) for name in MODEL_IDS]
    rows.append(MODELS.row(model_id="reference/unloadable", name="x", **common))
    write_table(SOURCES, [SOURCES.row(source_id="reference", title="Suite")], folder / "sources.csv")
    dataset = DATASETS.row(dataset_id="digits", name="Digits", num_classes=10, source_id="reference")
    write_table(DATASETS, [dataset], folder / "datasets.csv")
    write_table(MODELS, rows, folder / "models.csv")
    reported = f"{MODEL_IDS[0]}:digits:reported/reference:clean:test:accuracy"
    row = SCORES.row(
        score_id=reported, model_id=MODEL_IDS[0], dataset_id="digits", family="utility", method="clean",
        setting="test", metric="accuracy", value=0.9, unit="fraction", origin="reported",
        source_id="reference", source_row=1, source_column="Acc",
    )  # fmt: skip
    write_table(SCORES, [row], folder / "scores.csv")
    return folder.parent


class Released(Exception):
    """Ends a lease as a holder does that has not finished."""


@pytest.fixture
def here(reference_cache: Settings) -> CliRunner:
    """Calls commands in this process, which has imported torch already."""
    return CliRunner(env={CACHE: str(reference_cache.cache), DATA: str(reference_cache.data)})


@pytest.fixture(scope="module")
def store(catalog: Path, reference_cache: Settings, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The results of a run that was stopped by Ctrl-C and then went on."""
    store = tmp_path_factory.mktemp("results")
    selecting = ["--catalog", str(catalog), "--suite", "reference", "--results", str(store), *UTILITY]
    second = take(open_store(store), _record_id(MODEL_IDS[1], catalog, reference_cache))
    with pytest.raises(Released), second:  # so that the run cannot end before it is stopped
        stopped = _start(["run", *selecting, "--workers", "1"], reference_cache)
        _wait_for(lambda: any(store.glob("utility-1/**/*.json")), stopped)
        os.killpg(stopped.pid, signal.SIGINT)  # as a terminal does: to every process of the batch
        out, err = stopped.communicate(timeout=60)
        raise Released
    assert stopped.returncode == 130, err
    assert re.search(r"stopped: at least [01] of 2 units are in .* the same command goes on from here", out)
    assert "Traceback" not in err
    assert len(list(ResultStore(store))) == 1
    gone_on = _run(["run", *selecting], reference_cache)
    assert gone_on.returncode == 0, gone_on.stderr
    assert f"units measured: 1, there before: 1, failed: 0, in {store}" in gone_on.stdout
    assert "1 model: no loader yet" in gone_on.stdout
    return store


def _record_id(model_id: str, catalog: Path, settings: Settings) -> str:
    """Of the model's one unit; trains the model, for its weights decide the id."""
    weights_for(model_id, settings)
    tables = load_catalog(catalog)
    models = choose_models(tables[MODELS.name], None, [model_id])
    selection = select(models, tables[DATASETS.name], load_protocols([UTILITY[1]]), find_methods())
    [unit] = make_plan(selection, Inputs(settings)).units
    return unit.record_id


def test_a_stopped_run_goes_on_and_gives_real_records(store: Path, reference_cache: Settings) -> None:
    records = {record.model_id: record for record in ResultStore(store)}
    assert set(records) == set(MODEL_IDS)
    test = load_images("digits", "test", reference_cache.data)
    for record in records.values():
        [accuracy] = [s for s in record.scores if (s.setting, s.metric) == ("test", "accuracy")]
        assert 0.8 < accuracy.value < 1 and accuracy.n == len(test)
        assert record.provenance[SCORES.c.forwards] >= len(test)
        assert 0 < record.provenance["efficiency"] < 2
        assert record.key["images"]["test"] == test.fingerprint


def test_status_and_plan_count_the_units(catalog: Path, store: Path, here: CliRunner) -> None:
    status = here.invoke(cli, ["status", "--catalog", str(catalog), "--results", str(store), *UTILITY])
    assert status.exit_code == 0, status.output
    assert status.output.splitlines()[1].split() == ["utility/1", "reference", "digits", "2", "0", "0", "0"]
    chosen = ["--catalog", str(catalog), "--models", "*/mlp-*", *UTILITY]
    plan = here.invoke(cli, ["plan", *chosen, "--units", "--results", str(store)])
    assert plan.output.splitlines()[1].split()[:5] == ["utility/1", "reference", "digits", "1", "0"]
    assert re.search(r"about \d+ s of one worker in all", plan.output), plan.output
    assert "reference/digits/mlp-16 utility/1 clean  reference" in plan.output


def test_single_methods_can_be_chosen(catalog: Path, here: CliRunner) -> None:
    chosen = ("--catalog", str(catalog), "--models", MODEL_IDS[0], "--protocol", "membership/1")
    listed = here.invoke(cli, ["plan", *chosen, "--method", "loss", "--method", "entropy", "--units"])
    assert listed.exit_code == 0, listed.output
    assert set(re.findall(r"membership/1 ([a-z0-9-]+)", listed.output)) == {"loss", "entropy"}
    wrong = here.invoke(cli, ["plan", *chosen, "--method", "square"])
    assert isinstance(wrong.exception, UsageError)
    assert "--method square" in str(wrong.exception) and "entropy, " in str(wrong.exception)


def test_a_published_number_is_reproduced(catalog: Path, store: Path, here: CliRunner) -> None:
    where = ["--catalog", str(catalog), "--results", str(store)]
    again = here.invoke(cli, ["reproduce", ACCURACY, *where])
    assert again.exit_code == 0, again.output
    assert "verdict       equal" in again.output and ACCURACY in again.output


def test_a_number_that_differs_gives_exit_code_1(
    catalog: Path, store: Path, here: CliRunner, tmp_path: Path
) -> None:
    published = next(record for record in ResultStore(store) if record.model_id == MODEL_IDS[0])
    drifted = tuple(replace(s, value=0.5, ci_low=0.4, ci_high=0.6) for s in published.scores)
    publish(open_store(tmp_path), replace(published, scores=drifted))
    again = here.invoke(cli, ["reproduce", ACCURACY, "--catalog", str(catalog), "--results", str(tmp_path)])
    assert again.exit_code == 1
    assert "verdict       differs" in again.output and "published     0.5 fraction" in again.output


def test_nothing_to_measure_is_a_usage_error(catalog: Path, tmp_path: Path, here: CliRunner) -> None:
    where = ["--catalog", str(catalog), "--results", str(tmp_path)]
    selecting = ["--models", "reference/unloadable", *where, *UTILITY]
    result = here.invoke(cli, ["run", *selecting])
    assert isinstance(result.exception, UsageError)
    assert "left out: 1" in result.output and "1 model: no loader yet" in result.output


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["reproduce", ACCURACY.replace("linear", "lniear")], ["holds the score", ACCURACY]),
        (
            ["reproduce", ACCURACY.replace("utility/1", "reported/reference")],
            ["was reported by Suite", "column Acc", ACCURACY],
        ),
        (["run", "--models", "reference/digits/linaer"], ["Nearest are reference/digits/linear"]),
        (["run", "--protocol", "utility/9"], ["there is no protocol 'utility/9'"]),
        (["run", "--suite", "refrence"], ["refrence"]),
        (["run", "--workers", "0"], ["--workers"]),
    ],
)
def test_a_mistake_ends_in_a_sentence_and_exit_code_2(
    arguments: list[str], words: list[str], catalog: Path, store: Path, reference_cache: Settings
) -> None:
    where = ["--catalog", str(catalog), "--results", str(store)]
    result = _run([*arguments, *where], reference_cache)
    assert result.returncode == 2, result.stderr
    for word in words:
        assert word in result.stderr
    assert "Traceback" not in result.stderr


def test_help_brings_no_torch() -> None:
    code = "import sys, evaluations.cli; print(sorted({'torch', 'sklearn', 'pandas'} & set(sys.modules)))"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stdout.strip() == "[]"


def _start(arguments: Sequence[str], settings: Settings) -> subprocess.Popen[str]:
    environment = os.environ | {CACHE: str(settings.cache), DATA: str(settings.data), "OMP_NUM_THREADS": "1"}
    return subprocess.Popen(
        [sys.executable, "-m", "evaluations", *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment,
        start_new_session=True,
        preexec_fn=_hear_interrupts,  # noqa: PLW1509 - no threads are running here
    )


def _hear_interrupts() -> None:
    """A shell starts what it runs in the background deaf to Ctrl-C, and children inherit that."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def _run(arguments: Sequence[str], settings: Settings) -> subprocess.CompletedProcess[str]:
    process = _start(arguments, settings)
    out, err = process.communicate(timeout=120)
    return subprocess.CompletedProcess(list(arguments), process.returncode, out, err)


def _wait_for(condition: object, process: subprocess.Popen[str], seconds: float = 120) -> None:
    end = time.monotonic() + seconds
    while not condition():  # type: ignore[operator]
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < end
        time.sleep(0.01)
