"""Models that share weights, recipe or architecture with one model, by relation."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from sngen.leaderboard.context import Context
from sngen.leaderboard.escape import text
from sngen.leaderboard.page import model_link, plain_table
from sngen.leaderboard.snapshot import Row
from sngen.schema import RELATIONS, RELATIVES

_R = RELATIVES.c
#: Relations in which it matters which of the two a model is.
_DIRECTED = {
    "fine-tuned-from": ("This model was trained further from", "Trained further from this model"),
    "clean-twin": ("This is the clean twin of", "Clean twin of this model"),
}
#: More relatives of one kind than this are counted; the table ``relatives`` has all.
MOST_LISTED = 30


def relatives(model_id: str, context: Context, root: str) -> Iterator[str]:
    pairs = context.snapshot.relatives_of.get(model_id, ())
    if not pairs:
        return
    yield "## Relatives"
    groups: dict[tuple[int, str], list[Row]] = defaultdict(list)
    for pair in pairs:
        place = list(RELATIONS).index(pair[_R.relation])
        groups[place, _title(pair, model_id)].append(pair)
    for (_, title), members in sorted(groups.items()):
        rows = [_row(pair, model_id, root) for pair in members[:MOST_LISTED]]
        count = f", {MOST_LISTED} of {len(members):,}" if len(members) > MOST_LISTED else ""
        yield plain_table(text(title) + count, ("Model", "Why this is said", "Found by"), rows)


def _title(pair: Row, model_id: str) -> str:
    relation = pair[_R.relation]
    if relation in _DIRECTED:
        return _DIRECTED[relation][0 if pair[_R.model_a] == model_id else 1]
    return f"{relation}: {RELATIONS[relation]}"


def _row(pair: Row, model_id: str, root: str) -> tuple[str, str, str]:
    other = pair[_R.model_b] if pair[_R.model_a] == model_id else pair[_R.model_a]
    rule = "stated by hand" if pair[_R.rule] is None else f"rule <code>{text(pair[_R.rule])}</code>"
    # By id: runs of one recipe share their name.
    return model_link(root, other, other), text(pair[_R.ground]), rule
