"""Which tier runs where, and accelerators that are not there."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from evaluations.engine.devices import fits, names, of_device
from evaluations.engine.provenance import Environment
from evaluations.engine.work import Selection, choose_models, select
from evaluations.protocol import load_protocols
from evaluations.registry import find_methods
from evaluations.target import Target
from sngen.errors import UsageError
from sngen.schema import DATASETS, MODELS

METHOD = "partial-training-data"


def stealing() -> Selection:
    model = MODELS.row(model_id="a/cifar10/b", dataset_id="cifar10", loader="digits-linear")
    dataset = DATASETS.row(dataset_id="cifar10", num_classes=10)
    models = choose_models([model], None, [])
    return select(models, [dataset], load_protocols(["stealing/1"]), find_methods())


def test_a_tier_is_measured_on_its_own_kind_of_device() -> None:
    everything = stealing()
    tiers = {
        device: {work.tier for work in of_device(everything, device).works} for device in ("cpu", "cuda:1")
    }
    assert tiers == {"cpu": {"cpu"}, "cuda:1": {"gpu"}}
    [left_out] = of_device(everything, "cpu").left_out
    assert left_out.reason == "the tier gpu of stealing/1 is measured with --device cuda"
    assert not fits("reference", "cuda")


def test_the_study_s_scale_asks_half_of_the_training_split() -> None:
    [work] = [w for w in of_device(stealing(), "cuda").works if w.method == METHOD]
    assert work.settings["repeated"] == {"budget": 25000, "seeds": 3}
    assert work.data["auxiliary"].first == 25000


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is an accelerator")
@pytest.mark.parametrize("device", ["cuda", "warp-drive"])
def test_an_accelerator_that_is_not_there_is_refused(device: str) -> None:
    with pytest.raises(UsageError, match=rf"--device {device}: torch .* cannot use it .* It knows cpu\."):
        Environment.here(device)
    assert names("cpu", "a processor") == "a processor"


def test_logits_come_back_to_where_the_pixels_are() -> None:
    """The device ``meta`` computes shapes alone: enough to see where tensors go."""
    network = nn.Sequential(nn.Flatten(), nn.Linear(4, 3))
    target = Target(network, "a/b", "0" * 64, 1, device="meta")
    assert {parameter.device.type for parameter in target.network.parameters()} == {"meta"}
    assert target(torch.zeros(2, 1, 2, 2, device="meta")).shape == (2, 3)
