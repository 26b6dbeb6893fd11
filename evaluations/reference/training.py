"""Train one model of the reference suite: same recipe, data, code and torch, same weights to the bit."""

from __future__ import annotations

import torch
from torch import nn
from torch.nn import functional

from evaluations.datasets.images import Images
from evaluations.one_thread import one_thread
from evaluations.reference.recipe import Adversarial, Recipe
from sngen.zoo.architectures import build


def train(recipe: Recipe, images: Images) -> dict[str, torch.Tensor]:
    """Tensors of the trained network, by name; ``images`` are the pixels and labels it sees.

    Leaves torch's own random numbers and thread count as they were.
    """
    x, labels = images.tensor(), torch.tensor(images.labels)
    with one_thread(), torch.random.fork_rng(devices=[]):
        torch.manual_seed(recipe.seed)
        network = build(recipe.loader, images.num_classes).train()
        optimiser = torch.optim.AdamW(network.parameters(), lr=recipe.lr, weight_decay=recipe.weight_decay)
        # Two streams, so that adversarial training sees the images in the same order as plain training.
        order = torch.Generator().manual_seed(recipe.seed)
        starts = torch.Generator().manual_seed(recipe.seed + 1)
        for _epoch in range(recipe.epochs):
            for chosen in torch.randperm(len(x), generator=order).split(recipe.batch):
                batch = x[chosen]
                if recipe.adversarial:
                    batch = adversarial_examples(network, batch, labels[chosen], recipe.adversarial, starts)
                optimiser.zero_grad()
                functional.cross_entropy(network(batch), labels[chosen]).backward()
                optimiser.step()
    return {name: tensor.detach() for name, tensor in network.state_dict().items()}


def adversarial_examples(
    network: nn.Module, x: torch.Tensor, labels: torch.Tensor, settings: Adversarial, starts: torch.Generator
) -> torch.Tensor:
    """Projected gradient ascent on the loss: pixels [B, C, H, W] in [0, 1] within ``eps`` of ``x``."""
    step = 2.5 * settings.eps / settings.steps
    noise = torch.rand(x.shape, generator=starts) * 2 - 1
    found = (x + settings.eps * noise).clamp(0, 1)
    for _ in range(settings.steps):
        found.requires_grad_(True)
        loss = functional.cross_entropy(network(found), labels)
        (gradient,) = torch.autograd.grad(loss, found)
        found = found.detach() + step * gradient.sign()
        found = torch.minimum(torch.maximum(found, x - settings.eps), x + settings.eps).clamp(0, 1)
    return found
