"""Ranks as intervals: two models share ranks unless the images that both saw tell them apart."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.stats import binom

from sngen.errors import CheckFailed
from sngen.leaderboard.comparable import Board, is_degenerate
from sngen.leaderboard.snapshot import Row, Snapshot
from sngen.schema import METRICS, OUTCOMES, SCORES
from sngen.schema.vocabularies import TRAINING_SPLIT_FLAGS

LEVEL = 0.05
#: Shares of images, of which the table of outcomes may have one bit an image.
OF_OUTCOMES = ("accuracy", "robust_accuracy")
_S, _O = SCORES.c, OUTCOMES.c

PAIRED = (
    "Ranks are intervals: a model ranks behind another only if an exact McNemar test on the same images "
    "says so at 5 %, after Holm's correction over all pairs of this table."
)
OVERLAP = (
    "Ranks are intervals: a model ranks behind another only if their 95 % confidence intervals do not "
    "overlap. Not corrected for the number of pairs; per-image outcomes on common images are not available "
    "for all of these models."
)
OVERLAP_AUC = (
    "Ranks are intervals: a model ranks behind another only if their 95 % confidence intervals do not "
    "overlap. Not corrected for the number of pairs. Two AUCs on the same images could be told apart more "
    "finely by a paired test, which takes the member score of every image; those are not kept."
)


@dataclass(frozen=True)
class Ranking:
    """Rank intervals of models; ``intervals[model_id]`` is (best, worst), counted from 1.

    Not ranked: ``degenerate`` models, and those of which it is not sure which images they were trained on
    (``unsure``), where that matters.
    """

    intervals: dict[str, tuple[int, int]]
    method: str
    degenerate: tuple[str, ...]
    unsure: tuple[str, ...] = ()

    @property
    def tied_with_first(self) -> int:
        return sum(best == 1 for best, _ in self.intervals.values())


def ranking(board: Board, snapshot: Snapshot) -> Ranking | None:
    """Ranks by the board's main quantity; None if it is reported, has no good direction or no intervals."""
    if not board.scores:
        return None
    better = METRICS[board.main[2]].better
    if board.origin != "measured" or better == "neither":
        return None
    scored = {model: row[board.main] for model, row in sorted(board.scores.items()) if board.main in row}
    degenerate = tuple(model for model, score in scored.items() if is_degenerate(score[_S.flags]))
    unsure = tuple(
        model
        for model, score in scored.items()
        if not TRAINING_SPLIT_FLAGS.keys().isdisjoint(score[_S.flags] or ())
    )
    ranked = {model: score for model, score in scored.items() if model not in {*degenerate, *unsure}}
    models = list(ranked)
    if not models:
        return None
    bits = _common_outcomes(list(ranked.values()), snapshot) if board.main[2] in OF_OUTCOMES else None
    if bits is not None:
        return Ranking(_intervals(models, mcnemar_wins(bits)), PAIRED, degenerate, unsure)
    low, high = (np.array([s[end] for s in ranked.values()], dtype=float) for end in (_S.ci_low, _S.ci_high))
    if np.isnan(low).any() or np.isnan(high).any():
        return None
    wins = low[:, None] > high[None, :]
    wins = wins if better == "higher" else wins.T
    return Ranking(_intervals(models, wins), _overlap(board), degenerate, unsure)


def _overlap(board: Board) -> str:
    return OVERLAP_AUC if board.main[2] == "auc" else OVERLAP


def mcnemar_wins(bits: np.ndarray) -> np.ndarray:
    """Which model is better than which: booleans [M, M] from correct/wrong [M, N] on the same images.

    Exact two-sided McNemar tests of all pairs, Holm-corrected, at 5 %.
    """
    right = bits.astype(np.float32)  # products of 0 and 1: exact up to 2**24 images
    only_first = (right @ (1 - right).T).round().astype(np.int64)
    only_second = only_first.T
    i, j = np.triu_indices(len(bits), k=1)
    fewer = np.minimum(only_first[i, j], only_second[i, j])
    discordant = only_first[i, j] + only_second[i, j]
    p = np.minimum(1.0, 2.0 * binom.cdf(fewer, discordant, 0.5))
    apart = np.zeros((len(bits), len(bits)), dtype=bool)
    apart[i, j] = apart[j, i] = holm(p) <= LEVEL
    return apart & (only_first > only_second)


def holm(p: np.ndarray) -> np.ndarray:
    """Holm-adjusted p-values, in the given order (Holm 1979)."""
    order = np.argsort(p, kind="stable")
    factors = np.arange(len(p), 0, -1)
    adjusted = np.empty_like(p)
    adjusted[order] = np.minimum(1.0, np.maximum.accumulate(p[order] * factors))
    return adjusted


def _intervals(models: Sequence[str], wins: np.ndarray) -> dict[str, tuple[int, int]]:
    beaten_by, beats = wins.sum(axis=0), wins.sum(axis=1)
    return {m: (1 + int(beaten_by[k]), len(models) - int(beats[k])) for k, m in enumerate(models)}


def _common_outcomes(scores: list[Row], snapshot: Snapshot) -> np.ndarray | None:
    """Correct/wrong booleans [M, N] in the order of the scores; None unless all saw the same images."""
    found = [_outcome_of(score, snapshot) for score in scores]
    rows = [row for row in found if row is not None]
    if len(rows) < len(found):
        return None
    first = rows[0][_O.image_ids]
    if any(not np.array_equal(first, row[_O.image_ids]) for row in rows[1:]):
        return None
    return np.stack([_bits(row, score) for row, score in zip(rows, scores, strict=True)])


def _outcome_of(score: Row, snapshot: Snapshot) -> Row | None:
    for row in snapshot.outcomes_of.get(score[_S.model_id], ()):
        if row[_O.record_id] == score[_S.record_id] and row[_O.setting] == score[_S.setting]:
            return row
    return None


def _bits(row: Row, score: Row) -> np.ndarray:
    bits = np.unpackbits(np.frombuffer(row[_O.bits], dtype=np.uint8), count=row[_O.n]).astype(bool)
    if row[_O.n] == score[_S.n] and abs(bits.mean() - score[_S.value]) > 0.5 / row[_O.n]:
        raise CheckFailed(
            f"outcomes {row[_O.outcome_id]}: {int(bits.sum())} of {row[_O.n]} bits are set, but the score "
            f"{score[_S.score_id]} is {score[_S.value]}; expected the same share. Build the release again."
        )
    return bits
