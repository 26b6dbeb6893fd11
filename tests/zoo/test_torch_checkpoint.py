"""Strangers' checkpoints: plain tensors come out, everything else is one named error and runs nothing."""

from __future__ import annotations

import importlib
import io
import os
import pickle
import sys
import zipfile
from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sngen.zoo.formats.torch_checkpoint import CheckpointRefused, read_torch_checkpoint

STATE = {"conv.weight": torch.arange(6.0).reshape(2, 3), "steps": torch.tensor(7)}
FORBIDDEN_EVENTS = (
    "os.system",
    "os.exec",
    "os.posix_spawn",
    "subprocess.",
    "socket.",
    "shutil.",
    "os.remove",
)


class _Watch:
    """Audit events of what a payload would do; a hook can't be taken off again, so there is one of it."""

    seen: list[str] | None = None

    def __call__(self, event: str, _arguments: Any) -> None:
        if self.seen is not None and event.startswith(FORBIDDEN_EVENTS):
            self.seen.append(event)


WATCH = _Watch()
sys.addaudithook(WATCH)


def _saved(obj: Any, path: Path, *, legacy: bool = False) -> Path:
    torch.save(obj, path, _use_new_zipfile_serialization=not legacy)
    return path


def _archive(path: Path, data_pkl: bytes, storage: bytes = b"\0" * 4, compression: int = 0) -> Path:
    with zipfile.ZipFile(path, "w", compression) as archive:
        archive.writestr("archive/data.pkl", data_pkl)
        archive.writestr("archive/data/0", storage)
        archive.writestr("archive/version", "3\n")
    return path


class _Storage:
    """Stands for a stored array in a handmade pickle."""


class _Tensor:
    def __init__(self, size: tuple[int, ...], stride: tuple[int, ...]) -> None:
        self.size, self.stride = size, stride

    def __reduce__(self) -> tuple[Any, ...]:
        arguments = (_Storage(), 0, self.size, self.stride, False, OrderedDict())
        return torch._utils._rebuild_tensor_v2, arguments


class _Pickler(pickle._Pickler):  # type: ignore[name-defined]
    def persistent_id(self, obj: Any) -> Any:
        return ("storage", torch.FloatStorage, "0", "cpu", 1) if isinstance(obj, _Storage) else None


def _handmade(obj: Any) -> bytes:
    stream = io.BytesIO()
    _Pickler(stream, 2).dump(obj)
    return stream.getvalue()


class _Call:
    """A pickle of this calls ``function(*arguments)`` when it is loaded without care."""

    def __init__(self, function: Callable[..., Any], *arguments: Any) -> None:
        self.call = (function, arguments)

    def __reduce__(self) -> tuple[Any, ...]:
        return self.call


@pytest.mark.parametrize("legacy", [False, True], ids=["zip", "legacy"])
@pytest.mark.parametrize(
    "wrap",
    [
        lambda state: state,
        OrderedDict,
        lambda state: {"state_dict": state, "epoch": 3, "accuracy": 0.5},
        lambda state: {"state_dict": {f"module.{name}": tensor for name, tensor in state.items()}},
    ],
    ids=["plain", "ordered", "entry", "data-parallel"],
)
def test_what_torch_saves_is_read(tmp_path: Path, legacy: bool, wrap: Callable[[Any], Any]) -> None:
    tensors = read_torch_checkpoint(_saved(wrap(STATE), tmp_path / "model.pt", legacy=legacy))
    assert list(tensors) == list(STATE)
    for name, tensor in tensors.items():
        assert torch.equal(tensor, STATE[name]) and tensor.dtype == STATE[name].dtype


def test_views_and_shared_storages_come_out_as_plain_tensors(tmp_path: Path) -> None:
    base = torch.arange(12.0).reshape(3, 4)
    tensors = read_torch_checkpoint(_saved({"a": base.T, "b": base[1:, 2:]}, tmp_path / "model.pt"))
    assert torch.equal(tensors["a"], base.T) and tensors["a"].is_contiguous()
    assert torch.equal(tensors["b"], base[1:, 2:]) and tensors["b"].untyped_storage().nbytes() == 16


