"""The same function computed faster: batch normalisation folded into convolutions, channels last."""

from __future__ import annotations

import copy
from collections import Counter
from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import fx, nn
from torch.nn import functional
from torch.nn.utils.fusion import fuse_conv_bn_eval, fuse_linear_bn_eval

from evaluations.datasets.images import Images
from evaluations.target import Target

LOGIT_TOLERANCE = 1e-4  # of a logit, or of the largest one where that is above 1
GRADIENT_TOLERANCE = 1e-2  # of the gradient's length: rounding moves single ReLUs across their kink

FUSIONS: Mapping[tuple[type[nn.Module], type[nn.Module]], Any] = {
    (nn.Conv1d, nn.BatchNorm1d): fuse_conv_bn_eval,
    (nn.Conv2d, nn.BatchNorm2d): fuse_conv_bn_eval,
    (nn.Linear, nn.BatchNorm1d): fuse_linear_bn_eval,
}


class FastTarget(Target):
    """A target that answers by a faster network and counts on the counters of its ``original``.

    For searching only: what is reported is decided by its ``judge``.
    """

    def __init__(self, original: Target, network: nn.Module) -> None:
        self.original = original
        self.network = network.eval().requires_grad_(False)
        self.model_id = original.model_id
        self.weights_sha256 = original.weights_sha256
        self.threads = original.threads
        self.device = original.device
        self.largest_batch = original.largest_batch

    @property
    def forwards(self) -> int:
        return self.original.forwards

    @forwards.setter
    def forwards(self, count: int) -> None:
        self.original.forwards = count

    @property
    def forward_backwards(self) -> int:
        return self.original.forward_backwards

    @forward_backwards.setter
    def forward_backwards(self, count: int) -> None:
        self.original.forward_backwards = count

    @property
    def queries(self) -> int:
        return self.original.queries

    @queries.setter
    def queries(self, count: int) -> None:
        self.original.queries = count

    def logits(self, images: Images, batch_size: int) -> np.ndarray:
        """The original's logits: they are reported."""
        return self.original.logits(images, batch_size)

    @property
    def parameters(self) -> int:
        return self.original.parameters


def judge(target: Target) -> Target:
    """Who decides what a target's label is: the original of a fast one."""
    return target.original if isinstance(target, FastTarget) else target


class Choice(NamedTuple):
    """The target to search with, and in words what it is or why it is the original."""

    target: Target
    reason: str


def fast_network(target: Target, x: torch.Tensor) -> Choice:
    """A faster target where one can be made and is the same on the real images ``x`` [N, C, H, W].

    The same means: equal labels, logits within ``LOGIT_TOLERANCE`` and gradients of the cross-entropy
    within ``GRADIENT_TOLERANCE``. Otherwise, and where nothing can be folded (then there is no gain), the
    target itself. The passes of this check (two forward and backward passes of each image) are not counted,
    since they are no part of an attack.
    """
    try:
        folded = fold_batch_norm(target.network)
    except Exception as error:  # a stranger's forward function may fail to trace in any way
        return Choice(target, f"original network: it cannot be traced ({type(error).__name__})")
    if _norms(folded) == _norms(target.network):
        return Choice(target, "original network: no batch normalisation to fold")
    network = ChannelsLast(folded)
    difference = _difference(target.network, network.eval().requires_grad_(False), x)
    if difference:
        return Choice(target, f"original network: the folded one is not the same ({difference})")
    return Choice(FastTarget(target, network), "batch normalisation folded, channels last")


class ChannelsLast(nn.Module):
    """A network in the memory format that convolutions are fastest in. Values are unaffected."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network.to(memory_format=torch.channels_last)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        logits: torch.Tensor = self.network(x.contiguous(memory_format=torch.channels_last))
        return logits


def fold_batch_norm(network: nn.Module) -> fx.GraphModule:
    """A copy of a network in eval mode whose batch normalisations are part of the layer before them.

    One is folded where it directly follows a convolution or linear layer that feeds nothing else and is
    used once. Raises what ``torch.fx`` raises for a network that cannot be traced, among others because its
    forward function depends on the values of pixels.
    """
    traced = fx.symbolic_trace(copy.deepcopy(network))  # tracing shares modules, which then are changed
    folded = fx.GraphModule(traced, traced.graph)
    modules = dict(folded.named_modules())
    uses = Counter(node.target for node in folded.graph.nodes if node.op == "call_module")
    for node in list(folded.graph.nodes):
        layer, norm = _layer_before(node), node.target
        if layer is None or uses[layer.target] > 1 or uses[norm] > 1 or not _constant(modules[norm]):
            continue
        fuse = FUSIONS.get((type(modules[layer.target]), type(modules[norm])))
        if fuse is not None:
            _replace(folded, layer.target, fuse(modules[layer.target], modules[norm]))
            node.replace_all_uses_with(layer)
            folded.graph.erase_node(node)
    folded.recompile()
    folded.delete_all_unused_submodules()
    return folded


def _layer_before(node: fx.Node) -> Any:
    """The module call whose result a module call takes, if nothing else does; else None."""
    if node.op != "call_module" or len(node.all_input_nodes) != 1:
        return None
    before = node.all_input_nodes[0]
    return before if before.op == "call_module" and len(before.users) == 1 else None


def _norms(network: nn.Module) -> int:
    return sum(isinstance(module, nn.BatchNorm1d | nn.BatchNorm2d) for module in network.modules())


def _constant(norm: nn.Module) -> bool:
    """Whether a normalisation uses stored statistics: without, even eval mode takes those of the batch."""
    return getattr(norm, "running_mean", None) is not None and not norm.training


def _replace(network: fx.GraphModule, path: str, module: nn.Module) -> None:
    parent, _, name = path.rpartition(".")
    setattr(network.get_submodule(parent), name, module)


def _difference(network: nn.Module, other: nn.Module, x: torch.Tensor) -> str:
    """What differs between two networks at images ``x``; empty if nothing does."""
    (logits, gradients), (logits2, gradients2) = _answers(network, x), _answers(other, x)
    scale = max(1.0, float(logits.abs().max()))
    gap = float((logits - logits2).abs().max()) / scale
    if not gap <= LOGIT_TOLERANCE:
        return f"logits differ by {gap:.1e}"
    if not torch.equal(logits.argmax(dim=1), logits2.argmax(dim=1)):
        return "a label differs"
    gap = float((gradients - gradients2).norm() / gradients.norm().clamp(min=1e-12))
    return "" if gap <= GRADIENT_TOLERANCE else f"gradients differ by {gap:.1e}"


def _answers(network: nn.Module, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Logits [N, K] and the gradient of the cross-entropy at the predicted labels [N, C, H, W]."""
    with torch.enable_grad():
        x = x.detach().clone().requires_grad_()
        logits = network(x)
        loss = functional.cross_entropy(logits, logits.argmax(dim=1), reduction="sum")
        (gradients,) = torch.autograd.grad(loss, x)
    return logits.detach(), gradients
