"""Plain text of what the commands print."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from evaluations.engine.batch import Summary
from evaluations.engine.failures import Failure
from evaluations.engine.plan import Plan
from evaluations.engine.reproduce import Reproduction
from evaluations.engine.status import STATES, Group, Status, group_of
from evaluations.engine.verdict import TIMING_FACTOR
from evaluations.engine.work import LeftOut
from sngen.schema import METRICS, SCORES


def aligned(header: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Columns separated by two spaces; numbers to the right."""
    cells = [list(header), *([str(cell) for cell in row] for row in rows)]
    right = [all(line[i].lstrip("-").isdigit() for line in cells[1:]) for i in range(len(header))]
    widths = [max(len(line[i]) for line in cells) for i in range(len(header))]
    lines = (
        "  ".join(
            cell.rjust(width) if to_right else cell.ljust(width)
            for cell, width, to_right in zip(line, widths, right, strict=True)
        )
        for line in cells
    )
    return "\n".join(line.rstrip() for line in lines)


def plan_table(plan: Plan) -> str:
    """Units by protocol, tier and dataset, and what is left out."""
    known = Counter(group_of(unit.work) for unit in plan.units)
    training = Counter(group_of(work) for work in plan.unprepared)
    rows = [
        (group.protocol, group.tier, group.dataset_id, known[group] + training[group], training[group])
        for group in _ordered({*known, *training})
    ]
    table = aligned(("protocol", "tier", "dataset", "units", "weights to train"), rows)
    return "\n".join([table if rows else "no units", *left_out_lines(plan.left_out)])


def left_out_lines(left_out: Sequence[LeftOut]) -> list[str]:
    reasons = Counter(one.reason for one in left_out)
    if not reasons:
        return []
    return [
        f"left out: {len(left_out)} (model, protocol) pairs",
        *(
            f"  {count} {'model' if count == 1 else 'models'}: {reason}"
            for reason, count in reasons.most_common()
        ),
    ]


def status_table(status: Status) -> str:
    rows = [
        (group.protocol, group.tier, group.dataset_id, *(status.counts[group][state] for state in STATES))
        for group in _ordered(status.counts)
    ]
    table = aligned(("protocol", "tier", "dataset", *STATES), rows)
    return "\n".join([table if rows else "no units", *failure_lines(status.failures)])


def failure_lines(failures: Sequence[Failure]) -> list[str]:
    if not failures:
        return []
    rows = [(f.model_id, f.what, f.cause) for f in sorted(failures, key=lambda f: (f.model_id, f.what))]
    return ["", aligned(("model", "evaluation", "failed because"), rows)]


def summary_lines(summary: Summary, store: object) -> str:
    failed = len(summary.failures)
    head = f"units measured: {summary.measured}, there before: {summary.there}, failed: {failed}, in {store}"
    if summary.interrupted:
        finished = summary.measured + summary.there
        head = (
            f"stopped: at least {finished} of {summary.planned} units are in {store}. "
            f"Nothing is half-written; the same command goes on from here."
            if summary.planned
            else "stopped before the first unit. Nothing is half-written; the same command starts again."
        )
    return "\n".join([*left_out_lines(summary.left_out), head, *failure_lines(summary.failures)])


def reproduction_table(reproduction: Reproduction) -> str:
    """Published, interval, now, difference and verdict, and what else is not as it was."""
    published, verdict = reproduction.published, reproduction.verdict
    record, metric = published.record, METRICS[published.score.metric]
    interval = "none" if verdict.low is None else f"[{_number(verdict.low)}, {_number(verdict.high)}]"
    what = "interval" if verdict.scale is None else "interval on this machine"
    rows = [
        ("score", published.score_id),
        ("record", f"{record.record_id[:16]} of {record.provenance[SCORES.c.date]} in {published.store}"),
        ("published", f"{_number(verdict.published)} {metric.unit}, n = {published.score.n}"),
        (what, interval),
        ("measured now", f"{_number(verdict.now)} {metric.unit}"),
        ("difference", f"{verdict.difference:+.6g}"),
        ("verdict", verdict.word),
    ]
    width = max(len(name) for name, _ in rows)
    lines = [f"{name.ljust(width)}  {text}" for name, text in rows]
    if verdict.scale is not None:
        lines.append(
            f"A time varies with the machine: the published one was scaled by {verdict.scale:.3f}, the ratio "
            f"of the calibration kernel's times, and is judged no more finely than by a factor of "
            f"{TIMING_FACTOR} either way."
        )
    if reproduction.changes:
        lines.append("Not the same unit as the published one:")
        lines += [f"  {change}" for change in reproduction.changes]
    return "\n".join(lines)


def _ordered(groups: Iterable[Group]) -> list[Group]:
    return sorted(groups, key=lambda group: (group.protocol, group.tier, group.dataset_id))


def _number(value: float | None) -> str:
    return "none" if value is None else f"{value:.6g}"
