"""The table of one board: one row a model, one column a quantity, and what a reader filters by."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from sngen.leaderboard.board_quantities import CLEAN, columns_of, most_numbers, shown_first
from sngen.leaderboard.budgets import setting_words
from sngen.leaderboard.comparable import Board, Quantity
from sngen.leaderboard.context import Context
from sngen.leaderboard.measured_flags import of_masking
from sngen.leaderboard.numbers import PERCENT_OF_ALEXNET, metric_title
from sngen.leaderboard.ranks import Ranking
from sngen.leaderboard.snapshot import Row
from sngen.leaderboard.tables import DataColumn, DataTable, folder_safe
from sngen.schema import HEADLINES, METRICS, MODELS, SCORES, Headline

_M, _S = MODELS.c, SCORES.c
RANK_BEST, RANK_WORST, RANK = "rank_best", "rank_worst", "rank"
#: Flags that say how a quantity is made and not what is odd with a model.
_OF_QUANTITIES = frozenset({"threshold-tuned-on-target"})

#: Model columns beside the scores: column, kind, facet, visible.
_METADATA: tuple[tuple[str, Any, bool, bool], ...] = (
    (_M.model_type, "text", True, True),
    (_M.architecture, "text", False, False),
    (_M.parameters, "number", False, False),
    (_M.parameters_rounded, "number", False, False),
    (_M.macs, "number", False, False),
    (_M.input_size, "text", True, False),
    (_M.purpose, "text", True, True),
    (_M.security_role, "text", True, False),
    (_M.training_kind, "text", True, False),
    (_M.threat_norm, "text", True, False),
    (_M.threat_eps, "text", True, False),
    (_M.training_size, "number", False, False),
    (_M.pretrained_on, "tags", True, False),
    (_M.extra_data, "text", False, False),
    (_M.publisher, "text", True, False),
    (_M.publisher_type, "text", True, False),
    (_M.venue, "text", True, False),
    (_M.venue_type, "text", True, False),
    (_M.year, "number", True, True),
    (_M.country, "tags", True, False),
    (_M.license, "text", True, False),
    (_M.license_scope, "text", True, False),
    (_M.source_id, "text", True, False),
    (_M.weights_kind, "text", True, False),
    (_M.paper_url, "url", False, False),
    (_M.weights_url, "url", False, False),
)

_TITLES = {
    _M.model_type: "Type", _M.paper_url: "Paper", _M.weights_url: "Weights", _M.source_id: "Listed by",
    _M.training_kind: "Training", _M.training_size: "Training images", _M.model_id: "Model id",
    _M.name: "Model", _M.dataset_id: "Dataset", _M.threat_eps: "Threat size", _M.copy_kind: "Copy",
    _M.macs: "Multiply-adds", _M.parameters_rounded: "Parameters, rounded (millions)",
    _M.weights_kind: "Weights link", _M.license: "Licence", _M.license_scope: "Licence stated for",
    _M.threat_eps_value: "Threat size, number", _M.weights_hub_id: "Hub repository",
    _M.weights_sha256: "SHA-256 of the weights", _M.num_outputs: "Outputs", _M.num_authors: "Authors, number",
}  # fmt: skip


def column_title(name: str) -> str:
    """A column's heading: ``venue_type`` becomes ``Venue type``."""
    return _TITLES.get(name, name.replace("_", " ").capitalize())


def board_name(board: Board) -> str:
    parts = [board.family, board.dataset_id, board.origin, board.basis, board.tier]
    return "-".join(folder_safe(part) for part in parts if part)


def quantity_column(origin: str, family: str, quantity: Quantity) -> str:
    """The headline's name where there is one, so that an address keeps working; otherwise all three parts."""
    headline = _headline(origin, family, quantity)
    if headline is not None:
        return headline.column
    return "_".join((origin, *quantity)).replace("/", "_").replace("-", "_")


def quantity_title(origin: str, family: str, quantity: Quantity) -> str:
    headline = _headline(origin, family, quantity)
    method, setting, metric = quantity
    if origin == "measured" and family == "adversarial" and (setting, metric) == (CLEAN, "accuracy"):
        return "Accuracy without attack"
    where = method if setting == "default" else f"{method}, {setting_words(setting)}"
    return headline.title if headline else f"{metric_title(metric)} ({where})"


_HEADLINES: dict[tuple[str, str, str, str, str], Headline] = {
    (h.origin, h.family, h.method, h.setting, h.metric): h for h in HEADLINES
}


def _headline(origin: str, family: str, quantity: Quantity) -> Headline | None:
    return _HEADLINES.get((origin, family, *quantity))


def board_table(board: Board, context: Context, title: str) -> DataTable:
    """All models of a measured board, best first by its main quantity."""
    order = board.ordered()
    ranking = context.ranking_of(board)
    rows = [board.scores[model] for model in order]
    columns = [
        *identity_columns(order, context),
        *(_rank_columns(order, ranking) if ranking else ()),
        *_masking_column(rows),
        *score_columns(board.origin, board.family, columns_of(board), rows, shown_first(board)),
        *flag_columns(rows),
        *metadata_columns([context.snapshot.models[model] for model in order]),
    ]
    return DataTable(board_name(board), title, _M.model_id, tuple(columns), (_M.name, "models/", _M.model_id))


