"""What this project measured beside what others report of the same weights, or the same architecture."""

from __future__ import annotations

from sngen.leaderboard.board_table import quantity_title
from sngen.leaderboard.context import Context
from sngen.leaderboard.escape import text
from sngen.leaderboard.numbers import plural
from sngen.leaderboard.page import Body, Page
from sngen.leaderboard.replication import VERDICTS, Replication, counts, of_the_architecture, replications
from sngen.leaderboard.tables import DataColumn, DataTable
from sngen.schema import MODELS, RELATIVES, SCORES

PATH = "replication.md"
_S = SCORES.c


def replication_page(context: Context) -> Page:
    body = Body(PATH)
    pairs = replications(context.snapshot.scores, context.snapshot.tables[RELATIVES.name])
    body.add(
        "Where a publisher, or another study, reports a number of the very same weights, it can be checked. "
        f"{plural(len(pairs), 'pair')} of a measured and a reported number in this release; a pair that "
        "disagrees is shown, not tuned away: other preprocessing, another split or other labels are the "
        "usual causes, and a note says so where the cause is known."
    )
    if pairs:
        found = dict(counts(pairs))
        body.add("\n".join(f"- **{name}**, {found[name]:,}: {words}" for name, words in VERDICTS.items()))
        body.table(_table("replication", "Measured beside reported", pairs, context))
    _add_kin(body, context)
    return body.page("Replication")


def _add_kin(body: Body, context: Context) -> None:
    """Where the weights that a study attacked are not to be had, others of the architecture stand in."""
    snapshot = context.snapshot
    kin = of_the_architecture(snapshot.scores, snapshot.models, snapshot.tables[RELATIVES.name])
    if kin:
        body.add(
            "## Other weights of the same architecture",
            "Membership inference on models that nobody reported a number of, beside what is reported of "
            "other weights in the same architecture, trained by somebody else on the same dataset. A "
            "difference here is one between two trainings, and no error.",
        )
        body.table(_table("replication-architecture", "Other weights, same architecture", kin, context))


def _table(name: str, words: str, pairs: list[Replication], context: Context) -> DataTable:
    models = context.snapshot.models
    measured = [pair.measured for pair in pairs]
    reported = [pair.reported for pair in pairs]
    same = [m[_S.model_id] == r[_S.model_id] for m, r in zip(measured, reported, strict=True)]

    def title(score: dict[str, object]) -> str:
        quantity = (str(score[_S.method]), str(score[_S.setting]), str(score[_S.metric]))
        return quantity_title("measured", str(score[_S.family]), quantity)

    columns = (
        DataColumn(
            "name", "Model", "text", [models[m[_S.model_id]][MODELS.c.name] for m in measured],
            "Name of the measured model.",
        ),
        DataColumn(
            _S.model_id, "Model id", "text", [m[_S.model_id] for m in measured], "The measured model.",
            visible=False,
        ),
        DataColumn(
            _S.dataset_id, "Dataset", "text", [m[_S.dataset_id] for m in measured],
            "What it was measured on.", facet=True,
        ),
        DataColumn(
            "quantity", "Quantity", "text", [title(m) for m in measured], "What was measured.", facet=True
        ),
        DataColumn(
            "reported", "Reported", "number", [r[_S.value] for r in reported], "What the source says.",
            "fraction", digits=4, origin="reported",
        ),
        DataColumn(
            "measured", "Measured", "number", [m[_S.value] for m in measured], "What this project measured.",
            "fraction", digits=4, origin="measured", low="low", high="high", n="n",
        ),
        DataColumn(
            "difference", "Difference", "number", [pair.difference for pair in pairs],
            "Measured minus reported.", "fraction", digits=4,
        ),
        DataColumn("verdict", "Verdict", "text", [pair.verdict for pair in pairs], "See above.", facet=True),
        DataColumn(
            "standard_errors", "In standard errors", "number", [pair.standard_errors for pair in pairs],
            "The difference by the standard error of a share of n images.", digits=2,
        ),
        DataColumn("n", "n", "number", [m[_S.n] for m in measured], "Images measured on.", "count", digits=0),
        DataColumn(
            "source", "Reported by", "text", [r[_S.source_id] for r in reported], "The source.", facet=True
        ),
        DataColumn(
            "under", "Reported of", "text",
            ["the same entry" if alike else r[_S.model_id] for alike, r in zip(same, reported, strict=True)],
            "The entry with the same weights that the source reports it of.", visible=False,
        ),
        DataColumn("low", "Lower end", "number", [m[_S.ci_low] for m in measured], visible=False, digits=4),
        DataColumn("high", "Upper end", "number", [m[_S.ci_high] for m in measured], visible=False, digits=4),
        DataColumn(
            "note", "Note", "text",
            [pair.reported[_S.note] or models[pair.measured[_S.model_id]][MODELS.c.note] for pair in pairs],
            "What a reader should know.", visible=False,
        ),
        DataColumn(
            "pair", "Scores", "text",
            [f"{m[_S.score_id]} | {r[_S.score_id]}" for m, r in zip(measured, reported, strict=True)],
            "Ids of both scores.", visible=False,
        ),
    )  # fmt: skip
    return DataTable(name, text(words), "pair", columns,
                     ("name", "models/", _S.model_id), noun="pairs")  # fmt: skip
