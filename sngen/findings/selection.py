"""The rows of a release that a claim is tested on, selected by a query that a reader can run as well."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from sngen.errors import DataProblem
from sngen.findings.claims import Case, Quantity
from sngen.schema import MODELS, SCORES, TIERS

Row = Mapping[str, Any]
#: Column -> value that a row has to have.
Equal = dict[str, str]
#: Joined scores of one origin and dataset, by family, method, setting and metric.
Scope = dict[tuple[str, ...], pd.DataFrame]

#: How the two tables are joined; a model's columns that a score has too end in ``_model``.
ON, SUFFIX = MODELS.c.model_id, "_model"
JOIN = f"scores.merge(models, on='{ON}', suffixes=('', '{SUFFIX}'))"
_OF_MODELS = (
    MODELS.c.model_id, MODELS.c.purpose, MODELS.c.source_id, MODELS.c.flags, MODELS.c.training_kind,
)  # fmt: skip
_OF_SCORES = (
    SCORES.c.model_id, SCORES.c.dataset_id, SCORES.c.origin, SCORES.c.source_id, SCORES.c.family,
    SCORES.c.method, SCORES.c.setting, SCORES.c.metric, SCORES.c.protocol, SCORES.c.tier, SCORES.c.flags,
    SCORES.c.value, SCORES.c.withdrawn,
)  # fmt: skip
_QUANTITY = (SCORES.c.family, SCORES.c.method, SCORES.c.setting, SCORES.c.metric)
_FLAGS = (SCORES.c.flags, f"{SCORES.c.flags}{SUFFIX}")
#: Kinds of models that have, or once had, a planted backdoor.
PLANTED = {True: ("backdoored",), False: ("backdoored", "backdoor-removed")}
_SOURCES = (SCORES.c.source_id, f"{SCORES.c.source_id}{SUFFIX}")


@dataclass(frozen=True)
class Selection:
    """``pairs`` has the columns model_id, x and y, by model id. ``left_out``: ids of models by flag; a model
    with several flags stands under each."""

    query: str
    pairs: pd.DataFrame
    left_out: dict[str, tuple[str, ...]]


def joined(models: Iterable[Row], scores: Iterable[Row]) -> pd.DataFrame:
    """Scores with their models' columns, as in ``JOIN``; only those that a selection looks at."""
    left = pd.DataFrame([[row[name] for name in _OF_SCORES] for row in scores], columns=list(_OF_SCORES))
    right = pd.DataFrame([[row[name] for name in _OF_MODELS] for row in models], columns=list(_OF_MODELS))
    return left.merge(right, on=ON, suffixes=("", SUFFIX))


def scopes(joined_scores: pd.DataFrame) -> dict[tuple[str, str], Scope]:
    """Scopes by (origin, dataset): no selection reaches beyond one."""
    found: dict[tuple[str, str], Scope] = {}
    for key, rows in joined_scores.groupby([SCORES.c.origin, SCORES.c.dataset_id, *_QUANTITY]):
        origin, dataset_id, *quantity = (str(part) for part in key)
        found.setdefault((origin, dataset_id), {})[tuple(quantity)] = rows
    return found


def select(case: Case, scope: Scope) -> Selection | None:
    """Pairs of both quantities of one model; None where no model has both, flagged or not.

    ``scope``: that of the case's origin and dataset.
    """
    claim = case.claim
    x, y = _equal(claim.x, case.method), _equal(claim.y, case.method)
    kinds = dict.fromkeys(tuple(side.values()) for side in (x, y))  # of a share both are one
    sides = [scope.get(kind) for kind in kinds]
    if any(side is None for side in sides):
        return None
    rows = pd.concat(sides)
    shared: Equal = {SCORES.c.origin: case.origin, SCORES.c.dataset_id: case.dataset_id}
    population = _planted(rows[rows[MODELS.c.purpose].isin(claim.purposes)], claim.backdoored)
    if case.origin == "reported":
        population = population[population[_SOURCES[0]] == population[_SOURCES[1]]]
    else:
        tier = _largest_common_tier(population, x, y)
        if tier is None:
            return None
        shared[SCORES.c.tier] = tier
        x, y = (side | _newest_protocol(population, shared | side) for side in (x, y))
    everything = _pairs(_where(population, shared), x, y)
    if everything.empty:
        return None
    conditions = [
        _text(shared),
        f"{SCORES.c.withdrawn}.isna()",
        f"{MODELS.c.purpose} in {list(claim.purposes)!r}",
        *([] if claim.backdoored is None else [_text_planted(claim.backdoored)]),
        # Several publications may report on one model: its own source speaks for it.
        *([" == ".join(_SOURCES)] if case.origin == "reported" else []),
        "(" + " or ".join(dict.fromkeys(f"({_text(side)})" for side in (x, y))) + ")",
        *(_without(flag) for flag in claim.flags),
    ]
    condition = " and ".join(conditions)
    pairs = _pairs(rows.query(condition, engine="python"), x, y)
    dropped = population[population[ON].isin(set(everything[ON]) - set(pairs[ON]))]
    text = f'{JOIN}.query("""{condition}""", engine="python")'
    return Selection(text, pairs, _by_flag(dropped, claim.flags))


