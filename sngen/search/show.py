"""Everything about one model, and how it is written for a reader."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from sngen.schema import ALIASES, DATASETS, METRICS, MODELS, RELATIONS, RELATIVES, SCORES, SOURCES
from sngen.search.aliases import resolve
from sngen.search.formats.table import printable
from sngen.search.library import Library

_M, _S, _R = MODELS.c, SCORES.c, RELATIVES.c
PROVENANCE = (_M.source_id, _M.source_file, _M.source_row, _M.source_words)
LABEL = 22


def about(model_id: str, library: Library) -> dict[str, Any]:
    """Rows of the contract's tables that concern the model, by what they are:

    ``model``, ``asked_for`` (the id given, where it is a former one), ``aliases``, ``source``, ``dataset``,
    ``scores``, ``relatives``, ``audit`` (entries with only the rows that touched this model or its scores).
    Raises ``UsageError`` with the nearest ids if there is no such model.
    """
    present = resolve(model_id, library)
    model = next(row for row in library.rows(MODELS) if row[_M.model_id] == present)
    scores = [row for row in library.rows(SCORES) if row[_S.model_id] == present]
    pairs = [row for row in library.rows(RELATIVES) if present in (row[_R.model_a], row[_R.model_b])]
    touched = {present, *(row[_S.score_id] for row in scores)}
    return {
        "asked_for": model_id if model_id != present else None,
        "model": dict(model),
        "aliases": _former_ids(present, library),
        "source": _row(library, SOURCES, model[_M.source_id]),
        "dataset": _row(library, DATASETS, model[_M.dataset_id]),
        "scores": sorted(map(dict, scores), key=_score_order),
        "relatives": sorted(map(dict, pairs), key=_pair_order),
        "audit": [
            {**entry, "rows": rows}
            for entry in library.audit()
            if (rows := [row for row in entry["rows"] if _concerns(row["row_id"], touched)])
        ],
    }  # fmt: skip


def _concerns(row_id: str, touched: set[str]) -> bool:
    """A row of the audit names a model, a score, or a pair of models joined by a comma."""
    return row_id in touched or any(part in touched for part in str(row_id).split(", "))


def _former_ids(model_id: str, library: Library) -> list[str]:
    former, now = ALIASES.c.alias, ALIASES.c.model_id
    return [row[former] for row in library.rows(ALIASES) if row[now] == model_id]


def _pair_order(row: Mapping[str, Any]) -> tuple[str, str, str]:
    return row[_R.relation], row[_R.model_a], row[_R.model_b]


def _row(library: Library, table: Any, key: str | None) -> dict[str, Any] | None:
    return next((dict(row) for row in library.rows(table) if row[table.key[0]] == key), None)


def _score_order(row: Mapping[str, Any]) -> tuple[Any, ...]:
    return (
        row[_S.origin], row[_S.family], row[_S.dataset_id], row[_S.method], row[_S.setting], row[_S.metric],
        str(row[_S.source_id]),
    )  # fmt: skip


def as_json(found: Mapping[str, Any]) -> str:
    return json.dumps(found, indent=1, ensure_ascii=False, allow_nan=False) + "\n"


def as_text(found: Mapping[str, Any]) -> str:
    return "\n".join([*_lines(found), ""])


def _lines(found: Mapping[str, Any]) -> Iterator[str]:
    model = found["model"]
    yield model[_M.model_id]
    if found["asked_for"]:
        yield f"(asked for as {found['asked_for']}, a former id)"
    if found["aliases"]:
        yield f"formerly {', '.join(found['aliases'])}"
    yield ""
    for name, value in model.items():
        if value not in (None, []) and name not in (_M.model_id, *PROVENANCE):
            yield _line(name, value, MODELS.by_name[name].unit)
    yield from _provenance(found)
    yield from _scores(found["scores"])
    yield from _relatives(model[_M.model_id], found["relatives"])
    yield from _audit(found["audit"])


def _line(label: str, value: Any, unit: str | None = None) -> str:
    text = "; ".join(map(str, value)) if isinstance(value, list) else str(value)
    suffix = f" {unit}" if unit not in (None, "fraction", "count") else ""
    return f"  {label:<{LABEL}}  {printable(text)}{suffix}"


def _provenance(found: Mapping[str, Any]) -> Iterator[str]:
    model, source = found["model"], found["source"] or {}
    yield from ("", "Where the facts come from")
    title = source.get(SOURCES.c.title)
    yield _line("source", f"{model[_M.source_id]} ({title})" if title else model[_M.source_id])
    for label, value in (
        ("address", source.get(SOURCES.c.url)),
        ("revision", source.get(SOURCES.c.revision)),
        ("file", model[_M.source_file] or source.get(SOURCES.c.file)),
        ("line or row", model[_M.source_row]),
    ):
        if value is not None:
            yield _line(label, value)
    for name, words in json.loads(model[_M.source_words] or "{}").items():
        yield _line(f"its word for {name}", words)


def _scores(scores: list[dict[str, Any]]) -> Iterator[str]:
    yield from ("", f"Scores ({len(scores)})" if scores else "No scores")
    for row in scores:
        metric = METRICS[row[_S.metric]]
        interval = "" if row[_S.ci_low] is None else f" [{row[_S.ci_low]:.4g}, {row[_S.ci_high]:.4g}]"
        n = "" if row[_S.n] is None else f", n = {row[_S.n]:,}"
        unit = "" if metric.unit == "fraction" else f" {metric.unit}"
        what = f"{row[_S.dataset_id]}, {row[_S.method]} {row[_S.setting]}, {metric.title}"
        yield f"  {what}: {row[_S.value]:.6g}{unit}{interval}{n}"
        if row[_S.origin] == "measured":
            says = f"measured, {row[_S.protocol]}, tier {row[_S.tier]}, {row[_S.date]}"
        else:
            places = [
                row[_S.source_id],
                row[_S.source_file],
                row[_S.source_row] and f"line {row[_S.source_row]}",
            ]
            column = row[_S.source_column] and f"column {row[_S.source_column]!r}"
            says = "reported by " + ", ".join(str(part) for part in [*places, column] if part)
        flags = f"; flags: {', '.join(row[_S.flags])}" if row[_S.flags] else ""
        note = f"; {row[_S.note]}" if row[_S.note] else ""
        yield printable(f"      {says}{flags}{note}")


def _relatives(model_id: str, pairs: list[dict[str, Any]]) -> Iterator[str]:
    yield from ("", f"Relatives ({len(pairs)})" if pairs else "No known relatives")
    for row in pairs:
        first = row[_R.model_a] == model_id
        other = row[_R.model_b] if first else row[_R.model_a]
        direction = (
            ""
            if row[_R.relation] != "fine-tuned-from"
            else " (this from that)"
            if first
            else " (that from this)"
        )
        yield f"  {row[_R.relation]}{direction}: {other}"
        rule = f", rule {row[_R.rule]}" if row[_R.rule] else ""
        yield printable(
            f"      {RELATIONS[row[_R.relation]]}; because {row[_R.ground]} ({row[_R.source_id]}{rule})"
        )


def _audit(entries: list[dict[str, Any]]) -> Iterator[str]:
    yield from (
        "",
        f"Audit ({len(entries)} rules touched it)" if entries else "No rule of the audit touched it",
    )
    for entry in entries:
        yield printable(f"  {entry['kind']} {entry['rule']} ({entry['source']}): {entry['explanation']}")
        for row in entry["rows"]:
            change = (
                f"{row['before']!r}"
                if row["before"] == row["after"]
                else f"{row['before']!r} -> {row['after']!r}"
            )
            yield printable(f"      {row['row_id']}, {entry['column']}: {change}")
