"""What the Square attack proposes: square windows of one colour (L-infinity) or of two humps (L2).

Andriushchenko et al. (2020, arXiv:1912.00049), algorithms 2 and 3. All random numbers come in as ``draws``
float32 [B, ...] in [0, 1), one row for each image.
"""

from __future__ import annotations

from typing import NamedTuple, Protocol

import torch

from evaluations.adversarial.threat import l2_lengths

#: A window's share of the image is halved after so many proposals, also where fewer queries are allowed
#: than the 10,000 of the paper, as in AutoAttack (the authors' code can rescale this).
HALVED_AFTER = torch.tensor([10, 50, 200, 500, 1000, 2000, 4000, 6000, 8000])
SMALL = 1e-12  # keeps the direction of a window without any change finite


class Proposals(Protocol):
    """``start_draws`` and ``draws`` are how many numbers of one image a start and a proposal use up."""

    start_draws: int
    draws: int

    def start(self, originals: torch.Tensor, draws: torch.Tensor) -> torch.Tensor:
        """The first points, [B, C, H, W]."""

    def propose(
        self, originals: torch.Tensor, points: torch.Tensor, made: torch.Tensor, draws: torch.Tensor
    ) -> torch.Tensor:
        """Changed points [B, C, H, W] for images to which ``made`` int64 [B] proposals were made before."""


class Stripes:
    """L-infinity: one-pixel-wide vertical stripes at first, then windows, every colour at full budget."""

    def __init__(self, shape: torch.Size, eps: float, p_init: float) -> None:
        self.channels, self.height, self.width = shape
        self.eps = eps
        self.sides = window_sides(p_init, self.height, self.width)
        self.start_draws, self.draws = self.channels * self.width, 2 + self.channels

    def start(self, originals: torch.Tensor, draws: torch.Tensor) -> torch.Tensor:
        signs = _signs(draws).view(-1, self.channels, 1, self.width)
        return (originals + self.eps * signs).clamp(0, 1)

    def propose(
        self, originals: torch.Tensor, points: torch.Tensor, made: torch.Tensor, draws: torch.Tensor
    ) -> torch.Tensor:
        window = place(self.sides[halvings(made)], draws[:, :2], self.height, self.width)
        # Every pixel is at one end of its range: a change by 2 eps, projected, ends at the side of its sign.
        signs = _signs(draws[:, 2:])[:, :, None]
        pixels = window.pixels(self.width).expand(-1, self.channels, -1)
        full = originals.flatten(2).gather(2, pixels).add_(self.eps * signs).clamp_(0, 1)
        return points.flatten(2).scatter(2, pixels, full).view_as(points)


