"""The charts of one model's page: curves of attacks over budgets, ROC curves of membership attacks."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from itertools import groupby
from typing import Any

import pandas as pd
from altair.utils.schemapi import debug_mode

from sngen.leaderboard.board_quantities import CLEAN
from sngen.leaderboard.budgets import NORM_WORDS
from sngen.leaderboard.charts.attack_curves import attack_curves
from sngen.leaderboard.charts.curves import ATTACK, BUDGET, COUNT, EPS, HIGH, LOW, VALUE, attacks_in_order
from sngen.leaderboard.charts.roc_curves import FPR, TPR, roc_curves
from sngen.leaderboard.charts.stealing_curves import QUERIES, stealing_curves
from sngen.leaderboard.charts.style import BASIS
from sngen.leaderboard.curve_points import FEWEST_BUDGETS, curve_point, of_curves
from sngen.leaderboard.drawing import Draw
from sngen.leaderboard.numbers import number, plural
from sngen.leaderboard.pictures import Picture, picture
from sngen.leaderboard.snapshot import Row, Snapshot
from sngen.leaderboard.tables import folder_safe
from sngen.schema import ARRAYS, DATASETS, FAMILIES, MODELS, SCORES

_S, _A = SCORES.c, ARRAYS.c
#: (family, dataset, protocol, tier): a section of a model's page.
Section = tuple[str, str, str, str]


def in_order(scores: Iterable[Row]) -> list[Row]:
    """Scores section by section, those of one family after those of another as the contract lists these."""
    families = list(FAMILIES)
    return sorted(scores, key=lambda score: (families.index(score[_S.family]), section_of(score)))


def section_of(score: Row) -> Section:
    return score[_S.family], score[_S.dataset_id], score[_S.protocol], score[_S.tier]


def model_pictures(
    model_id: str, snapshot: Snapshot, draw: Draw, bundle: str
) -> dict[Section, list[Picture]]:
    """Charts by section, for those that have curves; drawing begins at once."""
    scores = [score for score in snapshot.scores_of.get(model_id, ()) if score[_S.origin] == "measured"]
    made = {}
    with debug_mode(False):  # as for the boards' charts
        for section, group in groupby(in_order(scores), key=section_of):
            maker = _MAKERS.get(section[0])
            if maker is not None:
                charts = maker(model_id, section, list(group), snapshot)
                name = f"model-{_name(model_id, section)}"
                made[section] = [
                    picture(f"{name}-{ending}", chart, frame, words, draw=draw, bundle=bundle)
                    for ending, chart, frame, words in charts
                ]
    return {section: pictures for section, pictures in made.items() if pictures}


def _name(model_id: str, section: Section) -> str:
    return "-".join(folder_safe(part) for part in (model_id, *section))


def _origin(section: Section) -> Row:
    return {_S.origin: "measured", BASIS: f"{section[2]}, tier {section[3]}"}


def _names(model_id: str, section: Section, snapshot: Snapshot) -> tuple[str, str]:
    """What the model and the dataset are called."""
    where = str(snapshot.datasets[section[1]][DATASETS.c.name])
    return str(snapshot.models[model_id][MODELS.c.name]), where


def _adversarial(
    model_id: str, section: Section, scores: list[Row], snapshot: Snapshot
) -> Iterator[tuple[str, Any, pd.DataFrame, str]]:
    model, where = _names(model_id, section, snapshot)
    clean = next((s[_S.value] for s in scores if (s[_S.setting], s[_S.metric]) == (CLEAN, "accuracy")), None)
    for norm, norm_words in NORM_WORDS.items():
        rows = [
            {**_origin(section), **curve_point(score, budget)}
            for score, budget in of_curves(scores)
            if budget.norm == norm
        ]
        frame = pd.DataFrame(rows)
        if not len(frame) or frame[EPS].nunique() < FEWEST_BUDGETS:
            continue
        chart = attack_curves(frame, norm, model, where, clean)
        yield f"curves-{norm}", chart, frame, _curve_words(frame, model, norm_words, where, clean)


def _curve_words(frame: pd.DataFrame, model: str, norm_words: str, where: str, clean: float | None) -> str:
    parts = []
    for attack in attacks_in_order(frame[ATTACK].tolist()):
        group = frame[frame[ATTACK] == attack].sort_values(EPS)
        first, last = group.iloc[0], group.iloc[-1]
        ends = f"{number(float(first[VALUE]), 'fraction')} at {first[BUDGET]}"
        if len(group) > 1:
            ends += f" to {number(float(last[VALUE]), 'fraction')} at {last[BUDGET]}"
        parts.append(f"{attack} {ends}")
    without = "" if clean is None else f"; without attack {number(clean, 'fraction')}"
    return (
        f"Robust accuracy of {model} on {where} over the {norm_words} budget (pixels in [0, 1]): "
        f"{', '.join(parts)}{without}. Bands are 95 % intervals."
    )


def _membership(
    model_id: str, section: Section, scores: list[Row], snapshot: Snapshot
) -> Iterator[tuple[str, Any, pd.DataFrame, str]]:
    model, where = _names(model_id, section, snapshot)
    aucs = {(s[_S.record_id], s[_S.setting]): s for s in scores if s[_S.metric] == "auc"}
    rows: list[Row] = []
    shown: dict[str, Row] = {}
    for array in snapshot.arrays_of.get(model_id, ()):
        score = aucs.get((array[_A.record_id], array[_A.setting]))
        if array[_A.name] != "roc" or score is None:
            continue
        method, setting = array[_A.method], array[_A.setting]
        attack = method if setting == "default" else f"{method}, {setting}"
        shown[attack] = score
        common = {ATTACK: attack, COUNT: score[_S.n], **_origin(section)}
        rows += [{**common, FPR: x, TPR: y} for x, y in zip(array[_A.x], array[_A.y], strict=True)]
    if not rows:
        return
    frame = pd.DataFrame(rows)
    areas = ", ".join(
        f"{attack} {number(shown[attack][_S.value], 'fraction')}" for attack in attacks_in_order(list(shown))
    )
    words = (
        f"ROC curves of {plural(len(shown), 'membership attack')} on {model}, {where}, on logarithmic axes. "
        f"AUC: {areas}; 0.5 is chance, the dashed line."
    )
    yield "roc", roc_curves(frame, model, where), frame, words


def _stealing(
    model_id: str, section: Section, scores: list[Row], snapshot: Snapshot
) -> Iterator[tuple[str, Any, pd.DataFrame, str]]:
    model, where = _names(model_id, section, snapshot)
    rows = [
        {
            ATTACK: score[_S.method], QUERIES: budget, VALUE: score[_S.value], LOW: score[_S.ci_low],
            HIGH: score[_S.ci_high], COUNT: score[_S.n], **_origin(section),
        }
        for score in scores
        if score[_S.metric] == "stealing_agreement" and (budget := queries_of(score)) is not None
    ]  # fmt: skip
    frame = pd.DataFrame(rows)
    if not len(frame) or frame[QUERIES].nunique() < FEWEST_BUDGETS:
        return
    ends = ", ".join(
        f"{attack} {number(float(last[VALUE]), 'fraction')} at {number(int(last[QUERIES]), 'count')} queries"
        for attack in attacks_in_order(frame[ATTACK].tolist())
        for last in [frame[frame[ATTACK] == attack].sort_values(QUERIES).iloc[-1]]
    )
    words = (
        f"Share of test images of {where} on which a surrogate agrees with {model}, over the number of "
        f"queries: {ends}. Upright lines are 95 % intervals."
    )
    yield "stealing", stealing_curves(frame, model, where), frame, words


def queries_of(score: Row) -> int | None:
    """The budget of a score of model stealing; None for one seed of several."""
    if score[_S.setting] == "default":
        return int(json.loads(score[_S.arguments])["repeated"]["budget"])
    named = re.fullmatch(r"queries-(\d+)", score[_S.setting])
    return None if named is None else int(named[1])


_MAKERS = {"adversarial": _adversarial, "membership": _membership, "stealing": _stealing}
