"""Torch checkpoints read without torch: what ``torch.save`` writes comes out bit for bit."""

from __future__ import annotations

import argparse
import csv
import io
import pickle
import pickletools
import sys
import zipfile
from collections import OrderedDict, defaultdict
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hostile_pickles import GOOD, legacy, zipped
from hypothesis import given, settings
from hypothesis import strategies as st

from sngen.zoo.formats.arrays import Array, check
from sngen.zoo.formats.refusal import Refused
from sngen.zoo.formats.tensor_tree import without_prefix
from sngen.zoo.formats.torch_checkpoint import read

MAX_BYTES = 2**20
STATE = {"conv.weight": torch.arange(6.0).reshape(2, 3), "steps": torch.tensor(7)}
FORBIDDEN_EVENTS = ("os.system", "os.exec", "os.posix_spawn", "os.fork", "subprocess.", "socket.", "shutil.",
                    "os.remove", "open", "import", "compile", "exec", "ctypes.")  # fmt: skip


class _Watch:
    """Audit events of what a payload would do; a hook can't be taken off again, so there is one of it."""

    seen: list[str] | None = None

    def __call__(self, event: str, arguments: Any) -> None:
        if self.seen is not None and event.startswith(FORBIDDEN_EVENTS):
            self.seen.append(f"{event} {arguments[:1]}")


WATCH = _Watch()
sys.addaudithook(WATCH)


def _saved(obj: Any, form: str = "zip") -> bytes:
    stream = io.BytesIO()
    torch.save(obj, stream, _use_new_zipfile_serialization=form == "zip")
    return stream.getvalue()


def _read(content: bytes, key: str | None = None) -> dict[str, Array]:
    return read(io.BytesIO(content), MAX_BYTES, key)


def _same(array: Array, tensor: torch.Tensor) -> bool:
    stored = tensor.contiguous().view(torch.int16) if tensor.dtype == torch.bfloat16 else tensor
    bits = stored.contiguous().numpy()
    return array.values.shape == bits.shape and array.values.tobytes() == bits.tobytes()


@pytest.mark.parametrize("form", ["zip", "legacy"])
@pytest.mark.parametrize(
    "dtype", ["float64", "float32", "float16", "bfloat16", "int64", "int32", "int16", "int8", "uint8", "bool"]
)
def test_every_type_of_number_comes_out_bit_for_bit(form: str, dtype: str) -> None:
    tensor = torch.tensor([[0.0, 1.0], [1.0, 0.0]]).to(getattr(torch, dtype))
    array = _read(_saved({"w": tensor}, form))["w"]
    kinds = {"float64": "F64", "float32": "F32", "float16": "F16", "bfloat16": "BF16", "bool": "BOOL"}
    assert array.kind == kinds.get(dtype, dtype.replace("uint", "U").replace("int", "I"))
    assert _same(array, tensor)


@pytest.mark.parametrize("form", ["zip", "legacy"])
@pytest.mark.parametrize(
    ("wrap", "key"),
    [
        (lambda state: state, None),
        (OrderedDict, None),
        (lambda state: {"state_dict": state, "epoch": 3, "accuracy": 0.5}, None),
        (lambda state: {"state_dict": state, "ema": state}, "ema"),
        (lambda state: {"state_dict": [state, {"lr": 0.1}]}, "state_dict[0]"),
        (lambda state: {"state": {"net": state, "other": state}}, "state.net"),
        (lambda state: {"a.b": state, "c": state}, "a.b"),
        (lambda state: [{"x": 1}, state], "[1]"),
        (lambda state: {"net": {name: torch.nn.Parameter(t.float()) for name, t in state.items()}}, "net"),
        (
            lambda state: {
                "net": state,
                "args": argparse.Namespace(lr=0.1),
                "acc": np.float64(0.5),
                "log": defaultdict(list, a=[1]),
                "size": torch.Size([1]),
                "on": torch.device("cpu"),
                "type": torch.float32,
                "ids": {1, 2},
                "path": Path("x"),
                "array": np.arange(3),
            },
            "net",
        ),
    ],
)
def test_the_key_says_where_the_tensors_are(wrap: Callable[[Any], Any], key: str | None, form: str) -> None:
    tensors = _read(_saved(wrap(STATE), form), key)
    assert list(tensors) == list(STATE)
    assert tensors["conv.weight"].values.tolist() == STATE["conv.weight"].tolist()
    assert float(tensors["steps"].values) == 7


