"""The attacks of the family: which images are asked, and what is told of each answer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch

from evaluations.datasets.images import Images
from evaluations.method import CPU, Context, Measurement, method
from evaluations.one_thread import one_thread
from evaluations.stealing.adapting import adapted
from evaluations.stealing.answers import answers, ask
from evaluations.stealing.fidelity import CONSTANT, Fidelity, fidelity, scores
from evaluations.stealing.stolen import Surrogate, steal_together, stolen
from evaluations.stealing.surrogate_settings import SurrogateSettings
from evaluations.stealing.synthetic import ising, uniform_noise
from evaluations.stealing.training_together import Run
from evaluations.target import Target
from sngen.errors import CheckFailed
from sngen.results import OutcomeEntry

TEST, AUXILIARY, OTHER = "test", "auxiliary", "other"
#: The budget at which several seeds are tried: the setting by which models are compared.
DEFAULT = "default"
FACTS = ("loader", "mean", "std")


@method("stealing", "partial-training-data", version=1)
def partial_training_data(
    target: Target, data: Mapping[str, Images], settings: Mapping[str, Any], seed: int, context: Context
) -> Measurement:
    """The study's attack: images of the target's training distribution, and all posteriors.

    Settings, here and below: ``batch_size``; ``shown``, see ``answers``; ``budgets``, numbers of queries;
    ``repeated``: the ``budget`` that is tried with several ``seeds``; ``surrogate``, the fields of
    ``SurrogateSettings``. Y. Liu et al., "ML-Doctor", USENIX Security 2022, arXiv:2102.02551.
    """
    return steal(target, data, data[AUXILIARY], settings, seed, context)


@method("stealing", "top-3", version=1)
def top_3(
    target: Target, data: Mapping[str, Images], settings: Mapping[str, Any], seed: int, context: Context
) -> Measurement:
    """As ``partial-training-data``, of an interface that tells the three largest posteriors."""
    return steal(target, data, data[AUXILIARY], settings, seed, context)


@method("stealing", "label-only", version=1)
def label_only(
    target: Target, data: Mapping[str, Images], settings: Mapping[str, Any], seed: int, context: Context
) -> Measurement:
    """As ``partial-training-data``, of an interface that tells the label alone."""
    return steal(target, data, data[AUXILIARY], settings, seed, context)


@method("stealing", "out-of-distribution", version=1)
def out_of_distribution(
    target: Target, data: Mapping[str, Images], settings: Mapping[str, Any], seed: int, context: Context
) -> Measurement:
    """With real images of another dataset, as Knockoff Nets asks them (T. Orekondy et al., CVPR 2019,
    arXiv:1812.02766); see ``adapted`` for how they are made to fit."""
    return steal(target, data, adapted(data[OTHER], data[TEST]), settings, seed, context)


@method("stealing", "noise", version=1)
def noise(
    target: Target, data: Mapping[str, Images], settings: Mapping[str, Any], seed: int, context: Context
) -> Measurement:
    """With uniform noise: the floor."""
    images = uniform_noise(data[TEST], max(settings["budgets"]), seed)
    return steal(target, data, images, settings, seed, context)


@method("stealing", "data-free", version=1)
def data_free(
    target: Target, data: Mapping[str, Images], settings: Mapping[str, Any], seed: int, context: Context
) -> Measurement:
    """Without any data, with pictures of the Ising model (N. Roberts et al., 2019, arXiv:1912.08987)."""
    return steal(target, data, ising(data[TEST], max(settings["budgets"]), seed), settings, seed, context)


@method("stealing", "own-family", version=1, needs_gradients=True, facts=FACTS)
def own_family(
    target: Target, data: Mapping[str, Images], settings: Mapping[str, Any], seed: int, context: Context
) -> Measurement:
    """As ``partial-training-data``, by an attacker who knows the target's architecture and normalisation."""
    architecture, mean, std = (context.facts[name] for name in FACTS)
    known = {"architecture": architecture, "mean": mean or [0.0], "std": std or [1.0]}
    own = {**settings, "surrogate": {**settings["surrogate"], **known}}
    return steal(target, data, data[AUXILIARY], own, seed, context)


