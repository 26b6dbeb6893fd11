"""Which scores may stand in one table: equal family, dataset, origin, protocol, tier, images and n."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from sngen.leaderboard.snapshot import Row
from sngen.schema import CLASSIFYING, COPY_KINDS, HEADLINES, METRICS, MODELS, SCORES, TASKS

#: Flags of models that give one answer to every image: their numbers say nothing about an attack.
DEGENERATE = frozenset({"accuracy-equals-single-class-share", "agreement-is-1", "constant-answers"})

#: Metrics over the images that the model gets right, that an attack changed, or that are not of the class
#: that a trigger leads to: their n differs from model to model though the images are the same.
OVER_OWN_IMAGES = frozenset(
    {
        "minimal_perturbation", "queries_per_success", "attack_success_rate", "true_positive_rate",
        "detection_auc",
    }
)  # fmt: skip

WITHDRAWN = "withdrawn by an erratum"

_M, _S = MODELS.c, SCORES.c
#: (method, setting, metric): what a column of a board holds.
Quantity = tuple[str, str, str]


@dataclass(frozen=True)
class LeftOut:
    """Scores that are not on a board, and why. ``models`` are ids, each once, in order."""

    reason: str
    scores: int
    models: tuple[str, ...]


@dataclass(frozen=True)
class Board:
    """Comparable scores. ``basis`` is the protocol and version (measured) or the source (reported).

    A board of nothing but models that are left out has neither quantities nor scores.
    """

    family: str
    dataset_id: str
    origin: str
    basis: str
    tier: str | None
    quantities: tuple[Quantity, ...]
    scores: dict[str, dict[Quantity, Row]]
    left_out: tuple[LeftOut, ...]

    @property
    def main(self) -> Quantity:
        """What the board is ordered by: the family's first headline on it."""
        return self.quantities[0]

    def ordered(self) -> list[str]:
        """Model ids by the main quantity, best first for the model's owner; unknown last."""
        sign = 1 if METRICS[self.main[2]].better == "lower" else -1

        def place(model_id: str) -> tuple[bool, float, str]:
            score = self.scores[model_id].get(self.main)
            return (score is None, sign * score[_S.value] if score else 0.0, model_id)

        return sorted(self.scores, key=place)


def boards(scores: Iterable[Row], models: Mapping[str, Row]) -> list[Board]:
    """All boards, by family, dataset, measured first, tier, basis. Every score is on one or left out."""
    groups: dict[tuple[str, str, str, str, str], list[Row]] = defaultdict(list)
    for score in scores:
        measured = score[_S.origin] == "measured"
        # Versions of one protocol meet in one group, so that the older ones can be named as left out.
        basis = score[_S.protocol].split("/")[0] if measured else score[_S.source_id]
        groups[
            (score[_S.family], score[_S.dataset_id], score[_S.origin], score[_S.tier] or "", basis)
        ].append(score)
    return [_board(key, rows, models) for key, rows in sorted(groups.items())]


def outside(model: Row) -> str | None:
    """Why a model stands in no leaderboard; None where it may. An unknown task is no reason."""
    if model[_M.copy_kind] is not None:
        return f"{model[_M.copy_kind]}: {COPY_KINDS[model[_M.copy_kind]]}"
    task = model[_M.task]
    return None if task is None or task in CLASSIFYING else f"{task}: {TASKS[task]}"


def _board(key: tuple[str, str, str, str, str], rows: list[Row], models: Mapping[str, Row]) -> Board:
    family, dataset_id, origin, tier, basis = key
    rows, left_out = _inside(rows, models)
    if origin == "measured" and rows:
        basis, rows, older = _newest_protocol(rows)
        left_out += older
    by_quantity: dict[Quantity, list[Row]] = defaultdict(list)
    for row in rows:
        by_quantity[(row[_S.method], row[_S.setting], row[_S.metric])].append(row)
    scores: dict[str, dict[Quantity, Row]] = defaultdict(dict)
    others: list[Row] = []
    for quantity, candidates in by_quantity.items():
        kept, rest = _same_conditions(candidates) if origin == "measured" else (candidates, [])
        others += rest
        for row in kept:
            scores[row[_S.model_id]][quantity] = row
    if others:
        left_out.append(
            _left_out("measured on other images, another number of images, or another device", others)
        )
    quantities = tuple(sorted(by_quantity, key=lambda quantity: _place(origin, family, quantity)))
    return Board(family, dataset_id, origin, basis, tier or None, quantities, dict(scores), tuple(left_out))


def _inside(rows: list[Row], models: Mapping[str, Row]) -> tuple[list[Row], list[LeftOut]]:
    kept: list[Row] = []
    others: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        reason = WITHDRAWN if row[_S.withdrawn] else outside(models[row[_S.model_id]])
        if reason is None:
            kept.append(row)
        else:
            others[reason].append(row)
    return kept, [_left_out(reason, others[reason]) for reason in sorted(others)]


def _newest_protocol(rows: list[Row]) -> tuple[str, list[Row], list[LeftOut]]:
    newest = max({row[_S.protocol] for row in rows}, key=lambda name: int(name.split("/")[1]))
    older = defaultdict(list)
    for row in rows:
        if row[_S.protocol] != newest:
            older[row[_S.protocol]].append(row)
    left_out = [_left_out(f"measured under the older protocol {name}", older[name]) for name in sorted(older)]
    return newest, [row for row in rows if row[_S.protocol] == newest], left_out


def _same_conditions(rows: list[Row]) -> tuple[list[Row], list[Row]]:
    """The rows of the largest group with equal conditions, and the others."""

    def conditions(row: Row) -> tuple[Any, ...]:
        metric = METRICS[row[_S.metric]]
        machine = (row[_S.device], row[_S.threads]) if metric.repeats == "with-machine" else ()
        n = None if row[_S.metric] in OVER_OWN_IMAGES else row[_S.n]
        return (row[_S.data_fingerprint], n, row[_S.method_version], *machine)

    counts = Counter(conditions(row) for row in rows)
    chosen = max(counts, key=lambda key: (counts[key], key[1] or 0, repr(key)))
    return [r for r in rows if conditions(r) == chosen], [r for r in rows if conditions(r) != chosen]


def _left_out(reason: str, rows: list[Row]) -> LeftOut:
    return LeftOut(reason, len(rows), tuple(sorted({row[_S.model_id] for row in rows})))


def _place(origin: str, family: str, quantity: Quantity) -> tuple[int, Quantity]:
    for position, headline in enumerate(HEADLINES):
        if (headline.origin, headline.family) == (origin, family) and quantity == (
            headline.method, headline.setting, headline.metric,
        ):  # fmt: skip
            return position, quantity
    return len(HEADLINES), quantity


def is_degenerate(flags: Iterable[str] | None) -> bool:
    return not DEGENERATE.isdisjoint(flags or ())
