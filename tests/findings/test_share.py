"""Shares of alarms against statsmodels and scipy, by simulation, and as findings."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy.stats import binomtest, norm

from sngen.findings.findings import findings
from sngen.findings.selection import JOIN
from sngen.findings.share import share_above
from sngen.schema import FINDINGS, MODELS, RELATIVES, SCORES, score_id

F = FINDINGS.c
Rows = list[dict[str, Any]]
FALSE_ALARMS, FOUND = "detectors-raise-false-alarms", "detectors-find-planted-backdoors"


@pytest.mark.parametrize(("hits", "n"), [(0, 12), (3, 12), (12, 12), (41, 200)])
def test_of_unrelated_models_it_is_wilsons_interval(hits: int, n: int) -> None:
    marks = np.r_[np.ones(hits), np.zeros(n - hits)]
    found = share_above(marks, np.arange(n), 0.05)
    expected = binomtest(hits, n).proportion_ci(method="wilson")
    assert (found.ci_low + 0.05, found.ci_high + 0.05) == pytest.approx((expected.low, expected.high))
    assert found.value == pytest.approx(hits / n - 0.05)
    z = (hits / n - 0.05) / np.sqrt(0.05 * 0.95 / n)
    assert found.p_value == pytest.approx(2 * norm.sf(abs(z)))


def test_copies_of_a_model_change_nothing() -> None:
    marks = np.r_[np.ones(4), np.zeros(16)]
    once = share_above(marks, np.arange(20), 0.05)
    copied = share_above(np.r_[marks, np.ones(30)], np.r_[np.arange(20), np.zeros(30)], 0.05)
    assert copied == once


def test_the_interval_covers_what_it_promises() -> None:
    drawn = np.random.Generator(np.random.Philox(3)).random((4000, 60)) < 0.2
    found = [share_above(marks.astype(float), np.arange(60), 0.05) for marks in drawn]
    covered = np.mean([one.ci_low <= 0.15 <= one.ci_high for one in found])
    assert 0.93 < covered < 0.97


def _models(kinds: list[str | None]) -> Rows:
    return [
        MODELS.row(
            model_id=f"s/m{number:02}", dataset_id="cifar10", purpose="security", source_id="s",
            name=str(number), training_kind=kind,
        )
        for number, kind in enumerate(kinds)
    ]  # fmt: skip


def _alarms(models: Rows, alarms: list[int], flags: dict[str, list[str]] | None = None) -> Rows:
    parts = ("backdoor/1", "neural-cleanse", "default", "alarm")
    return [
        SCORES.row(
            score_id=score_id(model["model_id"], "cifar10", *parts), model_id=model["model_id"],
            dataset_id="cifar10", family="backdoor", method=parts[1], setting=parts[2], metric=parts[3],
            value=float(alarm), unit="0 or 1", origin="measured", protocol=parts[0], tier="cpu",
            flags=(flags or {}).get(model["model_id"]),
        )
        for model, alarm in zip(models, alarms, strict=True)
    ]  # fmt: skip


def test_clean_and_backdoored_models_answer_different_claims() -> None:
    kinds = ["standard"] * 10 + [None] * 10 + ["backdoored"] * 12 + ["backdoor-removed"] * 5
    models = _models(kinds)
    scores = _alarms(models, [1] * 8 + [0] * 12 + [1] * 11 + [0] + [1] * 5)
    rows = {row[F.claim_id]: row for row in findings(models, scores, [])}
    assert rows[FALSE_ALARMS][F.n] == 20
    assert rows[FALSE_ALARMS][F.value] == pytest.approx(0.4 - 0.05)
    assert rows[FALSE_ALARMS][F.verdict] == "supported"
    assert rows[FALSE_ALARMS][F.statistic] == "Share minus 0.05"
    assert rows[FOUND][F.n] == 12
    assert rows[FOUND][F.value] == pytest.approx(11 / 12 - 0.5)
    assert rows[FOUND][F.verdict] == "supported"
    for row, count in ((rows[FALSE_ALARMS], 20), (rows[FOUND], 12)):
        tables = {"scores": pd.DataFrame(scores), "models": pd.DataFrame(models), "JOIN": JOIN}
        assert len(eval(row[F.query], {"__builtins__": {}}, tables)) == count


def test_one_recipe_counts_once_and_failed_canaries_do_not_count() -> None:
    models = _models(["standard"] * 22)
    ids = [model["model_id"] for model in models]
    scores = _alarms(models, [1] * 12 + [0] * 10, {ids[-1]: ["canaries-wrong"]})
    relatives = [
        RELATIVES.row(
            model_a=ids[0], model_b=other, relation="same-recipe-other-seed", ground="g", source_id="s"
        )
        for other in ids[1:12]
    ]
    [row] = [row for row in findings(models, scores, relatives) if row[F.claim_id] == FALSE_ALARMS]
    assert (row[F.n], row[F.clusters]) == (21, 10)
    assert row[F.value] == pytest.approx(1 / 10 - 0.05)
    assert row[F.verdict] == "undecided"
    assert ids[-1] in row[F.left_out]
