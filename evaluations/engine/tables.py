"""Plain text of what the commands print."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from evaluations.engine.batch import Summary
from evaluations.engine.costs import Costs, Total
from evaluations.engine.failures import Failure
from evaluations.engine.plan import Plan
from evaluations.engine.progress import duration
from evaluations.engine.reproduce import Reproduction
from evaluations.engine.status import STATES, Group, Status, grouped
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


def plan_table(plan: Plan, costs: Costs) -> str:
    """Units by protocol, tier and dataset, what they will cost, and what is left out."""
    known, training = grouped(unit.work for unit in plan.units), grouped(plan.unprepared)
    rows = []
    for group in _ordered({*known, *training}):
        works = known.get(group, []) + training.get(group, [])
        total = costs.total(works)
        rows.append((*_names(group), len(works), len(training.get(group, ())), *_cost_cells(total)))
    header = ("protocol", "tier", "dataset", "units", "weights to train", "worker time", "memory", "unknown")
    table = aligned(header, rows)
    total = costs.total([*(unit.work for unit in plan.units), *plan.unprepared])
    return "\n".join([table if rows else "no units", *cost_lines(total), *left_out_lines(plan.left_out)])


def cost_lines(total: Total) -> list[str]:
    """What an estimate is worth is said with it."""
    if not total.seconds:
        return []
    lines = [
        f"about {duration(total.seconds)} of one worker in all, the longest unit {duration(total.longest)}, "
        f"up to {_size(total.memory)} of memory for each worker; judged by measured units and this machine's "
        "speed, without preparations (training, canaries)"
    ]
    if total.unknown:
        lines.append(f"{total.unknown} units are not in this: nothing like them was measured yet")
    return lines


def _cost_cells(total: Total) -> tuple[str, str, int]:
    if not total.seconds:
        return "", "", total.unknown
    return duration(total.seconds), _size(total.memory), total.unknown


def _size(count: float) -> str:
    return f"{count / 2**30:.1f} GiB"


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


def status_table(status: Status, costs: Costs) -> str:
    """Units by state, what is left to do, who is at work, and what failed and why."""
    rows = [
        (*_names(group), *(status.counts[group][state] for state in STATES))
        for group in _ordered(status.counts)
    ]
    table = aligned(("protocol", "tier", "dataset", *STATES), rows)
    lines = [table if rows else "no units", *_left_lines(status, costs)]
    return "\n".join([*lines, *_holder_lines(status), *failure_lines(status.failures)])


def _left_lines(status: Status, costs: Costs) -> list[str]:
    total = costs.total(status.left)
    lines = cost_lines(total)
    if not lines:
        return []
    at_work = len(status.holders)
    by_all = f"; {duration(total.seconds / at_work)} for the {at_work} now at work" if at_work > 1 else ""
    return [f"left: {lines[0]}{by_all}", *lines[1:]]


def _holder_lines(status: Status) -> list[str]:
    if not status.holders:
        return []
    rows = [(h.work.name, h.host, h.pid, f"{h.heard:%Y-%m-%d %H:%M:%S} UTC") for h in status.holders]
    return ["", aligned(("at work on", "machine", "process", "last heard (the store's clock)"), rows)]


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


def _names(group: Group) -> tuple[str, str, str]:
    return group.protocol, group.tier, group.dataset_id


def _ordered(groups: Iterable[Group]) -> list[Group]:
    return sorted(groups, key=lambda group: (group.protocol, group.tier, group.dataset_id))


def _number(value: float | None) -> str:
    return "none" if value is None else f"{value:.6g}"
