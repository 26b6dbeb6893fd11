"""Which record is published, and what its rows say."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from release_examples import ELSEWHERE, MODEL, OTHER, TEST_PIXELS, catalogue, record

from sngen.errors import DataProblem, UsageError
from sngen.intervals import wilson
from sngen.release.leaderboard import leaderboard
from sngen.release.measured import (
    outcomes_of,
    scores_of,
    unknown_names,
    with_fingerprints,
    with_training_split_flags,
)
from sngen.release.records import choose, read_records
from sngen.results import OutcomeEntry, Record
from sngen.schema import DATASETS, LEADERBOARD, MODELS, OUTCOMES, SCORES
from sngen.schema.vocabularies import TRAINING_SPLIT_FLAGS

S, B = SCORES.c, LEADERBOARD.c


@pytest.mark.parametrize(
    ("better", "worse", "reason"),
    [
        (
            record(version=2),
            record(version=1, date="2027-01-01T00:00:00Z"),
            "method version 1, published is 2",
        ),
        (record(date="2026-12-01T00:00:00Z"), record(weights="e" * 64), "measured 2026-11-20T10:00:00Z"),
    ],
)
def test_higher_version_then_newer_date_is_published(better: Record, worse: Record, reason: str) -> None:
    for records in ([better, worse], [worse, better]):
        chosen = choose(records)
        assert chosen.records == (better,)
        (left_out,) = chosen.superseded
        assert (left_out.record_id, left_out.by) == (worse.record_id, better.record_id)
        assert left_out.reason.startswith(reason)


def test_greater_record_id_decides_the_rest() -> None:
    pair = [record(weights=letter * 64) for letter in "ef"]
    expected = max(pair, key=lambda one: one.record_id)
    assert choose(pair).records == choose(pair[::-1]).records == (expected,)


def test_records_of_other_units_stand_side_by_side() -> None:
    records = [record(), record(OTHER), record(protocol="utility/2")]
    chosen = choose(records)
    assert len(chosen.records) == 3
    assert chosen.superseded == ()


def test_one_record_in_two_folders_is_one() -> None:
    slow, fast = record(runtime=9.0), record(runtime=1.0, date="2026-11-21T10:00:00Z")
    assert choose([slow, fast]).records == choose([fast, slow]).records == (fast,)


def test_one_record_id_with_two_results_is_refused() -> None:
    with pytest.raises(DataProblem, match="hold different results under this id"):
        choose([record(accuracy=0.75), record(accuracy=0.5)])


def test_one_score_at_two_tiers_is_refused() -> None:
    with pytest.raises(DataProblem, match=r"tier cpu .* at tier gpu|tier gpu .* at tier cpu"):
        choose([record(tier="cpu"), record(tier="gpu")])


def test_missing_result_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"no folder of results .*nowhere"):
        read_records([tmp_path / "nowhere"])


def test_scores_carry_everything_that_the_record_knows() -> None:
    one = record()
    accuracy, seconds = scores_of(one)
    assert accuracy[S.score_id] == "study/cifar10/one:cifar10:utility/1:clean:test:accuracy"
    assert (accuracy[S.value], accuracy[S.n]) == (0.75, 8)
    assert (accuracy[S.ci_low], accuracy[S.ci_high]) == wilson(6, 8)
    assert (accuracy[S.unit], seconds[S.unit]) == ("fraction", "s")
    assert (accuracy[S.flags], seconds[S.flags]) == (["few-images"], None)
    assert accuracy[S.record_id] == one.record_id
    assert accuracy[S.packages] == '{"numpy":"2.3","torch":"2.14.0"}'
    assert json.loads(accuracy[S.arguments]) == {"batch_size": 500, "a": 1}
    for name, value in one.provenance.items():
        if name in SCORES.by_name and name != S.packages:
            assert accuracy[name] == value, name
    assert accuracy[S.source_id] is None
    assert set(accuracy) == set(SCORES.names)


@pytest.mark.parametrize("family", ["membership", "stealing", "adversarial", "utility", "backdoor"])
@pytest.mark.parametrize(
    ("split", "dataset_id", "flag"),
    [
        ("official-train", "cifar10", None),
        ("official-train", "cifar100", "training-split-differs"),
        ("part-of-train", "cifar10", "training-split-differs"),
        ("other", "cifar10", "training-split-differs"),
        (None, "cifar10", "training-split-unknown"),
    ],
)
def test_measured_scores_say_where_members_are_not_known(
    family: str, split: str | None, dataset_id: str, flag: str | None
) -> None:
    tables = catalogue()
    models = [
        {**row, MODELS.c.trained_split: split} if row[MODELS.c.model_id] == MODEL else row
        for row in tables[MODELS.name]
    ]
    rows = [{**row, S.family: family, S.dataset_id: dataset_id} for row in scores_of(record())]
    before = [list(row[S.flags] or ()) for row in rows]
    found = with_training_split_flags([*tables[SCORES.name], *rows], models)
    count = len(tables[SCORES.name])
    assert found[:count] == tables[SCORES.name]  # a publication answers for its own members
    expected = [flag] if flag is not None and family in ("membership", "stealing") else []
    assert [row[S.flags] or [] for row in found[count:]] == [[*flags, *expected] for flags in before]
    assert [list(row[S.flags] or ()) for row in rows] == before
    assert flag is None or TRAINING_SPLIT_FLAGS[flag]


def test_outcome_bits_come_back() -> None:
    flags = np.array([1, 0, 0, 1, 1, 0, 1, 0, 1, 1, 0], dtype=bool)
    one = replace(record(), outcomes=(OutcomeEntry.of("test", "test", "right", np.arange(5, 16), flags),))
    (row,) = outcomes_of(one)
    bits = np.unpackbits(np.frombuffer(row[OUTCOMES.c.bits], np.uint8), count=row[OUTCOMES.c.n])
    assert bits.astype(bool).tolist() == flags.tolist()
    assert row[OUTCOMES.c.image_ids] == list(range(5, 16))
    assert row[OUTCOMES.c.outcome_id] == "study/cifar10/one:cifar10:utility/1:clean:test"


def test_every_record_of_an_unknown_model_is_named() -> None:
    tables = catalogue()
    records = [record("nobody/x"), record(), record("nobody/y")]
    problems = unknown_names(records, tables[MODELS.name], tables[DATASETS.name])
    assert len(problems) == 2
    assert "'nobody/x'" in problems[0]
    assert records[2].record_id in problems[1]


def test_dataset_gets_the_fingerprint_of_the_whole_test_split() -> None:
    datasets = catalogue()[DATASETS.name]
    (row,) = with_fingerprints(datasets, [record(test_first=4, test_pixels="9" * 64), record()])
    assert row[DATASETS.c.fingerprint] == TEST_PIXELS
    (row,) = with_fingerprints(datasets, [record(test_first=4)])
    assert row[DATASETS.c.fingerprint] is None
    with pytest.raises(DataProblem, match="expected one test split"):
        with_fingerprints(datasets, [record(), record(OTHER, test_pixels="9" * 64)])


def _board(records: list[Record]) -> dict[str, dict[str, object]]:
    tables = catalogue()
    scores = tables[SCORES.name] + [row for one in records for row in scores_of(one)]
    rows = leaderboard(tables[MODELS.name], tables[DATASETS.name], scores)
    assert [row[B.dataset_id] for row in rows] == ["cifar10"] * 3
    return {str(row[B.model_id]): row for row in rows}


def test_leaderboard_puts_headlines_side_by_side() -> None:
    board = _board([record()])
    row = board[MODEL]
    assert (row[B.reported_test_accuracy], row[B.reported_stealing_accuracy]) == (0.9, 0.6)
    assert (row[B.measured_test_accuracy], row[B.measured_test_accuracy_n]) == (0.75, 8)
    interval = (row[B.measured_test_accuracy_ci_low], row[B.measured_test_accuracy_ci_high])
    assert interval == wilson(6, 8)
    assert (row[B.measured_protocol], row[B.measured_tier]) == ("utility/1", "cpu")
    assert (row[B.data_category], row[B.num_classes], row[B.flags]) == ("natural", 10, ["odd"])
    assert board[ELSEWHERE][B.measured_test_accuracy] is None
    assert board[ELSEWHERE][B.measured_tier] is None


def test_leaderboard_takes_a_models_own_source_before_others() -> None:
    board = _board([])
    assert board[MODEL][B.reported_test_accuracy] == 0.9  # its own source, not the other's 0.8
    assert board[OTHER][B.reported_test_accuracy] == 0.7  # its own source says nothing


def test_leaderboard_never_mixes_tiers_or_protocol_versions() -> None:
    records = [
        record(accuracy=0.125, protocol="utility/3", tier="reference"),
        record(accuracy=0.25, protocol="utility/9"),
        record(accuracy=0.5, protocol="utility/10"),
    ]
    for order in (records, records[::-1]):
        row = _board(order)[MODEL]
        assert row[B.measured_test_accuracy] == 0.5
        assert (row[B.measured_protocol], row[B.measured_tier]) == ("utility/10", "cpu")
