"""Rows for tests of relations, written in a few words."""

from __future__ import annotations

from typing import Any

from sngen.catalog.relating.facts import AUTOATTACK, CLEAN, Facts
from sngen.catalog.relating.rules import RelationRule
from sngen.catalog.reported import reported_score
from sngen.schema import MODELS, RELATIVES

Row = dict[str, Any]


def model(model_id: str, **columns: Any) -> Row:
    """A model whose source is the first part of its id, and whose name is the last unless it is given."""
    source = model_id.partition("/")[0]
    return MODELS.row(model_id=model_id, source_id=source, **{"name": model_id.rpartition("/")[2]} | columns)


def clean(row: Row, value: float) -> Row:
    return reported_score(
        row[MODELS.c.source_id], row[MODELS.c.model_id], row[MODELS.c.dataset_id], CLEAN, value
    )


def autoattack(row: Row, value: float, norm: str = "Linf", eps: str = "8/255", size: float = 8 / 255) -> Row:
    family, method, metric = AUTOATTACK
    kind = (family, method, f"{norm.lower()}-{eps.replace('/', '-')}", metric)
    return reported_score(
        row[MODELS.c.source_id], row[MODELS.c.model_id], row[MODELS.c.dataset_id], kind, value,
        norm=norm, eps=eps, eps_value=size,
    )  # fmt: skip


def pairs(rule: RelationRule, models: list[Row], scores: list[Row] | None = None) -> set[tuple[str, str]]:
    return {(pair.model_a, pair.model_b) for pair in rule.find(Facts(models, scores or []))}


def relative(one: str, other: str, relation: str = "same-weights") -> Row:
    return RELATIVES.row(model_a=one, model_b=other, relation=relation, ground="said", source_id="test")
