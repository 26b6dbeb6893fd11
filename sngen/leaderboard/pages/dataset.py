"""One dataset: its facts, what of them is unverified, its models and its leaderboards."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from urllib.parse import urlencode

from sngen.leaderboard.board_table import column_title
from sngen.leaderboard.context import Context
from sngen.leaderboard.escape import link, text
from sngen.leaderboard.numbers import number, plural
from sngen.leaderboard.page import Body, Page, flags, key_values, plain_table
from sngen.leaderboard.pages.leaderboard import path_of as leaderboard_path
from sngen.leaderboard.snapshot import Row
from sngen.schema import DATASETS, FAMILIES, MODELS, PROJECTS, SOURCES

_D, _M = DATASETS.c, MODELS.c
UNVERIFIED = ' <span class="sn-tag">unverified</span>'
_TITLES = {
    _D.num_classes: "Classes", _D.train_size: "Training images", _D.test_size: "Test images",
    _D.paper_title: "Paper", _D.paper_url: "Paper's address",
    _D.image_size: "Images (channels x height x width)",
}  # fmt: skip


def path_of(dataset_id: str) -> str:
    return f"datasets/{dataset_id}.md"


def dataset_page(dataset: Row, context: Context) -> Page:
    dataset_id = dataset[_D.dataset_id]
    body = Body(path_of(dataset_id))
    body.add(f"<p><code>{text(dataset_id)}</code></p>", key_values(_facts(dataset, context)))
    if dataset[_D.unverified]:
        body.add(
            '<p class="sn-note">“Unverified” marks common knowledge that no source which was read '
            "confirms.</p>"
        )
    body.add("## Models", _models(dataset_id, context, body.root))
    body.add("## Leaderboards", _leaderboards(dataset_id, context, body.root))
    collections = [p for p in context.snapshot.projects if p[PROJECTS.c.dataset_id] == dataset_id]
    if collections:
        body.add(
            f"<p>Not split into models: {plural(len(collections), 'entry', 'entries')} "
            f'of networks for it, <a href="{body.root}collections.html">listed here</a>.</p>'
        )
    return body.page(str(dataset[_D.name]))


def _facts(dataset: Row, context: Context) -> Iterator[tuple[str, str | None]]:
    doubtful = set(dataset[_D.unverified] or ())
    for column in DATASETS:
        value = dataset[column.name]
        if column.name in {_D.dataset_id, _D.name, _D.unverified, _D.flags, _D.source_id} or value is None:
            continue
        if column.name in {_D.homepage, _D.paper_url}:
            shown = link(value)
        elif column.kind == "int" and column.name != _D.year:
            shown = number(value, "count")
        else:
            shown = text(value)
        yield (
            _TITLES.get(column.name) or column_title(column.name),
            shown + (UNVERIFIED if column.name in doubtful else ""),
        )
    yield "Flags", flags(dataset[_D.flags])
    source = context.snapshot.sources[dataset[_D.source_id]]
    yield (
        "Facts from",
        link(source[SOURCES.c.url], source[SOURCES.c.title])
        if source[SOURCES.c.url]
        else text(source[SOURCES.c.title]),
    )


def _models(dataset_id: str, context: Context, root: str) -> str:
    models = context.made_for.get(dataset_id, [])
    others = context.evaluated_on.get(dataset_id, set()) - {model[_M.model_id] for model in models}
    also = f"<p>{plural(len(others), 'further model')} made for something else " if others else ""
    also += "has a score on it.</p>" if len(others) == 1 else "have scores on it.</p>" if others else ""
    if not models:
        return f"<p>No model in this release was made to classify it.</p>{also}"
    address = f"{root}models.html?{urlencode({_M.dataset_id: dataset_id})}"
    distinct = context.distinct(model[_M.model_id] for model in models)
    rows = [
        (text(context.snapshot.sources[source][SOURCES.c.title]), number(count, "count"))
        for source, count in Counter(model[_M.source_id] for model in models).most_common()
    ]
    table = plain_table("Models by source", ("Source", "Models"), rows)
    return (
        f'<p><a href="{text(address)}">{plural(len(models), "model")}</a>, {distinct:,} distinct weights '
        f"as far as known.</p>{also}{table}"
    )


def _leaderboards(dataset_id: str, context: Context, root: str) -> str:
    items = []
    for family, title in FAMILIES.items():
        boards = context.boards_of.get((family, dataset_id), [])
        models = {model for board in boards for model in board.scores}
        if boards:
            address = root + leaderboard_path(family, dataset_id).removesuffix(".md") + ".html"
            items.append(f'<li><a href="{address}">{text(title)}</a>: {plural(len(models), "model")}</li>')
    return f"<ul>{''.join(items)}</ul>" if items else "<p>No number on it in this release.</p>"