def _equal(quantity: Quantity, method: str) -> Equal:
    values = (quantity.family, quantity.method or method, quantity.setting, quantity.metric)
    return dict(zip(_QUANTITY, values, strict=True))


def _text(equal: Equal) -> str:
    return " and ".join(f"{name} == {value!r}" for name, value in equal.items())


def _planted(rows: pd.DataFrame, backdoored: bool | None) -> pd.DataFrame:
    if backdoored is None:
        return rows
    return rows[rows[MODELS.c.training_kind].isin(PLANTED[backdoored]) == backdoored]


def _text_planted(backdoored: bool) -> str:
    return f"{MODELS.c.training_kind} {'in' if backdoored else 'not in'} {list(PLANTED[backdoored])!r}"


def _where(rows: pd.DataFrame, equal: Equal) -> pd.DataFrame:
    for name, value in equal.items():
        rows = rows[rows[name] == value]
    return rows


def _largest_common_tier(rows: pd.DataFrame, x: Equal, y: Equal) -> str | None:
    """The largest tier at which both quantities were measured; tiers never share a test."""
    tiers = set(_where(rows, x)[SCORES.c.tier]) & set(_where(rows, y)[SCORES.c.tier])
    return max(tiers, key=list(TIERS).index, default=None)


def _newest_protocol(rows: pd.DataFrame, equal: Equal) -> Equal:
    """The newest protocol version among these rows; versions never share a test."""
    protocols = set(_where(rows, equal)[SCORES.c.protocol])
    return {SCORES.c.protocol: max(protocols, key=lambda protocol: int(protocol.rpartition("/")[2]))}


def _without(flag: str) -> str:
    """Flags are lists; written out, each stands in quotes, so that no flag is found inside another."""
    return " and ".join(f"~{column}.astype('str').str.contains(\"'{flag}'\")" for column in _FLAGS)


def _by_flag(rows: pd.DataFrame, flags: Iterable[str]) -> dict[str, tuple[str, ...]]:
    """Models by flag, of which they carry at least one on themselves or on a score."""
    models: dict[str, set[str]] = {flag: set() for flag in flags}
    for column in _FLAGS:
        for model, carried in zip(rows[ON], rows[column], strict=True):
            for flag in models.keys() & set(carried if isinstance(carried, list) else ()):
                models[flag].add(model)
    return {flag: tuple(sorted(found)) for flag, found in models.items() if found}


def _pairs(rows: pd.DataFrame, x: Equal, y: Equal) -> pd.DataFrame:
    """One row per model that has both. Raises ``DataProblem`` where a model has one of them twice."""
    of_x, of_y = _values(rows, x), _values(rows, y)
    pairs = [(model, of_x[model], of_y[model]) for model in sorted(of_x.keys() & of_y.keys())]
    return pd.DataFrame(pairs, columns=[ON, "x", "y"])


def _values(rows: pd.DataFrame, equal: Equal) -> dict[str, float]:
    """Value by model. A loop, because these frames are so small that each mask would cost more."""
    wanted = tuple(equal.values())
    values: dict[str, float] = {}
    cells = zip(*(rows[name] for name in equal), strict=True)
    for found, model, value in zip(cells, rows[ON], rows[SCORES.c.value], strict=True):
        if found == wanted:
            if model in values:
                raise DataProblem([f"scores of {model}: more than one where {_text(equal)}"])
            values[model] = float(value)
    return values
