"""Named rules that find pairs of related models, and what they find, once each."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from sngen.catalog.relating.facts import Facts
from sngen.schema import RELATIVES

DIRECTED = frozenset({"fine-tuned-from", "clean-twin"})


@dataclass(frozen=True)
class Pair:
    """``ground`` says for this very pair what the rule went by."""

    model_a: str
    model_b: str
    ground: str


Find = Callable[[Facts], Iterator[Pair]]


@dataclass(frozen=True)
class RelationRule:
    """``explanation`` is the finding function's docstring in one line."""

    name: str
    relation: str
    explanation: str
    find: Find


def relation_rule(name: str, relation: str) -> Callable[[Find], RelationRule]:
    """Make a rule of a generator of pairs; its docstring is its explanation in the audit."""
    return lambda find: RelationRule(name, relation, _explanation(find), find)


def star(members: Iterable[str], centre: str, ground: str) -> Iterator[Pair]:
    """Every other member with the centre: connected, and never quadratic."""
    for member in members:
        if member != centre:
            yield Pair(member, centre, ground)


def apply_rules(
    rules: Sequence[RelationRule], facts: Facts, stated: Iterable[dict[str, Any]], source_id: str
) -> tuple[list[dict[str, Any]], dict[str, int]]:
    """Rows of the table relatives and their number by rule. A pair that a source states, or that an earlier
    rule found, is not said again; the two ids of a relation without direction are in alphabetical order."""
    known = {
        _key(row[RELATIVES.c.model_a], row[RELATIVES.c.model_b], row[RELATIVES.c.relation]) for row in stated
    }
    rows: list[dict[str, Any]] = []
    counts = {rule.name: 0 for rule in rules}
    for rule in rules:
        for pair in rule.find(facts):
            key = _key(pair.model_a, pair.model_b, rule.relation)
            if key in known or pair.model_a == pair.model_b:
                continue
            known.add(key)
            counts[rule.name] += 1
            rows.append(
                RELATIVES.row(
                    model_a=key[0], model_b=key[1], relation=rule.relation, ground=pair.ground,
                    rule=rule.name, source_id=source_id,
                )
            )  # fmt: skip
    return rows, counts


def _key(one: str, other: str, relation: str) -> tuple[str, str, str]:
    return (one, other, relation) if relation in DIRECTED else (min(one, other), max(one, other), relation)


def _explanation(function: Callable[..., Any]) -> str:
    return " ".join((inspect.getdoc(function) or "").replace("``", '"').split())
