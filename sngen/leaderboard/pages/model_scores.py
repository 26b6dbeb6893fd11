"""Every number of one model, and where it comes from."""

from __future__ import annotations

import json
from itertools import groupby
from typing import Any

from sngen.leaderboard.context import Context
from sngen.leaderboard.escape import link, text
from sngen.leaderboard.numbers import metric_title, number, score_value
from sngen.leaderboard.page import code_block, flags, key_values, plain_table
from sngen.leaderboard.snapshot import Row
from sngen.schema import FAMILIES, SCORES, SOURCES

_S = SCORES.c


def measured_scores(scores: list[Row], context: Context) -> str:
    """A table for every result record, with what is needed to judge and repeat it."""
    rows = [score for score in scores if score[_S.origin] == "measured"]
    if not rows:
        return "<p>Nothing measured in this release.</p>"

    def record(score: Row) -> tuple[str, str, str, str]:
        return score[_S.family], score[_S.protocol], score[_S.tier], score[_S.record_id]

    blocks = [_record(list(group), context) for _, group in groupby(sorted(rows, key=record), key=record)]
    return "\n\n".join(blocks)


def _record(scores: list[Row], context: Context) -> str:
    first = scores[0]
    dataset = context.dataset_name(first[_S.dataset_id])
    title = f"{FAMILIES[first[_S.family]]} on {dataset}, protocol {first[_S.protocol]}, tier {first[_S.tier]}"
    cells = [
        (
            f'<span id="{text(score[_S.score_id])}">{text(metric_title(score[_S.metric]))}</span>',
            text(f"{score[_S.method]}, {score[_S.setting]}"),
            score_value(score),
            number(score[_S.n], "count"),
            text(score[_S.ci_method] or ""),
            flags(score[_S.flags]),
        )
        for score in scores
    ]
    head = ("Metric", "Method, setting", "Value [95 % interval]", "n", "Interval", "Flags")
    commands = "\n".join(f"python -m evaluations reproduce {score[_S.score_id]}" for score in scores)
    return (
        f"{plain_table(text(title), head, cells)}\n\n"
        f"<details><summary>How it was measured, and how to measure it again</summary>"
        f"{_provenance(first)}{code_block(commands)}</details>"
    )


def _provenance(score: Row) -> str:
    def code(column: str) -> str | None:
        return None if score[column] is None else f"<code>{text(score[column])}</code>"

    def amount(column: str) -> str | None:
        return None if score[column] is None else number(score[column], SCORES.by_name[column].unit)

    state = {None: "", True: " with uncommitted changes", False: ""}[score[_S.code_dirty]]
    commit = f"{code(_S.code_commit)}{state}" if score[_S.code_commit] else None
    return key_values(
        (
            ("Record", code(_S.record_id)),
            ("Code commit", commit),
            ("Date (UTC)", code(_S.date)),
            ("Weights, SHA-256", code(_S.weights_sha256)),
            ("Images, fingerprint", code(_S.data_fingerprint)),
            ("Version of the method's code", code(_S.method_version)),
            ("Settings", _json(score[_S.arguments])),
            ("Seed", code(_S.seed)),
            ("Device", code(_S.device)),
            ("Threads", amount(_S.threads)),
            ("Packages", _json(score[_S.packages])),
            ("Wall time (s)", amount(_S.runtime)),
            ("Processor time (s)", amount(_S.cpu_time)),
            ("Peak memory (bytes)", amount(_S.peak_memory)),
            ("Forward passes (images)", amount(_S.forwards)),
            ("Forward and backward passes (images)", amount(_S.forward_backwards)),
            ("Queries", amount(_S.queries)),
            ("Bare forwards per CPU-second", amount(_S.forward_rate)),
            ("Calibration kernel (s)", amount(_S.calibration)),
        )
    )


def _json(value: str | None) -> str | None:
    """A JSON object as ``name = value`` pairs; anything else as it is."""
    if value is None:
        return None
    try:
        content: Any = json.loads(value)
    except ValueError:
        content = None
    if not isinstance(content, dict):
        return f"<code>{text(value)}</code>"
    return ", ".join(f"<code>{text(name)} = {text(content[name])}</code>" for name in sorted(content))


def reported_scores(scores: list[Row], context: Context) -> str:
    """A table for every source: value, n where stated, and the exact place in the source."""
    rows = [score for score in scores if score[_S.origin] == "reported"]
    if not rows:
        return "<p>Nothing reported in this release.</p>"

    def source(score: Row) -> str:
        return str(score[_S.source_id])

    return "\n\n".join(
        _source_table(source_id, list(group), context)
        for source_id, group in groupby(sorted(rows, key=source), key=source)
    )


def _source_table(source_id: str, scores: list[Row], context: Context) -> str:
    source = context.snapshot.sources[source_id]
    c = SOURCES.c
    where = link(source[c.url], source[c.title]) if source[c.url] else text(source[c.title])
    revision = f", revision <code>{text(source[c.revision][:12])}</code>" if source[c.revision] else ""
    stated = any(score[_S.n] for score in scores)
    columns = {
        "Metric": [_metric(score) for score in scores],
        "Dataset": [text(context.dataset_name(score[_S.dataset_id])) for score in scores],
        "Family": [text(FAMILIES[score[_S.family]]) for score in scores],
        "Method, setting": [_method(score) for score in scores],
        "Value": [score_value(score) for score in scores],
        "n": [number(score[_S.n], "count") if stated else "" for score in scores],
        "Place in the source": [_place(score) for score in scores],
        "Dated": [text(score[_S.source_date] or "") for score in scores],
        "Note": [text(score[_S.note] or "") for score in scores],
        "Flags": [flags(score[_S.flags]) for score in scores],
    }
    kept = {head: cells for head, cells in columns.items() if any(cells)}
    table = plain_table(
        f"From {where}{revision}",
        list(kept),
        [list(cells) for cells in zip(*kept.values(), strict=True)],
    )
    return table if stated else f"{table}<p>n is not stated.</p>"


def _metric(score: Row) -> str:
    return f'<span id="{text(score[_S.score_id])}">{text(metric_title(score[_S.metric]))}</span>'


def _method(score: Row) -> str:
    norm, eps = score[_S.norm], score[_S.eps]
    bound = f" ({text(norm or '')} {text(eps or '')})" if norm or eps else ""
    return text(f"{score[_S.method]}, {score[_S.setting]}") + bound


def _place(score: Row) -> str:
    parts = [f"<code>{text(score[_S.source_file])}</code>"] if score[_S.source_file] else []
    parts += [f"row {score[_S.source_row]:,}"] if score[_S.source_row] is not None else []
    parts += [f"column “{text(score[_S.source_column])}”"] if score[_S.source_column] is not None else []
    return ", ".join(parts)
