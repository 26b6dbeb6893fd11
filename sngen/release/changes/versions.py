"""Which version number a change makes: the rules, and the refusal of a wrong one.

- MAJOR: a table or column is gone or of another type, a unit changed, a protocol was taken out, or its
  settings changed under the same name: code or sentences written for the release before may be wrong now.
- MINOR: something is new: models, scores, datasets, collections, relatives, columns, tables; or is gone or
  renamed.
- PATCH: corrections of what was there.
"""

from __future__ import annotations

from dataclasses import dataclass

from sngen.errors import UsageError
from sngen.release.changes.compare import Changes

STEPS = ("major", "minor", "patch")


@dataclass(frozen=True)
class Step:
    """One of ``STEPS`` and the change that decides it."""

    name: str
    ground: str


def step_of(changes: Changes) -> Step | None:
    """None where nothing changed."""
    for name, grounds in (("major", _major(changes)), ("minor", _minor(changes)), ("patch", _patch(changes))):
        if grounds:
            return Step(name, grounds[0])
    return None


def next_version(previous: str, step: str) -> str:
    major, minor, patch = map(int, previous.split("."))
    bumped = {
        "major": (major + 1, 0, 0), "minor": (major, minor + 1, 0), "patch": (major, minor, patch + 1),
    }  # fmt: skip
    return ".".join(map(str, bumped[step]))


def check_version_step(version: str, previous: str, changes: Changes) -> None:
    """Raises ``UsageError`` unless ``version`` follows ``previous`` by the step that ``changes`` make, or by
    a greater one."""
    step = step_of(changes)
    if step is None:
        raise UsageError(f"version {version}: nothing changed since {previous}, so nothing to release.")
    enough = STEPS[: STEPS.index(step.name) + 1]
    allowed = [next_version(previous, name) for name in reversed(enough)]
    if version not in allowed:
        others = f" ({' or '.join(allowed[1:])} would do as well)" if allowed[1:] else ""
        raise UsageError(
            f"version {version} after {previous}: the change is {step.name.upper()}, because {step.ground}. "
            f"Call it {allowed[0]}{others}."
        )


def _major(changes: Changes) -> list[str]:
    grounds = [f"the table {name} is gone" for name in changes.tables_removed]
    for table, columns in changes.columns.items():
        grounds += [f"the column {table}.{name} is gone" for name in columns.removed]
        grounds += [
            f"the column {table}.{name} was {was} and is {now}"
            for name, (was, now) in columns.retyped.items()
        ]
    grounds += [f"the unit of {name} changed" for name in changes.units_changed]
    grounds += [f"no score stands under {name} any more" for name in changes.protocols_removed]
    grounds += [f"the settings of {name} changed" for name in changes.altered]
    return grounds


def _minor(changes: Changes) -> list[str]:
    grounds = [f"the table {name} is new" for name in changes.tables_added]
    for table, columns in changes.columns.items():
        grounds += [f"the column {table}.{name} is new" for name in columns.added]
    grounds += [f"{was} is called {now} now" for was, now in changes.renamed.items()]
    for table, rows in changes.facts.items():
        grounds += [f"{table}: {name} is new" for name in rows.added]
        grounds += [f"{table}: {name} is gone" for name in rows.removed]
    grounds += [f"the score {name} is new" for name in changes.scores.added]
    grounds += [f"the score {name} is gone" for name in changes.scores.removed]
    return grounds


def _patch(changes: Changes) -> list[str]:
    grounds = [f"the score {change.score_id} changed" for change in changes.scores.changed]
    for table, rows in changes.facts.items():
        grounds += [f"{table}: {cell.column} of {cell.row} changed" for cell in rows.cells]
    grounds += [f"the verdict of {cell.row} changed" for cell in changes.verdicts]
    return grounds + [f"other cells of the table {name} changed" for name in changes.touched]