@pytest.mark.parametrize("form", ["zip", "legacy"])
def test_views_and_shared_storages(form: str) -> None:
    base = torch.arange(24.0).reshape(4, 6)
    views = {"t": base.T, "part": base[1:, 2:5], "step": base[::2, ::3], "one": base[3, 5], "none": base[:0]}
    tensors = _read(_saved(views, form))
    assert all(_same(tensors[name], view) for name, view in views.items())


def test_arrays_of_numpy_are_tensors() -> None:
    arrays = {"a": np.arange(6, dtype=">f4").reshape(2, 3), "b": np.asfortranarray(np.ones((2, 3)))}
    tensors = _read(_saved({"state_dict": arrays}))
    assert tensors["a"].kind == "F32" and tensors["a"].values.tolist() == arrays["a"].tolist()
    assert tensors["b"].kind == "F64" and tensors["b"].values.tolist() == arrays["b"].tolist()


@pytest.mark.parametrize("protocol", [2, 3, 4, 5])
def test_every_protocol_of_pickle(protocol: int) -> None:
    stream = io.BytesIO()
    torch.save(STATE, stream, pickle_protocol=protocol)
    assert _same(_read(stream.getvalue())["conv.weight"], STATE["conv.weight"])


@pytest.mark.parametrize(
    ("obj", "key", "found"),
    [
        ([torch.ones(1)], None, r"a list \(the whole file\)"),
        ({}, None, "a dictionary of nothing"),
        ({"state_dict": None}, None, "NoneType None under 'state_dict'"),
        ({"w": torch.ones(1), "lr": 0.1}, None, "a float under 'lr'"),
        ({1: torch.ones(1)}, None, "a StoredTensor under '1'"),
        ({"net": STATE, "ema": dict(STATE)}, None, "tensors by name at ema, net; expected one of these"),
        ({"net": STATE}, "model", r"no model in a dictionary of net \(the whole file\)"),
        ({"net": [STATE]}, "net[1]", r"no \[1\] in a list \(net\)"),
        ({"net": STATE}, "net[", r"the weights_key 'net\['"),
        ({"net": {"w": 1}}, "net", r"a int under 'w' \(what is at net\)"),
    ],
)
def test_the_message_says_what_there_is_instead(obj: Any, key: str | None, found: str) -> None:
    with pytest.raises(Refused, match=f"found {found}"):
        _read(_saved(obj), key)


def test_prefixes() -> None:
    array = Array("F32", np.zeros(1, np.float32))
    assert without_prefix({"module.a": array, "module.b": array}, None) == ({"a": array, "b": array}, [])
    assert without_prefix({"module.a": array, "b": array}, None) == ({"module.a": array, "b": array}, [])
    kept, left_out = without_prefix({"net.a": array, "loss.b": array}, "net.")
    assert kept == {"a": array} and left_out == ["loss.b"]
    with pytest.raises(Refused, match=r"no name that begins with 'model\.' among net\.a"):
        without_prefix({"net.a": array}, "model.")


def test_a_storage_under_many_names_counts_each_time() -> None:
    shared = torch.zeros(250)
    tensors = _read(_saved({f"w{i}": shared for i in range(20)}))
    check(tensors, 20_000)
    with pytest.raises(Refused, match="20000 bytes of tensors; expected at most 19999"):
        check(tensors, 19_999)


def test_what_torch_itself_refuses_or_marks_is_refused() -> None:
    torch.sparse.check_sparse_tensor_invariants.disable()
    sparse = torch.sparse_coo_tensor(torch.tensor([[0]]), torch.tensor([1.0]), (3,))
    with pytest.raises(Refused, match="sparse tensors"):
        _read(_saved({"w": sparse}))
    with pytest.raises(
        Refused, match=r"a whole pickled module, of the class torch\.nn\.modules\.linear\.Linear"
    ):
        _read(_saved(torch.nn.Linear(1, 1)))
    with pytest.raises(Refused, match=r"a storage of type|the name torch\.Complex"):
        _read(_saved({"w": torch.ones(1, dtype=torch.complex64)}))


def _events(content: bytes) -> list[str]:
    """Read it: finite tensors that fit, or one named error. What else happened."""
    WATCH.seen = []
    try:
        check(_read(content), MAX_BYTES)
    except Refused as error:
        assert error.found and error.expected
    finally:
        events, WATCH.seen = WATCH.seen, None
    return events


