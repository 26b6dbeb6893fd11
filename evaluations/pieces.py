"""A batch passed through a network in pieces, for machines whose memory does not hold all of it."""

from __future__ import annotations

import torch
from torch import nn
from torch.utils.checkpoint import checkpoint


def in_pieces(network: nn.Module, x: torch.Tensor, largest: int | None) -> torch.Tensor:
    """Logits [B, K] of pixels [B, C, H, W], at most ``largest`` images at a time; None: all at once.

    With gradients wanted, each piece is passed again when they are computed (Chen et al., "Training deep nets
    with sublinear memory cost", 2016), so that no more than one piece's activations are ever held. In eval
    mode an image's logits do not depend on its batch, except in the last bits.
    """
    if largest is None or len(x) <= largest:
        whole: torch.Tensor = network(x)
        return whole
    pieces = x.split(largest)
    if x.requires_grad and torch.is_grad_enabled():
        return torch.cat([checkpoint(network, piece, use_reentrant=False) for piece in pieces])
    return torch.cat([network(piece) for piece in pieces])
