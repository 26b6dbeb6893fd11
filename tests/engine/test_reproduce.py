"""A published number run again: verdicts, what changed, and ids that cannot be run."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from engine_fakes import FakeInputs, catalog, gauge, now, protocol, run, select_all

from evaluations.engine.published import find_published
from evaluations.engine.reproduce import Reproduction, find_work, run_again
from evaluations.engine.tables import reproduction_table
from evaluations.engine.unit import Rates
from evaluations.engine.verdict import judge
from evaluations.protocol import Protocol
from evaluations.registry import find_methods
from sngen.errors import UsageError
from sngen.results import ScoreEntry
from sngen.schema import SCORES, SOURCES
from sngen.settings import Settings

ACCURACY = "fakes/m0:blobs:fake/1:drifting:test:accuracy"
BARE = "fakes/m0:blobs:fake/1:drifting:bare:accuracy"
TIME = "fakes/m0:blobs:fake/1:drifting:batch:forward_time"


def twice_as_slow(network: object, images: object, gradients: bool, device: str) -> Rates:
    return Rates(kernel=0.02, forward=500.0)


class OtherWeights(FakeInputs):
    """At the module's top, for a unit's process has to find it."""

    def known_weights(self, model: object) -> str:
        return "f" * 64

    def weights(self, model: object) -> tuple[Path, str]:
        return Path("other"), "f" * 64


@dataclass(frozen=True)
class Bench:
    """One published record of the method ``drifting``, whose numbers come from ``file``."""

    file: Path
    store: Path
    inputs: FakeInputs
    protocol: Protocol

    def again(self, score_id: str, numbers: str, gauge_now: Any = gauge) -> Reproduction:
        self.file.write_text(numbers)
        published = find_published(score_id, [self.store], catalog(1))
        work = find_work(published, catalog(1), [self.protocol], find_methods())
        return run_again(published, work, self.inputs, now, gauge_now)


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory, fake_methods: Path) -> Bench:
    folder = tmp_path_factory.mktemp("bench")
    inputs = FakeInputs(Settings(data=folder / "data", cache=folder / "cache"))
    file = folder / "numbers"
    file.write_text("0.5 0.010")
    chosen = protocol(drifting={"file": str(file)})
    run(select_all(catalog(1), chosen), inputs, folder / "store")
    return Bench(file, folder / "store", inputs, chosen)


@pytest.mark.parametrize(
    ("score_id", "numbers", "word"),
    [
        (ACCURACY, "0.5 0.010", "equal"),
        (ACCURACY, "0.55 0.010", "within interval"),
        (ACCURACY, "0.65 0.010", "differs"),
        (BARE, "0.5 0.010", "equal"),
        (BARE, "0.51 0.010", "differs"),
    ],
)
def test_verdicts(bench: Bench, score_id: str, numbers: str, word: str) -> None:
    reproduction = bench.again(score_id, numbers)
    assert reproduction.verdict.word == word
    assert reproduction.verdict.now == float(numbers.partition(" ")[0])
    assert reproduction.changes == ()
    text = reproduction_table(reproduction)
    assert (
        score_id in text and f"verdict       {word}" in text and "published     0.5 fraction, n = 60" in text
    )


def test_a_time_is_judged_after_scaling_by_the_machines_speed(bench: Bench) -> None:
    on_slow_machine = bench.again(TIME, "0.5 0.020", twice_as_slow)
    assert (on_slow_machine.verdict.scale, on_slow_machine.verdict.word) == (2.0, "within interval")
    assert "scaled by 2.000" in reproduction_table(on_slow_machine)
    assert bench.again(TIME, "0.5 0.040", twice_as_slow).verdict.word == "differs"
    assert bench.again(TIME, "0.5 0.020").verdict.word == "differs"


def test_an_interval_wider_than_the_timing_factor_counts() -> None:
    published = ScoreEntry("batch", "forward_time", 1.0, 10, 0.2, 4.0)
    verdict = judge(published, ScoreEntry("batch", "forward_time", 3.9, 10), (1.0, 1.0))
    assert (verdict.low, verdict.high, verdict.word) == (0.2, 4.0, "within interval")


def test_nothing_is_stored(bench: Bench) -> None:
    before = sorted(path for path in bench.store.rglob("*.json"))
    bench.again(ACCURACY, "0.52 0.010")
    assert sorted(path for path in bench.store.rglob("*.json")) == before


def test_other_weights_are_named(bench: Bench) -> None:
    bench.file.write_text("0.5 0.010")
    published = find_published(ACCURACY, [bench.store], catalog(1))
    work = find_work(published, catalog(1), [bench.protocol], find_methods())
    reproduction = run_again(published, work, OtherWeights(bench.inputs.settings), now, gauge)
    [change] = reproduction.changes
    assert change.startswith("weights_sha256: published with ") and change.endswith(f"now {'f' * 64}")
    assert "Not the same unit as the published one:" in reproduction_table(reproduction)


def test_an_unknown_id_gets_the_nearest_ones(bench: Bench) -> None:
    with pytest.raises(UsageError, match=r"no record in .* holds the score") as error:
        find_published(ACCURACY.replace("m0", "m9"), [bench.store], catalog(1))
    assert ACCURACY in str(error.value)
    with pytest.raises(UsageError, match="No record is there; give --results DIR"):
        find_published("nothing", [bench.store / "empty"], catalog(1))


def test_a_reported_score_says_who_reported_it_and_what_was_measured(bench: Bench) -> None:
    reported = "fakes/m0:blobs:reported/paper:clean:test:accuracy"
    row = SCORES.row(score_id=reported, source_id="paper", source_row=12, source_column="Test Accuracy")
    source = SOURCES.row(source_id="paper", title="The Paper", url="https://example.org/paper")
    facts = {**catalog(1), "sources": [source], "scores": [row]}
    with pytest.raises(UsageError) as error:
        find_published(reported, [bench.store], facts)
    text = str(error.value)
    for words in ("reported by The Paper", "https://example.org/paper", "row 12", "Test Accuracy", ACCURACY):
        assert words in text
    with pytest.raises(UsageError, match="has no reported score") as error:
        find_published(reported.replace("clean", "klean"), [bench.store], facts)
    assert reported in str(error.value)


def test_a_protocol_that_is_not_here_is_named(bench: Bench) -> None:
    published = find_published(ACCURACY, [bench.store], catalog(1))
    with pytest.raises(UsageError, match=r"the protocol fake/1 is not here; give its file with --protocol"):
        find_work(published, catalog(1), [], find_methods())
