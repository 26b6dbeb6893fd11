"""What changed, as sections of lines: the one form that the terminal, the change log and the site show."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sngen.release.changes.compare import Changes
from sngen.release.changes.scores import UNEXPLAINED, ScoreChange
from sngen.release.changes.versions import step_of

#: Lines of a section that the change log of a release holds.
LINES = 50


@dataclass(frozen=True)
class Section:
    """``more``: how many lines are left out."""

    title: str
    lines: tuple[str, ...]
    more: int = 0


@dataclass(frozen=True)
class Entry:
    """``summary`` is one line a subject. Nothing in it is escaped."""

    summary: tuple[str, ...]
    sections: tuple[Section, ...]


def entry_of(changes: Changes, limit: int | None = LINES) -> Entry:
    """``limit``: lines of each section at most."""
    sections = (
        _section("Tables and columns", _shape(changes), limit),
        _section("Models renamed", [f"{was} is {now} now" for was, now in changes.renamed.items()], limit),
        *(
            section
            for table, rows in changes.facts.items()
            for section in (
                _section(f"Added to {table}", rows.added, limit),
                _section(f"Removed from {table}", rows.removed, limit),
                _section(
                    f"Facts changed in {table}",
                    [
                        f"{cell.row}, {cell.column}: {_cell(cell.before)}, now {_cell(cell.after)}"
                        for cell in rows.cells
                    ],
                    limit,
                ),
            )
        ),
        _section("Scores changed without a known reason", _scores(changes, explained=False), limit),
        _section("Scores changed", _scores(changes, explained=True), limit),
        _section("Scores added", _by_protocol(changes.scores.added), limit),
        _section("Scores removed", changes.scores.removed, limit),
        _section(
            "Verdicts that follow",
            [f"{cell.row}: {cell.before}, now {cell.after}" for cell in changes.verdicts],
            limit,
        ),
    )
    return Entry(_summary(changes), tuple(section for section in sections if section.lines))


def _summary(changes: Changes) -> tuple[str, ...]:
    step = step_of(changes)
    if step is None:
        return ("Nothing changed.",)
    lines = [f"{step.name.upper()}: {step.ground}"]
    for table, rows in changes.facts.items():
        if rows.added or rows.removed or rows.cells:
            counts = f"{len(rows.added):,} added, {len(rows.removed):,} removed"
            lines.append(f"{table}: {counts}, {len(rows.cells):,} cells changed")
    if changes.renamed:
        lines.append(f"models renamed: {len(changes.renamed):,}")
    scores = changes.scores
    if scores.added or scores.removed or scores.changed:
        whys = Counter(change.why.partition(":")[0] for change in scores.changed)
        reasons = ", ".join(f"{count:,} {why}" for why, count in whys.most_common())
        counts = f"{len(scores.added):,} added, {len(scores.removed):,} removed"
        lines.append(
            f"scores: {counts}, {len(scores.changed):,} changed" + (f" ({reasons})" if reasons else "")
        )
    if changes.verdicts:
        lines.append(f"findings: {len(changes.verdicts)} verdicts follow")
    return tuple(lines)


def _section(title: str, lines: Sequence[str], limit: int | None) -> Section:
    shown = tuple(lines if limit is None else lines[:limit])
    return Section(title, shown, len(lines) - len(shown))


def _shape(changes: Changes) -> list[str]:
    lines = [f"table {name}: new" for name in changes.tables_added]
    lines += [f"table {name}: gone" for name in changes.tables_removed]
    for table, columns in changes.columns.items():
        lines += [f"column {table}.{name}: new" for name in columns.added]
        lines += [f"column {table}.{name}: gone" for name in columns.removed]
        lines += [f"column {table}.{name}: {was}, now {now}" for name, (was, now) in columns.retyped.items()]
    lines += [f"protocol {name}: new" for name in changes.protocols_added]
    lines += [f"protocol {name}: gone" for name in changes.protocols_removed]
    return lines + [f"protocol {name}: other settings" for name in changes.altered]


def _scores(changes: Changes, *, explained: bool) -> list[str]:
    """The largest changes first, by intervals where there are any."""
    chosen = [change for change in changes.scores.changed if (change.why != UNEXPLAINED) == explained]
    chosen.sort(key=lambda one: (-(one.intervals or 0), -abs(one.difference), one.score_id))
    return [_score(change) for change in chosen]


def _score(change: ScoreChange) -> str:
    words = f"{change.score_id}: {change.before:.6g}, now {change.after:.6g} ({change.difference:+.3g}"
    if change.overlap is not None:
        words += ", intervals overlap" if change.overlap else ", intervals apart"
    return f"{words}): {change.why}"


def _by_protocol(score_ids: Sequence[str]) -> list[str]:
    """How many, by model-independent name: a release adds thousands."""
    counts = Counter(tuple(name.split(":")[1:4]) for name in score_ids)
    return [
        f"{dataset}, {basis}, {method}: {count:,}"
        for (dataset, basis, method), count in sorted(counts.items())
    ]


def _cell(value: Any) -> str:
    return "null" if value is None else value if isinstance(value, str) else json.dumps(value)
