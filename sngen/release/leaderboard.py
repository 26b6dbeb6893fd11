"""The table leaderboard: models and their headline scores side by side."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from operator import itemgetter
from typing import Any

from sngen.schema import DATASETS, HEADLINES, LEADERBOARD, MODELS, SCORES, TIERS, Headline

Row = Mapping[str, Any]
Rows = list[dict[str, Any]]
Pair = tuple[str, str]

#: (origin, family, method, setting, metric) -> headline
BY_SCORE = {
    (headline.origin, headline.family, headline.method, headline.setting, headline.metric): headline
    for headline in HEADLINES
}
_TIER_RANK = {tier: rank for rank, tier in enumerate(TIERS)}
_FROM_MODELS = tuple(name for name in LEADERBOARD.names if name in MODELS.by_name)
KIND = (SCORES.c.origin, SCORES.c.family, SCORES.c.method, SCORES.c.setting, SCORES.c.metric)
_kind_of = itemgetter(*KIND)
_pair_of = itemgetter(SCORES.c.model_id, SCORES.c.dataset_id)
_EMPTY = LEADERBOARD.row()
#: Columns of the table scores that are read here; the others may be absent.
NEEDED_SCORES = (
    SCORES.c.model_id, SCORES.c.dataset_id, *KIND, SCORES.c.value, SCORES.c.source_id, SCORES.c.tier,
    SCORES.c.protocol, SCORES.c.ci_low, SCORES.c.ci_high, SCORES.c.n,
)  # fmt: skip

#: A score that stands in the leaderboard, with the column it stands in.
Found = list[tuple[Headline, Row]]


def leaderboard(models: Iterable[Row], datasets: Iterable[Row], scores: Iterable[Row]) -> Rows:
    """One row per model and dataset: the model's own, and every other one that it has a score on.

    A model without a dataset of its own and without a score has no row. Measured columns of a row come from
    one tier, the largest there is, and per family from one protocol version, the newest. A reported column
    comes from the source that lists the model; where that one does not report it, from the first other
    source by id.
    """
    by_model = {row[MODELS.c.model_id]: row for row in models}
    by_dataset = {row[DATASETS.c.dataset_id]: row for row in datasets}
    by_pair: dict[Pair, Found] = {
        (model_id, model[MODELS.c.dataset_id]): []
        for model_id, model in by_model.items()
        if model[MODELS.c.dataset_id] is not None
    }
    for score in scores:
        found = by_pair.setdefault(_pair_of(score), [])
        headline = BY_SCORE.get(_kind_of(score))
        if headline is not None:
            found.append((headline, score))
    return [
        _row(by_model[model_id], by_dataset[dataset_id], found)
        for (model_id, dataset_id), found in by_pair.items()
    ]


def _row(model: Row, dataset: Row, found: Found) -> dict[str, Any]:
    row = _EMPTY.copy()
    for name in _FROM_MODELS:
        row[name] = model[name]
    dataset_id = dataset[DATASETS.c.dataset_id]
    row[LEADERBOARD.c.dataset_id] = dataset_id
    row[LEADERBOARD.c.own_dataset] = model[MODELS.c.dataset_id] == dataset_id
    row[LEADERBOARD.c.data_category] = dataset[DATASETS.c.category]
    row[LEADERBOARD.c.num_classes] = dataset[DATASETS.c.num_classes]
    row.update(_reported(model, [pair for pair in found if pair[0].origin == "reported"]))
    row.update(_measured([pair for pair in found if pair[0].origin == "measured"]))
    return row


def _reported(model: Row, found: Found) -> dict[str, Any]:
    own = model[MODELS.c.source_id]
    if len(found) > 1:
        found.sort(key=lambda pair: (pair[1][SCORES.c.source_id] != own, str(pair[1][SCORES.c.source_id])))
    values: dict[str, Any] = {}
    for headline, score in found:
        values.setdefault(headline.column, score[SCORES.c.value])
    return values


def _measured(headlines: Found) -> dict[str, Any]:
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