def test_the_watch_sees_what_reading_must_not_do(tmp_path: Path) -> None:
    """The control of the two tests after."""
    WATCH.seen = []
    (tmp_path / "x").write_bytes(b"")
    events, WATCH.seen = WATCH.seen, None
    assert len(events) == 1 and events[0].startswith("open")


VALID = [_saved({"state_dict": STATE}), _saved({"state_dict": STATE}, "legacy"), zipped(GOOD)]
for _valid in VALID:
    _read(_valid)  # whatever is loaded at the first use is loaded now
CODES = [operation.code.encode("latin1") for operation in pickletools.opcodes]


@settings(max_examples=200, deadline=None)
@given(data=st.data())
def test_any_damaged_checkpoint_gives_tensors_or_one_named_error(data: st.DataObject) -> None:
    content = bytearray(data.draw(st.sampled_from(VALID)))
    for _ in range(data.draw(st.integers(1, 4))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    assert _events(bytes(content[: data.draw(st.integers(len(content) // 2, len(content)))])) == []


@settings(max_examples=200, deadline=None)
@given(data=st.data())
def test_any_program_in_place_of_the_pickle(data: st.DataObject) -> None:
    """Operations are dropped, doubled, swapped and put in between; arguments stay or are drawn."""
    positions = [position for _, _, position in pickletools.genops(GOOD)] + [len(GOOD)]
    operations = [GOOD[a:b] for a, b in pairwise(positions)]
    names = st.sampled_from(
        [b"cposix\nsystem\n", b"cbuiltins\neval\n", b"ctorch\nFloatStorage\n", b"cnumpy\ndtype\n"]
    )
    drawn = st.one_of(st.sampled_from(operations), st.sampled_from(CODES), names,
                      st.binary(max_size=3).map(lambda more: b"\x8a" + more))  # fmt: skip
    for _ in range(data.draw(st.integers(1, 5))):
        place = data.draw(st.integers(0, len(operations) - 1))
        operations[place : place + data.draw(st.integers(0, 2))] = data.draw(st.lists(drawn, max_size=2))
        operations = operations or [b"."]
    program = b"".join(operations)
    assert _events(data.draw(st.sampled_from([zipped, legacy]))(program)) == []


@settings(max_examples=100, deadline=None)
@given(data=st.data())
def test_any_zip_records(data: st.DataObject) -> None:
    """Members renamed, left out, doubled, compressed, and of other lengths."""
    with zipfile.ZipFile(io.BytesIO(VALID[0])) as archive:
        members = [(name, archive.read(name)) for name in archive.namelist()]
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        names = [name for name, _ in members] + [
            "../x",
            "/x",
            "archive/data/9",
            "data.pkl",
            "a/constants.pkl",
        ]
        for name, content in data.draw(st.lists(st.sampled_from(members), max_size=8, unique=True)):
            info = zipfile.ZipInfo(data.draw(st.sampled_from([name, *names])))
            info.compress_type = data.draw(st.sampled_from([0, 0, 8, 12]))
            if info.filename not in archive.namelist():
                archive.writestr(info, content[: data.draw(st.integers(0, len(content)))])
    assert _events(stream.getvalue()) == []


def test_published_checkpoints_are_read_as_torch_reads_them(shared_zoo: Path) -> None:
    """The second opinion, on every torch file of the index whose pickle torch takes without extras."""
    with (shared_zoo / "index.csv").open(newline="") as stream:
        rows = [row for row in csv.DictReader(stream) if row["format"].startswith("torch-")]
    compared = 0
    for row in rows:
        path = shared_zoo / "blobs" / row["sha256"]
        key = row["state_dict_key"] or None
        found = read(io.BytesIO(path.read_bytes()), 2**30, key)
        try:
            loaded = torch.load(path, weights_only=True, map_location="cpu")
        except pickle.UnpicklingError:  # scalars of NumPy beside the tensors
            continue
        for step in (key or "").replace("[0]", ".0").split(".") if key else []:
            loaded = loaded[0] if step == "0" else loaded[step]
        assert list(found) == list(loaded), row["id"]
        assert all(_same(found[name], tensor) for name, tensor in loaded.items()), row["id"]
        compared += 1
    assert compared == len(rows) - 1 == 82
