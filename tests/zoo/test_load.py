"""From tensors to a network on pixels: the check names the first wrong tensor."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import save_file

from sngen.errors import CheckFailed, UsageError
from sngen.schema import MODELS
from sngen.zoo.architectures import build
from sngen.zoo.load import load_network
from sngen.zoo.on_pixels import Resize

Tensors = dict[str, torch.Tensor]


def _row(**values: Any) -> dict[str, Any]:
    defaults: dict[str, Any] = {"model_id": "a/b", "loader": "digits-mlp-16", "mean": [0.25], "std": [0.5]}
    return MODELS.row(**{**defaults, **values})


@pytest.fixture
def tensors() -> Tensors:
    return dict(build("digits-mlp-16", 10).state_dict())


def _file(tmp_path: Path, tensors: Tensors) -> Path:
    save_file(tensors, tmp_path / "model.safetensors")
    return tmp_path / "model.safetensors"


def test_normalisation_is_inside(tmp_path: Path, tensors: Tensors) -> None:
    network = load_network(_row(), _file(tmp_path, tensors), 10)
    bare = build("digits-mlp-16", 10)
    bare.load_state_dict(tensors)
    x = torch.rand(5, 1, 8, 8)
    assert torch.equal(network(x), bare((x - 0.25) / 0.5))
    assert not torch.allclose(network(x), bare(x))


def test_normalisation_is_per_channel(tmp_path: Path) -> None:
    bare = build("resnet20-cifar-a", 10).eval()
    row = _row(loader="resnet20-cifar-a", mean=[0.1, 0.2, 0.3], std=[1.0, 2.0, 3.0])
    network = load_network(row, _file(tmp_path, dict(bare.state_dict())), 10)
    x = torch.rand(2, 3, 32, 32)
    normal = torch.stack([(x[:, c] - row["mean"][c]) / row["std"][c] for c in range(3)], 1)
    assert torch.allclose(network(x), bare(normal), atol=1e-5)


def test_it_is_frozen_and_in_eval_mode(tmp_path: Path, tensors: Tensors) -> None:
    network = load_network(_row(), _file(tmp_path, tensors), 10)
    assert not network.training and not any(module.training for module in network.modules())
    assert not any(parameter.requires_grad for parameter in network.parameters())
    x = torch.rand(2, 1, 8, 8, requires_grad=True)
    network(x).sum().backward()
    assert x.grad is not None and x.grad.abs().sum() > 0


def _without(name: str) -> Callable[[Tensors], Tensors]:
    return lambda tensors: {k: v for k, v in tensors.items() if k != name}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (_without("1.bias"), r"tensor 1\.bias is missing, expected float32 \[16\]"),
        (
            lambda tensors: {**tensors, "3.weight": torch.zeros(9, 16), "3.bias": torch.zeros(9)},
            r"tensor 3\.weight is float32 \[9, 16\], expected float32 \[10, 16\]",
        ),
        (
            lambda t: {**t, "1.bias": t["1.bias"].double()},
            r"1\.bias is float64 \[16\], expected float32 \[16\]",
        ),
        (lambda t: {**t, "1.bias": t["1.bias"] / 0}, r"1\.bias holds NaN or infinity"),
        (lambda t: {**t, "extra": torch.ones(1)}, r"extra is float32 \[1\], expected no tensor of this name"),
    ],
    ids=["missing", "shape", "type", "not-finite", "extra"],
)
def test_the_first_wrong_tensor_is_named(
    tmp_path: Path, tensors: Tensors, change: Callable[[Tensors], Tensors], message: str
) -> None:
    with pytest.raises(CheckFailed, match=rf"a/b .*architecture digits-mlp-16\): .*{message}"):
        load_network(_row(), _file(tmp_path, change(tensors)), 10)


def test_only_the_counters_of_batch_normalisation_may_be_absent(tmp_path: Path) -> None:
    full = dict(build("resnet20-cifar-a", 10).state_dict())
    row = _row(loader="resnet20-cifar-a", mean=[0.0] * 3, std=[1.0] * 3)
    old = {name: tensor for name, tensor in full.items() if not name.endswith("num_batches_tracked")}
    assert len(old) < len(full)
    load_network(row, _file(tmp_path, old), 10)
    del old["layer2.0.bn1.running_var"]
    with pytest.raises(CheckFailed, match=r"layer2\.0\.bn1\.running_var is missing"):
        load_network(row, _file(tmp_path, old), 10)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"loader": None}, "names no loader"),
        ({"loader": "digits-mlp"}, "no architecture is called 'digits-mlp'; nearest: digits-mlp-"),
        ({"mean": None}, "mean is None"),
        ({"std": [0.0]}, r"std is \[0.0\]"),
        ({"std": [1.0, 1.0]}, "one number per channel .* found mean 1, std 2"),
        ({"input_size": "3x8x8"}, "found mean 1, std 1, channels 3"),
        ({"input_size": "8x8"}, "input_size is '8x8'; expected channels x height x width"),
        ({"interpolation": "lanczos"}, "interpolation is 'lanczos'; expected one of bilinear"),
    ],
)
def test_rows_that_do_not_say_how(
    tmp_path: Path, tensors: Tensors, values: dict[str, Any], message: str
) -> None:
    with pytest.raises(UsageError, match=message):
        load_network(_row(**values), _file(tmp_path, tensors), 10)


def test_files_that_are_not_safetensors(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no file"):
        load_network(_row(), tmp_path / "absent", 10)
    (tmp_path / "broken").write_bytes(b"\xff" * 64)
    with pytest.raises(CheckFailed, match="not a safetensors file"):
        load_network(_row(), tmp_path / "broken", 10)


def test_all_wrong_tensors_are_listed(tmp_path: Path, tensors: Tensors) -> None:
    wrong = {f"extra.{i}": torch.ones(1) for i in range(20)} | {"1.bias": tensors["1.bias"]}
    with pytest.raises(CheckFailed) as caught:
        load_network(_row(), _file(tmp_path, wrong), 10)
    message = str(caught.value)
    assert message.index("1.weight is missing") < message.index("3.weight is missing")
    assert "extra.0 is float32 [1], expected no tensor" in message
    assert message.count("extra.") == 9 and "and 11 more" in message


def test_another_number_of_classes_is_named(tmp_path: Path, tensors: Tensors) -> None:
    with pytest.raises(CheckFailed, match=r"3\.weight is float32 \[10, 16\], expected float32 \[7, 16\]"):
        load_network(_row(), _file(tmp_path, tensors), 7)


def test_images_are_resized_where_the_row_says_so(tmp_path: Path, tensors: Tensors) -> None:
    path = _file(tmp_path, tensors)
    x = torch.rand(2, 1, 16, 16)
    with pytest.raises(RuntimeError):  # nothing is guessed
        load_network(_row(input_size="1x8x8"), path, 10)(x)
    resizing = load_network(_row(input_size="1x8x8", interpolation="nearest"), path, 10)
    plain = load_network(_row(), path, 10)
    assert torch.equal(resizing(x), plain(x[:, :, ::2, ::2]))
    assert torch.equal(resizing(x[:, :, :8, :8]), plain(x[:, :, :8, :8]))


def test_resizing_and_cutting_agree_with_pillow() -> None:
    image = Image.fromarray(np.random.default_rng(0).integers(0, 256, (60, 90, 3), dtype=np.uint8))
    x = torch.from_numpy(np.asarray(image).copy()).permute(2, 0, 1)[None] / 255
    cut = Resize(32, 32, "bilinear", crop_fraction=0.8)(x)
    resized = image.resize((60, 40), Image.Resampling.BILINEAR)  # shorter side 32 / 0.8
    expected = torch.from_numpy(np.asarray(resized).copy()).permute(2, 0, 1)[None, :, 4:36, 14:46] / 255
    assert cut.shape == (1, 3, 32, 32) and (cut - expected).abs().max() < 1.5 / 255
    whole = Resize(24, 36, "bicubic")(x)
    assert whole.shape == (1, 3, 24, 36) and whole.min() >= 0 and whole.max() <= 1


def test_a_counter_of_another_shape_does_not_matter(tmp_path: Path) -> None:
    tensors = dict(build("resnet20-cifar-a", 10).state_dict())
    tensors["bn1.num_batches_tracked"] = torch.tensor([1.0])
    row = _row(loader="resnet20-cifar-a", mean=[0.0] * 3, std=[1.0] * 3)
    with pytest.raises(CheckFailed, match=r"bn1\.running_var is missing"):
        load_network(row, _file(tmp_path, {k: v for k, v in tensors.items() if k != "bn1.running_var"}), 10)
