"""Which rows the leaderboard has, and whose dataset they are about."""

from __future__ import annotations

from search_examples import CLIP, COPY, FIVE, ONE, THREE, TWO, catalogue, score

from sngen.release.leaderboard import leaderboard
from sngen.schema import DATASETS, LEADERBOARD, MODELS, SCORES

B = LEADERBOARD.c


def test_own_datasets_and_others() -> None:
    tables, _ = catalogue()
    rows = leaderboard(tables[MODELS.name], tables[DATASETS.name], tables[SCORES.name])
    own = {(row[B.model_id], row[B.dataset_id]): row[B.own_dataset] for row in rows}
    assert own == {
        (ONE, "cifar10"): True, (ONE, "svhn"): False, (TWO, "cifar10"): True, (THREE, "cifar10"): True,
        (COPY, "cifar10"): True, (FIVE, "svhn"): True, (CLIP, "cifar10"): False, (CLIP, "svhn"): False,
    }  # fmt: skip
    assert len(own) == len(rows)  # a model with neither dataset nor score has none


def test_a_score_that_is_no_headline_still_makes_a_row() -> None:
    tables, _ = catalogue()
    odd = score(ONE, "svhn", 0.1, method="odd-attack", family="adversarial", metric="robust_accuracy")
    rows = leaderboard(tables[MODELS.name], tables[DATASETS.name], [odd])
    row = next(row for row in rows if row[B.dataset_id] == "svhn" and row[B.model_id] == ONE)
    assert row[B.reported_test_accuracy] is None
    assert row[B.own_dataset] is False