@pytest.mark.parametrize("legacy", [False, True], ids=["zip", "legacy"])
@pytest.mark.parametrize(
    ("payload", "name"),
    [
        (lambda marker: _Call(os.system, f"touch {marker}"), "posix.system"),
        (lambda _: _Call(importlib.import_module, "antigravity"), "importlib.import_module"),
        (lambda marker: _Call(eval, f"open({str(marker)!r}, 'w')"), "__builtin__.eval"),
        (lambda marker: _Call(open, str(marker), "w"), "io.open"),
        (lambda _: _Call(torch.load, "x"), "torch.serialization.load"),
    ],
    ids=["system", "import", "eval", "open", "torch-load"],
)
def test_a_malicious_pickle_is_refused_and_does_not_run(
    tmp_path: Path, payload: Callable[[Path], Any], name: str, legacy: bool
) -> None:
    marker = tmp_path / "executed"
    path = _saved({"state_dict": STATE, "x": payload(marker)}, tmp_path / "evil.pt", legacy=legacy)
    imported = "antigravity" in sys.modules
    WATCH.seen = []
    with pytest.raises(CheckpointRefused, match=rf"evil\.pt: refused\. Found the name {name} in a pickle"):
        read_torch_checkpoint(path)
    events, WATCH.seen = WATCH.seen, None
    assert events == [] and not marker.exists() and ("antigravity" in sys.modules) == imported


def test_the_watch_sees_what_a_payload_does(tmp_path: Path) -> None:
    """The control of the test before: loaded without care, the payload runs and is noticed."""
    marker = tmp_path / "executed"
    WATCH.seen = []
    pickle.loads(pickle.dumps(_Call(os.system, f"touch {marker}")))
    events, WATCH.seen = WATCH.seen, None
    assert events == ["os.system"] and marker.exists()


def test_names_from_the_stack_are_refused(tmp_path: Path) -> None:
    """Protocol 4 takes a global's name from the stack, where a list of operations does not show it."""
    data = pickle.dumps(_Call(os.system, "true"), protocol=4)
    with pytest.raises(CheckpointRefused, match="pickle protocol 4"):
        read_torch_checkpoint(_archive(tmp_path / "evil.pt", data))
    with pytest.raises(CheckpointRefused, match=r"operation (FRAME|STACK_GLOBAL|SHORT_BINUNICODE)"):
        read_torch_checkpoint(_archive(tmp_path / "evil.pt", b"\x80\x02" + data[2:]))


def test_a_giant_tensor_over_four_bytes_is_refused(tmp_path: Path) -> None:
    path = _archive(tmp_path / "giant.pt", _handmade({"w": _Tensor((10**9,), (0,))}))
    assert path.stat().st_size < 2000
    with pytest.raises(CheckpointRefused, match=r"w of shape \[1000000000\], 4000000000 bytes .* of 4;"):
        read_torch_checkpoint(path)


def test_the_handmade_archive_is_otherwise_right(tmp_path: Path) -> None:
    path = _archive(tmp_path / "good.pt", _handmade({"w": _Tensor((1,), (1,))}))
    assert read_torch_checkpoint(path)["w"].tolist() == [0.0]


def test_more_elements_than_are_stored_are_refused(tmp_path: Path) -> None:
    path = _archive(tmp_path / "short.pt", _handmade({"w": _Tensor((5,), (1,))}))
    with pytest.raises(CheckpointRefused):
        read_torch_checkpoint(path)


def test_one_storage_under_many_names_counts_each_time(tmp_path: Path) -> None:
    shared = torch.zeros(250)
    path = _saved({f"w{i}": shared for i in range(20)}, tmp_path / "shared.pt")
    assert path.stat().st_size < 5000
    assert len(read_torch_checkpoint(path, max_bytes=20_000)) == 20
    with pytest.raises(CheckpointRefused, match="20000 bytes of tensors; expected at most 19999"):
        read_torch_checkpoint(path, max_bytes=19_999)


