"""Rows of timm, torchvision and pytorchcv: from where files are published to the packages' own logits."""

from __future__ import annotations

import hashlib
import inspect
import io
import re
import sys
import zipfile
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import timm
import torch
import torchvision
from file_server import FileServer
from hub_server import HubServer
from huggingface_hub import constants
from PIL import Image
from safetensors.torch import save, save_file
from torch import nn
from torchvision.transforms.functional import to_tensor

from sngen.catalog.text_tables import read_table
from sngen.errors import CheckFailed, UsageError
from sngen.schema import DATASETS, MODELS
from sngen.settings import Settings
from sngen.zoo.architectures import build, find
from sngen.zoo.architectures.pytorchcv_models import architecture as pytorchcv_architecture
from sngen.zoo.fetching import fetch
from sngen.zoo.formats.refusal import CheckpointRefused
from sngen.zoo.load import load_network
from sngen.zoo.model import load_model

M = MODELS.c
Row = dict[str, Any]
Tensors = dict[str, torch.Tensor]
CLASSES = {"imagenet-1k": 1000, "cifar10": 10, "cifar100": 100, "svhn": 10, "cub-200-2011": 200}


class Shelf:
    """A library of a few rows."""

    place = "here"

    def __init__(self, *models: Row) -> None:
        self.models = models

    def rows(self, table: Any) -> list[Row]:
        if table.name == DATASETS.name:
            return [DATASETS.row(dataset_id=one, num_classes=count) for one, count in CLASSES.items()]
        return list(self.models) if table.name == MODELS.name else []


