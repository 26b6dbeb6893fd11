"""Which format a published file has by its content: two are recognised, everything else is named."""

from __future__ import annotations

import hashlib
import io
import pickle
import re
import zipfile
from pathlib import Path

import h5py
import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save

from sngen.errors import UsageError
from sngen.schema import MODELS
from sngen.settings import Settings
from sngen.zoo.formats.recognise import LEGACY_TORCH, recognise
from sngen.zoo.formats.refusal import CheckpointRefused, Refused
from sngen.zoo.weights import safe_tensors

TENSORS = {"w": torch.arange(6.0).reshape(2, 3)}


def _torch(**options: bool) -> bytes:
    stream = io.BytesIO()
    torch.save(TENSORS, stream, **options)
    return stream.getvalue()


def _npz() -> bytes:
    stream = io.BytesIO()
    np.savez(stream, w=np.zeros(2))
    return stream.getvalue()


def _hdf5() -> bytes:
    stream = io.BytesIO()
    with h5py.File(stream, "w") as file:
        file["w"] = np.zeros(2)
    return stream.getvalue()


def _zip(*names: str) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for name in names:
            archive.writestr(name, b"x")
    return stream.getvalue()


KNOWN = {
    "zip": (_torch(), "torch"),
    "legacy": (_torch(_use_new_zipfile_serialization=False), "torch"),
    "safetensors": (save(TENSORS), "safetensors"),
    "safetensors-with-metadata": (save(TENSORS, {"format": "pt"}), "safetensors"),
}
OTHERS = {
    "nothing": (b"", "an empty file"),
    "page": (b"\n <!DOCTYPE html><html></html>", "a web page"),
    "npz": (_npz(), r"an archive of NumPy arrays \(npz\)"),
    "npy": (b"\x93NUMPY\x01\x00" + bytes(60), "one NumPy array"),
    "hdf5": (_hdf5(), r"an HDF5 file \(keras-h5\)"),
    "pickle": (pickle.dumps({"w": [1.0]}, protocol=2), "a pickle that is not torch.save's"),
    "other-zip": (_zip("a.txt", "b.pth"), "a zip archive of something else .*'a.txt', 'b.pth'"),
    "half-a-zip": (_torch()[:-30], "a damaged zip archive"),
    "noise": (b"weights:" + bytes(99), "a file that begins with b'weights:'"),
    "long-header": ((2**40).to_bytes(8, "little") + b"{}", r"a file that begins with b'\\x00"),
}


@pytest.mark.parametrize("kind", KNOWN)
def test_what_is_recognised(kind: str) -> None:
    content, expected = KNOWN[kind]
    stream = io.BytesIO(content)
    assert recognise(stream) == expected and stream.tell() == 0


@pytest.mark.parametrize("kind", OTHERS)
def test_everything_else_is_named(kind: str) -> None:
    content, message = OTHERS[kind]
    with pytest.raises(Refused) as caught:
        recognise(io.BytesIO(content))
    assert re.search(message, caught.value.found) and "weights_format" in caught.value.expected


def test_the_legacy_beginning_is_the_pickle_of_torchs_magic_number() -> None:
    assert pickle.dumps(torch.serialization.MAGIC_NUMBER, protocol=2) == LEGACY_TORCH


def _stored(tmp_path: Path, content: bytes) -> tuple[dict[str, object], Settings]:
    settings = Settings(data=tmp_path / "data", cache=tmp_path / "cache")
    sha256 = hashlib.sha256(content).hexdigest()
    (settings.cache / "blobs").mkdir(parents=True)
    (settings.cache / "blobs" / sha256).write_bytes(content)
    return MODELS.row(model_id="a/b", weights_sha256=sha256), settings


@pytest.mark.parametrize("kind", ["zip", "legacy", "safetensors"])
def test_a_row_without_a_format_gets_its_tensors(tmp_path: Path, kind: str) -> None:
    found = load_file(safe_tensors(*_stored(tmp_path, KNOWN[kind][0])))
    assert torch.equal(found["w"], TENSORS["w"]) and set(found) == {"w"}


def test_a_row_without_a_format_refuses_the_rest_by_the_files_name(tmp_path: Path) -> None:
    row, settings = _stored(tmp_path, OTHERS["npz"][0])
    with pytest.raises(CheckpointRefused, match=rf"{row['weights_sha256']}.*an archive of NumPy arrays"):
        safe_tensors(row, settings)
    with pytest.raises(UsageError, match="weights_format is 'floppy'; can be read: torch, safetensors"):
        safe_tensors({**row, "weights_format": "floppy"}, settings)
