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
        return "Nothing measured in this release."

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
    """One table: value, n where stated, and the exact place in the source."""
    rows = [score for score in scores if score[_S.origin] == "reported"]
    if not rows:
        return "Nothing reported in this release."
    cells = [
        (
            f'<span id="{text(score[_S.score_id])}">{text(metric_title(score[_S.metric]))}</span>',
            text(FAMILIES[score[_S.family]]),
            text(f"{score[_S.method]}, {score[_S.setting]}"),
            score_value(score),
            "not stated" if score[_S.n] is None else number(score[_S.n], "count"),
            _place(score, context),
            flags(score[_S.flags]),
        )
        for score in rows
    ]
    head = ("Metric", "Family", "Method, setting", "Value", "n", "Source", "Flags")
    return plain_table("Reported numbers", head, cells)


def _place(score: Row, context: Context) -> str:
    source = context.snapshot.sources[score[_S.source_id]]
    c = SOURCES.c
    parts = [link(source[c.url], source[c.title]) if source[c.url] else text(source[c.title])]
    parts += [f"revision <code>{text(source[c.revision][:12])}</code>"] if source[c.revision] else []
    parts += [f"row {score[_S.source_row]}"] if score[_S.source_row] is not None else []
    parts += [f"column “{text(score[_S.source_column])}”"] if score[_S.source_column] is not None else []
    return ", ".join(parts)