@pytest.fixture(scope="module")
def catalogued(repository: Path) -> dict[str, Row]:
    folders = [repository / "data" / "catalog" / name for name in ("timm", "torchvision", "pytorchcv")]
    return {row[M.model_id]: row for folder in folders for row in read_table(MODELS, folder / "models.csv")}


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    for name in ("HF_TOKEN", "HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE", "SECURITYNET_OFFLINE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "hub"))
    return Settings(data=tmp_path / "data", cache=tmp_path / "cache")


@pytest.fixture
def hub(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[HubServer]:
    with HubServer().running() as server:
        monkeypatch.setenv("HF_ENDPOINT", server.url)
        yield server


@pytest.fixture
def server(settings: Settings) -> Iterator[FileServer]:
    with FileServer().running() as server:
        yield server


def _random(network: nn.Module, seed: int = 1) -> nn.Module:
    """Every number of it random, the statistics of normalisation too: a fresh network hides mistakes."""
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for tensor in network.state_dict().values():
            if tensor.is_floating_point():
                tensor.copy_(torch.rand(tensor.shape, generator=generator) * 0.2 + 0.05)
    return network.eval()


def _saved(tensors: Mapping[str, torch.Tensor], **options: bool) -> bytes:
    stream = io.BytesIO()
    torch.save(dict(tensors), stream, **options)
    return stream.getvalue()


def _logits(network: nn.Module, x: torch.Tensor, row: Row) -> torch.Tensor:
    mean, std = (torch.tensor(row[column])[None, :, None, None] for column in (M.mean, M.std))
    with torch.no_grad():
        return network((x - mean) / std)


def _images(row: Row, count: int = 2) -> torch.Tensor:
    size = [int(part) for part in row[M.input_size].split("x")]
    return torch.rand(count, *size, generator=torch.Generator().manual_seed(2))


# --- timm -----------------------------------------------------------------------------------------------

FORMS: dict[str, tuple[str, Callable[[Tensors], bytes]]] = {
    "safetensors": ("model.safetensors", save),
    "zip": ("pytorch_model.bin", _saved),
    "legacy": ("pytorch_model.bin", lambda tensors: _saved(tensors, _use_new_zipfile_serialization=False)),
}


@pytest.mark.parametrize(
    ("name", "form"),
    [
        ("test_resnet.r160_in1k", "safetensors"),
        ("test_vit.r160_in1k", "zip"),
        ("test_convnext.r160_in1k", "legacy"),
    ],
)
def test_a_network_of_timm_from_the_hub(
    hub: HubServer, settings: Settings, catalogued: dict[str, Row], name: str, form: str
) -> None:
    row = next(row for row in catalogued.values() if row[M.name] == name and row[M.source_id] == "timm")
    reference = _random(timm.create_model(name))
    file, saved = FORMS[form]
    hub.commit(row[M.weights_hub_id], {file: saved(dict(reference.state_dict())), "config.json": b"{}"})
    network = load_model(row[M.model_id], settings, Shelf(row))
    config = timm.data.resolve_data_config({}, model=reference)
    assert tuple(config["mean"]) == tuple(row[M.mean]) and tuple(config["std"]) == tuple(row[M.std])
    x = _images(row)
    found = network(x)
    assert found.shape == (2, 1000) and found.std() > 0
    assert torch.equal(found, _logits(reference, x, row))


def test_pixels_are_prepared_as_timm_prepares_them(
    hub: HubServer, settings: Settings, catalogued: dict[str, Row]
) -> None:
    row = catalogued["timm/test-vit/r160-in1k"]
    reference = timm.create_model(row[M.name])
    hub.commit(row[M.weights_hub_id], {"model.safetensors": save(reference.state_dict())})
    network = load_model(row[M.model_id], settings, Shelf(row))
    config = timm.data.resolve_data_config({}, model=reference) | {"mean": (0.0,) * 3, "std": (1.0,) * 3}
    waves = np.sin(np.arange(210)[:, None, None] / [7.0, 11.0, 17.0] + np.arange(210)[None, :, None] / 13.0)
    picture = Image.fromarray(np.uint8(127.5 + 127 * waves))
    expected = timm.data.create_transform(**config)(picture)
    found = network.resize(to_tensor(picture)[None])[0]
    assert found.shape == expected.shape == (3, 160, 160)
    assert (found - expected).abs().max() <= 1.51 / 255  # Pillow rounds after each direction


def _flat_patches(tensors: Tensors) -> Tensors:
    weight = tensors["patch_embed.proj.weight"]
    changed = {"patch_embed.proj.weight": weight.flatten(1), "pre_logits.fc.weight": torch.ones(3)}
    return tensors | changed


def _other_grid(tensors: Tensors) -> Tensors:
    """One class token and a grid of 7 x 7."""
    width = tensors["pos_embed"].shape[-1]
    prefix = tensors["pos_embed"].shape[1] - 100
    return tensors | {"pos_embed": torch.rand(1, prefix + 49, width)}


def _names_of_facebook(tensors: Tensors) -> Tensors:
    """ConvNeXt as its authors publish it."""
    rules = (
        (r"^stem\.", "downsample_layers.0."), (r"^stages\.(\d)\.downsample\.", r"downsample_layers.\1."),
        (r"^stages\.(\d)\.blocks\.(\d+)\.", r"stages.\1.\2."), (r"conv_dw", "dwconv"),
        (r"mlp\.fc", "pwconv"), (r"^head\.norm\.", "norm."), (r"^head\.fc\.", "head."),
    )  # fmt: skip
    found = {}
    for name, tensor in tensors.items():
        published = name
        for pattern, former in rules:
            published = re.sub(pattern, former, published)
        found[published] = tensor
    return found


def _halves(tensors: Tensors) -> Tensors:
    return {name: one.half() if one.is_floating_point() else one for name, one in tensors.items()}


@pytest.mark.parametrize(
    ("name", "former"),
    [
        ("test_vit.r160_in1k", _flat_patches),
        ("test_vit.r160_in1k", _other_grid),
        ("test_convnext.r160_in1k", _names_of_facebook),
        ("test_resnet.r160_in1k", _halves),
    ],
)  # fmt: skip
def test_former_forms_are_read_as_timm_reads_them(
    tmp_path: Path, catalogued: dict[str, Row], name: str, former: Callable[[Tensors], Tensors]
) -> None:
    row = next(row for row in catalogued.values() if row[M.name] == name)
    published = former(dict(_random(timm.create_model(name)).state_dict()))
    save_file({one: tensor.contiguous() for one, tensor in published.items()}, tmp_path / "w.safetensors")
    source = {"file": str(tmp_path / "w.safetensors")}
    reference = timm.create_model(name, pretrained=True, pretrained_cfg_overlay=source).eval()
    network = load_network(row, tmp_path / "w.safetensors", 1000)
    x = _images(row)
    assert torch.equal(network(x), _logits(reference, x, row))


def test_torchvisions_regnet_under_timms_names(tmp_path: Path, catalogued: dict[str, Row]) -> None:
    reference = _random(torchvision.models.regnet_y_400mf(num_classes=1000))
    save_file(reference.state_dict(), tmp_path / "w")
    row = catalogued["timm/regnety-004/tv2-in1k"]
    x = _images(row, 1)
    found = load_network(row, tmp_path / "w", 1000)(x)
    assert torch.allclose(found, _logits(reference, x, row), rtol=1e-4)


def _without_values() -> Any:
    from sngen.catalog.importers.timm.parameters import _without_values  # noqa: PLC0415

    return _without_values()


def _shapes(tensors: Mapping[str, torch.Tensor]) -> dict[str, tuple[int, ...]]:
    return {name: tuple(tensor.shape) for name, tensor in tensors.items()}


@cache
def _source(module: str) -> str:
    return inspect.getsource(sys.modules[module])


def _smallest_of_each_module(catalogued: dict[str, Row]) -> list[str]:
    """One name per module of timm that prepares tensors, and one of those that it calls in another way."""
    found: dict[str, Row] = {}
    for row in catalogued.values():
        module = timm.models.model_entrypoint(row[M.architecture]) if row[M.source_id] == "timm" else None
        if row[M.loader] and module and "pretrained_filter_fn" in _source(module.__module__):
            kind = row[M.source_file] + ("flexi" if row[M.name].startswith("flexi") else "")
            if kind not in found or row[M.parameters] < found[kind][M.parameters]:
                found[kind] = row
    return [row[M.name] for row in found.values()]


def test_what_is_applied_to_published_tensors_is_what_timm_applies(
    catalogued: dict[str, Row], monkeypatch: pytest.MonkeyPatch
) -> None:
    """timm is asked for weights with its own loading replaced by one that says what it was called with."""
    from sngen.zoo.architectures.timm_models import published_filter  # noqa: PLC0415

    asked: list[tuple[nn.Module, Any]] = []
    monkeypatch.setattr(
        "timm.models._builder.load_pretrained",
        lambda network, filter_fn=None, **_: asked.append((network, filter_fn)),
    )
    names = _smallest_of_each_module(catalogued)
    assert len(names) > 50
    kinds = set()
    for name in names:
        base = name.partition(".")[0]
        with torch.no_grad(), _without_values():
            network = timm.create_model(name, pretrained=True)
            (_, theirs), ours = asked.pop(), published_filter(base)
            if not base.startswith("crossvit"):
                call = [(getattr(one, "func", one), getattr(one, "keywords", {})) for one in (theirs, ours)]
                assert call[0] == call[1], name
            kinds.add(getattr(theirs, "func", theirs))
            shapes = _shapes(network.state_dict())
            assert _shapes(find(f"timm/{name}").fit(dict(network.state_dict()), network)) == shapes
            if theirs is not None and base.startswith("crossvit"):
                former = {k.replace("pos_embed_", "pos_embed."): v for k, v in network.state_dict().items()}
                assert theirs(former) == find(f"timm/{name}").fit(former, network)
    assert len(kinds) > 45


@pytest.mark.parametrize(
    ("loader", "pattern", "former", "extra"),
    [
        ("timm/deit3_small_patch16_224.fb_in1k", r"ls(\d)\.gamma", r"gamma_\1", ()),
        ("timm/densenet121.tv_in1k", r"(denselayer\d+\.(?:norm|conv))([12])\.", r"\1.\2.", ()),
        ("timm/inception_v3.tv_in1k", "^$", "", ("AuxLogits.fc.weight",)),
        ("torchvision/densenet121", r"(denselayer\d+\.(?:norm|conv))([12])\.", r"\1.\2.", ()),
        ("torchvision/vit_b_16", r"mlp\.0\.", "mlp.linear_1.", ()),
        ("torchvision/vit_b_16", r"mlp\.3\.", "mlp.linear_2.", ()),
    ],
)  # fmt: skip
def test_former_names(loader: str, pattern: str, former: str, extra: tuple[str, ...]) -> None:
    architecture = find(loader)
    assert architecture.input_size is not None
    with torch.no_grad(), _without_values():
        network = architecture.build(architecture.input_size, 1000)
        state = {k: v for k, v in network.state_dict().items() if not k.endswith("num_batches_tracked")}
        published = {re.sub(pattern, former, name): tensor for name, tensor in state.items()}
        published |= {name: torch.ones(1) for name in extra}
        assert set(published) != set(state)
        found = architecture.fit(architecture.translate(published), network)
        assert _shapes(found) == _shapes(state)


# --- torchvision ----------------------------------------------------------------------------------------


def _on_a_server(server: FileServer, row: Row, content: bytes, digits: str | None = None) -> Row:
    digits = digits or hashlib.sha256(content).hexdigest()[:8]
    url = server.put(f"/models/net-{digits}.pth", content)
    return row | {M.weights_url: url, M.weights_checksum: f"sha256-prefix:{digits}"}


@pytest.mark.parametrize("name", ["squeezenet1_1", "mnasnet0_5"])
def test_a_network_of_torchvision(
    server: FileServer, settings: Settings, catalogued: dict[str, Row], name: str
) -> None:
    """MNASNet's layers refuse tensors that do not say which version of the network they are of."""
    row = next(row for row in catalogued.values() if row[M.loader] == f"torchvision/{name}")
    reference = _random(torchvision.models.get_model(name))
    content = _saved(reference.state_dict(), _use_new_zipfile_serialization=name == "squeezenet1_1")
    served = _on_a_server(server, row, content)
    network = load_model(row[M.model_id], settings, Shelf(served))
    x = _images(row)
    assert torch.equal(network(x), _logits(reference, x, row))


def test_what_torchvision_sets_with_its_weights() -> None:
    with torch.no_grad(), _without_values():
        for name in ("googlenet", "inception_v3"):
            assert build(f"torchvision/{name}", 7, (3, 299, 299)).transform_input
        large = build("torchvision/vit_b_16", 1000, (3, 384, 384))
    assert large.encoder.pos_embedding.shape[1] == 1 + 24 * 24
    with pytest.raises(UsageError, match="images of 3 channels"):
        build("torchvision/resnet18", 10, (1, 32, 32))


# --- pytorchcv ------------------------------------------------------------------------------------------


def test_a_network_of_pytorchcv(server: FileServer, settings: Settings, catalogued: dict[str, Row]) -> None:
    provider = pytest.importorskip("pytorchcv.model_provider")
    row = catalogued["pytorchcv/resnet20-cifar10"]
    reference = _random(provider.get_model("resnet20_cifar10", pretrained=False))
    content, stream = _saved(reference.state_dict(), _use_new_zipfile_serialization=False), io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(row[M.weights_file], content)
    sha1 = hashlib.sha1(content).hexdigest()
    url = server.put(f"/releases/{row[M.weights_file]}.zip", stream.getvalue())
    served = row | {M.weights_url: url, M.weights_checksum: f"sha1:{sha1}"}
    network = load_model(row[M.model_id], settings, Shelf(served))
    x = _images(row)
    assert x.shape[2:] == (32, 32) and network(x).shape == (2, 10)
    assert torch.equal(network(x), _logits(reference, x, row))
    with pytest.raises(CheckFailed, match=f"sha1 is .*{sha1}, but its publisher states sha1 {'0' * 40}"):
        fetch(served | {M.model_id: "a/b", M.weights_checksum: f"sha1:{'0' * 40}"}, settings)


def test_sizes_that_networks_of_pytorchcv_take() -> None:
    pytest.importorskip("pytorchcv.model_provider")
    with torch.no_grad(), _without_values():
        assert build("pytorchcv/resnet10", 7, (3, 64, 64)).output.weight.shape == (7, 512)
        assert build("pytorchcv/nasnet_4a1056", 7, (3, 224, 224)).output.fc.weight.shape[0] == 7
        with pytest.raises(UsageError, match=r"made for images of \(224, 224\)"):
            build("pytorchcv/nasnet_4a1056", 7, (3, 64, 64))
        with pytest.raises(UsageError, match="has no model 'resnet11'; nearest: resnet1"):
            build("pytorchcv/resnet11", 7, (3, 64, 64))


def test_a_missing_package_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pytorchcv.model_provider", None)
    with pytest.raises(UsageError, match=r"needs the Python package pytorchcv.*\(pip install pytorchcv\)"):
        pytorchcv_architecture("resnet20_cifar10")


# --- What is wrong with a file --------------------------------------------------------------------------


def _resnet(catalogued: dict[str, Row]) -> tuple[Row, Tensors]:
    row = catalogued["timm/test-resnet/r160-in1k"]
    return row, dict(timm.create_model(row[M.name]).state_dict())


def _fewer_classes(tensors: Tensors) -> bytes:
    return save(tensors | {"fc.weight": tensors["fc.weight"][:10].clone()})


def _without_one(tensors: Tensors) -> bytes:
    return save({name: tensor for name, tensor in tensors.items() if name != "layer1.0.conv1.weight"})


WRONG: dict[str, tuple[Callable[[Tensors], bytes], str]] = {
    "classes": (_fewer_classes, r"tensor fc\.weight is float32 \[10, \d+\], expected float32 \[1000, "),
    "missing": (_without_one, r"tensor layer1\.0\.conv1\.weight is missing, expected float32"),
    "page": (
        lambda _: b"<!DOCTYPE html><title>Sign in</title>" * 50,
        "an HTML page with the title 'Sign in'",
    ),
    "npz": (
        lambda _: b"\x93NUMPY\x01\x00" + bytes(2000),
        "Found one NumPy array; expected a torch checkpoint",
    ),
    "stranger": (
        lambda _: save({"encoder": torch.ones(400)}),
        r"tensor encoder .*expected no tensor|is missing",
    ),
}


@pytest.mark.parametrize("kind", WRONG)
def test_what_is_wrong_with_a_file_is_named(
    hub: HubServer, settings: Settings, catalogued: dict[str, Row], kind: str
) -> None:
    row, tensors = _resnet(catalogued)
    spoil, message = WRONG[kind]
    hub.commit(row[M.weights_hub_id], {"model.safetensors": spoil(tensors)})
    with pytest.raises((CheckFailed, CheckpointRefused), match=message):
        load_model(row[M.model_id], settings, Shelf(row))


def test_tensors_that_timms_conversion_chokes_on(tmp_path: Path, catalogued: dict[str, Row]) -> None:
    save_file({"model": torch.ones(1)}, tmp_path / "w")
    with pytest.raises(CheckFailed, match=r"cannot be brought into the network's form \(AttributeError"):
        load_network(catalogued["timm/test-vit/r160-in1k"], tmp_path / "w", 1000)


def test_other_digits_in_the_name_are_refused(
    server: FileServer, settings: Settings, catalogued: dict[str, Row]
) -> None:
    row = catalogued["torchvision/squeezenet1-1/imagenet1k-v1"]
    served = _on_a_server(server, row, _saved({"w": torch.ones(300)}), "01234567")
    with pytest.raises(CheckFailed, match=r"its publisher states sha256 01234567\.\.\."):
        load_model(row[M.model_id], settings, Shelf(served))


# --- The catalogue --------------------------------------------------------------------------------------


def test_every_loader_is_in_its_package(catalogued: dict[str, Row]) -> None:
    provider = pytest.importorskip("pytorchcv.model_provider")
    known = {
        "timm": set(timm.list_pretrained()),
        "torchvision": set(torchvision.models.list_models(module=torchvision.models)),
        "pytorchcv": set(provider._models),
    }
    counts = dict.fromkeys(known, 0)
    for row in catalogued.values():
        if row[M.loader] is not None:
            package, _, name = row[M.loader].partition("/")
            assert package == row[M.source_id] and name in known[package], row[M.loader]
            assert row[M.mean] and row[M.std] and row[M.input_size], row[M.model_id]
            assert row[M.num_outputs] or row[M.dataset_id] in CLASSES, row[M.model_id]
            counts[package] += 1
    assert counts == {"timm": 1444, "torchvision": 114, "pytorchcv": 526}


def test_rows_without_a_loader_say_why(catalogued: dict[str, Row], settings: Settings) -> None:
    words = {
        "its task is embedding": 0, "its task is features": 0, "its weights are quantised": 0,
        "flag non-standard-preprocessing": 0, "names no loader": 0,
    }  # fmt: skip
    for row in catalogued.values():
        if row[M.loader] is None:
            with pytest.raises(UsageError) as caught:
                load_model(row[M.model_id], settings, Shelf({**row, M.num_outputs: 10}))
            (said,) = (one for one in words if one in str(caught.value))
            words[said] += 1
    assert words == {
        "its task is embedding": 113, "its task is features": 270, "its weights are quantised": 14,
        "flag non-standard-preprocessing": 12, "names no loader": 1,
    }  # fmt: skip
