"""The detectors as methods: each on the target, with its canaries, and what follows from both."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

from evaluations.backdoor import class_triggers, mm_bd, neo, scale_up, strip
from evaluations.backdoor.attack_success import FACTS
from evaluations.backdoor.controls import POOL, Canary, Finding, absent, are_right, finding, findings
from evaluations.backdoor.detection import CLEAN, DEFAULT, VERDICT, Case, Detection, Detector
from evaluations.backdoor.null_distribution import norms_p_value, rank_p_value
from evaluations.backdoor.triggers import Trigger
from evaluations.datasets.images import Images
from evaluations.method import Context, Measurement, Preparation, method
from evaluations.target import Target
from sngen.results import ScoreEntry
from sngen.settings import Settings

#: The detector did not tell its canaries apart: its numbers are published, and neither ranked nor counted.
CANARIES_WRONG = "canaries-wrong"
ROLES = (CLEAN, VERDICT, POOL)
#: Canaries are the same whatever the seed of a run.
SEED = 0
DETECTORS: dict[str, Detector] = {
    "neural-cleanse": class_triggers.neural_cleanse,
    "pixel-backdoor": class_triggers.pixel_backdoor,
    "mm-bd": mm_bd.mm_bd,
    "strip": strip.strip,
    "scale-up": scale_up.scale_up,
    "neo": neo.neo,
}


def measure(
    name: str, target: Target, data: Mapping[str, Images], settings: Mapping[str, Any], seed: int,
    context: Context,
) -> Measurement:  # fmt: skip
    """The detector's finding on the target, and those on its canaries.

    Settings: those of the detector, and ``canaries``: how many ``clean``, the ``targets`` of the poisoned
    ones, ``side`` of the trigger, ``rate`` of poisoning, ``network`` (the fields of ``ReferenceSettings``).
    Where the catalogue knows the target's trigger, the share of triggered images found, or whether its
    class was named.
    """
    known = findings(name, DETECTORS[name], data, settings, SEED, context.folders)
    trigger, goal = (context.facts[fact] for fact in FACTS)
    case = Case(
        target, data, settings, seed, None if trigger is None else Trigger.parse(trigger), goal,
        context.keep.step,
    )  # fmt: skip
    found = DETECTORS[name](case)
    flags = () if are_right(known) else (CANARIES_WRONG,)
    if found.status is not None:
        flags = (*flags, found.status)
    scores = [*_verdict(found, known, data, settings, seed), *found.scores, *_of_canaries(known)]
    return Measurement(
        tuple(replace(score, flags=(*score.flags, *flags)) for score in scores),
        found.outcomes, found.arrays, found.pictures,
    )  # fmt: skip


def _verdict(
    found: Detection,
    known: Sequence[Finding],
    data: Mapping[str, Images],
    settings: Mapping[str, Any],
    seed: int,
) -> list[ScoreEntry]:
    if found.index is None:
        return []
    n = settings.get("images", settings.get("starts", 1))
    scores = [
        ScoreEntry(DEFAULT, "anomaly_index", found.index, n, ci_method="none: a score of one model"),
        ScoreEntry(DEFAULT, "alarm", float(bool(found.alarm)), 1, ci_method="none: a decision on one model"),
    ]
    clean = [one for one in known if one.canary.goal is None and one.index is not None]
    if clean:
        p = rank_p_value(found.index, [one.index for one in clean if one.index is not None])
        how = f"none: a rank among {len(clean)} clean networks and this one"
        scores.append(ScoreEntry("rank", "p_value", p, len(clean), ci_method=how))
    if found.norms:
        p_norms = norms_p_value(found.index, [one.norms for one in clean], data[CLEAN].num_classes, seed)
        if p_norms is not None:
            how = f"none: against norms of {len(clean)} clean networks"
            scores.append(ScoreEntry("norms", "p_value", p_norms, len(clean), ci_method=how))
    return scores


def _of_canaries(known: Sequence[Finding]) -> list[ScoreEntry]:
    how = "none: a network of our own"
    entries = []
    for one in known:
        if one.index is not None:
            entries.append(ScoreEntry(one.canary.name, "anomaly_index", one.index, 1, ci_method=how))
        elif one.separation is not None:
            metric = "false_positive_rate" if one.canary.goal is None else "true_positive_rate"
            entries.append(ScoreEntry(one.canary.name, metric, one.separation, 1, ci_method=how))
    return entries


def _not_there(
    name: str, data: Mapping[str, Images], settings: Mapping[str, Any], folders: Settings
) -> list[Preparation]:
    """One preparation for each canary that the detector has not seen yet."""
    dataset = data[POOL].dataset_id
    return [
        Preparation(
            f"{canary.name} on {dataset} under {name}", _prepare,
            (name, canary, dict(data), dict(settings), folders),
        )
        for canary in absent(name, data, settings, SEED, folders)
    ]  # fmt: skip


def _prepare(
    name: str, canary: Canary, data: Mapping[str, Images], settings: Mapping[str, Any], folders: Settings
) -> None:
    finding(name, DETECTORS[name], canary, data, settings, SEED, folders)


@method(
    "backdoor", "neural-cleanse", version=1, needs_gradients=True, facts=FACTS,
    prepare=partial(_not_there, "neural-cleanse"), prepares_on=ROLES,
)  # fmt: skip
def neural_cleanse(
    target: Target, data: Mapping[str, Images], settings: Mapping[str, Any], seed: int, context: Context
) -> Measurement:
    """Neural Cleanse: the smallest mask and pattern that lead to each class. See ``class_triggers``."""
    return measure("neural-cleanse", target, data, settings, seed, context)


@method(
    "backdoor", "pixel-backdoor", version=1, needs_gradients=True, facts=FACTS,
    prepare=partial(_not_there, "pixel-backdoor"), prepares_on=ROLES,
)  # fmt: skip
def pixel_backdoor(
    target: Target, data: Mapping[str, Images], settings: Mapping[str, Any], seed: int, context: Context
) -> Measurement:
    """The pixel backdoor: the smallest signed change that leads to each class. See ``class_triggers``."""
    return measure("pixel-backdoor", target, data, settings, seed, context)


@method(
    "backdoor", "mm-bd", version=1, needs_gradients=True, facts=FACTS,
    prepare=partial(_not_there, "mm-bd"), prepares_on=ROLES,
)  # fmt: skip
def maximum_margin(
    target: Target, data: Mapping[str, Images], settings: Mapping[str, Any], seed: int, context: Context
) -> Measurement:
    """MM-BD: the largest margin of each class, without any image. See ``mm_bd``."""
    return measure("mm-bd", target, data, settings, seed, context)


@method(
    "backdoor", "strip", version=1, facts=FACTS,
    prepare=partial(_not_there, "strip"), prepares_on=ROLES,
)  # fmt: skip
def superimposed(
    target: Target, data: Mapping[str, Images], settings: Mapping[str, Any], seed: int, context: Context
) -> Measurement:
    """STRIP: the entropy of an input mixed with others. See ``strip``."""
    return measure("strip", target, data, settings, seed, context)


@method(
    "backdoor", "scale-up", version=1, facts=FACTS,
    prepare=partial(_not_there, "scale-up"), prepares_on=ROLES,
)  # fmt: skip
def scaled(
    target: Target, data: Mapping[str, Images], settings: Mapping[str, Any], seed: int, context: Context
) -> Measurement:
    """SCALE-UP: labels of an input with its pixels multiplied. See ``scale_up``."""
    return measure("scale-up", target, data, settings, seed, context)


@method(
    "backdoor", "neo", version=1, facts=FACTS,
    prepare=partial(_not_there, "neo"), prepares_on=ROLES,
)  # fmt: skip
def blocked(
    target: Target, data: Mapping[str, Images], settings: Mapping[str, Any], seed: int, context: Context
) -> Measurement:
    """NEO: patches that carry a label with them. See ``neo``."""
    return measure("neo", target, data, settings, seed, context)
