"""The table findings: every claim, on every dataset and origin that has the numbers for it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import product
from typing import Any

import numpy as np
from scipy.stats import false_discovery_control

from sngen.findings.claims import Case, Claim, Rules, load_claims
from sngen.findings.related import groups
from sngen.findings.selection import Selection, joined, scopes, select
from sngen.findings.spearman import Correlation, clustered, independent
from sngen.schema import FINDINGS, SCORES

Row = Mapping[str, Any]
Rows = list[dict[str, Any]]
#: (x [N], y [N], group of related models [N], rules) -> correlation
Statistic = Callable[[np.ndarray, np.ndarray, np.ndarray, Rules], Correlation]


def _spearman(x: np.ndarray, y: np.ndarray, related: np.ndarray, rules: Rules) -> Correlation:
    if len(set(related)) < len(related):
        return clustered(x, y, related, rules.resamples, rules.seed)
    return independent(x, y, rules.resamples, rules.seed)


#: Name in a claim -> (name in the table, function)
STATISTICS: dict[str, tuple[str, Statistic]] = {"spearman": ("Spearman's rho", _spearman)}


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
    return _adjusted(rows)


def _cases(claim: Claim, by_scope: Iterable[tuple[str, str]]) -> Iterator[Case]:
    """Those whose dataset has numbers of the origin."""
    there = sorted(by_scope)
    datasets = sorted({dataset_id for _, dataset_id in there}) if claim.datasets is None else claim.datasets
    for dataset_id, origin, method in product(datasets, claim.origins, claim.methods):
        if (origin, dataset_id) in there:
            yield Case(claim, dataset_id, origin, method)


def _finding(case: Case, selection: Selection, related: Mapping[str, str], rules: Rules) -> dict[str, Any]:
    c, claim, pairs = FINDINGS.c, case.claim, selection.pairs
    group = np.array([related.get(model, model) for model in pairs[SCORES.c.model_id]], dtype=object)
    statistic_name, statistic = STATISTICS[claim.statistic]
    row = FINDINGS.row(
        **{
            c.finding_id: ":".join((claim.claim_id, case.dataset_id, case.origin, case.method)),
            c.claim_id: claim.claim_id,
            c.title: claim.title,
            c.statement: claim.statement,
            c.remark: claim.remarks.get(case.method),
            c.family: claim.family,
            c.dataset_id: case.dataset_id,
            c.origin: case.origin,
            c.method: case.method,
            c.statistic: statistic_name,
            c.n: len(pairs),
            c.clusters: len(set(group)),
            c.query: selection.query,
        }
    )
    x, y = pairs["x"].to_numpy(), pairs["y"].to_numpy()
    obstacle = _obstacle(claim, selection, len(set(group)), rules)
    if obstacle is not None:
        return row | {c.verdict: "not-testable", c.ci_method: f"none: {obstacle}"}
    result = statistic(x, y, group, rules)
    return row | {
        c.value: result.rho,
        c.ci_low: result.ci_low,
        c.ci_high: result.ci_high,
        c.ci_method: result.ci_method,
        c.p_value: result.p_value,
        c.verdict: verdict(claim.sign, result.ci_low, result.ci_high),
    }


def _obstacle(claim: Claim, selection: Selection, unrelated: int, rules: Rules) -> str | None:
    """Why the claim cannot be tested on these rows. ``unrelated``: groups of related models."""
    if unrelated < rules.minimum_models:
        reasons = [f"{unrelated} unrelated models, {rules.minimum_models} are needed"]
        reasons += [
            f"{count} left out for the flag {flag} ({claim.flags[flag]})"
            for flag, count in selection.left_out.items()
        ]
        return "; ".join(reasons)
    for name, quantity in (("x", claim.x), ("y", claim.y)):
        values = selection.pairs[name]
        if values.nunique() == 1:
            return f"{quantity.metric} is {values.iloc[0]:g} for all models"
    return None


def verdict(sign: int, ci_low: float, ci_high: float) -> str:
    """By the side of zero on which the interval lies, seen from the claimed ``sign``."""
    low, high = sorted((sign * ci_low, sign * ci_high))
    if low > 0:
        return "supported"
    return "contradicted" if high < 0 else "undecided"


def _adjusted(rows: Rows) -> Rows:
    """With p-values adjusted over all findings that have one."""
    tested = [row for row in rows if row[FINDINGS.c.p_value] is not None]
    if tested:
        adjusted = false_discovery_control([row[FINDINGS.c.p_value] for row in tested], method="bh")
        for row, value in zip(tested, adjusted, strict=True):
            row[FINDINGS.c.p_adjusted] = float(value)
    return rows
