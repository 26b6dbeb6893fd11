"""Every number of one model, and where it comes from."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from itertools import groupby

from sngen.leaderboard.context import Context
from sngen.leaderboard.escape import link, text
from sngen.leaderboard.model_charts import in_order, section_of
from sngen.leaderboard.numbers import metric_title, number, score_value
from sngen.leaderboard.page import flags, plain_table
from sngen.leaderboard.pages.model_adversarial import adversarial_tables
from sngen.leaderboard.pages.model_evidence import evidence
from sngen.leaderboard.pages.model_membership import membership_tables
from sngen.leaderboard.pages.model_records import list_of_scores, repeating, section_title
from sngen.leaderboard.snapshot import Row
from sngen.schema import FAMILIES, SCORES, SOURCES

_S = SCORES.c


def measured_scores(scores: list[Row], context: Context, root: str) -> Iterator[str | Callable[[], str]]:
    """Parts of the page: for every family, dataset, protocol and tier its tables and charts, with what is
    needed to judge and repeat them."""
    rows = [score for score in scores if score[_S.origin] == "measured"]
    if not rows:
        yield "<p>Nothing measured in this release.</p>"
        return
    model_id = rows[0][_S.model_id]
    pictures = context.pictures_of(model_id)
    makers = {"adversarial": adversarial_tables, "membership": membership_tables}
    for section, group in groupby(in_order(rows), key=section_of):
        maker = makers.get(section[0], _records)
        yield f'<div class="sn-scores">{maker(list(group), context)}</div>'
        for drawn in pictures.get(section, ()):
            yield partial(drawn.html, root)
        found = evidence(section, model_id, context.snapshot)
        if found:
            yield found


def _records(scores: list[Row], context: Context) -> str:
    """A table for every result record."""

    def record(score: Row) -> str:
        return str(score[_S.record_id])

    caption = section_title(scores[0], context)
    return "\n\n".join(
        f"{list_of_scores(caption, rows)}\n\n{repeating(rows)}"
        for rows in (list(group) for _, group in groupby(sorted(scores, key=record), key=record))
    )


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