class Humps:
    """L2: a grid of humps at first; then a window gets new humps, at the expense of a second one."""

    def __init__(self, shape: torch.Size, eps: float, p_init: float) -> None:
        self.channels, self.height, self.width = shape
        self.eps = eps
        self.sides = window_sides(p_init, self.height, self.width, smallest=3, odd=True)
        self.humps = _padded([two_humps(int(side)) for side in self.sides])
        self.tile = max(min(self.height, self.width) // 5, 1)
        self.grid = self.height // self.tile, self.width // self.tile
        self.start_draws = self.grid[0] * self.grid[1] * (1 + self.channels)
        self.draws = 5 + self.channels

    def start(self, originals: torch.Tensor, draws: torch.Tensor) -> torch.Tensor:
        rows, columns = self.grid
        draws = draws.view(-1, rows, columns, 1 + self.channels)
        humps = two_humps(self.tile)
        lying = torch.where(draws[..., :1, None] < 0.5, humps, humps.T)
        tiles = lying[..., None, :, :] * _signs(draws[..., 1:])[..., None, None]
        grid = tiles.permute(0, 3, 1, 4, 2, 5).reshape(
            len(draws), self.channels, rows * self.tile, columns * self.tile
        )
        change = torch.zeros_like(originals)
        top, left = (self.height - grid.shape[2]) // 2, (self.width - grid.shape[3]) // 2
        change[:, :, top : top + grid.shape[2], left : left + grid.shape[3]] = grid
        return self._at_full_length(originals, change)

    def propose(
        self, originals: torch.Tensor, points: torch.Tensor, made: torch.Tensor, draws: torch.Tensor
    ) -> torch.Tensor:
        halved = halvings(made)
        size = self.height, self.width
        window = place(self.sides[halved], draws[:, :2], *size)
        # Masks are floats: products with 0 and 1 are as exact as a choice, and several times faster.
        inside = window.inside(*size).float()
        emptied = place(self.sides[halved], draws[:, 2:4], *size).inside(*size).float()
        change = points - originals
        unused = (self.eps**2 - l2_lengths(change) ** 2).clamp_min(0) / self.channels
        outer = change * (1 - inside.maximum(emptied))
        available = (unused + _energy(change - outer)).sqrt()
        kept = change.mul_(inside)
        kept = kept.div_(_energy(kept).sqrt() + SMALL)
        humps = window.fill(self.humps[halved], draws[:, 4] < 0.5, *size)
        new = kept.add_(humps * _signs(draws[:, 5:])[:, :, None, None])
        new.mul_(available / (_energy(new).sqrt() + SMALL))
        return self._at_full_length(originals, new.add_(outer))

    def _at_full_length(self, originals: torch.Tensor, change: torch.Tensor) -> torch.Tensor:
        """``change`` (which is overwritten) stretched to the budget, added and clipped."""
        return change.mul_(self.eps / (l2_lengths(change) + SMALL)).add_(originals).clamp_(0, 1)


class Window(NamedTuple):
    """Square windows of images: the upper left corner and the side, int64 [B] each."""

    top: torch.Tensor
    left: torch.Tensor
    side: torch.Tensor

    def inside(self, height: int, width: int) -> torch.Tensor:
        """bool [B, 1, H, W]."""
        down, right = self._offsets(height, width)
        rows = (down >= 0) & (down < self.side[:, None])
        columns = (right >= 0) & (right < self.side[:, None])
        return (rows[:, :, None] & columns[:, None, :])[:, None]

    def pixels(self, width: int) -> torch.Tensor:
        """Where the windows' pixels are in the flattened rows of images, int64 [B, 1, S * S] with S the
        largest side; pixels of smaller windows come up more than once."""
        steps = torch.arange(int(self.side.max()))[None, :].minimum(self.side[:, None] - 1)
        down, right = self.top[:, None] + steps, self.left[:, None] + steps
        return (down[:, :, None] * width + right[:, None, :]).flatten(1)[:, None]

    def fill(self, patterns: torch.Tensor, transposed: torch.Tensor, height: int, width: int) -> torch.Tensor:
        """``patterns`` [B, S, S], in their upper left corner as large as the windows, in place: [B, 1, H, W].

        0 outside of the windows; rows and columns are swapped where ``transposed`` (bool [B]).
        """
        down, right = (
            offset.clamp(torch.zeros_like(self.side)[:, None], self.side[:, None] - 1)
            for offset in self._offsets(height, width)
        )
        patterns = torch.where(transposed[:, None, None], patterns.transpose(1, 2), patterns)
        image = torch.arange(len(self.side))[:, None, None]
        filled = patterns[image, down[:, :, None], right[:, None, :]]
        return filled[:, None] * self.inside(height, width).float()

    def _offsets(self, height: int, width: int) -> tuple[torch.Tensor, torch.Tensor]:
        return torch.arange(height) - self.top[:, None], torch.arange(width) - self.left[:, None]


def place(side: torch.Tensor, draws: torch.Tensor, height: int, width: int) -> Window:
    """Windows of ``side`` int64 [B] anywhere in the image, as ``draws`` [B, 2] say.

    In the paper a corner is uniform on 0 to w - h, both included. The authors' code and AutoAttack's leave
    out the last, and with it, for small windows, the last row and column.
    """
    room = torch.stack([height - side, width - side], dim=1)
    corner = torch.minimum((draws * (room + 1)).long(), room)  # a product may round up to room + 1
    return Window(corner[:, 0], corner[:, 1], side)


def halvings(made: torch.Tensor) -> torch.Tensor:
    """How often the share was halved after ``made`` int64 [B] proposals, from 0 to 9."""
    return torch.bucketize(made, HALVED_AFTER)


def window_sides(
    p_init: float, height: int, width: int, smallest: int = 1, odd: bool = False
) -> torch.Tensor:
    """The side of a window after 0 to 9 halvings of its share ``p_init`` of the image, int64 [10].

    With ``odd`` sides are odd, unless the image's own side is even and limits them.
    """
    sides = []
    for halved in range(len(HALVED_AFTER) + 1):
        side = max(round((p_init / 2**halved * height * width) ** 0.5), smallest)
        sides.append(min(side + (odd and side % 2 == 0), height, width))
    return torch.tensor(sides)


def two_humps(side: int) -> torch.Tensor:
    """The L2 window [side, side] of length 1: a hump on its upper half, a negative one on the lower."""
    upper, lower = hump(side // 2, side), hump(side - side // 2, side)
    both = torch.cat([upper, -lower])
    return both / both.norm()


def hump(height: int, width: int) -> torch.Tensor:
    """Eq. 2 of the paper, [height, width] of length 1: a pile of centred squares, the k-th 1 / k^2 high."""
    across = (torch.arange(height) - height // 2).abs()[:, None]
    along = (torch.arange(width) - width // 2).abs()[None, :]
    ring = torch.maximum(across, along)
    steps = 1 / torch.arange(1, max(height, width) // 2 + 2, dtype=torch.float32) ** 2
    outer_first = steps.flip(0).cumsum(0).flip(0)
    values = outer_first[ring]
    return values / values.norm() if values.numel() else values


def _padded(patterns: list[torch.Tensor]) -> torch.Tensor:
    """Square patterns in the upper left corners of zeros, [P, S, S], S being the largest side."""
    largest = max(len(pattern) for pattern in patterns)
    padded = torch.zeros(len(patterns), largest, largest)
    for place_, pattern in zip(padded, patterns, strict=True):
        place_[: len(pattern), : len(pattern)] = pattern
    return padded


def _energy(change: torch.Tensor) -> torch.Tensor:
    """Squared length of every channel, [B, C, 1, 1]."""
    return change.square().sum(dim=(2, 3), keepdim=True)


def _signs(draws: torch.Tensor) -> torch.Tensor:
    return torch.where(draws < 0.5, -1.0, 1.0)
