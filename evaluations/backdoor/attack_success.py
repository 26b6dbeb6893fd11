"""What a published trigger does to the model that it was planted in: to know before detectors are judged."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from evaluations.backdoor.detection import DEFAULT, VERDICT
from evaluations.backdoor.triggers import Trigger
from evaluations.datasets.images import Images
from evaluations.method import Context, Measurement, method
from evaluations.target import Target
from sngen.intervals import wilson
from sngen.results import OutcomeEntry, ScoreEntry

FACTS = ("trigger", "trigger_target")


@method("backdoor", "attack-success", version=1, facts=FACTS)
def attack_success(
    target: Target, data: Mapping[str, Images], settings: Mapping[str, Any], seed: int, context: Context
) -> Measurement:
    """Accuracy without trigger; where the trigger is known, the share of images that it sends to its class.

    Of a trigger whose class depends on the image, or is not known: the share of right answers that it changes
    (setting ``changed``). Settings: ``batch_size``.
    """
    images = data[VERDICT]
    labels = target.logits(images, settings["batch_size"]).argmax(axis=1)
    right = labels == images.labels
    scores = [_share("clean", "accuracy", right)]
    outcomes = [OutcomeEntry.of("clean", images.split, "top-1 label is right", images.ids, right)]
    if context.facts["trigger"] is not None:
        goal = context.facts["trigger_target"]
        considered = right if goal is None else images.labels != goal
        after = _after(target, images, Trigger.parse(context.facts["trigger"]), settings["batch_size"])
        hit = (after != labels) if goal is None else after == goal
        setting = "changed" if goal is None else DEFAULT
        scores.append(_share(setting, "attack_success_rate", hit[considered]))
        meaning = "the trigger changes the label" if goal is None else f"the trigger leads to class {goal}"
        outcomes.append(
            OutcomeEntry.of(setting, images.split, meaning, images.ids[considered], hit[considered])
        )
    return Measurement(tuple(scores), tuple(outcomes))


def _after(target: Target, images: Images, trigger: Trigger, batch_size: int) -> np.ndarray:
    """Labels of all images with the trigger, int64 [N]."""
    triggered = Images(
        images.dataset_id, images.split, trigger.apply(images.pixels, images.scale), images.scale,
        images.labels, images.ids, images.num_classes, "triggered",
    )  # fmt: skip
    parts = [target.query(x).argmax(dim=1).numpy() for x, _ in triggered.batches(batch_size)]
    return np.concatenate(parts)


def _share(setting: str, metric: str, hits: np.ndarray) -> ScoreEntry:
    low, high = wilson(int(hits.sum()), len(hits))
    return ScoreEntry(setting, metric, float(hits.mean()), len(hits), low, high, "Wilson")
