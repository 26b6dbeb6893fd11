"""The table leaderboard: models and their headline scores side by side."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any

from sngen.schema import DATASETS, HEADLINES, LEADERBOARD, MODELS, SCORES, TIERS, Headline

Row = Mapping[str, Any]
Rows = list[dict[str, Any]]
Pair = tuple[str, str]

#: (origin, family, method, setting, metric) -> headline
_BY_SCORE = {
    (headline.origin, headline.family, headline.method, headline.setting, headline.metric): headline
    for headline in HEADLINES
}
_TIER_RANK = {tier: rank for rank, tier in enumerate(TIERS)}
_FROM_MODELS = tuple(name for name in LEADERBOARD.names if name in MODELS.by_name)


def leaderboard(models: Iterable[Row], datasets: Iterable[Row], scores: Iterable[Row]) -> Rows:
    """One row per model and dataset: the model's own, and every other one that it has a score on.

    Measured columns of a row come from one tier, the largest there is, and per family from one protocol
    version, the newest. A reported column comes from the source that lists the model; where that one does
    not report it, from the first other source by id.
    """
    by_model = {row[MODELS.c.model_id]: row for row in models}
    by_dataset = {row[DATASETS.c.dataset_id]: row for row in datasets}
    by_pair: dict[Pair, list[Row]] = defaultdict(list)
    for model_id, model in by_model.items():
        by_pair[model_id, model[MODELS.c.dataset_id]] = []
    for score in scores:
        by_pair[score[SCORES.c.model_id], score[SCORES.c.dataset_id]].append(score)
    return [
        _row(by_model[model_id], by_dataset[dataset_id], found)
        for (model_id, dataset_id), found in by_pair.items()
    ]


def _row(model: Row, dataset: Row, scores: list[Row]) -> dict[str, Any]:
    values = {name: model[name] for name in _FROM_MODELS}
    values[LEADERBOARD.c.dataset_id] = dataset[DATASETS.c.dataset_id]
    values[LEADERBOARD.c.data_category] = dataset[DATASETS.c.category]
    values[LEADERBOARD.c.num_classes] = dataset[DATASETS.c.num_classes]
    values |= _reported(model, scores)
    values |= _measured(scores)
    return LEADERBOARD.row(**values)


def _reported(model: Row, scores: list[Row]) -> dict[str, Any]:
    own = model[MODELS.c.source_id]
    ranked = sorted(
        (score for score in scores if score[SCORES.c.origin] == "reported"),
        key=lambda score: (score[SCORES.c.source_id] != own, str(score[SCORES.c.source_id])),
    )
    values: dict[str, Any] = {}
    for score in ranked:
        headline = _headline(score)
        if headline is not None:
            values.setdefault(headline.column, score[SCORES.c.value])
    return values


def _measured(scores: list[Row]) -> dict[str, Any]:
    headlines = [
        (headline, score)
        for score in scores
        if score[SCORES.c.origin] == "measured" and (headline := _headline(score)) is not None
    ]
    if not headlines:
        return {}
    tier = max((score[SCORES.c.tier] for _, score in headlines), key=_TIER_RANK.__getitem__)
    at_tier = [(headline, score) for headline, score in headlines if score[SCORES.c.tier] == tier]
    newest: dict[str, str] = {}
    for headline, score in at_tier:
        protocol = score[SCORES.c.protocol]
        newest[headline.family] = max(newest.get(headline.family, protocol), protocol, key=protocol_version)
    values: dict[str, Any] = {
        LEADERBOARD.c.measured_protocol: ", ".join(sorted(newest.values())),
        LEADERBOARD.c.measured_tier: tier,
    }
    for headline, score in at_tier:
        if score[SCORES.c.protocol] == newest[headline.family]:
            values[headline.column] = score[SCORES.c.value]
            for part in (SCORES.c.ci_low, SCORES.c.ci_high, SCORES.c.n):
                values[f"{headline.column}_{part}"] = score[part]
    return values


def protocol_version(protocol: str) -> int:
    """``adversarial/12`` is newer than ``adversarial/9``."""
    return int(protocol.rpartition("/")[2])


def _headline(score: Row) -> Headline | None:
    parts = (SCORES.c.origin, SCORES.c.family, SCORES.c.method, SCORES.c.setting, SCORES.c.metric)
    return _BY_SCORE.get(tuple(score[part] for part in parts))