def test_a_zip_bomb_is_refused_before_it_is_unpacked(tmp_path: Path) -> None:
    storage = b"\0" * 50_000_000
    path = _archive(
        tmp_path / "bomb.pt", _handmade({"w": _Tensor((1,), (1,))}), storage, zipfile.ZIP_DEFLATED
    )
    assert path.stat().st_size < 60_000
    with pytest.raises(CheckpointRefused, match=r"members that unpack to 5000\d+ bytes; expected at most"):
        read_torch_checkpoint(path)


def test_a_file_above_the_cap_is_not_read(tmp_path: Path) -> None:
    path = _saved(STATE, tmp_path / "model.pt")
    with pytest.raises(CheckpointRefused, match="bytes; expected at most 100"):
        read_torch_checkpoint(path, max_bytes=100)


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_values_that_are_not_finite_are_refused(tmp_path: Path, value: float) -> None:
    path = _saved({"ok": torch.ones(2), "bias": torch.tensor([1.0, value])}, tmp_path / "model.pt")
    with pytest.raises(CheckpointRefused, match="NaN or infinity in bias"):
        read_torch_checkpoint(path)


def test_code_in_an_archive_is_refused(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "script.pt", "w") as archive:
        archive.writestr("archive/data.pkl", _handmade({}))
        archive.writestr("archive/constants.pkl", _handmade(()))
    with pytest.raises(CheckpointRefused, match="TorchScript"):
        read_torch_checkpoint(tmp_path / "script.pt")


def test_two_members_of_one_name_are_refused(tmp_path: Path) -> None:
    """Which of the two is read depends on the reader; so neither is."""
    path = tmp_path / "twice.pt"
    with zipfile.ZipFile(path, "w") as archive, pytest.warns(UserWarning, match="Duplicate name"):
        archive.writestr("archive/data.pkl", _handmade({}))
        archive.writestr("archive/data.pkl", _handmade(_Call(os.system, "true")))
    with pytest.raises(CheckpointRefused, match="2 members, 1 of them with different names"):
        read_torch_checkpoint(path)


@pytest.mark.parametrize(
    ("obj", "found"),
    [
        ([torch.ones(1)], "list"),
        ({}, "dict"),
        ({"state_dict": None}, "NoneType"),
        ({"w": torch.ones(1), "lr": 0.1}, "float under 'lr'"),
        ({1: torch.ones(1)}, "Tensor under 1"),
    ],
)
def test_what_is_not_tensors_by_name_is_refused(tmp_path: Path, obj: Any, found: str) -> None:
    with pytest.raises(CheckpointRefused, match=f"Found {found}; expected a .*dictionary of tensors"):
        read_torch_checkpoint(_saved(obj, tmp_path / "model.pt"))


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04", b"hello", b"\x80\x02", b"\x89HDF\r\n\x1a\n"])
def test_what_is_no_checkpoint_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "model.pt"
    path.write_bytes(content)
    with pytest.raises(CheckpointRefused, match="refused"):
        read_torch_checkpoint(path)


@pytest.fixture(scope="module")
def valid(tmp_path_factory: pytest.TempPathFactory) -> tuple[bytes, bytes, Path]:
    folder = tmp_path_factory.mktemp("fuzz")
    zipped = _saved({"state_dict": STATE}, folder / "zip.pt").read_bytes()
    legacy = _saved({"state_dict": STATE}, folder / "legacy.pt", legacy=True).read_bytes()
    return zipped, legacy, folder / "changed.pt"


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_a_damaged_checkpoint_gives_finite_tensors_or_one_named_error(
    valid: tuple[bytes, bytes, Path], data: st.DataObject
) -> None:
    zipped, legacy, path = valid
    content = bytearray(data.draw(st.sampled_from([zipped, legacy])))
    for _ in range(data.draw(st.integers(1, 3))):
        position = data.draw(st.integers(0, len(content) - 1))
        content[position] = data.draw(st.integers(0, 255))
    path.write_bytes(content[: data.draw(st.integers(len(content) // 2, len(content)))])
    WATCH.seen = []
    try:
        tensors = read_torch_checkpoint(path)
        assert all(torch.isfinite(tensor).all() for tensor in tensors.values())
    except CheckpointRefused as error:
        assert str(path) in str(error)
    finally:
        events, WATCH.seen = WATCH.seen, None
    assert events == []