def steal(
    target: Target, data: Mapping[str, Images], images: Images, settings: Mapping[str, Any], seed: int,
    context: Context,
) -> Measurement:  # fmt: skip
    """Surrogates at every budget, judged on the role ``test``.

    Raises ``CheckFailed`` for too few images and for answers that are not finite or not one per class,
    before anything is trained.
    """
    test, chosen = data[TEST], SurrogateSettings.of(settings["surrogate"])
    largest = max(settings["budgets"])
    if len(images) < largest:
        raise CheckFailed(
            f"{images.dataset_id}, split {images.split}: {len(images)} images to ask, and a budget of "
            f"{largest} queries. Take more images, or smaller budgets."
        )
    logits = target.logits(test, settings["batch_size"])
    told = ask(target, images.first(largest), settings["batch_size"], settings["shown"])
    truth = logits.argmax(axis=1)
    accuracy = float(np.mean(truth == test.labels))
    flags = (CONSTANT,) if len(set(truth.tolist())) == 1 else ()
    repeated = settings["repeated"]
    planned = {
        budget: [Run(budget, seed + more) for more in range(_seeds(repeated, budget))]
        for budget in settings["budgets"]
    }
    if context.device != CPU:
        flat = [run for runs in planned.values() for run in runs]
        steal_together(chosen, images, told, flat, context.folders, context.device)
    found, outcomes = [], []
    for budget, of_budget in planned.items():
        runs = [_judged(chosen, images, told, run, test, truth, context) for run in of_budget]
        setting = DEFAULT if budget == repeated["budget"] else f"queries-{budget}"
        found += scores(setting, runs, accuracy, flags)
        if len(runs) > 1:
            for number, run in enumerate(runs):
                found += scores(f"queries-{budget}-seed-{number}", [run], accuracy, flags)
        if setting == DEFAULT:
            meaning = "the surrogate of the first seed gives the target's label"
            outcomes.append(OutcomeEntry.of(setting, test.split, meaning, test.ids, runs[0].agrees))
    return Measurement(tuple(found), tuple(outcomes))


def _seeds(repeated: Mapping[str, Any], budget: int) -> int:
    return int(repeated["seeds"]) if budget == repeated["budget"] else 1


def ask_and_train(
    target: Target, images: Images, settings: Mapping[str, Any], budget: int, seed: int, context: Context
) -> Surrogate:
    """The surrogate of one budget and seed, as ``steal`` has it; the questions are not counted as queries."""
    logits = target.logits(images.first(max(settings["budgets"])), settings["batch_size"])
    told = answers(logits, settings["shown"])
    return stolen(SurrogateSettings.of(settings["surrogate"]), images, told, budget, seed, context.folders)


def _judged(
    chosen: SurrogateSettings, images: Images, told: np.ndarray, run: Run, test: Images, truth: np.ndarray,
    context: Context,
) -> Fidelity:  # fmt: skip
    def compute() -> dict[str, np.ndarray]:
        surrogate = stolen(chosen, images, told, run.budget, run.seed, context.folders, context.device)
        return {"labels": predicted(surrogate.network.to(context.device), test, context.device)}

    kept = context.keep.step(f"queries-{run.budget}-seed-{run.seed}", compute)
    return fidelity(kept["labels"], truth, test.labels)


def predicted(
    network: torch.nn.Module, images: Images, device: str = CPU, batch_size: int = 500
) -> np.ndarray:
    """Classes int64 [N] that a surrogate on ``device`` gives the images."""
    with one_thread(), torch.no_grad():
        parts = [network(x.to(device)).argmax(dim=1).cpu().numpy() for x, _ in images.batches(batch_size)]
    return np.concatenate(parts)