def identity_columns(order: list[str], context: Context) -> Iterator[DataColumn]:
    names = [context.snapshot.models[model][_M.name] for model in order]
    yield DataColumn(_M.name, column_title(_M.name), "text", names, MODELS.by_name[_M.name].description)
    yield DataColumn(
        _M.model_id, column_title(_M.model_id), "text", order, MODELS.by_name[_M.model_id].description,
        visible=False,
    )  # fmt: skip


def _rank_columns(order: list[str], ranking: Ranking) -> Iterator[DataColumn]:
    best = [ranking.intervals[m][0] if m in ranking.intervals else None for m in order]
    worst = [ranking.intervals[m][1] if m in ranking.intervals else None for m in order]
    words = [rank_words(b, w) for b, w in zip(best, worst, strict=True)]
    yield DataColumn(RANK, "Rank", "text", words, ranking.method)
    yield DataColumn(RANK_BEST, "Best rank", "number", best, "Best rank that the data allow.", visible=False)
    yield DataColumn(RANK_WORST, "Worst rank", "number", worst, "Worst rank that they allow.", visible=False)


def _masking_column(rows: Sequence[dict[Quantity, Row]]) -> Iterator[DataColumn]:
    """Beside the rank, how many signs of masked gradients speak against it; none where there is no sign."""
    counts = [len({flag for score in row.values() for flag in of_masking(score[_S.flags])}) for row in rows]
    if any(counts):
        words = "Checks that say that gradients may be masked; the column Flags names them."
        yield DataColumn(
            "masking_signs", "Signs of masking", "number", [count or None for count in counts], words,
            "count", digits=0,
        )  # fmt: skip


def rank_words(best: int | None, worst: int | None) -> str | None:
    if best is None or worst is None:
        return None
    return str(best) if best == worst else f"{best}–{worst}"


def score_columns(
    origin: str,
    family: str,
    quantities: Sequence[Quantity],
    rows: Sequence[dict[Quantity, Row]],
    shown: set[Quantity] | None = None,
) -> Iterator[DataColumn]:
    """For each quantity its value and, as far as there are any, interval ends and n; one cell a row.

    ``shown``: those that a reader sees before asking for more; where None, the ones with most numbers.
    """
    if shown is None:
        shown = most_numbers(quantities, rows)
    for quantity in quantities:
        scores = [row.get(quantity) for row in rows]
        yield from _quantity_columns(origin, family, quantity, scores, visible=quantity in shown)


def _quantity_columns(
    origin: str, family: str, quantity: Quantity, scores: list[Row | None], *, visible: bool
) -> Iterator[DataColumn]:
    metric = METRICS[quantity[2]]
    name = quantity_column(origin, family, quantity)
    title = quantity_title(origin, family, quantity)

    def cells(column: str) -> list[Any]:
        return [score[column] if score else None for score in scores]

    low, high, n = cells(_S.ci_low), cells(_S.ci_high), cells(_S.n)
    has_interval, has_n = any(end is not None for end in low), any(count is not None for count in n)
    digits = {"count": 0, PERCENT_OF_ALEXNET: 1}.get(metric.unit, 4)
    yield DataColumn(
        name, title, "number", cells(_S.value), metric.description, metric.unit, visible=visible,
        digits=digits, origin=origin,
        low=f"{name}_ci_low" if has_interval else None, high=f"{name}_ci_high" if has_interval else None,
        n=f"{name}_n" if has_n else None,
    )  # fmt: skip
    if has_interval:
        for ending, values, words in (("low", low, "Lower"), ("high", high, "Upper")):
            yield DataColumn(
                f"{name}_ci_{ending}", f"{title}, {words.lower()} end", "number", values,
                f"{words} end of the 95 % interval.", metric.unit, visible=False, digits=4,
            )  # fmt: skip
    if has_n:
        yield DataColumn(
            f"{name}_n", f"{title}, n", "number", n, SCORES.by_name[_S.n].description, "count",
            visible=False, digits=0,
        )  # fmt: skip


def flag_columns(rows: Sequence[dict[Quantity, Row]]) -> Iterator[DataColumn]:
    found = [{flag for score in row.values() for flag in score[_S.flags] or ()} for row in rows]
    flags = [sorted(names - _OF_QUANTITIES) for names in found]
    if any(flags):
        # Signs of masking are counted beside the rank, and their names are long.
        shown = not any(of_masking(names) for names in flags)
        yield DataColumn(
            _S.flags, "Flags", "tags", flags, SCORES.by_name[_S.flags].description, facet=True, visible=shown,
        )  # fmt: skip


def metadata_columns(
    models: list[Row], skip: Callable[[str], bool] = lambda _: False
) -> Iterator[DataColumn]:
    """The models' metadata that is known for at least one of them."""
    for name, kind, facet, visible in _METADATA:
        values = [model[name] for model in models]
        if skip(name) or not any(value is not None and value != [] for value in values):
            continue
        column = MODELS.by_name[name]
        yield DataColumn(
            name, column_title(name), kind, values, column.description, column.unit, facet, visible,
            digits=0 if kind == "number" and column.unit in {None, "count", "images"} else None,
        )  # fmt: skip
