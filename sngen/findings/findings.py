"""The table findings: every claim, on every dataset and origin that has the numbers for it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from itertools import product
from typing import Any

import numpy as np
from scipy.stats import false_discovery_control

from sngen.findings.claims import Case, Claim, Rules, load_claims
from sngen.findings.difference import is_constant, mean_difference
from sngen.findings.estimate import Estimate
from sngen.findings.flipping import QUICK_DIFFERENCE, QUICK_SPEARMAN, Quick, quick_share, would_flip
from sngen.findings.related import groups
from sngen.findings.selection import Selection, joined, scopes, select
from sngen.findings.share import share_above
from sngen.findings.spearman import clustered, independent
from sngen.schema import FINDINGS, SCORES

Row = Mapping[str, Any]
Rows = list[dict[str, Any]]


@dataclass(frozen=True)
class Pairs:
    """Both quantities of N models: ``x`` [N], ``y`` [N], and the ``group`` of related models of each [N]."""

    x: np.ndarray
    y: np.ndarray
    group: np.ndarray
    nominal: float | None = None


@dataclass(frozen=True)
class Statistic:
    """A statistic: its name in the table, how it is computed, why it says nothing of some pairs, and its
    closed form."""

    title: str
    estimate: Callable[[Pairs, Rules], Estimate]
    obstacle: Callable[[Pairs, Claim], str | None]
    quick: Callable[[Claim], Quick]


def _spearman(pairs: Pairs, rules: Rules) -> Estimate:
    if len(set(pairs.group)) < len(pairs.group):
        return clustered(pairs.x, pairs.y, pairs.group, rules.resamples, rules.seed)
    return independent(pairs.x, pairs.y, rules.resamples, rules.seed)


def _constant_quantity(pairs: Pairs, claim: Claim) -> str | None:
    for values, quantity in ((pairs.x, claim.x), (pairs.y, claim.y)):
        if len(set(values)) == 1:
            return f"{quantity.metric} is {values[0]:g} for all models"
    return None


def _mean_difference(pairs: Pairs, rules: Rules) -> Estimate:
    return mean_difference(pairs.x, pairs.y, pairs.group)


def _constant_difference(pairs: Pairs, claim: Claim) -> str | None:
    if is_constant(pairs.x, pairs.y, pairs.group):
        return f"the difference is {pairs.y[0] - pairs.x[0]:g} for all groups of related models"
    return None


def _share(pairs: Pairs, rules: Rules) -> Estimate:
    assert pairs.nominal is not None
    return share_above(pairs.y, pairs.group, pairs.nominal)


def _never(pairs: Pairs, claim: Claim) -> str | None:
    return None


#: By their names in claims.
STATISTICS: dict[str, Statistic] = {
    "spearman": Statistic("Spearman's rho", _spearman, _constant_quantity, lambda claim: QUICK_SPEARMAN),
    "mean-difference": Statistic(
        "Mean difference", _mean_difference, _constant_difference, lambda claim: QUICK_DIFFERENCE
    ),
    "share": Statistic(
        "Share minus {nominal:g}", _share, _never, lambda claim: quick_share(claim.nominal or 0)
    ),
}


def findings(models: Iterable[Row], scores: Iterable[Row], relatives: Iterable[Row]) -> Rows:
    """All claims of ``claims.yaml``; p-values adjusted over all of them together (Benjamini-Hochberg)."""
    rules, claims = load_claims()
    return evaluate_claims(claims, rules, models, scores, relatives)


def evaluate_claims(
    claims: Iterable[Claim],
    rules: Rules,
    models: Iterable[Row],
    scores: Iterable[Row],
    relatives: Iterable[Row],
) -> Rows:
    """One row per claim, dataset, origin and method for which some model has both numbers."""
    by_scope = scopes(joined(models, scores))
    related = groups(relatives, rules.related_by)
    rows = []
    for case in (case for claim in claims for case in _cases(claim, by_scope)):
        selection = select(case, by_scope[case.origin, case.dataset_id])
        if selection is not None:
            rows.append(_finding(case, selection, related, rules))
    return _adjusted(rows, rules.false_discoveries)


def _cases(claim: Claim, by_scope: Iterable[tuple[str, str]]) -> Iterator[Case]:
    """Those whose dataset has numbers of the origin."""
    there = sorted(by_scope)
    datasets = sorted({dataset_id for _, dataset_id in there}) if claim.datasets is None else claim.datasets
    for dataset_id, origin, method in product(datasets, claim.origins, claim.methods):
        if (origin, dataset_id) in there:
            yield Case(claim, dataset_id, origin, method)


def _finding(case: Case, selection: Selection, related: Mapping[str, str], rules: Rules) -> dict[str, Any]:
    c, claim, found = FINDINGS.c, case.claim, selection.pairs
    group = np.array([related.get(model, model) for model in found[SCORES.c.model_id]], dtype=object)
    pairs = Pairs(found["x"].to_numpy(), found["y"].to_numpy(), group, claim.nominal)
    statistic = STATISTICS[claim.statistic]
    row = FINDINGS.row(
        **{
            c.finding_id: ":".join((claim.claim_id, case.dataset_id, case.origin, case.method)),
            c.claim_id: claim.claim_id,
            c.title: claim.title,
            c.statement: claim.statement,
            c.remark: claim.remark(case.method),
            c.family: claim.family,
            c.dataset_id: case.dataset_id,
            c.origin: case.origin,
            c.method: case.method,
            c.statistic: statistic.title.format(nominal=claim.nominal or 0),
            c.n: len(found),
            c.left_out: _named(selection, claim),
            c.clusters: len(set(group)),
            c.query: selection.query,
        }
    )
    obstacle = _too_few(claim, selection, len(set(group)), rules) or statistic.obstacle(pairs, claim)
    if obstacle is not None:
        return row | {c.verdict: "not-testable", c.ci_method: f"none: {obstacle}"}
    estimate = statistic.estimate(pairs, rules)
    decided = verdict(claim.sign, estimate.ci_low, estimate.ci_high)
    return row | {
        c.value: estimate.value,
        c.ci_low: estimate.ci_low,
        c.ci_high: estimate.ci_high,
        c.ci_method: estimate.ci_method,
        c.p_value: estimate.p_value,
        c.verdict: decided,
        c.would_flip: would_flip(
            statistic.quick(claim), pairs.x, pairs.y, group, decided, partial(verdict, claim.sign)
        ),
    }


def _named(selection: Selection, claim: Claim) -> str | None:
    """Who is left out, and why; None where nobody is."""
    parts = [f"{flag} ({claim.flags[flag]}): {', '.join(ids)}" for flag, ids in selection.left_out.items()]
    return "; ".join(parts) or None


def _too_few(claim: Claim, selection: Selection, unrelated: int, rules: Rules) -> str | None:
    """Why there are too few models for a test. ``unrelated``: groups of related models."""
    if unrelated >= rules.minimum_models:
        return None
    reasons = [f"{unrelated} unrelated models, {rules.minimum_models} are needed"]
    reasons += [
        f"{len(ids)} left out for the flag {flag} ({claim.flags[flag]})"
        for flag, ids in selection.left_out.items()
    ]
    return "; ".join(reasons)


def verdict(sign: int, ci_low: float, ci_high: float) -> str:
    """By the side of zero on which the interval lies, seen from the claimed ``sign``."""
    low, high = sorted((sign * ci_low, sign * ci_high))
    if low > 0:
        return "supported"
    return "contradicted" if high < 0 else "undecided"


def _adjusted(rows: Rows, level: float) -> Rows:
    """With p-values adjusted over all findings that have one; what is then above ``level`` is undecided."""
    c = FINDINGS.c
    tested = [row for row in rows if row[c.p_value] is not None]
    if tested:
        adjusted = false_discovery_control([row[c.p_value] for row in tested], method="bh")
        for row, value in zip(tested, adjusted, strict=True):
            row[c.p_adjusted] = float(value)
            if value > level and row[c.verdict] != "undecided":
                row[c.would_flip] = f"{row[c.verdict].capitalize()} if it were the only claim that is tested."
                row[c.verdict] = "undecided"
    return rows
