"""Checks that tell hidden gradients from robustness, at the customary L-infinity budget."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

import numpy as np
import torch

from evaluations.adversarial import masking
from evaluations.adversarial.apgd import apgd_ce
from evaluations.adversarial.curves import threats_of
from evaluations.adversarial.found import Found
from evaluations.adversarial.gradients import Points, evaluate, zero_gradients
from evaluations.adversarial.losses import cross_entropy
from evaluations.adversarial.masking import Flag
from evaluations.adversarial.measuring import Attack, Victims
from evaluations.adversarial.square import square
from evaluations.adversarial.threat import Threat, project
from evaluations.adversarial.transfer import transfer
from evaluations.datasets.images import Images
from evaluations.keeping import Keep
from evaluations.method import Context, Measurement, method
from evaluations.target import Target
from sngen.results import ScoreEntry


@method("adversarial", "masking", version=1, needs_gradients=True)
def masking_checks(
    target: Target, data: Mapping[str, Images], settings: Mapping[str, Any], seed: int, context: Context
) -> Measurement:
    """Flags of masked gradients (arXiv:1902.06705), each with its number, on the first ``images`` images.

    Settings: ``batch_size``; ``images``; ``standard``, whose smallest L-infinity budget is used; ``apgd-ce``
    and ``square``, settings of the attacks; ``unbounded``, the L-infinity budget that lets every image become
    the same; ``trace``, the steps of the loss that is watched; ``surrogates``. The faster form of the network
    is not used: what is under test is the network as it was published.
    """
    chosen = data["test"]
    victims = Victims.of(target, chosen.first(min(settings["images"], len(chosen))), settings["batch_size"])
    threat = threats_of({"linf": settings["standard"]["linf"]})[0][0]
    flags = [
        *_answers(target, victims, settings["batch_size"]),
        _zero_gradients(target, victims, settings["batch_size"]),
        *_attacks(target, victims, threat, settings, seed, context),
    ]
    return Measurement(tuple(_entry(flag, len(victims.right)) for flag in flags))


def _entry(flag: Flag, n: int) -> ScoreEntry:
    raised = (f"masking-{flag.name}",) if flag.raised else ()
    return ScoreEntry(flag.name, "masking_indicator", flag.value, n, flags=raised)


def _answers(target: Target, victims: Victims, batch_size: int) -> list[Flag]:
    with torch.no_grad():
        again = torch.cat([target(part) for part in victims.x.split(batch_size)]).numpy()
    clean = victims.clean.numpy()
    return [masking.forwards_differ(clean, again), masking.sums_to_one(clean)]


def _zero_gradients(target: Target, victims: Victims, batch_size: int) -> Flag:
    """At the images themselves, those that are right."""
    rows = torch.from_numpy(np.flatnonzero(victims.right))
    zero = np.zeros(len(rows), np.int64)
    for start in range(0, len(rows), batch_size):
        part = rows[start : start + batch_size]
        labels = victims.labels[part]
        ids = torch.as_tensor(victims.images.ids[part.numpy()].astype(np.int64))
        points = Points(victims.x[part], labels, labels, ids)
        seen = evaluate(target, points, cross_entropy, torch.zeros(len(part), dtype=torch.bool))
        zero[start : start + batch_size] = zero_gradients(seen).numpy()
    return masking.zero_gradients(zero, np.ones_like(zero))


def _attacks(
    target: Target, victims: Victims, threat: Threat, settings: Mapping[str, Any], seed: int, context: Context
) -> list[Flag]:
    once = {"batch_size": settings["batch_size"], **settings["apgd-ce"]}
    ten_times = {**once, "iterations": 10 * once["iterations"]}
    asking = {"batch_size": settings["batch_size"], **settings["square"]}
    from_surrogate = partial(_transfer, context.surrogate())
    fooled = partial(_fooled, target, victims, seed, context.keep)
    right = victims.right
    white = fooled("white-box", apgd_ce, right, threat, once)
    stands = right & ~white
    longer = fooled("more-steps", apgd_ce, stands, threat, ten_times)
    asked = fooled("square", square, stands, threat, asking)
    passed_on = fooled("transfer", from_surrogate, right, threat, once)
    unbounded = fooled("unbounded", apgd_ce, right, Threat("linf", settings["unbounded"]), once)
    return [
        masking.more_steps_help(stands, stands & ~longer),
        masking.black_box_stronger("square", stands, asked),
        masking.black_box_better("transfer", right, white, passed_on),
        masking.unbounded_survivors(right, right & ~unbounded),
        masking.loss_still_rising(_losses(target, victims, stands, threat, settings)),
    ]


def _fooled(
    target: Target, victims: Victims, seed: int, keep: Keep,
    step: str, attack: Attack, among: np.ndarray, threat: Threat, settings: Mapping[str, Any],
) -> np.ndarray:  # fmt: skip
    """Which of the images ``among`` (bool [N]) an attack fools, bool [N]; decided once."""

    def compute() -> dict[str, np.ndarray]:
        bits, rows = np.zeros(len(among), bool), np.flatnonzero(among)
        if len(rows):
            bits[rows] = victims.attacked(attack, target, rows, threat, settings, seed).fooled.numpy()
        return {"fooled": bits}

    return keep.step(step, compute)["fooled"]


def _transfer(surrogate: Target, target: Target, *given: Any) -> Found:
    return transfer(target, surrogate, *given)


def _losses(
    target: Target, victims: Victims, stands: np.ndarray, threat: Threat, settings: Mapping[str, Any]
) -> np.ndarray:
    """Cross-entropy [S, T] of the standing images along ``trace`` steps of PGD from the image itself."""
    rows = torch.from_numpy(np.flatnonzero(stands))
    traces = []
    for part in rows.split(settings["batch_size"]) if len(rows) else ():
        origin, labels = victims.x[part], victims.labels[part]
        ids = torch.as_tensor(victims.images.ids[part.numpy()].astype(np.int64))
        x, losses = origin, []
        for _ in range(settings["trace"]):
            points = Points(x, labels, labels, ids)
            seen = evaluate(target, points, cross_entropy, torch.zeros(len(part), dtype=torch.bool))
            losses.append(seen.losses)
            x = project(origin, x + 2.5 * threat.eps / settings["trace"] * seen.gradients.sign(), threat)
        traces.append(torch.stack(losses, dim=1))
    return torch.cat(traces).numpy() if traces else np.zeros((0, settings["trace"]))
