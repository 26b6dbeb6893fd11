"""Surrogates of one architecture trained as one: a stack of networks, each with images of its own.

For accelerators, where one small network leaves nearly all of the machine idle; on a processor it is slower
than one after the other (benchmarks/stealing.md). Each network gets the initial weights, the batches and the
augmentation that ``training.train`` gives it, so that the two differ by rounding alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch.func import functional_call, grad_and_value, stack_module_state, vmap
from torch.nn import functional

from evaluations.datasets.images import Images
from evaluations.membership.reference_training import flip_crop
from evaluations.stealing.surrogate_settings import SurrogateSettings
from evaluations.stealing.training import (
    batches,
    check_answers,
    check_finite,
    draws,
    fresh,
    optimiser_of,
)


@dataclass(frozen=True)
class Run:
    """One surrogate: of the first ``budget`` images, with its own seed."""

    budget: int
    seed: int


def train_together(
    settings: SurrogateSettings, images: Images, answers: np.ndarray, runs: Sequence[Run], device: str
) -> list[dict[str, torch.Tensor]]:
    """Tensors of every run's surrogate, by name, on the processor; see ``training.train``.

    Every budget has to reach ``settings.batch``: stacked networks take batches of one size. Raises
    ``CheckFailed`` for answers that are no probabilities, and for weights that come out not finite.
    """
    check_answers(answers, images)
    small = [run.budget for run in runs if run.budget < settings.batch]
    if small:
        raise ValueError(f"budgets {small} are below the batch of {settings.batch}")
    with torch.random.fork_rng(devices=[]):
        networks = [fresh(settings, images, run.seed).to(device).train() for run in runs]
    parameters, buffers = stack_module_state(networks)
    optimiser = optimiser_of(settings, parameters.values())
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, settings.steps)
    x, wanted = images.tensor().to(device), torch.tensor(answers, dtype=torch.float32, device=device)
    chosen = _chosen(settings, runs, device)

    def loss(
        own: dict[str, torch.Tensor], state: dict[str, torch.Tensor], x: torch.Tensor, y: torch.Tensor
    ) -> torch.Tensor:
        return functional.cross_entropy(functional_call(networks[0], (own, state), (x,)), y)

    step_of_all = vmap(grad_and_value(loss))
    with torch.enable_grad():
        for step in range(settings.steps):
            batch = x[chosen[step]]
            if settings.augmentation == "flip-crop":
                batch = _augmented(batch, settings, runs, step)
            own = {name: value.detach() for name, value in parameters.items()}
            gradients, _ = step_of_all(own, buffers, batch, wanted[chosen[step]])
            for name, value in parameters.items():
                value.grad = gradients[name]
            optimiser.step()
            schedule.step()
    return [_taken(settings, parameters | buffers, number, run) for number, run in enumerate(runs)]


def _chosen(settings: SurrogateSettings, runs: Sequence[Run], device: str) -> torch.Tensor:
    """Positions int64 [steps, runs, batch] of the images of each step."""
    of_runs = [np.stack(list(batches(run.budget, settings.batch, settings.steps, run.seed))) for run in runs]
    return torch.from_numpy(np.stack(of_runs, axis=1)).to(device)


def _augmented(
    batch: torch.Tensor, settings: SurrogateSettings, runs: Sequence[Run], step: int
) -> torch.Tensor:
    """Each run's images of a step, float [runs, batch, C, H, W], mirrored and shifted as its seed says."""
    drawn = np.concatenate([draws(run.seed, step, settings.batch) for run in runs])
    return flip_crop(batch.flatten(0, 1), drawn).unflatten(0, batch.shape[:2])


def _taken(
    settings: SurrogateSettings, stacked: dict[str, torch.Tensor], number: int, run: Run
) -> dict[str, torch.Tensor]:
    inside = "network."
    tensors = {
        name.removeprefix(inside): value[number].detach().cpu().contiguous()
        for name, value in stacked.items()
        if name.startswith(inside)
    }
    check_finite(tensors, settings, run.budget)
    return tensors
