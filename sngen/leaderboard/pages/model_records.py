"""Parts of every table of measured scores on a model's page: a score's cell, and how to measure it again."""

from __future__ import annotations

import json
from collections.abc import Sequence
from itertools import groupby
from typing import Any

from sngen.leaderboard.budgets import setting_words
from sngen.leaderboard.context import Context
from sngen.leaderboard.escape import text
from sngen.leaderboard.numbers import interval, metric_title, number, score_value
from sngen.leaderboard.page import code_block, flags, key_values, plain_table
from sngen.leaderboard.snapshot import Row
from sngen.schema import FAMILIES, SCORES

_S = SCORES.c


def section_title(score: Row, context: Context) -> str:
    """The caption of a section's first table; escaped."""
    where = f"{FAMILIES[score[_S.family]]} on {context.dataset_name(score[_S.dataset_id])}"
    return text(f"{where}, protocol {score[_S.protocol]}, tier {score[_S.tier]}")


def anchor(score: Row, shown: str) -> str:
    """``shown`` (escaped) as the place that links to the score lead to."""
    return f'<span id="{text(score[_S.score_id])}">{shown}</span>'


def value_cell(score: Row | None) -> str:
    """Value and interval of a score, in a table that says in other words what it is; empty without one."""
    if score is None:
        return ""
    unit = score[_S.unit]
    ends = interval(score[_S.ci_low], score[_S.ci_high], unit)
    return anchor(score, number(score[_S.value], unit)) + (f" <small>{ends}</small>" if ends else "")


def common_n(scores: Sequence[Row]) -> int | None:
    """The n of all scores, if it is one."""
    counts = {score[_S.n] for score in scores}
    return counts.pop() if len(counts) == 1 else None


def list_of_scores(caption: str, scores: Sequence[Row]) -> str:
    """One row a score."""
    cells = [
        (
            anchor(score, text(metric_title(score[_S.metric]))),
            text(f"{score[_S.method]}, {setting_words(score[_S.setting])}"),
            score_value(score),
            number(score[_S.n], "count"),
            text(score[_S.ci_method] or ""),
            flags(score[_S.flags]),
        )
        for score in scores
    ]
    head = ("Metric", "Method, setting", "Value [95 % interval]", "n", "Interval", "Flags")
    return plain_table(caption, head, cells)


def repeating(scores: Sequence[Row]) -> str:
    """How the scores were measured, record by record, and the commands that measure them again."""

    def record(score: Row) -> tuple[str, str]:
        return score[_S.method], score[_S.record_id]

    groups = [list(group) for _, group in groupby(sorted(scores, key=record), key=record)]
    several = len(groups) > 1
    blocks = []
    for group in groups:
        commands = "\n".join(f"python -m evaluations reproduce {score[_S.score_id]}" for score in group)
        block = f"{_provenance(group[0])}{code_block(commands)}"
        name = text(group[0][_S.method])
        blocks.append(f"<details><summary>{name}</summary>{block}</details>" if several else block)
    return (
        "<details><summary>How it was measured, and how to measure it again</summary>"
        f"{''.join(blocks)}</details>"
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
