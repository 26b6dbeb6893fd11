"""Small vision transformers with batch normalisation: the track vit of VNN-COMP 2023, for 3 x 32 x 32 images.

``vit-tiny-vnn-<layers>-<heads>-<patch>``: 48 features; attention and a perceptron of 96 units, each after
batch normalisation and with a shortcut; mean over all positions, normalisation, linear.
"""

from __future__ import annotations

from functools import partial

import torch
from torch import nn

from sngen.zoo.architectures.architecture import Architecture, InputSize, Tensors

FEATURES, HIDDEN = 48, 96
SIZE = (3, 32, 32)
#: Linear layers of one block in the order of the graph; their weights are stored without names, as [in, out].
LINEAR = ("query", "key", "value", "out", "mlp.0", "mlp.2")
UNNAMED = "onnx::MatMul_"
#: Constants of the graph (shapes, the scale of attention): they are written into the network.
CONSTANT = "/"


class Block(nn.Module):
    """[N, T, 48] -> the same: x + attention(norm(x)), then x + mlp(norm(x))."""

    def __init__(self, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.norm1, self.norm2 = nn.BatchNorm1d(FEATURES), nn.BatchNorm1d(FEATURES)
        self.query, self.key, self.value, self.out = (nn.Linear(FEATURES, FEATURES) for _ in range(4))
        self.mlp = nn.Sequential(nn.Linear(FEATURES, HIDDEN), nn.ReLU(), nn.Linear(HIDDEN, FEATURES))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = x + self._attention(_normal(self.norm1, x))
        mixed: torch.Tensor = x + self.mlp(_normal(self.norm2, x))
        return mixed

    def _attention(self, x: torch.Tensor) -> torch.Tensor:
        query, key, value = (
            layer(x).unflatten(2, (self.heads, -1)).transpose(1, 2)
            for layer in (self.query, self.key, self.value)
        )
        weights = (query @ key.transpose(2, 3) * query.shape[3] ** -0.5).softmax(dim=3)
        attended: torch.Tensor = self.out((weights @ value).transpose(1, 2).flatten(2))
        return attended


def _normal(norm: nn.Module, x: torch.Tensor) -> torch.Tensor:
    """Batch normalisation of the features of [N, T, F]."""
    out: torch.Tensor = norm(x.transpose(1, 2)).transpose(1, 2)
    return out


class TinyTransformer(nn.Module):
    """Patches and a class token with positions, ``layers`` blocks, mean, normalisation, linear."""

    def __init__(self, layers: int, heads: int, patch: int, num_classes: int) -> None:
        super().__init__()
        patches = (SIZE[1] // patch) ** 2
        self.cls_token = nn.Parameter(torch.zeros(FEATURES))
        self.positions = nn.Parameter(torch.zeros(patches + 1, FEATURES))
        self.projection = nn.Conv2d(3, FEATURES, patch, patch)
        self.blocks = nn.ModuleList(Block(heads) for _ in range(layers))
        self.norm = nn.BatchNorm1d(FEATURES)
        self.linear = nn.Linear(FEATURES, num_classes)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        patches = self.projection(x).flatten(2).transpose(1, 2)
        token = self.cls_token.expand(len(x), 1, FEATURES)
        hidden = torch.cat([token, patches], dim=1) + self.positions
        for block in self.blocks:
            hidden = block(hidden)
        logits: torch.Tensor = self.linear(self.norm(hidden.mean(dim=1)))
        return logits


def _translate(tensors: Tensors) -> Tensors:
    unnamed = sorted((n for n in tensors if n.startswith(UNNAMED)), key=lambda n: int(n.rpartition("_")[2]))
    named = [name for name in tensors if not name.startswith((UNNAMED, CONSTANT))]
    translated = {_name(name): tensors[name] for name in named}
    for i, name in enumerate(unnamed):
        layer = f"blocks.{i // len(LINEAR)}.{LINEAR[i % len(LINEAR)]}.weight"
        translated[layer] = tensors[name].T.contiguous()
    return translated


def _name(published: str) -> str:
    """``1.0.0.fn.1.query.bias`` -> ``blocks.0.query.bias`` and so on."""
    part, _, rest = published.partition(".")
    if part == "0":
        return rest
    if part == "2":
        return rest.replace("1.", "norm.", 1) if rest.startswith("1.") else rest.replace("2.", "linear.", 1)
    block, half, *inner = rest.split(".")
    tail = ".".join(inner)
    for theirs, ours in (("fn.0.norm", f"norm{int(half) + 1}"), ("fn.1.0", "mlp.0"), ("fn.1.3", "mlp.2")):
        if tail.startswith(f"{theirs}."):
            return f"blocks.{block}.{ours}{tail.removeprefix(theirs)}"
    return f"blocks.{block}.{tail.removeprefix('fn.1.')}"


def _build(layers: int, heads: int, patch: int, input_size: InputSize, num_classes: int) -> nn.Module:
    return TinyTransformer(layers, heads, patch, num_classes)


ARCHITECTURES = {
    f"vit-tiny-vnn-{layers}-{heads}-{patch}": Architecture(
        partial(_build, layers, heads, patch), SIZE, _translate
    )
    for layers, heads, patch in ((3, 3, 8), (2, 3, 16))
}
