"""SCALE-UP: a triggered input keeps its label when its pixels are multiplied. Labels are all it takes.

J. Guo et al., "SCALE-UP: An Efficient Black-box Input-level Backdoor Detection via Analyzing Scaled
Prediction Consistency", ICLR 2023, arXiv:2302.03251.
"""

from __future__ import annotations

import numpy as np
import torch

from evaluations.backdoor.detection import CONSTANT, Case, Detection
from evaluations.backdoor.input_scores import input_detection, judged

#: Factors on the pixels, which are cut at full white.
FACTORS = (3, 5, 7, 9, 11)


def scale_up(case: Case) -> Detection:
    """The share of images whose scaled prediction consistency is above ``threshold``, published as 0.5.

    Suspicion is the share of ``FACTORS`` at which an image keeps its label. Settings: ``images`` judged (role
    ``verdict``), ``threshold``. It judges inputs; it has no verdict on a model.
    """
    images, triggered, other = judged(case, case.settings["images"])
    if case.is_constant():
        return Detection(status=CONSTANT)
    of_triggered = None
    if triggered is not None:
        x = torch.from_numpy(triggered[other].astype(np.float32)) / images.scale
        of_triggered = consistency(case, x)
    meaning = "share of brightened copies that keep the label"
    return input_detection(
        images, consistency(case, images.tensor()), of_triggered, case.settings["threshold"], meaning
    )


def consistency(case: Case, x: torch.Tensor) -> np.ndarray:
    """Of each of ``x`` [N, C, H, W]: the share of ``FACTORS`` at which its label stays. float64 [N]; 6 N
    queries."""
    shares = []
    for part in x.split(case.settings["batch_size"]):
        label = case.target.query(part).argmax(dim=1)
        kept = [case.target.query((part * factor).clamp(max=1)).argmax(dim=1) == label for factor in FACTORS]
        shares.append(torch.stack(kept).double().mean(dim=0))
    return torch.cat(shares).numpy()
