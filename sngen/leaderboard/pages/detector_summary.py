"""What each backdoor detector's alarm is worth on one board, and what it costs."""

from __future__ import annotations

from collections.abc import Iterable
from statistics import median

from sngen.intervals import wilson
from sngen.leaderboard.comparable import Board
from sngen.leaderboard.context import Context
from sngen.leaderboard.escape import text
from sngen.leaderboard.numbers import DASH, interval, number
from sngen.leaderboard.page import plain_table
from sngen.leaderboard.snapshot import Row
from sngen.schema import MODELS, SCORES

_S = SCORES.c
#: Kinds of models that an alarm is right about.
PLANTED = ("backdoored",)
#: Models that had a backdoor which was to be removed: an alarm on them is neither right nor wrong.
NEITHER = ("backdoor-removed",)
CANARIES_WRONG = "canaries-wrong"
#: The measure of the trigger itself, which is no detector.
NO_DETECTOR = ("attack-success",)

LEAD = (
    "Alarms at each detector's published threshold: on models without a planted backdoor they are false, on "
    "backdoored ones right. Detectors of inputs do not judge models; theirs are mean shares of images, over "
    "models. A detector that did not tell its canaries apart is named: its numbers are not to be relied on. "
    "Times are processor time on one machine; the study's were 802.1 s for Neural Cleanse, 32.1 s for STRIP "
    "and 18.0 s for NEO."
)
_HEAD = (
    "Detector", "Judges", "False alarms", "Found", "Canaries", "Processor time (s), median",
    "Times the fastest",
)  # fmt: skip


def detector_summary(board: Board, context: Context) -> str:
    """A table with a row per detector; empty where the board has none."""
    scores = [score for of_model in board.scores.values() for score in of_model.values()]
    methods = sorted({score[_S.method] for score in scores} - {*NO_DETECTOR})
    if board.family != "backdoor" or board.origin != "measured" or not methods:
        return ""
    times = {method: _time(score for score in scores if score[_S.method] == method) for method in methods}
    fastest = min(times.values())
    rows = [
        _row(method, [s for s in scores if s[_S.method] == method], context, times[method], fastest)
        for method in methods
    ]
    return f"<p>{text(LEAD)}</p>{plain_table('Backdoor detectors on this dataset', _HEAD, rows)}"


def _row(method: str, scores: list[Row], context: Context, time: float, fastest: float) -> list[str]:
    clean, planted = _by_kind(scores, context)
    of_models = any(score[_S.metric] == "alarm" for score in scores)
    if of_models:
        false, found = (_alarms(part) for part in (clean, planted))
    else:
        false = _mean(clean, "false_positive_rate")
        found = _mean(planted, "true_positive_rate")
    wrong = any(CANARIES_WRONG in (score[_S.flags] or ()) for score in scores)
    return [
        text(method),
        "models" if of_models else "inputs",
        false,
        found,
        "not told apart" if wrong else "told apart",
        number(time, "s"),
        f"{time / fastest:,.1f}",
    ]


def _by_kind(scores: list[Row], context: Context) -> tuple[list[Row], list[Row]]:
    """Of clean models, and of backdoored ones; in the setting that counts."""
    kinds = {score[_S.model_id]: context.snapshot.models[score[_S.model_id]] for score in scores}
    counting = [score for score in scores if score[_S.setting] == "default"]
    kind = MODELS.c.training_kind
    clean = [s for s in counting if kinds[s[_S.model_id]][kind] not in {*PLANTED, *NEITHER}]
    return clean, [s for s in counting if kinds[s[_S.model_id]][kind] in PLANTED]


def _alarms(scores: list[Row]) -> str:
    alarms = [score[_S.value] for score in scores if score[_S.metric] == "alarm"]
    if not alarms:
        return DASH
    hits = int(sum(alarms))
    ends = interval(*wilson(hits, len(alarms)), "fraction")
    return f"{hits} of {len(alarms)} models, {number(hits / len(alarms), 'fraction')} <small>{ends}</small>"


def _mean(scores: list[Row], metric: str) -> str:
    shares = [score[_S.value] for score in scores if score[_S.metric] == metric]
    if not shares:
        return DASH
    return f"{number(sum(shares) / len(shares), 'fraction')} of images, {len(shares)} models"


def _time(scores: Iterable[Row]) -> float:
    """Median over the records."""
    return median({score[_S.record_id]: score[_S.cpu_time] for score in scores}.values())
