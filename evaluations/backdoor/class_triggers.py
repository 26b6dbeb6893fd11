"""Detectors that look for a class to which a small trigger leads: Neural Cleanse, and the pixel backdoor."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch

from evaluations.adversarial.fast_network import fast_network
from evaluations.backdoor.anomaly import THRESHOLD, Anomaly, anomaly
from evaluations.backdoor.detection import (
    CLEAN,
    CONSTANT,
    DEFAULT,
    TWO_CLASSES,
    VERDICT,
    Case,
    Detection,
    gives_probabilities,
    log_posteriors,
)
from evaluations.backdoor.screening import Screen
from evaluations.backdoor.trigger_search import MASKED, SIGNED, Form, search, unit
from sngen.results import ArrayEntry, PictureEntry, ScoreEntry

#: Images by which a faster network is compared with the original.
COMPARED = 32
#: A pixel counts as part of a recovered trigger from this share of its largest value on.
SUPPORT = 0.5


@dataclass(frozen=True)
class Recovered:
    """Of every class t: the smallest trigger's parameters [K, P, H, W], its size [K] (NaN where none works),
    and the share [K] of held-out images of other classes that it sends to t; both NaN where none was searched
    in full. ``among`` [K]: the sizes that the smallest is compared with, known or filled in."""

    parameters: np.ndarray
    sizes: np.ndarray
    success: np.ndarray
    among: np.ndarray

    def anomaly(self) -> Anomaly | None:
        return anomaly(self.sizes, self.among)


def neural_cleanse(case: Case) -> Detection:
    """B. Wang et al., "Neural Cleanse", IEEE S&P 2019: masks, and the L1 norm of each.

    Settings: ``images`` to search with (role ``clean``) and to judge with (role ``verdict``), ``seeds``,
    ``together`` (classes searched side by side) and those of ``search``. The index is the median over seeds,
    and so is the alarm, beyond 2. A class for which nothing reaches ``success`` has no norm. ``screen``, if
    given, holds the fields of ``Screen``: then only some classes are searched in full.
    """
    return _detect(case, MASKED)


def pixel_backdoor(case: Case) -> Detection:
    """G. Tao et al., "Better Trigger Inversion Optimization in Backdoor Scanning", CVPR 2022: signed changes
    of single values, which also find triggers that are blended into the whole image.

    As ``neural_cleanse`` but for the form of the trigger; the paper compares sizes with a bound of its own
    benchmark, here the rule is that of Neural Cleanse.
    """
    return _detect(case, SIGNED)


def _detect(case: Case, form: Form) -> Detection:
    clean = case.enough(CLEAN, case.settings["images"])
    if clean.num_classes <= 2:
        return Detection(status=TWO_CLASSES)
    if case.is_constant():
        return Detection(status=CONSTANT)
    runs = [recover(case, form, seed) for seed in range(case.seed, case.seed + case.settings["seeds"])]
    found = [run.anomaly() for run in runs]
    indices = [one.index for one in found if one is not None]
    if not indices:
        return Detection(status="not-applicable-too-few-triggers")
    middle = sorted(range(len(found)), key=lambda number: found[number].index if found[number] else -np.inf)  # type: ignore[union-attr]
    chosen = middle[len(middle) // 2]
    index = float(np.median(indices))
    best = found[chosen]
    assert best is not None
    return Detection(
        index=index, alarm=index > THRESHOLD, target=best.position, separation=index,
        norms=tuple(runs[chosen].among.tolist()),
        scores=tuple(_scores(case, form, runs, chosen)),
        arrays=tuple(_arrays(runs[chosen])),
        pictures=tuple(_pictures(case, form, runs[chosen].parameters[best.position], best.position)),
    )  # fmt: skip


def recover(case: Case, form: Form, seed: int) -> Recovered:
    """The search of every class with one seed, or of those that a short search leaves; what is done is kept
    part by part."""
    clean, verdict = (case.enough(role, case.settings["images"]) for role in (CLEAN, VERDICT))
    x, held_out = clean.tensor(), verdict.tensor()
    probabilities = gives_probabilities(case.target.logits(clean, case.settings["batch_size"]))
    fast = fast_network(case.target, x[:COMPARED]).target

    def log_posterior(pixels: torch.Tensor) -> torch.Tensor:
        return log_posteriors(fast(pixels), probabilities)

    screen = Screen.of(case.settings["screen"]) if "screen" in case.settings else None
    classes = np.arange(clean.num_classes)
    if screen is not None:
        short = _screened(case, form, log_posterior, x, screen, seed)
        classes = screen.chosen(short, seed)

    def recovered(classes: Sequence[int]) -> Callable[[], dict[str, np.ndarray]]:
        def compute() -> dict[str, np.ndarray]:
            found = search(form, log_posterior, x, classes, case.settings, seed)
            labels = torch.tensor(verdict.labels)
            success = [
                _success(case, form, parameters, held_out[labels != number], number)
                for number, parameters in zip(classes, found.parameters, strict=True)
            ]
            with torch.no_grad():
                sizes = form.size(torch.from_numpy(found.parameters)).double().numpy()
            sizes = np.where(np.isfinite(found.sizes), sizes, np.nan)
            return {"parameters": found.parameters, "sizes": sizes, "success": np.array(success)}

        return compute

    parts = [
        case.step(f"seed-{seed}-class-{'-'.join(map(str, part))}", recovered(part))
        for part in _parts(classes, case.settings["together"])
    ]
    found = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
    sizes = _at(classes, found["sizes"], clean.num_classes, np.nan)
    return Recovered(
        _at(classes, found["parameters"], clean.num_classes, 0.0),
        sizes,
        _at(classes, found["success"], clean.num_classes, np.nan),
        sizes if screen is None else screen.completed(short, sizes, seed),
    )


def _screened(
    case: Case, form: Form, log_posterior: Callable[[torch.Tensor], torch.Tensor], x: torch.Tensor,
    screen: Screen, seed: int,
) -> np.ndarray:  # fmt: skip
    """Sizes [K] after the short search of every class."""
    short = {**case.settings, "steps": screen.steps, "batches": screen.batches}

    def sizes_of(classes: Sequence[int]) -> Callable[[], dict[str, np.ndarray]]:
        return lambda: {"sizes": search(form, log_posterior, x, classes, short, seed).sizes}

    every = np.arange(case.data[CLEAN].num_classes)
    parts = [
        case.step(f"seed-{seed}-screen-{part[0]}", sizes_of(part))["sizes"]
        for part in _parts(every, case.settings["together"])
    ]
    return np.concatenate(parts)


def _parts(classes: np.ndarray, together: int) -> list[list[int]]:
    return [classes[first : first + together].tolist() for first in range(0, len(classes), together)]


def _at(classes: np.ndarray, found: np.ndarray, count: int, other: float) -> np.ndarray:
    """What was found, at the places of its classes among ``count``."""
    values = np.full((count, *found.shape[1:]), other, dtype=found.dtype)
    values[classes] = found
    return values


def _success(case: Case, form: Form, parameters: np.ndarray, x: torch.Tensor, goal: int) -> float:
    """Share of ``x`` that the trigger sends to the class, by the target itself."""
    reached = 0
    with torch.no_grad():
        for part in x.split(case.settings["batch_size"]):
            stamped = form.stamp(torch.from_numpy(parameters)[None], part)[0]
            reached += int((case.target(stamped).argmax(dim=1) == goal).sum())
    return reached / len(x)


def _scores(case: Case, form: Form, runs: list[Recovered], chosen: int) -> list[ScoreEntry]:
    best = runs[chosen].anomaly()
    assert best is not None
    place, n = best.position, case.settings["images"]
    entries = [
        ScoreEntry(
            DEFAULT, "trigger_norm", float(runs[chosen].sizes[place]), n, ci_method="none: one search"
        ),
        ScoreEntry(
            "recovered", "attack_success_rate", float(runs[chosen].success[place]), n,
            ci_method="none: the trigger was made to succeed",
        ),
    ]  # fmt: skip
    for number, run in enumerate(runs):
        one = run.anomaly()
        if len(runs) > 1 and one is not None:
            entries.append(
                ScoreEntry(f"seed-{number}", "anomaly_index", one.index, n, ci_method="none: one search")
            )
    if case.goal is not None:
        entries.append(ScoreEntry(DEFAULT, "target_found", float(place == case.goal), 1, ci_method="none"))
        if case.trigger is not None and np.isfinite(runs[chosen].success[case.goal]):
            shape = case.data[CLEAN].pixels.shape[1:]
            overlap = _overlap(_cover(form, runs[chosen].parameters[case.goal]), case.trigger.support(shape))
            how = "none: one search, at the true target class"
            entries.append(ScoreEntry(DEFAULT, "trigger_overlap", overlap, 1, ci_method=how))
    return entries


def _cover(form: Form, parameters: np.ndarray) -> np.ndarray:
    """How far each pixel is changed, [H, W] in [0, 1]."""
    with torch.no_grad():
        raw = torch.from_numpy(parameters)
        cover = unit(raw[0]) if form is MASKED else raw.tanh().abs().amax(dim=0)
    return cover.numpy()


def _overlap(cover: np.ndarray, support: np.ndarray) -> float:
    """Intersection over union with the pixels from half of the largest cover on."""
    recovered = cover >= SUPPORT * cover.max()
    return float((recovered & support).sum() / (recovered | support).sum())


def _arrays(run: Recovered) -> list[ArrayEntry]:
    there = np.flatnonzero(np.isfinite(run.sizes))
    classes = tuple(there.astype(float).tolist())
    return [
        ArrayEntry(
            DEFAULT, "norm-by-class", "class", "size of the smallest trigger, in pixels", classes,
            tuple(run.sizes[there].tolist()),
        ),
        ArrayEntry(
            DEFAULT, "success-by-class", "class", "share of held-out images that it sends there", classes,
            tuple(run.success[there].tolist()),
        ),
    ]  # fmt: skip


def _pictures(case: Case, form: Form, parameters: np.ndarray, goal: int) -> list[PictureEntry]:
    with torch.no_grad():
        raw = torch.from_numpy(parameters)
        shown = unit(raw[:1]) * unit(raw[1:]) if form is MASKED else (raw.tanh() + 1) / 2
    meaning = (
        f"the trigger that sends images to class {goal}: mask times pattern, black where it changes nothing"
        if form is MASKED
        else f"the change that sends images to class {goal}: grey where there is none"
    )
    picture = PictureEntry.of(DEFAULT, "recovered-trigger", meaning, _bytes(shown.numpy()))
    if case.trigger is None:
        return [picture]
    black = np.zeros((1, *case.data[CLEAN].pixels.shape[1:]), dtype=np.uint8)
    true = case.trigger.apply(black, 255)[0]
    return [picture, PictureEntry.of(DEFAULT, "true-trigger", "the true trigger, on black", true)]


def _bytes(values: np.ndarray) -> np.ndarray:
    """Values in [0, 1] as uint8; one or three channels."""
    return np.rint(values.clip(0, 1) * 255).astype(np.uint8)
